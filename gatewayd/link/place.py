"""One place of a link: a bind that is made again whenever it ends, at the link's hosts in turn."""

import math
import random
from collections import deque
from enum import Enum, StrEnum, auto
from typing import Final, Protocol

import trio

from gatewayd.config import Link as Settings
from gatewayd.configlink import BindKind, Host
from gatewayd.errors import GatewayError
from gatewayd.link.bind import Bind
from gatewayd.link.connect import bind_pdu, connect
from gatewayd.link.credentials import Credentials
from gatewayd.log import logger
from gatewayd.smpp import consts
from gatewayd.smpp.driver import Driver
from gatewayd.smpp.limits import Limits
from gatewayd.smpp.session import Session
from gatewayd.smpp.transitions import Role

STABLE: Final = 60.0  # seconds bound after which the next failure starts the back-off anew
REFUSALS: Final = frozenset(
    {consts.ESME_RBINDFAIL, consts.ESME_RINVPASWD, consts.ESME_RINVSYSID, consts.ESME_RINVSYSTYP}
)
"""Answers to a bind that another try will not change; a wrong system_type and an IP address that is not
listed are often told by ESME_RBINDFAIL."""


class LinkState(StrEnum):
    """As `status` tells it (CONTRACT section 4), the best first. REFUSED: by the SMSC; it asks rarely."""

    BOUND = "bound"
    CONNECTING = "connecting"
    BACKOFF = "backoff"
    REFUSED = "refused"
    PAUSED = "paused"


class End(Enum):
    """How one try ended. FAILED: not bound; another host may do better. BUSY: the SMSC wants fewer binds.
    REFUSED: see `REFUSALS`. LOST: it was bound. LASTED: for a stable minute.
    """

    FAILED = auto()
    BUSY = auto()
    REFUSED = auto()
    LOST = auto()
    LASTED = auto()


class Home(Protocol):
    """The link of a place, as far as the place needs it."""

    name: str
    settings: Settings
    credentials: Credentials

    @property
    def binds_bound(self) -> int: ...
    def new_bind(self, place: int, kind: BindKind) -> Bind: ...
    def began(self, bind: Bind) -> None: ...
    def ended(self, bind: Bind) -> None: ...
    def lost(self, host: Host, category: str, detail: str, *, bound: bool) -> None: ...


class Place:
    """number: among the link's places, from 0. host: where it is bound, or tried last.

    detail: why it is not bound.
    """

    def __init__(self, home: Home, number: int, kind: BindKind) -> None:
        self.number, self.kind = number, kind
        self.detail = ""
        self._home = home
        self._state: LinkState | None = None  # None: it waits for its turn to bind
        self._hosts = deque(home.settings.hosts_of(kind))
        self._hosts.rotate(-(number % home.settings.binds))

    @property
    def host(self) -> Host:
        return self._hosts[0]

    @property
    def state(self) -> LinkState:
        if self._state is None:
            return LinkState.REFUSED if self._home.credentials.refusal else LinkState.CONNECTING
        return self._state

    def bound(self) -> None:
        self._state, self.detail = LinkState.BOUND, ""

    async def run(self) -> None:
        """Bind, and once more after each end; jittered back-off, reset by a stable minute."""
        wait = shortest = self._home.settings.reconnect_min
        while True:
            end = await self._round()
            if end in (End.REFUSED, End.LASTED):
                wait = shortest
            if end is not End.REFUSED:
                self._state = LinkState.BACKOFF
                await trio.sleep(wait * random.uniform(0.5, 1.0))  # noqa: S311  spreads reconnects, no secret
                wait = min(wait * 2, self._home.settings.reconnect_max)

    async def _round(self) -> End:
        """Each host once, from the one it was bound to last, until one takes the bind."""
        end = End.FAILED
        for _ in range(len(self._hosts)):
            end = await self._try()
            if end is not End.FAILED:
                break
            self._hosts.rotate(-1)
        return end

    async def _try(self) -> End:
        """The first of the hosts; what was refused has rested when this returns."""
        credentials = self._home.credentials
        self._state = None
        await credentials.turn(self.number)
        self._state = LinkState.CONNECTING
        bind = await self._session()
        if bind is not None and bind.refusal in REFUSALS:
            self._state = LinkState.REFUSED
            await credentials.refused(self.number, bind.refusal, alone=self._home.binds_bound > 0)
        else:
            credentials.unanswered(self.number)
        return End.FAILED if bind is None else _end(bind)

    async def _session(self) -> Bind | None:
        """One connection from connect to its end; None if it could not be made."""
        settings = self._home.settings
        try:
            pdu = bind_pdu(settings, self.kind)
            with trio.fail_after(settings.bind_timeout):
                stream = await connect(self.host, settings.tls)
        except (OSError, trio.TooSlowError, GatewayError) as error:
            self._lost("connect_failed", f"{type(error).__name__}: {error}")
            return None
        bind = self._home.new_bind(self.number, self.kind)
        session = Session(Role.ESME, _limits(settings), trio.current_time())
        bind.attach(Driver(stream, session, bind.handle))
        bind.driver.send(pdu)
        await self._live(bind)
        return bind

    async def _live(self, bind: Bind) -> None:
        """Until the connection ends; whatever ends it, no segment is forgotten."""
        self._home.began(bind)
        try:
            reason = await bind.driver.run()
        except Exception:  # noqa: BLE001  a fault in here costs this bind, not the daemon; it is logged
            logger(link=self._home.name).exception("bind_failed")
            reason = "a fault of the gateway"
        finally:
            self._home.ended(bind)
        if bind.refusal:
            self._lost("bind_refused", consts.status_name(bind.refusal))
        else:
            self._lost(_category(reason), reason, bound=bind.bound_at < math.inf)

    def _lost(self, category: str, detail: str, *, bound: bool = False) -> None:
        self.detail = detail
        self._home.lost(self.host, category, detail, bound=bound)


def _end(bind: Bind) -> End:
    if bind.refusal in REFUSALS:
        return End.REFUSED
    if bind.refusal == consts.ESME_RTHROTTLED:
        return End.BUSY
    if bind.bound_at == math.inf:
        return End.FAILED
    return End.LASTED if trio.current_time() - bind.bound_at >= STABLE else End.LOST


def _limits(settings: Settings) -> Limits:
    return Limits(
        window=settings.window,
        response_timeout=settings.response_timeout,
        max_timeouts=settings.max_timeouts,
        enquire_link_interval=settings.enquire_link_interval,
        bind_timeout=settings.bind_timeout,
    )


_CATEGORIES: Final = {
    "closed by the peer": "closed_by_peer",
    "connection lost": "connection_lost",
    "enquire_link unanswered": "enquire_link_unanswered",
    "unbound by the peer": "unbound_by_peer",
    "unbound": "unbound",
    "cancelled": "stopped",
    "the peer stopped reading": "peer_not_reading",
    "the SMSC says the bind is not valid": "bind_invalid",
    "a fault of the gateway": "internal",
}


def _category(reason: str) -> str:
    """A driver's reason as a metric label: one of a closed list."""
    if reason.startswith("framing lost"):
        return "framing_lost"
    if reason.startswith("not bound"):
        return "bind_timeout"
    return _CATEGORIES.get(reason, "response_timeouts" if "in a row" in reason else "other")
