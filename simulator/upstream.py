"""The demo's upstream system: what submits messages and reads events. It speaks the stream protocol only."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

from gatewayd.client import Client, Refused
from gatewayd.errors import GatewayError
from simulator.tally import Story

CONSUMER: Final = "demo"
PATIENCE: Final = 15.0  # seconds without a word of the gateway that are too long


class NotTold(GatewayError):
    """The gateway did not tell in time what was waited for."""


class Upstream:
    """An upstream system: one connection, and a durable consumer whose place the gateway keeps."""

    def __init__(self, path: str) -> None:
        """Events come from the first that no earlier connection acknowledged."""
        self._client = Client(path, PATIENCE)
        self._client.subscribe(CONSUMER)

    def close(self) -> None:
        self._client.close()

    def submit(self, class_: str, brand: str, to: str, text: str) -> Mapping[str, Any]:
        """The reply. Raises Refused."""
        return self._client.request("submit", to=to, brand=brand, text=text, **{"class": class_})

    def query(self, identifier: str) -> Mapping[str, Any]:
        """Where a message stands."""
        message: Mapping[str, Any] = self._client.request("query", id=identifier)["message"]
        return message

    def submit_all(self, requests: Iterable[Mapping[str, str]], ids: dict[str, str]) -> None:
        """Puts key -> id of what is answered into `ids`. Raises Unreachable, Refused."""
        for request, reply in self._client.pipeline(requests):
            if not reply["ok"]:
                raise Refused(reply["error"])
            ids[str(request["key"])] = reply["id"]

    def listen(self, story: Story, told: Callable[[], bool], what: str) -> None:
        """Take events and acknowledge them, until `told`."""
        while not told():
            batch = next(self._client.batches(PATIENCE), None)
            if batch is None:
                raise NotTold(f"no event for {PATIENCE:.0f} s while waiting for {what}")
            for event in batch:
                story.take(event)
            self._client.ack(CONSUMER, batch[-1]["cursor"])
