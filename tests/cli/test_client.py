"""The blocking client of the stream socket."""

from itertools import islice

import pytest

from gatewayd.client import Client, Refused, SubscriptionClosed, Unreachable
from tests.cli.conftest import Live

SUBMIT = {"op": "submit", "to": "13800138000", "class": "notice", "text": "hi", "tag": "t"}


def test_a_pipeline_keeps_to_the_window_and_loses_none(live: Live) -> None:
    """500 requests over a window of 50: each gets its own reply."""
    with Client(live.gateway.path) as client:
        assert client.window == 50
        pairs = list(client.pipeline({**SUBMIT, "key": f"k{n}"} for n in range(500)))

    assert {request["key"] for request, _ in pairs} == {f"k{n}" for n in range(500)}
    assert all(reply["ok"] for _, reply in pairs)
    assert len({reply["id"] for _, reply in pairs}) == 500


def test_events_between_replies_are_kept(live: Live) -> None:
    """They come out of `events`, in order, none lost."""
    with Client(live.gateway.path) as client:
        client.subscribe("c")
        for _ in client.pipeline([SUBMIT] * 5):
            pass
        client.request("cancel", tag="t")
        client.request("ping")
        events = list(islice(client.events(), 5))
        client.ack("c", events[-1]["cursor"])
        assert client.request("unsubscribe", consumer="c")["cursor"] == events[-1]["cursor"]

    assert [event["state"] for event in events] == ["cancelled"] * 5


def test_events_end_when_it_is_quiet(live: Live) -> None:
    """After so many seconds without one; the connection goes on."""
    with Client(live.gateway.path) as client:
        client.subscribe("c")
        assert list(client.events(quiet=0.05)) == []
        client.request("ping")


def test_a_refusal_is_raised_with_its_error(live: Live) -> None:
    """The code for the program, all of it for people."""
    with Client(live.gateway.path) as client, pytest.raises(Refused, match="not_found") as caught:
        client.request("query", id="nosuch")

    assert caught.value.code == "not_found"


def test_a_line_that_is_too_long_is_refused(live: Live) -> None:
    """It has no seq to be answered by; the client does not wait for ever."""
    with Client(live.gateway.path) as client, pytest.raises(Refused, match="invalid_request"):
        client.request("submit", to="1", text="x" * 10_000)


def test_a_subscription_taken_over_is_told(live: Live) -> None:
    """Events end with the reason."""
    with Client(live.gateway.path) as first, Client(live.gateway.path) as second:
        first.subscribe("c")
        second.subscribe("c")
        with pytest.raises(SubscriptionClosed, match="taken_over"):
            next(first.events())


def test_a_daemon_that_goes_is_unreachable(live: Live) -> None:
    """In the midst of a connection, and at the next connect."""
    with Client(live.gateway.path) as client:
        live.stop()
        with pytest.raises(Unreachable):
            client.request("ping")
    with pytest.raises(Unreachable, match="No such file"):
        Client(live.gateway.path)


def test_a_daemon_that_does_not_answer_is_unreachable(live: Live) -> None:
    """After the client's patience."""
    live.inside(live.gateway.store.hold)
    with Client(live.gateway.path, patience=0.1) as client:
        with pytest.raises(Unreachable, match="does not answer"):
            client.request("cancel", tag="t")
        live.inside(live.gateway.store.release)
