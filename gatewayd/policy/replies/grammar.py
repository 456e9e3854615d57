"""Sentences that ask to stop, or to go on, as patterns over sorts of words (`vocabulary`).

A pattern must fit a clause from end to end: one word that is not foreseen, and it is no such sentence.
"""

import re
from typing import Final

from gatewayd.policy.replies.vocabulary import NAMES

_GROUPS: Final = {
    "BRIEF": "talk me you such henceforth",
    "TOLD": "talk me you such henceforth sms message text notice",
    "SMALL": "talk me you such henceforth done",
    "FIRM": "talk me you such henceforth done want plea",
    "LEAD": "talk me you such henceforth done want plea may sms message number reason being already still",
    "OFTEN": "again always goes_on",
    "WHERE": "talk me you such again always goes_on number telephone folk",
    "ABOUT": "talk me you such done sms message text notice",
    "ASKED": "talk me you such done sms message text notice disturb again number may folk",
    "STOPPING": "not unwilling needless refuse no cancel reject stop quit receive disturb",
    "KNOWN": "talk me you such henceforth done want may plea not unwilling needless refuse unwilling_to no "
    "already still again always goes_on send disturb contact text receive take sms message notice list "
    "number delete remove reason grasp cancel reject stop cease quit reply threat mistake code for_now",
}


def _compiled(*patterns: str) -> re.Pattern[str]:
    """Names of sorts become letters, names of groups those of all their sorts; blanks are for the reader."""
    return re.compile("|".join(f"(?:{_letters(pattern)})" for pattern in patterns))


def _letters(pattern: str) -> str:
    pattern = re.sub(r"\b[A-Z]{2,}\b", lambda group: _GROUPS[group[0]], pattern)
    pattern = re.sub(r"[a-z_]+", lambda name: re.escape(NAMES[name[0]]), pattern)
    return pattern.replace(" ", "")


STOP: Final = _compiled(
    # 别再发了, 不要给我发短信: without a sign that it is about us and messages, 别发 may be about goods
    "[LEAD]* not (?=.*[OFTEN me done sms message text]) [WHERE]* send [ASKED]*",
    "[LEAD]* may [LEAD]* no (?=.*[OFTEN me done sms message text]) [WHERE]* send [ASKED]*",
    # 请勿打扰, don't text me, 不要再推送; 谢绝推销
    "[LEAD]* not [WHERE]* [disturb contact text] [ASKED]*",
    "[FIRM]* [not unwilling] [BRIEF OFTEN]* passive [BRIEF]* disturb [SMALL]*",
    # 不要再给我打电话发短信了
    "[LEAD]* not talk* again [WHERE channel]* send [ASKED]* sms [ABOUT]* done",
    # 我是学生别给我发短信, 别再发优惠券短信了: so clear that other words may stand before or between
    "[LEAD unknown agree no never telephone list]* not [WHERE]* send [ASKED]* sms [ASKED]*",
    "[LEAD unknown agree no never]* not [WHERE]* (?:send [ASKED]*)? disturb talk* me [ASKED unknown]*",
    # 老人手机别发, 我是学生别发了: a reason, where goods would stand
    "[LEAD unknown no]* (?:reason [LEAD]* | me [talk already]* [no being] [LEAD unknown]*)"
    "not [WHERE]* send [ASKED]*",
    "[LEAD]* not [WHERE]* send [SMALL unknown other_matter channel]{1,6} sms [ASKED]*",
    "[FIRM]* [cancel reject quit] [SMALL unknown other_matter channel]{1,6} sms [ABOUT]*",
    "[FIRM]* (?:refuse | no take) [WHERE]* disturb [ABOUT disturb]*",
    "[LEAD unknown]* [unwilling refuse] [WHERE]* receive [SMALL]* sms [ABOUT]*",
    "[LEAD unknown]* never (?=.*you) [LEAD unknown]* not [WHERE]* send [ASKED]*",
    # 什么短信都别发
    "(?=.*sms) [LEAD]* not [WHERE]* send [ASKED]*",
    # 停止发送, stop texting me
    "[LEAD]* [stop cease] [WHERE]* [send disturb contact text] [ASKED]*",
    # 停止短信, no more messages
    "[LEAD]* [stop cease not] [BRIEF again]* [sms message] [ASKED]*",
    # 取消短信, 拒收广告, 不需要推送, I don't want these messages
    "[FIRM]* [cancel reject unwilling refuse] [BRIEF OFTEN disturb receive take]*"
    "[sms message text subscribe] [ABOUT subscribe]*",
    # 把短信取消
    "[FIRM]* grasp [BRIEF]* [sms message text subscribe] [BRIEF]* cancel [SMALL]*",
    "[FIRM]* [sms text]+ [BRIEF]* me [BRIEF]* cancel [SMALL]*",
    # 取消发送; 不需要再发了
    "[FIRM]* cancel [SMALL]* send [SMALL]*",
    "[FIRM]* [unwilling needless] (?=.*[again me sms message text]) [WHERE]* send [ABOUT]*",
    "[LEAD]* henceforth [LEAD]* [not unwilling needless] [WHERE]* send [ASKED]*",
    "(?=.*sms) [LEAD]* [unwilling needless] [WHERE]* send [ASKED]*",
    # 不想收到, 不再接收, I no longer wish to receive these messages; 收 needs to say what
    "[FIRM]* [unwilling refuse unwilling_to stop cancel] [FIRM OFTEN]* receive [ABOUT]*",
    "[FIRM]* [unwilling refuse unwilling_to no] [FIRM OFTEN]* take [BRIEF]* [sms message text] [ABOUT]*",
    "[FIRM]* not [SMALL]* again [SMALL]* receive [ABOUT]*",
    "[FIRM]* unwilling again want [BRIEF]* [sms message] [ABOUT]*",
    "(?=.*[sms message]) [LEAD]* [unwilling unwilling_to] [FIRM OFTEN]* [take receive] [SMALL]*",
    # 删除我的号码, remove me from your list; 把我从名单里删除
    "[LEAD list]* [delete remove] such* [me number] [SMALL number telephone list]*",
    "[FIRM unwilling_to]* [delete remove] [SMALL number]* list [SMALL]*",
    "[LEAD list]* grasp [you such]* [me number] [SMALL number telephone list]* delete [SMALL list]*",
    "[FIRM]* number talk* me talk* delete [SMALL]*",
    # 不订阅了
    "[FIRM]* no [BRIEF again]* subscribe [SMALL]*",
    # 再发就投诉
    "[LEAD]* [again goes_on] [SMALL always]* [send disturb receive text] [ABOUT disturb]*"
    "threat [SMALL threat]*",
    "[LEAD]* again [SMALL always]* threat [SMALL threat]*",
    # 已经退订了还发
    "[SMALL already reply send]* [quit code] [SMALL already]* still [SMALL always]*"
    "[send disturb receive] [ABOUT]*",
    # 撤回同意, I withdraw my consent
    "[FIRM]* revoke [SMALL]* agree [ABOUT]*",
    # 退订你们的短信, unsubscribe me from these messages
    "[FIRM]* quit [SMALL]* [sms message text subscribe] [ABOUT]*",
)
"""Clear by itself, whatever is said around it."""

BARE: Final = _compiled("[LEAD]* not [WHERE]* send [ASKED]*")
"""别发: not of goods if a reason stands beside it, as in 没钱，别发, or if it is all."""
ONLY: Final = _compiled("[talk plea you]* not talk* send talk*")

WARNING: Final = _compiled("[LEAD]* [again goes_on] [SMALL always]* [send disturb] [ABOUT unknown]*")
"""再发试试: not of what was ordered if a threat stands beside it."""
ALREADY: Final = _compiled("[SMALL already]* (?:reply | send)* [letter code quit] [SMALL already]*")
"""已经回T了, of which 还在发 complains."""
STILL: Final = _compiled(r"still [SMALL always]* [send disturb receive] [ABOUT]* \Z")
THREAT: Final = _compiled("threat")
REASON: Final = _compiled("reason", "me [talk already]* [no being] unknown", "such no unknown", "threat")

QUIT: Final = _compiled(
    "[talk me you want henceforth plea]* (?:[telephone number]? digits talk*)?"
    "[quit code] [SMALL quit code digits]* (?:(?<!done) [reason unwilling] talk*)?",
    "[FIRM]* quit [SMALL]* [me such] [SMALL]* number [SMALL]*",
    "talk* remove talk*",
    "[FIRM unknown]* [sms message] [SMALL]* quit [SMALL quit code digits]*",
    "talk* reject talk*",
    "[FIRM]* quit me* talk [you such]* list [SMALL]*",
    "[talk me you want may plea]* stop [BRIEF stop]*",
)
"""A keyword with small words. 退订 may mean a room: it depends on what is said around it."""

INSTRUCTION: Final = _compiled(
    # 回复TD退订, 如不想接收请回T, 发送TD到10690001; but not 如需接收请回T, 不要回复TD
    "(?![SMALL want]* receive) (?!.*(?:[not no] [talk me you]* | [unwilling needless]) [reply send])"
    "[ABOUT want STOPPING]*"
    "(?:reply [reply send]* [talk sms message]* [code letter] | send+ [talk sms message]* code)"
    "[reply send digits talk]* quit_short? [ABOUT STOPPING send]*",
    # TD发送到10690001
    "[SMALL]* code talk* [reply send]+ talk* digits [SMALL]*",
    # TD退订, R拒收, T退, 发T退订, TD取消
    "[SMALL]* send? [code letter]+ talk* [quit reject quit_short] [ABOUT]*",
    "[SMALL]* code talk* [cancel stop] [ABOUT]*",
    # 退订TD, 拒收R, 退订发T
    "[SMALL]* [quit reject] [ABOUT]* send? [code letter] [SMALL]*",
    # 回复退订, 回复QX退订
    "[SMALL]* reply short? quit [SMALL]*",
    # reply STOP to unsubscribe, STOP to end, opt out: reply STOP
    "[SMALL]* [reply text send] talk* [code letter stop] talk* [quit stop cancel cease] [SMALL]*",
    "[SMALL]* [code stop] talk* [quit stop cancel cease] [SMALL]*",
    "[SMALL]* quit? [SMALL]* [reply text send] talk* [stop code quit] [SMALL]*",
)
"""What the message itself said about stopping, sent back."""

RESUME: Final = _compiled(
    "[BRIEF want]* resume [BRIEF]*",
    # 恢复短信, 请重新给我发短信, 继续接收
    "[BRIEF want]* resume [BRIEF]* [subscribe receive send sms message text] [TOLD list]*",
    "[BRIEF want]* [anew goes_on] [BRIEF]* send? [BRIEF]* [subscribe receive sms message text] [TOLD]*",
    "[BRIEF want]* [anew goes_on] talk* me talk* send [TOLD]*",
    "[BRIEF want]* resume me [BRIEF]* list [BRIEF]*",
    # 我要订阅
    "[BRIEF want]* subscribe [TOLD]*",
    # 同意接收短信, I want to receive messages again
    "[BRIEF want]* agree [BRIEF goes_on]* receive [TOLD]*",
    "[BRIEF]* want [BRIEF]* receive [BRIEF]* [sms message text] [TOLD]*",
    # 取消退订; 回复恢复订阅
    "[BRIEF want]* [cancel revoke] [BRIEF]* quit [BRIEF]*",
    "[BRIEF]* reply resume subscribe [BRIEF]*",
)
"""Asks for messages again. No 了: 恢复了 tells of one's health."""

_NEGATED: Final = "[not unwilling no never] [FIRM already]* [quit code stop cancel reject]"
NEGATED: Final = _compiled(_NEGATED)
"""Anywhere in a clause: 不退订."""

MATTER: Final = _compiled("other_matter", "channel")
INSTEAD: Final = _compiled("(?!.* not) .* channel")
"""发微信吧: not messages, but another way."""
NEGATED_OR_MATTER: Final = _compiled(_NEGATED, "other_matter", "channel")
QUESTION: Final = _compiled("[asks what why]")
ABOUT_MESSAGES: Final = _compiled("[sms message text disturb contact]")

HARMLESS: Final = _compiled("(?![SMALL want]* receive) [KNOWN digits]*")
"""A clause beside a copied instruction: nothing in it that is not foreseen."""

REMARK: Final = _compiled(
    "(?=.*[KNOWN never digits]) [KNOWN never digits unknown]*",
    "[KNOWN never unknown latin short]* why [KNOWN never unknown latin short what]* asks?",
    "(?=.*reason) [KNOWN never digits unknown telephone]*",
    "(?=.*[number subscribe sms send])[KNOWN never unknown latin short telephone what asks subscribe agree]*",
    "(?=.*me) [KNOWN never digits latin short being unknown]*",
)
"""A clause beside a keyword: a remark or a reproach, no other question and no bare noun (退订 酒店)."""

RETURNS: Final = _compiled("[KNOWN never]*")
"""A clause beside the wish to get messages again: the mistake that is to be undone."""

MENTION: Final = _compiled(
    "quit",
    "code",
    "reject",
    "threat",
    "[reply send] letter",
    "[not unwilling stop cease] .* [send receive disturb contact sms message text]",
    "[cancel stop] [SMALL]* [sms message text send]",
    r"\A [LEAD]* [cancel stop] [SMALL asks]* \Z",
    r"\A [FIRM]* [refuse unwilling] [SMALL]* \Z",
)
"""Anywhere in a clause: speaks of stopping."""
