"""What the stages of policy cost a message with every rule on, 100,000 words and templates among them.

python tests/bench/bench_policy.py
"""

import timeit
from collections.abc import Callable
from functools import cache
from itertools import islice, product
from typing import Final

import pytest

from gatewayd.config import parse_config
from gatewayd.model import MessageId, Refusal
from gatewayd.policy import pipeline
from gatewayd.policy.consents import Consent
from gatewayd.policy.normal import fold
from gatewayd.policy.subject import Facts, Subject
from gatewayd.policy.template_sets import Review, Template, TemplateSet
from gatewayd.policy.uses import Counted, Use
from gatewayd.snapshot import Snapshot

MANY, FEW = 100_000, 100
ALLOWED: Final = 25e-6  # seconds a message: the target, on an idle machine of 2026
ALLOWED_FOLDS: Final = 20  # the same on any machine, in passes of `fold` over a usual text, 1.25 µs there
ROUNDS, CALLS = 200, 40  # one round is shorter than a turn of the scheduler
HOUR, DAY = 3_600_000, 86_400_000
NOW = 1_795_060_800_000  # 12:00 in Shanghai
TEXTS = {  # {} is another number each time, as in life
    "otp": "【XX商城】您的验证码为{},5分钟内有效,请勿泄露。",
    "notice": "【XX商城】您的包裹已到朝阳门驿站，取件码{}，建议15:00后领取，详情见 mall.cn/p/Ab12",
    "member": "【XX商城】尊敬的会员，您的专属7折优惠券即将过期！今天18:00前到店可用，见 mall.cn/{}，回TD退订",
    "traffic": "朝阳区新店开业，到店即享8折，会员再减20元，今晚22点截止，门店地址见 mall.cn/{}",
}


@cache
def snapshot(words: int) -> Snapshot:
    """Every family of rules has some."""
    letters = "的一是在不了有和人这中大为上个国我以要他时来用们生到作地于出就分对成会可主发"
    listed = ", ".join("".join(word) for word in islice(product(letters, repeat=4), 0, None, 16))
    chosen = ", ".join(listed.split(", ")[:words])
    return Snapshot.build(
        parse_config(
            f"""
links: {{a: {{host: a, system_id: a}}}}
brands:
  mall:
    sender: "1"
    signature: 【XX商城】
    links: [mall.cn]
    templates: required
    send_windows: [{{from: "08:00", to: "21:00"}}]
  abused: {{sender: "2", signature: 【YY】, suspended: {{reason: abuse}}}}
clients: {{abuser: {{users: [abuser], suspended: {{reason: abuse}}}}}}
policy:
  exempt: ["8613900000000"]
  caps:
    - {{classes: [otp], count: 1, minutes: 1, window: clock, code: otp_cap}}
    - {{classes: [otp], count: 5, hours: 1, window: clock, code: otp_cap}}
    - {{classes: [otp], count: 10, hours: 24, code: otp_cap}}
    - {{classes: [otp], per: [number], count: 40, hours: 24, code: otp_cap}}
    - {{classes: [notice, member, traffic], per: [number, text], count: 1, days: 1, code: duplicate_text}}
  words:
    - {{words: [{chosen}], action: refuse, category: many}}
    - {{words: [免费], action: replace, with: 0元体验, except: [免费体测], marketing: true}}
  links: {{allow: [example.com]}}
""".encode(),
            "bench",
        )
    )


def subjects(class_: str, words: int) -> list[Subject]:
    policy = snapshot(words).classes[class_]
    texts = (TEXTS[class_].format(number) for number in range(100_000, 100_000 + CALLS))
    return [Subject("8613800138000", policy, "mall", "shop", text, NOW) for text in texts]


def templates() -> TemplateSet:
    """One for each text, as they were approved."""
    bodies = {class_: text.removeprefix("【XX商城】") for class_, text in TEXTS.items()}
    return TemplateSet(
        Template(
            brand="mall",
            name=class_,
            version=1,
            text=body.replace("{}", "{number:digits:6}"),
            class_=class_,
            group=None,
            review=Review.APPROVED,
            put_at=NOW,
            put_by="shop",
        )
        for class_, body in bodies.items()
    )


def facts(class_: str) -> Facts:
    """The number is known, has agreed, and has had what caps still allow."""
    often = {"otp": (HOUR, 2 * HOUR, 5 * HOUR, 9 * HOUR), "notice": (HOUR, 7 * HOUR)}
    ago = often.get(class_, (9 * DAY, 20 * DAY, 25 * DAY))
    uses = (Use(MessageId(n), NOW - ms, "mall", class_, n, Counted.LEFT) for n, ms in enumerate(ago))
    consent = Consent("8613800138000", "mall", NOW - DAY, True, "web", "v1", "", NOW - DAY, "shop")
    return Facts(uses=tuple(uses), consent=consent, templates=templates())


def judge(stages: tuple[pipeline.Stage, ...], class_: str, words: int = MANY) -> Callable[[], None]:
    """Judge CALLS messages with different texts."""
    messages, known, book = subjects(class_, words), facts(class_), snapshot(words).book
    assert not isinstance(pipeline.run(stages, messages[0], known, book), Refusal)

    def run() -> None:
        for message in messages:
            pipeline.run(stages, message, known, book)

    return run


def fold_all() -> None:
    """One pass over a usual text: what the allowance is measured in."""
    for number in range(CALLS):
        fold(f"【XX商城】尊敬的会员，您的专属7折优惠券即将过期！今天18:00前到店可用。回复TD退订 {number}")


def best_seconds(*operations: Callable[[], None]) -> list[float]:
    """Seconds a message of each, measured in turns; the best of some, since other work shares the machine."""
    turns = [[timeit.timeit(one, number=1) / CALLS for one in operations] for _ in range(ROUNDS)]
    return [min(column) for column in zip(*turns, strict=True)]


@pytest.mark.bench
@pytest.mark.parametrize("class_", TEXTS)
def test_all_stages_keep_to_their_allowance(class_: str) -> None:
    """At submit and at sending, measured in what one pass over a text costs on this machine."""
    submit, sending, pass_ = best_seconds(
        judge(pipeline.AT_SUBMIT, class_), judge(pipeline.AT_SENDING, class_), fold_all
    )
    assert max(submit, sending) <= ALLOWED_FOLDS * pass_


@pytest.mark.bench
def test_the_number_of_words_does_not_matter() -> None:
    """A hundred thousand cost a message at most half more than a hundred."""
    many, few = best_seconds(judge(pipeline.AT_SUBMIT, "member"), judge(pipeline.AT_SUBMIT, "member", FEW))
    assert many <= 1.5 * few


def main() -> None:
    for class_ in TEXTS:
        for name, stages in (("submit", pipeline.AT_SUBMIT), ("sending", pipeline.AT_SENDING)):
            [seconds] = best_seconds(judge(stages, class_))
            over = "  over the allowance" if seconds > ALLOWED else ""
            print(f"{class_:8} at {name:8} {seconds * 1e6:6.2f} µs{over}")
    print("\neach stage, member at submit:")
    for stage in pipeline.AT_SUBMIT:
        [seconds] = best_seconds(judge((stage,), "member"))
        print(f"  {pipeline.name_of(stage):14} {seconds * 1e6:6.2f} µs")


if __name__ == "__main__":
    main()
