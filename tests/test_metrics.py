"""Metrics: those of the contract, with its names, types and labels; what a commit counted arrives in them."""

import re
from pathlib import Path

import pytest
from prometheus_client import generate_latest

from gatewayd.ledger.tables import Effects
from gatewayd.metrics import Metrics

CONTRACT = {
    "gauge": """
        link_bound{link} link_window_in_use{link} link_window_size{link} link_rate_limit{link}
        queue_messages{class} held_messages{class} scheduled_messages{class} queue_oldest_seconds{class}
        events_lag{consumer} stream_connections{} config_last_reload_successful{}
        config_last_reload_success_timestamp_seconds{} build_info{version}
    """,
    "counter": """
        link_disconnects{link,reason} messages_accepted{class} messages_final{class,state}
        policy_refusals{code} submits{link,class} submit_errors{link,status} receipts{link,state}
        receipts_early{link} receipts_late{link} receipts_unmatched{link} in_doubt{link,class}
        resent{link,class} inbound{link} optouts{source}
    """,
    "histogram": """
        submit_response_seconds{link} throttle_wait_seconds{link} accept_to_submit_seconds{class}
        submit_to_receipt_seconds{link} store_commit_seconds{}
    """,
}
ROOT = Path(__file__).parents[1]
LABELS = {
    "brand",
    "carrier",
    "class",
    "code",
    "consumer",
    "link",
    "reason",
    "source",
    "state",
    "status",
    "version",
}


def contract() -> list[tuple[str, str, tuple[str, ...]]]:
    found = []
    for kind, names in CONTRACT.items():
        for entry in names.split():
            name, _, labels = entry.rstrip("}").partition("{")
            suffix = "_total" if kind == "counter" else ""
            found.append((f"gatewayd_{name}{suffix}", kind, tuple(filter(None, labels.split(",")))))
    return found


@pytest.mark.parametrize(("name", "kind", "labels"), contract())
def test_the_metrics_of_the_contract(name: str, kind: str, labels: tuple[str, ...]) -> None:
    """Fixed names: section 6 may be added to, never renamed. All of it is there in this version."""
    families = {family.name: family for family in Metrics().families}

    assert families[name][1:3] == (kind, labels)


def test_families_are_what_is_scraped() -> None:
    """The reference is made from them: name, type and help as Prometheus sees them."""
    scraped = generate_latest(Metrics().registry).decode()

    for family in Metrics().families:
        assert f"# TYPE {family.name} {family.kind}\n" in scraped
        assert f"# HELP {family.name} {family.help}\n" in scraped
    created = len(re.findall(r"(?m)^# TYPE \S+_created gauge$", scraped))
    assert scraped.count("# TYPE ") - created == len(Metrics().families)


def test_the_ledger_counts_nothing_that_is_no_metric() -> None:
    """An unknown name would end the daemon at the commit that counts it."""
    counted = {
        name
        for path in (ROOT / "gatewayd").rglob("*.py")
        for name in re.findall(r'effects\.(?:count|observe)\(\s*"(\w+)"', path.read_text("utf-8"))
    }
    metrics = Metrics()

    assert counted == metrics._ledger.keys() | metrics._observed.keys()


def test_labels_are_a_closed_list() -> None:
    """No label holds a number, an id or a text."""
    assert {label for family in Metrics().families for label in family.labels} <= LABELS


def test_names_tell_their_unit() -> None:
    """Base units: what is in seconds says so, and counters are told as _total."""
    for family in Metrics().families:
        assert family.name.endswith("_total") == (family.kind == "counter")
        assert family.name.endswith("_seconds") or family.kind != "histogram"
        assert not family.name.endswith(("_ms", "_millis", "_minutes"))


def test_what_a_commit_changed_is_counted() -> None:
    """Counts and observations of the ledger, with their labels."""
    metrics, effects = Metrics(), Effects()
    effects.count("messages_final", "otp", "delivered")
    effects.count("messages_final", "otp", "delivered")
    effects.observe("submit_to_receipt", 3.0, "a")
    effects.observe("store_commit", 0.002, "")
    metrics.committed(effects)

    value = metrics.registry.get_sample_value
    assert value("gatewayd_messages_final_total", {"class": "otp", "state": "delivered"}) == 2
    assert value("gatewayd_submit_to_receipt_seconds_sum", {"link": "a"}) == 3.0
    assert value("gatewayd_store_commit_seconds_count") == 1


def test_every_registry_is_its_own() -> None:
    """Two sets of metrics in one process do not meet."""
    first, second = Metrics(), Metrics()
    first.stream_connections.set(3)

    assert second.registry.get_sample_value("gatewayd_stream_connections") == 0
