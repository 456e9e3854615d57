"""What holds without a word in the file: windows by name, and what no class of marketing does without."""

import pytest

from gatewayd.config import parse_config
from gatewayd.errors import ConfigError
from gatewayd.policy.stages.quiet_hours import quiet_hours
from gatewayd.policy.subject import Facts, Hold, Subject
from gatewayd.snapshot import Snapshot
from tests.policy.test_hours import at

FILE = "links: {{a: {{host: a, system_id: a}}}}\n{more}"
FRIDAY, SATURDAY, SUNDAY, MONDAY = "2026-11-20", "2026-11-21", "2026-11-22", "2026-11-23"


@pytest.mark.parametrize(
    ("window", "asked", "leaves"),
    [
        ("breakfast", f"{MONDAY}T06:30", f"{MONDAY}T08:00"),  # from 07:00 by its name; the ban wins
        ("breakfast", f"{SUNDAY}T09:00", f"{MONDAY}T08:00"),
        ("lunch", f"{MONDAY}T10:59", f"{MONDAY}T11:00"),
        ("lunch", f"{MONDAY}T12:59", f"{MONDAY}T12:59"),
        ("lunch_choice", f"{MONDAY}T10:29", f"{MONDAY}T10:30"),
        ("lunch_choice", f"{SUNDAY}T11:30", f"{MONDAY}T10:30"),
        ("evening", f"{MONDAY}T12:00", f"{MONDAY}T19:00"),
        ("evening", f"{SUNDAY}T21:00", f"{MONDAY}T19:00"),  # ends where the ban begins
        ("weekend", f"{FRIDAY}T10:30", f"{SATURDAY}T10:00"),
        ("weekend", f"{SATURDAY}T11:00", f"{SUNDAY}T10:00"),
        ("saturday", f"{FRIDAY}T09:30", f"{SATURDAY}T09:00"),
        ("saturday", f"{SATURDAY}T10:59", f"{SATURDAY}T10:59"),
    ],
)
def test_windows_by_name(window: str, asked: str, leaves: str) -> None:
    """Marketing of a brand waits for its window, a notice of it does not."""
    brands = f'brands: {{mall: {{signature: null, sender: "1", send_windows: [{window}]}}}}'
    by = Snapshot.build(parse_config(FILE.format(more=brands).encode(), "test.yaml"))
    for class_ in ("member", "notice"):
        subject = Subject("8613800138000", by.classes[class_], "mall", "shop", "", at(asked))
        outcome = quiet_hours(subject, Facts(), by.book)
        until = outcome.until if isinstance(outcome, Hold) else at(asked)
        assert until == (at(leaves) if class_ == "member" else at(asked))


@pytest.mark.parametrize("rule", ["opt_out", "opt_out_text", "quiet_hours", "consent", "frequency"])
def test_marketing_does_without_none_of_its_rules(rule: str) -> None:
    """Their wording and their numbers are configured; that they hold is not."""
    with pytest.raises(ConfigError) as error:
        parse_config(FILE.format(more=f"classes: {{member: {{{rule}: false}}}}").encode(), "test.yaml")
    assert f"a marketing class cannot do without {rule}" in str(error.value)
