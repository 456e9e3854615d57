"""What a reply means: each rule with what it takes, and what looks alike and is not."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gatewayd.policy.replies import Kind, Match, Reply, Word, Words, judge
from gatewayd.policy.replies.lexicon import Lexicon
from gatewayd.policy.replies.vocabulary import NAMES, WORDS

AROUND = " \t\r\n\u3000\u00a0.,!*#()[]{}\"'`~…。,、!“”‘’「」『』【】《》()~\u200b\u200d\ufeff\u2060\0👍"
SIGNS = AROUND + ";:-_+/="

OPT_OUT = {
    "keyword": [
        "TD",
        "t",
        "退订。",
        "“ＴＤ”",
        "T\u200bD",
        "t.d",
        "退 订",
        "退訂",
        "TD TD",
        "退订!退订",
        "TD?",
        "STOP!",
    ],
    "instruction": [
        "回复TD退订",
        "TD退订",
        "退订回T",
        "拒收请回复R",
        "回T",
        "退订，回复：TD",
        "不需要请回复T",
        "发送TD到10690001",
        "回复QX退订",
        "Reply STOP to unsubscribe",
    ],
    "keyword_and_words": [
        "TD 谢谢",
        "td,烦死了",
        "退订吧",
        "请退订",
        "不需要,退订",
        "TD 13800138000",
        "please stop",
        "T谢谢",
        "TD 【张三】",
        "【XX商城】退订",
        "1.退订",
        "信息退订",
        "是的，退订",
    ],
    "sentence": [
        "别再发了",
        "不要再给我发短信",
        "能不能别发了吗",
        "以后不用发了",
        "退订你们的短信",
        "已经退订了还发",
        "再发就投诉",
        "把我的号码删除",
        "唔好再send",
        "stop texting me",
        "I don't want to receive these messages",
        "我不是会员，别给我发短信",
        "我是学生别给我发短信",
        "别再发优惠券短信了",
        "不想被骚扰",
        "取消会员短信",
        "who are you? please remove me from your list",
        "td别再推销了",
        "老人手机别发",
        "不要再发了否则投诉",
        "未经同意不要给我发短信",
        "别再发了OK？",
        "放过我吧",
        "this is a kid's phone stop texting",
        "go away and stop texting me",
    ],
    "bare_wish": ["别发", "pls dont send", "不看，别发", "我是同行，别发"],
    "threat": ["再发一条试试，马上12321举报"],
    "complaint": ["已经回T好几次了，还在发"],
    "pinyin": ["tuiding", "bie zai fa le", "qing tui ding"],
}
AMBIGUOUS = {
    "question": ["TD？", "谁说我要退订", "怎么退订？", "退订?", "stop?", "退订吗", "为什么退订不了"],
    "negation": ["不退订", "不 退订", "没退订", "不要取消订阅", "don't unsubscribe me"],
    "other_matter": ["退订套餐", "退订,房间不要了", "别发了,地址错了", "TD 订单"],
    "automatic": ["正在开会，请勿打扰"],
    "mention": ["收到短信：回TD退订", "退订会员", "拒收那个", "不要回复TD"],
}
OTHER = [
    "",
    "。",
    "\u200b",
    "好的",
    "1",
    "OUTSTANDING",
    "TD-LTE",
    "TD-RFID",
    "TDZ",
    "STD",
    "TXT",
    "T恤",
    "T-shirt",
    "5T",
    "N95",
    "TT",
    "T_T",
    ":D",
    "n?",
    "退订单",
    "Привет TD",
    "åTDé",
    "ТД",  # Cyrillic
    "STOPPING",
    "stop by the shop",
    "别的短信",
    "I don't want to text, call me",
    "不用通知我",
    "不收",
    "我删除了",
    "号码停了",
    "给我发短信",
    "我说给我发短信",
    "T/T",
    "I'm not getting messages",
    "取消号码",
    "不想打扰你们",
    "能停吗",
    "晚上别发短信",
    "再不退款就投诉12315吧",
    "要不要发短信给你",
    "如需接收请回复T",
    "</td>",
    "停",
    "终止",
    "N谢谢",
    "T，你好",
    "不需要",
    "我没说不要发短信",
    "没有蓝色就别发了",
    "新款别发了",
    "再发一次，刚才那个没用",
    "以后别发短信，发邮件吧",
    "不要打我电话发短信",
    "he will stop texting me",
    "don't text and drive",
    "don't send it",
    "TD是中国标准",
    "TD没信号",
]


@pytest.mark.parametrize(
    ("rule", "text"), [(rule, text) for rule, texts in OPT_OUT.items() for text in texts]
)
def test_what_opts_out(rule: str, text: str) -> None:
    """Each rule is named for what it takes."""
    assert judge(text) == Reply(Kind.OPT_OUT, rule)


@pytest.mark.parametrize(
    ("rule", "text"), [(rule, text) for rule, texts in AMBIGUOUS.items() for text in texts]
)
def test_what_is_ambiguous(rule: str, text: str) -> None:
    """What speaks of stopping is no opt-out where it asks, denies, quotes or is about another matter."""
    assert judge(text) == Reply(Kind.AMBIGUOUS, rule)


@pytest.mark.parametrize("text", OTHER)
def test_what_is_neither(text: str) -> None:
    """Products, longer words, faces, look-alikes, plain answers."""
    assert judge(text).kind is not Kind.OPT_OUT
    assert judge(text).kind is not Kind.OPT_IN


@pytest.mark.parametrize(
    ("text", "rule"),
    [("恢复", "keyword"), ("START", "keyword"), ("取消退订", "keyword"), ("请重新给我发短信", "sentence")],
)
def test_what_opts_in(text: str, rule: str) -> None:
    """A word that restores, or a sentence that asks for messages again."""
    assert judge(text) == Reply(Kind.OPT_IN, rule)


@pytest.mark.parametrize("text", ["恢复了", "Y", "YES", "继续发货", "不订阅", "TD，恢复", "想退订,恢复什么"])
def test_what_does_not_opt_in(text: str) -> None:
    """A yes may answer anything; what asks both ways, or tells of one's health, restores nothing."""
    assert judge(text).kind is not Kind.OPT_IN


@pytest.mark.parametrize("text", ["id:1 stat:DELIVRD err:000 text:TD", "stat:UNDELIV text:退订"])
def test_an_echo_of_a_receipt_is_nothing(text: str) -> None:
    """Some SMSCs deliver receipts that do not say so."""
    assert judge(text) == Reply(Kind.OTHER, "receipt")


@pytest.mark.parametrize(
    ("match", "taken", "left"),
    [
        (Match.EXACT, ["tdyx", "TDYX。", "回复TDYX退订本短信"], ["TDYX1", "TDYXX"]),
        (Match.PREFIX, ["TDYX 短信", "tdyx,谢谢", "【TDYX"], ["TDYXX", "TDYX-1", "我TDYX"]),
        (Match.CONTAINS, ["我要tdyx了", "TDYX"], ["XTDYX", "TDYX5", "LTE-TDYX"]),
    ],
)
def test_words_of_ones_own(match: Match, taken: list[str], left: list[str]) -> None:
    """A word counts where its kind of match lets it; as part of a longer Latin word never."""
    words = Words(opt_out=[Word("TDYX", match)])
    assert {judge(text, words).kind for text in taken} == {Kind.OPT_OUT}
    assert Kind.OPT_OUT not in {judge(text, words).kind for text in left}


def test_a_chinese_word_of_ones_own_may_stand_in_a_sentence() -> None:
    """Chinese has no blanks between words."""
    words = Words(opt_out=[Word("勿念", Match.CONTAINS)])
    assert judge("请勿念我", words) == Reply(Kind.OPT_OUT, "contains")


def test_a_shipped_word_may_be_no_keyword() -> None:
    """Where N answers a question it must not opt out; an instruction no longer knows it either."""
    words = Words(opt_out=[Word("N", Match.NEVER)])
    assert judge("N", words).kind is Kind.OTHER
    assert judge("回复N", words).kind is not Kind.OPT_OUT
    assert judge("T", words).kind is Kind.OPT_OUT


def test_a_word_of_ones_own_may_opt_in() -> None:
    """Among opt-in words too, whatever the width it is written in."""
    assert judge("hf", Words(opt_in=[Word("ＨＦ")])) == Reply(Kind.OPT_IN, "keyword")


@given(
    before=st.text(SIGNS, max_size=20),
    keyword=st.sampled_from(["TD", "td", "退订", "ＴＤ", "STOP"]),
    after=st.text(SIGNS, max_size=20),
)
def test_nothing_around_hides_a_keyword(before: str, keyword: str, after: str) -> None:
    """Blanks, quotes, brackets, punctuation, zero-width characters and emoji on either side do not count."""
    assert judge(before + keyword + after) == Reply(Kind.OPT_OUT, "keyword")


@given(before=st.text(AROUND, max_size=20), after=st.text(AROUND, max_size=20))
def test_nothing_around_hides_a_letter(before: str, after: str) -> None:
    """Nor those signs that make no face and no term of it."""
    assert judge(before + "T" + after) == Reply(Kind.OPT_OUT, "keyword")


@given(text=st.text(st.characters(exclude_characters="tTdDnNrR"), max_size=40))
def test_texts_of_chance_do_not_opt_out(text: str) -> None:
    """What is taken has at least a keyword, or words of the lexicon from end to end."""
    reply = judge(text)
    assert reply.kind is Kind.OTHER or set(Lexicon().sorts(text.lower())) - set(".,9X")


@given(
    st.lists(
        st.sampled_from(
            ["不要", "再", "给", "我", "发", "短信", "的", "了", "吗", "退订", "回", "T", "，", " "]
        ),
        max_size=200,
    )
)
def test_any_order_of_words_is_judged_quickly(words: list[str]) -> None:
    """No text makes the patterns try for long; hypothesis' own deadline is the limit."""
    judge("".join(words))


def test_long_texts_are_cheap() -> None:
    """Sixty thousand blanks are taken off; sixty thousand letters are no reply of a person."""
    assert judge(" " * 60_000 + "TD" + "\u3000" * 60_000).kind is Kind.OPT_OUT
    assert judge("T" + "\u0323\u0301" * 30_000 + "D").kind is Kind.OTHER


def test_each_sort_has_a_letter_of_its_own() -> None:
    """Patterns over sorts could not tell them apart otherwise."""
    assert len(set(NAMES.values())) == len(NAMES)
    assert all(len(letter) == 1 for letter in NAMES.values())


def test_each_word_has_one_sort() -> None:
    """A second one would be lost without a word."""
    words = [word for several in WORDS.values() for word in several.split("|")]
    assert len(words) == len(set(words))
    assert set("".join(WORDS)) <= set(NAMES.values())
