"""What reads alike folds to one form."""

import unicodedata
from time import perf_counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gatewayd.policy.normal import fold
from gatewayd.policy.simplified import SIMPLIFIED, TRADITIONAL

MARKETING = (
    "【XX商城】尊敬的会员，您的专属7折优惠券即将过期！今天18:00前到店可用，点击 xx.cn/Ab12 领取，先到先得。"
)


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("TD", "td"),
        ("ＴＤ", "td"),
        ("Ｔ\u200bＤ", "td"),
        ("\ufeffT\u00adD\0", "td"),
        ("退訂", "退订"),
        ("退\ufe0f订\u3164", "退订"),
        ("請停止傳送簡訊", "请停止传送简讯"),
        ("麵 鍾 裡 裏 後 於 說", "面 钟 里 里 后 于 说"),
        ("免　费！（真的）？", "免 费!(真的)?"),
        ("㈱①ﬁ㎏", "(株)1fikg"),
        ("𝐓𝐃 Ⓣ🄳", "td td"),
        ("e\u0301", "é"),
        ("一\n二\t三", "一\n二\t三"),
        ("好的。", "好的。"),
        ("👍🏽", "👍🏽"),
        ("", ""),
    ],
)
def test_what_reads_alike_is_alike(text: str, folded: str) -> None:
    """Width, case, fonts, invisible characters and traditional forms do not count; blanks and signs stay."""
    assert fold(text) == folded


@given(st.text(st.one_of(st.characters(), st.sampled_from(TRADITIONAL + "，！…～\u200b\u0301")), max_size=20))
def test_a_folded_text_folds_to_itself(text: str) -> None:
    """So lists folded once can be compared with texts folded once."""
    once = fold(text)
    assert fold(once) == once


@given(st.text(st.sampled_from("Ａ，！？：；（）～…\u3000é文e\u0301ﬀ"), max_size=20))
def test_the_quick_way_is_nfkc(text: str) -> None:
    """The signs that are replaced beforehand become what normalisation makes of them."""
    assert fold(text) == unicodedata.normalize("NFKC", text).lower()


def test_the_table_of_characters_is_sound() -> None:
    """As many of one as of the other, none twice, and no simplified form is itself changed."""
    assert len(TRADITIONAL) == len(SIMPLIFIED) == len(set(TRADITIONAL))
    assert not set(TRADITIONAL) & set(SIMPLIFIED)


def test_folding_is_cheap() -> None:
    """A usual text costs less than one pass of plain normalisation, which its full-width signs make slow."""
    times = {}
    for name, function in (("fold", fold), ("nfkc", lambda text: unicodedata.normalize("NFKC", text))):
        times[name] = min(_seconds(function) for _ in range(5))
    assert times["fold"] < times["nfkc"]


def _seconds(function: object) -> float:
    assert callable(function)
    start = perf_counter()
    for _ in range(2000):
        function(MARKETING)
    return perf_counter() - start
