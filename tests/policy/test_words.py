"""Words that are refused, replaced or warned of, however they are spelled."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gatewayd.config import parse_config
from gatewayd.configcontent import SHIPPED_WORDS
from gatewayd.errors import ConfigError
from gatewayd.policy.stages.words import words, words_again
from tests.policy.texts_world import judged, passed, refused, snapshot

REFUSE = snapshot(
    "{words: [{words: [博彩, 百家乐, casino, 加QQ, '10086'], action: refuse, category: gambling}]}"
)
SPELLINGS = [
    "博彩",
    "博 彩",
    "博\u3000彩",
    "博*彩",
    "博.彩",
    "博，彩",
    "博。\n彩",
    "博\u200b彩",
    "博😀彩",
    "【博】彩",
    "百家樂",
    "百.家.樂",
    "casino",
    "Casino",
    "ＣＡＳＩＮＯ",
    "c.a.s.i.n.o",
    "c a s i n o",
    "ⓒⓐⓢⓘⓝⓞ",
    "去casino玩",
    "casino2026",
    "加QQ群",
    "加qq12345",
    "加 Q Q",
    "拨打10086",
    "拨打10-0-86转人工",
]
INNOCENT = [
    "广博的彩色",
    "casinos",
    "occasino",
    "is casin old",
    "Mc asino",
    "加qqq",
    "100861",
    "拨打110086",
    "拨打 1008 6789",
    "",
    "您好",
]


@pytest.mark.parametrize("text", SPELLINGS)
def test_a_forbidden_word_is_found_however_it_is_spelled(text: str) -> None:
    """Symbols, blanks and invisible characters between, width, case, fonts and script hide nothing."""
    refusal = refused(f"您好，{text}，欢迎", (words,), by=REFUSE)
    assert (refusal.code, refusal.field) == ("sensitive_word", "text")


@pytest.mark.parametrize("text", INNOCENT)
def test_other_words_are_not_meant(text: str) -> None:
    """Latin words and numbers count whole; a Chinese word that is not written is not there."""
    assert passed(text, (words,), by=REFUSE).text == text


def test_the_client_reads_which_word_it_was_and_where() -> None:
    """As it wrote it, with category and place in the final text."""
    detail = refused("【XX商城】来玩博 彩吧", (words,), by=REFUSE).detail
    assert detail == "the word 博 彩 at character 9 is forbidden (category gambling)"


def test_what_is_stored_names_no_word() -> None:
    """A refusal at sending is kept with the message, and events carry it."""
    detail = refused("【XX商城】来玩博 彩吧", (words_again,), by=REFUSE).detail
    assert detail == "a word at character 9 is forbidden (category gambling)"
    assert passed("来玩", (words_again,), by=REFUSE).text == "来玩"
    assert passed(None, (words_again,), by=REFUSE).text is None


def test_the_leftmost_word_answers() -> None:
    """Of those at one place the longest."""
    by = snapshot("{words: [{words: [中奖, 中奖通知], action: refuse}, {words: [奖], action: warn}]}")
    assert refused("恭喜中奖通知", (words,), by=by).detail == "the word 中奖通知 at character 3 is forbidden"


@pytest.mark.parametrize(
    ("text", "final"),
    [
        ("免费领取", "0元体验领取"),
        ("今天免费，明天也免费。", "今天0元体验，明天也0元体验。"),
        ("免 费领取", "0元体验领取"),
        ("免*费領取", "0元体验領取"),
        ("免.费", "0元体验"),
        ("免費領取", "0元体验領取"),
        ("免费体验课", "0元体验课"),
        ("立即购买", "马上领取"),
        ("立 即 购 买！", "马上领取！"),
        ("恭喜中奖", "恭喜获得权益"),
        ("免费立即购买中奖", "0元体验马上领取获得权益"),
        # exceptions
        ("到店免排队", "到店免排队"),
        ("免费体测", "免费体测"),
        ("免费体测，免费停车", "免费体测，0元体验停车"),
        ("免 费 体 测", "免 费 体 测"),
        ("减免费用", "减免费用"),
        ("拨打免费电话", "拨打免费电话"),
        ("活动中奖品多多", "活动中奖品多多"),
        # no word at all
        ("手续全免，费用透明", "手续全免，费用透明"),
        ("手续全免\n费用透明", "手续全免\n费用透明"),
        ("免去费用", "免去费用"),
    ],
)
def test_the_shipped_words_are_replaced(text: str, final: str) -> None:
    """免费, 立即购买 and 中奖, but not where they are part of another word, or of two clauses."""
    subject = passed(text, (words,), class_="member")
    assert subject.text == final
    assert bool(subject.warnings) is (text != final)


def test_what_was_replaced_is_told() -> None:
    """Once for each spelling."""
    subject = passed("【XX商城】免费、免费、免 费", (words,), class_="member")
    assert subject.text == "【XX商城】0元体验、0元体验、0元体验"
    assert subject.warnings == ("words: 免费 became 0元体验", "words: 免 费 became 0元体验")


def test_what_a_replacement_makes_is_judged() -> None:
    """With what stands beside it, it is a forbidden word: refused now, not only when it would leave."""
    halls = "{words: [体验馆], action: refuse}"
    by = snapshot(f"{{words: [{{words: [免费], action: replace, with: 0元体验}}, {halls}]}}")
    refusal = refused("【XX商城】免费馆开业", (words,), class_="member", by=by)
    assert refusal.detail == "the word 体验馆 at character 9 is forbidden"


def test_a_signature_is_not_read() -> None:
    """It was reported to the carriers, and belongs to the brand."""
    by = snapshot("{words: [{words: [商城], action: refuse}]}")
    assert passed("【XX商城】您好", (words,), by=by).text == "【XX商城】您好"
    assert passed("您好【YY会员】", (words,), brand="tail", by=by).text == "您好【YY会员】"
    assert refused("【XX商城】商城", (words,), by=by).detail == "the word 商城 at character 7 is forbidden"


def test_the_shipped_table_is_for_marketing() -> None:
    """A notice or an emergency is not written anew."""
    for class_ in ("otp", "notice", "emergency"):
        assert passed("停车免费", (words,), class_=class_).text == "停车免费"
    assert {entry.marketing for entry in SHIPPED_WORDS} == {True}


def test_own_lists_stand_in_the_place_of_the_shipped() -> None:
    """As with every list of the policy."""
    by = snapshot("{words: [{words: [赠品], action: replace, with: 礼物}]}")
    assert passed("免费赠品", (words,), class_="member", by=by).text == "免费礼物"
    assert passed("免费赠品", (words,), class_="member", by=snapshot("{words: []}")).text == "免费赠品"


def test_a_list_may_be_for_some_classes() -> None:
    """By name, or for all but marketing."""
    by = snapshot("{words: [{words: [抽奖], action: refuse, classes: [member]}]}")
    assert refused("抽奖", (words,), class_="member", by=by)
    assert passed("抽奖", (words,), class_="traffic", by=by)
    by = snapshot("{words: [{words: [抽奖], action: refuse, marketing: false}]}")
    assert refused("抽奖", (words,), class_="notice", by=by)
    assert passed("抽奖", (words,), class_="member", by=by)


def test_warnings_name_category_word_and_place() -> None:
    """For the client to judge by itself."""
    by = snapshot(
        "{words: [{words: [加微信], action: warn, category: platforms}, {words: [点击], action: warn}]}"
    )
    subject = passed("请加 微信，点击", (words,), class_="member", by=by)
    assert subject.text == "请加 微信，点击"
    assert subject.warnings == ("platforms: 加 微信 at character 2", "words: 点击 at character 7")


def test_marketing_in_a_service_class_is_told_or_refused() -> None:
    """By setting; marketing classes may say so."""
    for class_ in ("otp", "notice", "emergency", "parcel"):
        [warning] = passed("包裹已到，优惠券请查收", (words,), class_=class_).warnings
        assert warning == "service_marks: 优惠券 at character 6"
        by = snapshot("{service_marks: refuse}")
        refusal = refused("全场7折", (words,), class_=class_, by=by)
        assert refusal.detail == "the word 7折 at character 3 is forbidden (category service_marks)"
    assert passed("优惠券7折", (words,), class_="member").warnings == ()
    assert passed("骨折了", (words,), class_="notice").warnings == ()


def test_binary_messages_pass() -> None:
    """There are no words in them."""
    assert passed(None, (words,), by=REFUSE).text is None


def _write(path: Path, content: bytes) -> str:
    path.write_bytes(content)
    return f"links: {{a: {{host: a, system_id: a}}}}\npolicy: {{words: [{{file: {path}, action: refuse}}]}}\n"


def test_words_come_from_files_too(tmp_path: Path) -> None:
    """One a line, with remarks, empty lines, and either line end."""
    file = tmp_path / "words.txt"
    file.write_bytes("\ufeff# remarks\n博彩\r\n\n六合彩  # another\n".encode())
    by = snapshot(f"{{words: [{{file: {file}, words: [赌], action: refuse}}]}}")
    for text in ("博彩", "六-合-彩", "赌"):
        assert refused(text, (words,), by=by)
    assert passed("another remarks", (words,), by=by)


def test_bad_files_are_told_line_by_line(tmp_path: Path) -> None:
    """All at once, at the key that names the file."""
    file = tmp_path / "words.txt"
    text = _write(file, "好\n***\n".encode() + "退".encode("gbk") + b"\n" + b"x" * 65 + b"\n")
    with pytest.raises(ConfigError) as caught:
        parse_config(text.encode(), "f")
    assert [str(problem) for problem in caught.value.problems] == [
        f"f:2:25: {file}:2: a word must have a letter or digit; nothing else is compared",
        f"f:2:25: {file}:3: the line is not UTF-8",
        f"f:2:25: {file}:4: a word has at most 64 characters",
    ]


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    """At the key that names it."""
    text = _write(tmp_path / "words.txt", b"").replace("words.txt", "gone.txt")
    with pytest.raises(ConfigError) as caught:
        parse_config(text.encode(), "f")
    [problem] = caught.value.problems
    assert str(problem) == f"f:2:25: {tmp_path}/gone.txt cannot be read: No such file or directory"


PIECES = st.sampled_from(
    [
        "免",
        "费",
        "体验",
        "体测",
        "立即",
        "购买",
        "中",
        "奖",
        "品",
        "活动",
        "减",
        " ",
        "*",
        "，",
        "\u200b",
        "0元",
        "a",
    ]
)


@given(st.lists(PIECES, max_size=12).map("".join))
def test_a_replaced_text_has_none_of_the_words_left(text: str) -> None:
    """But in exceptions and across clauses: judged again, it stays as it is."""
    subject = passed(text, (words,), class_="member")
    assert subject.text is not None
    again = passed(subject.text, (words,), class_="member")
    assert (again.text, again.warnings) == (subject.text, ())
    if not subject.warnings:
        assert subject.text == text


def test_many_words_cost_a_message_no_more() -> None:
    """The lists are one automaton: the same answer, whether it holds ten words or a hundred thousand."""
    letters = "的一是在不了有和人这中大为上个国我以要他"
    many = [a + b + c + d for a in letters for b in letters for c in letters for d in letters[:12]]
    listed = ", ".join([*many, "博彩"])
    by = snapshot(f"{{words: [{{words: [{listed}], action: refuse}}]}}")
    assert len(set(many)) > 90_000
    assert refused("来玩博-彩", (words,), by=by).detail == "the word 博-彩 at character 3 is forbidden"
    assert refused("我要的 一.有", (words,), by=by) == judged("我要的 一.有", (words,), by=by)
    assert passed("您的包裹已到驿站", (words,), by=by)
