"""`gatewayd link sessions`: where each bind of a link is."""

import msgspec

from tests.cli.conftest import Live

SESSIONS = [
    {"bind": "transmitter", "state": "bound", "host": "one.example:2775", "detail": None},
    {"bind": "receiver", "state": "refused", "host": "[2001:db8::1]:2776", "detail": "ESME_RINVPASWD"},
]


def test_each_bind_with_its_host(live: Live) -> None:
    """A line for each bind, and why it is not bound."""
    live.gateway.links = {"smsc": {"sessions": SESSIONS}}
    told = live.run("link", "sessions", "smsc")
    as_json = live.run("link", "sessions", "smsc", "--json").stdout

    assert told.stdout == (
        "transmitter\tbound\tone.example:2775\t-\nreceiver\trefused\t[2001:db8::1]:2776\tESME_RINVPASWD\n"
    )
    assert [msgspec.json.decode(line) for line in as_json.splitlines()] == SESSIONS


def test_a_link_there_is_not(live: Live) -> None:
    """Exit 1, and said so."""
    told = live.run("link", "sessions", "nosuch")

    assert (told.exit_code, told.stderr) == (1, "gatewayd: not_found: there is no such link\n")
