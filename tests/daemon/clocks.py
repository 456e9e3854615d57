"""Wall clocks of a test's own, so that the shipped hours can be met at any hour."""

import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

SHANGHAI: Final = ZoneInfo("Asia/Shanghai")
_FOLDER: Final = Path(__file__).with_name("clock")


class Clock:
    """What processes that are started with its `environ` read: HH:MM:SS in Shanghai, and it goes on.

    Each `forward` is for processes that are started from then on.
    """

    def __init__(self, time_of_day: str) -> None:
        now = datetime.now(SHANGHAI)
        self._ahead = (_on(now, time_of_day) - now).total_seconds()

    def forward(self, time_of_day: str, days: int) -> None:
        """To that time so many days later."""
        now = self.now()
        self._ahead += (_on(now + timedelta(days=days), time_of_day) - now).total_seconds()

    @property
    def environ(self) -> dict[str, str]:
        return {"PYTHONPATH": str(_FOLDER), "GATEWAYD_TEST_AHEAD": f"{self._ahead:.3f}"}

    def now(self) -> datetime:
        return datetime.fromtimestamp(time.time() + self._ahead, SHANGHAI)

    def at(self, time_of_day: str, days: int = 0) -> datetime:
        """A moment of today, or so many days later."""
        return _on(self.now() + timedelta(days=days), time_of_day)


def rfc3339(moment: datetime) -> str:
    """As events have it."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"


def _on(day: datetime, time_of_day: str) -> datetime:
    hour, minute, second = map(int, time_of_day.split(":"))
    return day.replace(hour=hour, minute=minute, second=second, microsecond=0)
