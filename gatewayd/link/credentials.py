"""Whether the SMSC takes the credentials of a link: until it is known, one place asks for all of them.

A refusal is about the account, not about one session. Asked again by every bind at once it looks like an
attack, and SMSCs lock accounts for that.
"""

import trio


class Credentials:
    """Shared by the places of one link, each told by its number.

    refusal: command_status of the refusal that stands for all places; 0: none does.
    """

    def __init__(self, rest: float) -> None:
        """rest: seconds until a refused place asks again."""
        self.refusal = 0
        self._rest = rest
        self._taken = False
        self._asking: int | None = None
        self._changed, self._again = trio.Event(), trio.Event()

    async def turn(self, place: int) -> None:
        """Return when the place may bind."""
        while not self._taken and self._asking not in (None, place):
            await self._changed.wait()
        if not self._taken:
            self._asking = place

    def taken(self) -> None:
        """A bind is bound: all may."""
        self.refusal, self._taken = 0, True
        self._next()

    def unanswered(self, place: int) -> None:
        """No answer about the credentials: the next place asks."""
        if self._asking == place:
            self._next()

    async def refused(self, place: int, status: int, *, alone: bool) -> None:
        """Return when the place may ask again. alone: others are bound, so it is the only one concerned."""
        if not alone:
            self.refusal, self._taken, self._asking = status, False, place
        with trio.move_on_after(self._rest):
            await self._again.wait()

    def ask_again(self) -> None:
        """End the rest: somebody has set the credentials right."""
        self._again.set()
        self._again = trio.Event()

    def _next(self) -> None:
        self._asking = None
        self._changed.set()
        self._changed = trio.Event()
