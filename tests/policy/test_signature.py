"""Exactly one signature, and whose it is."""

import pytest

from gatewayd.model import Refusal
from gatewayd.policy.pipeline import AT_SENDING
from gatewayd.policy.stages.signature import FOREIGN, HALF, INSIDE, MISSING, SECOND, WRITTEN, signature
from tests.policy.texts_world import judged, passed

OWN = "【XX商城】"
ROWS: list[tuple[str, str, str | Refusal]] = [
    # as it should be
    ("mall", "【XX商城】您好", "【XX商城】您好"),
    ("mall", "【XX商城】 您好 ", "【XX商城】 您好 "),
    ("mall", "【XX商城】", "【XX商城】"),
    ("tail", "您好【YY会员】", "您好【YY会员】"),
    ("strict", "【ZZ】您好", "【ZZ】您好"),
    # missing
    ("mall", "您好", "【XX商城】您好"),
    ("mall", " 您好", "【XX商城】 您好"),
    ("tail", "您好", "您好【YY会员】"),
    ("strict", "您好", MISSING),
    ("strict", "[ZZ]您好", MISSING),
    # at the other end, or spelled otherwise
    ("mall", "您好【XX商城】", "【XX商城】您好"),
    ("mall", "您好【XX商城】 ", "【XX商城】您好"),
    ("mall", "\n【XX商城】您好", "【XX商城】您好"),
    ("tail", "【YY会员】您好", "您好【YY会员】"),
    ("mall", "【xx商城】您好", "【XX商城】您好"),
    ("mall", "【ＸＸ商城】您好", "【XX商城】您好"),
    ("mall", "【XX商\u200b城】您好", "【XX商城】您好"),
    ("tail", "您好【yy會員】", "您好【YY会员】"),
    # somebody else's
    ("mall", "【YY会员】您好", FOREIGN),
    ("mall", "您好【YY会员】", FOREIGN),
    ("mall", "【某某银行】您好", FOREIGN),
    ("mall", "【XX 商城】您好", FOREIGN),
    ("mall", "【】您好", FOREIGN),
    ("strict", "【XX商城】您好", FOREIGN),
    # more than one, half of one, one in the middle
    ("mall", "【XX商城】您好【YY会员】", SECOND),
    ("mall", "【XX商城】您好【XX商城】", SECOND),
    ("mall", "【XX商城】请按【1】", SECOND),
    ("mall", "【XX商城】您好】", SECOND),
    ("mall", "【XX商城 您好", HALF),
    ("mall", "您好】", HALF),
    ("mall", "请按【XX商城】继续", INSIDE),
    ("mall", "】您好【", INSIDE),
    # a brand without one
    ("plain", "您好", "您好"),
    ("plain", "【温馨提示】请按【1】", "【温馨提示】请按【1】"),
    ("plain", "【XX商城】您好", FOREIGN),
    ("plain", "您好【xx商城】", FOREIGN),
    ("plain", "您好【YY會員】再见", FOREIGN),
]


@pytest.mark.parametrize(("brand", "text", "outcome"), ROWS)
def test_a_text_carries_the_signature_of_its_brand(brand: str, text: str, outcome: str | Refusal) -> None:
    """Added where it is missing, put where it belongs, and refused where it is not the brand's."""
    found = judged(text, (signature,), brand=brand)
    assert (found if isinstance(found, Refusal) else found.text) == outcome


@pytest.mark.parametrize(("brand", "text", "outcome"), ROWS)
def test_a_text_is_not_written_anew_at_sending(brand: str, text: str, outcome: str | Refusal) -> None:
    """What was accepted leaves as it is, unless whose signature it bears is wrong by now."""
    stage = next(stage for stage in AT_SENDING if stage.__name__ == "signature")
    found = judged(text, [stage], brand=brand)
    assert (found if isinstance(found, Refusal) else found.text) == (
        outcome if isinstance(outcome, Refusal) else text
    )


def test_a_signature_that_was_moved_is_told_of() -> None:
    """Adding one is what the brand asked for; changing what the client wrote is said."""
    assert passed("您好【XX商城】", (signature,)).warnings == (WRITTEN,)
    assert passed("您好", (signature,)).warnings == ()
    assert passed("【XX商城】您好", (signature,)).warnings == ()


def test_binary_messages_and_brands_that_are_gone_pass() -> None:
    """There is no text to sign, or nobody who could."""
    assert passed(None, (signature,)).text is None
    assert passed("【XX商城】您好", (signature,), brand="gone").text == "【XX商城】您好"


def test_refusals_quote_nothing() -> None:
    """All have the code and the field; the text is the client's."""
    for refusal in (FOREIGN, HALF, INSIDE, MISSING, SECOND):
        assert (refusal.code, refusal.field, refusal.retryable) == ("signature_mismatch", "text", False)
