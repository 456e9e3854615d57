"""What it costs to judge a reply, against folding a usual text in one run; as a script it prints figures."""

from collections.abc import Callable
from time import process_time

import pytest

from gatewayd.policy.normal import fold
from gatewayd.policy.replies import Words, judge_received
from tests.policy.test_replies_file import FOUND, rows

ROUNDS = 5  # the best of these is taken: whatever else runs on the machine only ever adds
WORDS = Words()
ALLOWED_FOLDS = 35  # passes of `fold` over a usual text, on any machine: 50 µs where one takes 1.4 µs
USUAL = (
    "【XX商城】尊敬的会员，您的专属7折优惠券即将过期！今天18:00前到店可用，点击 mall.cn/Ab12 领取，回复TD退订"
)
REPLIES = [(row.text, row.text.encode("utf-16-be", "surrogatepass")) for name in FOUND for row in rows(name)]


def seconds(work: Callable[[str, bytes], object]) -> float:
    """Processor time for one reply, on average."""
    best = float("inf")
    for _ in range(ROUNDS):
        start = process_time()
        for text, octets in REPLIES:
            work(text, octets)
        best = min(best, process_time() - start)
    return best / len(REPLIES)


def judged(text: str, octets: bytes) -> object:
    return judge_received(text, octets, WORDS)


def folded(text: str, octets: bytes) -> object:
    del text, octets
    return fold(USUAL)


@pytest.mark.bench
def bench_a_reply_costs_few_folds() -> None:
    """All rules together, readings in other codings included: 20,000 a second, with room to spare."""
    assert seconds(judged) < ALLOWED_FOLDS * seconds(folded)


def main() -> None:
    judging, folds = seconds(judged), seconds(judged) / seconds(folded)
    print(f"{1 / judging:,.0f} replies/s on one core, {judging * 1e6:.1f} µs each, {folds:.0f} folds")


if __name__ == "__main__":
    main()
