"""Who may bind to an account, and what it is told else."""

import random

from gatewayd.smpp import consts
from gatewayd.smpp.pdu import Bind, wire_name
from simulator.settings import Account as Settings

CLEAN_ENDS = ("unbound",)  # reasons of a driver for which the SMSC knows that the session is over


class Admission:
    """The binds of one account. `settings` may change while it runs."""

    def __init__(self, settings: Settings, rng: random.Random) -> None:
        self.settings = settings
        self._rng = rng
        self._refused = self._ignored = 0
        self._stale_until: list[float] = []

    def delay(self) -> float:
        """Seconds until the next bind is answered."""
        return self.settings.binding.delay.drawn(self._rng)

    def ignores(self) -> bool:
        """Whether the next bind is one of those that are never answered."""
        if self._ignored == self.settings.binding.unanswered:
            return False
        self._ignored += 1
        return True

    def lost(self, reason: str, now: float) -> None:
        """A session has ended. Without unbind this SMSC may not have noticed yet."""
        if not reason.startswith(CLEAN_ENDS) and self.settings.binding.stale:
            self._stale_until.append(now + self.settings.binding.stale)

    def status(self, request: Bind, sessions: int, now: float) -> int:
        """command_status of the answer; `sessions` are bound now."""
        settings, binding = self.settings, self.settings.binding
        if settings.password is not None and settings.password.encode() != request.password:
            return consts.ESME_RINVPASWD
        if binding.interface_version not in (None, request.interface_version):
            return consts.ESME_RINVSYSID  # what those say that only know 0x34
        if settings.refuse_bind is not None and (not binding.refusals or self._refused < binding.refusals):
            self._refused += 1
            return settings.refuse_bind
        if not self._suits(request):
            return consts.ESME_RBINDFAIL
        return consts.ESME_RALYBND if self._full(sessions, now) else consts.ESME_ROK

    def _suits(self, request: Bind) -> bool:
        """Whether it is a bind as the account has it."""
        binding = self.settings.binding
        wanted = (binding.system_type, request.system_type), (binding.address_range, request.address_range)
        return wire_name(request).removeprefix("bind_") in self.settings.binds and all(
            value is None or value.encode() == given for value, given in wanted
        )

    def _full(self, sessions: int, now: float) -> bool:
        self._stale_until = [until for until in self._stale_until if until > now]
        most = self.settings.sessions or (1 if self._stale_until else 0)
        return bool(most) and sessions + len(self._stale_until) >= most
