"""Limits of brands over all links: what each may send now, and the log and metric of what slows it down."""

from collections import defaultdict
from collections.abc import Iterable, Mapping

from gatewayd.config import Brand
from gatewayd.ledger.claim import Claimed
from gatewayd.log import logger
from gatewayd.metrics import Metrics
from gatewayd.model import Lane, LaneId
from gatewayd.sender_pace import Reception, SenderPace

BATCH = 0.005  # seconds of rate that are claimed at once: fewer commits


class Senders:
    """Of the brands that have a limit. now: trio's clock, in every call."""

    def __init__(self, brands: Mapping[str, Brand], metrics: Metrics, now: float) -> None:
        self._paces = {
            name: SenderPace(brand.throughput, brand.slow_down, now)
            for name, brand in brands.items()
            if brand.throughput
        }
        self._metrics, self._log = metrics, logger()
        for name in self._paces:
            self._show(name)

    def budgets(self, now: float) -> dict[str, int]:
        """Segments that each may send."""
        for brand, pace in self._paces.items():
            if pace.reason is not None:
                self._recover(brand, pace, now)
        allowed = {brand: pace.bucket.available(now) for brand, pace in self._paces.items()}
        return {brand: n if n >= _batch(self._paces[brand]) else 0 for brand, n in allowed.items()}

    def _recover(self, brand: str, pace: SenderPace, now: float) -> None:
        if pace.recover(now):
            self._log.info("sender_recovered", brand=brand, rate=pace.bucket.rate)
        self._show(brand)

    def ready_at(self, short: Iterable[str], now: float) -> float:
        """When the first of these brands may send again; inf without brands."""
        paces = [self._paces[brand] for brand in short]
        return min((pace.bucket.next_at(now, _batch(pace)) for pace in paces), default=float("inf"))

    def charge(self, claimed: Iterable[Claimed], lanes: Mapping[LaneId, Lane], now: float) -> None:
        if self._paces:
            for one in claimed:
                pace = self._paces.get(lanes[one.lane].brand)
                if pace is not None:
                    pace.bucket.owe(len(one.segments), now)

    def told(
        self, receptions: Mapping[tuple[LaneId, Reception], int], lanes: Mapping[LaneId, Lane], now: float
    ) -> None:
        """What a commit has made known of segments."""
        if not self._paces:
            return
        by_brand: defaultdict[str, dict[Reception, int]] = defaultdict(dict)
        for (lane, outcome), n in receptions.items():
            of_brand = by_brand[lanes[lane].brand]
            of_brand[outcome] = of_brand.get(outcome, 0) + n
        for brand in by_brand.keys() & self._paces.keys():
            self._tell(brand, by_brand[brand], now)

    def _tell(self, brand: str, outcomes: Mapping[Reception, int], now: float) -> None:
        pace = self._paces[brand]
        if pace.told(outcomes, now):
            self._log.warning("sender_slowed", brand=brand, rate=pace.bucket.rate, reason=_why(pace))
            self._show(brand)

    def _show(self, brand: str) -> None:
        gauge = self._metrics.child(self._metrics.sender_rate_limit, brand)
        gauge.set(self._paces[brand].bucket.rate)


def _why(pace: SenderPace) -> str | None:
    return pace.reason and pace.reason.value


def _batch(pace: SenderPace) -> int:
    return max(1, int(pace.bucket.rate * BATCH))
