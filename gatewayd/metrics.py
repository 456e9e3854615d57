"""Every metric in one record (CONTRACT section 6), on a registry of its own so that tests may have many."""

from collections.abc import Mapping
from typing import NamedTuple, TypeVar

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.metrics import MetricWrapperBase

from gatewayd import __version__
from gatewayd.ledger.tables import Effects

M = TypeVar("M", Counter, Gauge, Histogram)

_FAST = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)
_WAITS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5, 30, 300, 3600)
_RECEIPT = (0.1, 0.5, 1, 2, 3, 5, 10, 30, 60, 300, 3600, 21600, 86400, 259200)


class Family(NamedTuple):
    """One metric as it is scraped and documented."""

    name: str
    kind: str
    labels: tuple[str, ...]
    help: str


class Metrics:
    """Counters that a commit has earned come by `committed`; the rest is set where it happens.

    families: all of them, for the reference.
    """

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.families: list[Family] = []
        self._children: dict[tuple[MetricWrapperBase, tuple[str, ...]], MetricWrapperBase] = {}
        link, class_ = ["link"], ["class"]
        self.link_bound = self._gauge("link_bound", "Bound binds of the link.", link)
        self.link_refused = self._gauge(
            "link_refused", "Binds that the SMSC refuses until credentials or settings change.", link
        )
        self.link_window_in_use = self._gauge("link_window_in_use", "Outstanding submit_sm.", link)
        self.link_window_size = self._gauge(
            "link_window_size", "Outstanding submit_sm allowed over all binds.", link
        )
        self.link_window_reserved = self._gauge(
            "link_window_reserved", "Of these, kept for otp and what is more urgent.", link
        )
        self.link_rate_limit = self._gauge(
            "link_rate_limit", "Segments a second the link may send now; 0: no limit.", link
        )
        self.sender_rate_limit = self._gauge(
            "sender_rate_limit", "Segments a second the brand may send now.", ["brand"]
        )
        self.link_deliver_queue = self._gauge("link_deliver_queue", "deliver_sm waiting for the store.", link)
        self.link_full_queues = self._gauge(
            "link_full_queues", "Destinations left alone after ESME_RMSGQFUL.", link
        )
        self.queue_messages = self._gauge("queue_messages", "Messages queued.", class_)
        self.held_messages = self._gauge("held_messages", "Messages held.", class_)
        self.scheduled_messages = self._gauge("scheduled_messages", "Messages scheduled.", class_)
        self.queue_oldest = self._gauge("queue_oldest_seconds", "Age of the oldest queued message.", class_)
        self.events_lag = self._gauge(
            "events_lag", "Cursors the consumer (client/name) is behind; 0: all acknowledged.", ["consumer"]
        )
        self.stream_connections = self._gauge("stream_connections", "Open stream connections.", [])
        self.store_jobs = self._gauge("store_queue", "Jobs waiting for the store's writer.", [])
        self.reload_ok = self._gauge("config_last_reload_successful", "1 if the last load was good.", [])
        self.reload_at = self._gauge(
            "config_last_reload_success_timestamp_seconds", "When the configuration in force was loaded.", []
        )
        self._gauge("build_info", "Constant 1.", ["version"]).labels(__version__).set(1)
        self.disconnects = self._counter("link_disconnects", "Binds lost or refused.", ["link", "reason"])
        self.submits = self._counter("submits", "submit_sm sent.", ["link", "class"])
        self.submit_errors = self._counter("submit_errors", "Refused submit_sm.", ["link", "status"])
        self.rate_decreases = self._counter(
            "link_rate_decreases", "Times the rate was lowered.", ["link", "reason"]
        )
        self.protocol_faults = self._counter("link_protocol_faults", "Bad PDUs of the SMSC.", link)
        self.stream_errors = self._counter("stream_errors", "Bad lines on the stream socket.", ["code"])
        self.submit_response = self._histogram(
            "submit_response_seconds", "submit_sm to its response.", link, _FAST
        )
        self.throttle_wait = self._histogram(
            "throttle_wait_seconds", "Pauses after ESME_RTHROTTLED.", link, _WAITS
        )
        self.accept_to_submit = self._histogram(
            "accept_to_submit_seconds", "From accept (or release) to the first submit_sm.", class_, _WAITS
        )
        self._ledger: Mapping[str, Counter] = {
            "messages_accepted": self._counter("messages_accepted", "Messages accepted.", class_),
            "messages_final": self._counter("messages_final", "Messages ended.", ["class", "state"]),
            "policy_refusals": self._counter("policy_refusals", "Refusals by policy.", ["code"]),
            "receipts": self._counter("receipts", "Receipts received.", ["link", "state"]),
            "receipts_early": self._counter("receipts_early", "Receipts before the response.", link),
            "receipts_late": self._counter("receipts_late", "Receipts after the final state.", link),
            "receipts_repeated": self._counter("receipts_repeated", "Receipts received again.", link),
            "receipts_unmatched": self._counter("receipts_unmatched", "Receipts of no known segment.", link),
            "receipts_ambiguous": self._counter(
                "receipts_ambiguous", "Receipts whose id fits several segments in other notations.", link
            ),
            "in_doubt": self._counter("in_doubt", "Segments without an answer.", ["link", "class"]),
            "resent": self._counter("resent", "Segments sent a second time.", ["link", "class"]),
            "inbound": self._counter("inbound", "MO messages.", link),
            "optouts": self._counter("optouts", "Opt-outs.", ["source"]),
            "template_sets_read": self._counter(
                "template_sets_read", "Times a brand's templates were read anew, not from memory.", ["brand"]
            ),
            "arrivals": self._counter(
                "arrivals", "Messages the SMSC had the last word on.", ["link", "class", "carrier", "state"]
            ),
            "tags_braked": self._counter("tags_braked", "Tags paused by themselves.", ["reason"]),
        }
        self._observed: Mapping[str, Histogram] = {
            "submit_to_receipt": self._histogram(
                "submit_to_receipt_seconds", "Response to final receipt.", link, _RECEIPT
            ),
            "store_commit": self._histogram(
                "store_commit_seconds", "One transaction of the store.", [], _FAST
            ),
        }

    def _gauge(self, name: str, text: str, labels: list[str]) -> Gauge:
        self.families.append(Family(f"gatewayd_{name}", "gauge", tuple(labels), text))
        return Gauge(f"gatewayd_{name}", text, labels, registry=self.registry)

    def _counter(self, name: str, text: str, labels: list[str]) -> Counter:
        self.families.append(Family(f"gatewayd_{name}_total", "counter", tuple(labels), text))
        return Counter(f"gatewayd_{name}", text, labels, registry=self.registry)

    def _histogram(self, name: str, text: str, labels: list[str], buckets: tuple[float, ...]) -> Histogram:
        self.families.append(Family(f"gatewayd_{name}", "histogram", tuple(labels), text))
        return Histogram(f"gatewayd_{name}", text, labels, buckets=buckets, registry=self.registry)

    def committed(self, effects: Effects) -> None:
        """Count what one commit has made true."""
        for (name, *labels), amount in effects.counts.items():
            self.child(self._ledger[name], *labels).inc(amount)
        for name, value, label in effects.observations:
            histogram = self._observed[name]
            (self.child(histogram, label) if label else histogram).observe(value)

    def child(self, metric: M, *labels: str) -> M:
        """The child of a metric for its label values, kept: finding it anew costs three times as much."""
        found = self._children.get((metric, labels))
        if found is None:
            found = self._children[metric, labels] = metric.labels(*labels)
        assert isinstance(found, type(metric))
        return found
