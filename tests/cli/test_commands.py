"""The client commands against a live listener: output, exit codes."""

import json
import os
import pty
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from gatewayd.cli.main import cli
from tests.cli.conftest import Live

SEND = ("send", "--to", "13800138000", "--class", "notice", "--text", "hi")


def objects(output: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in output.splitlines()]


def test_send_prints_the_answer(live: Live) -> None:
    """Tab-separated where no terminal is, JSON where it is asked for."""
    plain = live.run(*SEND)
    as_json = live.run(*SEND, "--json")

    (sent,) = objects(as_json.stdout)
    to, identifier, *rest = plain.stdout.strip().split("\t")
    assert (plain.exit_code, as_json.exit_code) == (0, 0)
    assert (to, rest) == ("13800138000", ["queued", "1", "gsm7", "-"])
    assert identifier != sent["id"]
    assert sent.keys() == {"to", "id", "state", "segments", "encoding"}


def test_send_takes_every_field_under_the_name_of_the_protocol(live: Live) -> None:
    """What the options say arrives; the text may come from standard input."""
    result = live.run(
        *("send", "--to", "13800138000", "--class", "member", "--brand", "mall", "--text", "-", "--key", "k"),
        *("--tag", "t", "--order-key", "o", "--sender", "1069000188", "--send-at", "2026-11-19T00:00:00Z"),
        *("--valid-for", "60", "--encoding", "ucs2", "--json"),
        text="你好\n",
    )

    (sent,) = objects(result.stdout)
    message = objects(live.run("message", "--key", "k", "--json").stdout)[0]
    assert (sent["state"], sent["encoding"]) == ("scheduled", "ucs2")
    assert (message["tag"], message["class"], message["brand"]) == ("t", "member", "mall")


def test_send_to_several_gives_each_its_own_key(live: Live) -> None:
    """A second run with the same keys sends nothing twice."""
    arguments = (*SEND, "--to", "13800138001", "--key", "sale", "--json")
    first, second = live.run(*arguments), live.run(*arguments)

    assert [one["id"] for one in objects(first.stdout)] == [one["id"] for one in objects(second.stdout)]
    assert all(one["duplicate"] for one in objects(second.stdout))


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        pytest.param(("--to", "12"), 1, id="refused"),
        pytest.param(("--to", "13800138000", "--to", "12"), 3, id="partly done"),
        pytest.param(("--to", "13800138000", "--brand", "bank"), 77, id="not permitted"),
        pytest.param((), 2, id="no destination"),
        pytest.param(("--to", "13800138000", "--encoding", "ebcdic"), 2, id="no such choice"),
    ],
)
def test_send_ends_with_the_code_of_what_happened(live: Live, arguments: tuple[str, ...], code: int) -> None:
    """CONTRACT section 2."""
    result = live.run("send", "--class", "notice", "--text", "hi", *arguments)

    assert result.exit_code == code


def test_a_draining_daemon_is_for_trying_again(live: Live) -> None:
    """Exit 75, and the reason is told."""
    live.gateway.intake.open = False
    result = live.run(*SEND)

    assert result.exit_code == 75
    assert "draining" in result.stdout


def test_send_waits_until_the_message_is_final(live: Live) -> None:
    """Here it is cancelled meanwhile, which is not delivered: exit 1."""
    environment = {**os.environ, "GATEWAYD_SOCKET": live.gateway.path}
    command = [sys.executable, "-m", "gatewayd", *SEND, "--key", "k", "--wait", "--json"]
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as process:
        while live.run("cancel", "--key", "k").exit_code:
            assert process.poll() is None
        output, _ = process.communicate(timeout=20)

    assert (objects(output)[0]["state"], process.returncode) == ("cancelled", 1)


def test_message_explain_and_cancel_tell_one_message(live: Live) -> None:
    """By id and by key; cancelled, the second cancel is too late."""
    identifier = objects(live.run(*SEND, "--key", "k", "--json").stdout)[0]["id"]

    assert f"id\t{identifier}\n" in live.run("message", "--key", "k").stdout
    story = objects(live.run("explain", identifier, "--json").stdout)[0]
    assert (story["message"]["id"], story["timeline"][0]["what"]) == (identifier, "accepted")
    assert "accepted" in live.run("explain", identifier).stdout
    done, late = live.run("cancel", identifier), live.run("cancel", identifier)
    assert (done.exit_code, done.stdout) == (0, "cancelled\t1\ntoo_late\t0\n")
    assert late.exit_code == 1


def test_preview_shows_each_verdict_and_what_would_leave(live: Live) -> None:
    """Verdicts first, then the text; nothing is stored."""
    live.gateway.speeds["smsc"] = 10.0
    result = live.run("preview", *SEND[1:], "--key", "k")
    assert result.exit_code == 0
    assert "number\tpassed\t-\t8613800138000\n" in result.stdout
    assert "link\tsmsc\n" in result.stdout
    assert "leaves_at\t2026-11-18T11:06:40.000Z\n" in result.stdout
    assert objects(live.run("preview", *SEND[1:], "--json").stdout)[0]["encoding"] == "gsm7"
    assert live.run("message", "--key", "k").exit_code == 1
    assert live.gateway.store.submitted == 0


@pytest.mark.parametrize(
    ("arguments", "code", "told"),
    [
        (("--to", "12"), 1, "number\trefused\tinvalid_destination\t"),
        (("--to", "13800138000", "--brand", "bank"), 77, "rights\trefused\tnot_permitted\t"),
    ],
)
def test_preview_ends_as_the_submit_would(
    live: Live, arguments: tuple[str, ...], code: int, told: str
) -> None:
    """The verdict that refuses, and the exit code of `send`."""
    result = live.run("preview", "--class", "notice", "--text", "hi", *arguments)
    assert (result.exit_code, told in result.stdout) == (code, True)
    assert "route\tnot_judged\t" in result.stdout


def test_search_is_for_admins(live: Live) -> None:
    """Exit 77 for others; one line a message for admins."""
    assert live.run(*SEND).exit_code == 0
    assert live.run("search", "--to", "13800138000").exit_code == 77
    live.gateway.configure(admin="true")
    found = live.run("search", "--to", "13800138000", "--state", "queued").stdout
    assert "\t8613800138000\tnotice\tmall\tqueued\t1\t" in found
    assert live.run("search", "--from", "2026-11-19T00:00:00Z").stdout == ""


@pytest.mark.parametrize(
    "arguments",
    [("message",), ("message", "X", "--key", "k"), ("explain",), ("cancel",), ("cancel", "X", "--tag", "t")],
)
def test_what_names_no_one_message_is_usage(live: Live, arguments: tuple[str, ...]) -> None:
    """Exit 2, before anything is asked."""
    assert live.run(*arguments).exit_code == 2


def test_a_message_that_is_not_there_is_told(live: Live) -> None:
    """On standard error, exit 1."""
    result = live.run("message", "0000000000000")

    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr == "gatewayd: not_found: this client has no such message\n"


def cancelled(live: Live, count: int) -> None:
    """Make so many events."""
    for _ in range(count):
        live.run(*SEND, "--tag", "t")
    live.run("cancel", "--tag", "t")


def test_events_are_printed_until_there_are_no_more(live: Live) -> None:
    """One JSON object a line; without --ack the next call prints them again."""
    cancelled(live, 3)
    call = ("events", "--after", "0", "--quiet", "0.1")
    first, second = live.run(*call, "--json"), live.run(*call, "--json")

    assert [event["state"] for event in objects(first.stdout)] == ["cancelled"] * 3
    assert first.stdout == second.stdout
    line = live.run(*call).stdout.splitlines()[0]
    assert "cancelled" in line
    assert "to 8613800138000" in line


def test_events_goes_on_beyond_the_window(live: Live, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without --ack it begins a new subscription in time, and repeats none."""
    monkeypatch.setattr("gatewayd.cli.events._RENEW", 4)
    cancelled(live, 15)
    result = live.run("events", "--after", "0", "--quiet", "0.1", "--json")

    cursors = [event["cursor"] for event in objects(result.stdout)]
    assert cursors == sorted(set(cursors))
    assert len(cursors) == 15


def test_acknowledged_events_do_not_come_again(live: Live) -> None:
    """With --ack the next call goes on where this one ended."""
    cancelled(live, 2)
    call = ("events", "--consumer", "c", "--ack", "--quiet", "0.1", "--json")
    first, second = live.run(*call, "--after", "0"), live.run(*call)

    assert len(objects(first.stdout)) == 2
    assert second.stdout == ""


def test_optout_checks_adds_and_removes(live: Live) -> None:
    """As admin; the number may be written as people do."""
    live.gateway.configure(admin="true")
    added = live.run("optout", "add", "138 0013 8000", "--brand", "mall", "--reason", "phone")
    found = objects(live.run("optout", "check", "13800138000", "--json").stdout)[0]
    removed = live.run("optout", "remove", "13800138000")

    assert (added.stdout, removed.stdout) == ("added\t1\n", "removed\t1\n")
    assert (found["opted_out"], found["brand"], found["source"]) == (True, "mall", "admin")


def test_what_only_an_admin_may_do_ends_with_77(live: Live) -> None:
    """The refusal is told on standard error."""
    result = live.run("optout", "add", "13800138000")

    assert result.exit_code == 77
    assert "not_permitted" in result.stderr


def test_status_and_ping_answer(live: Live) -> None:
    """Lines for people and programs; JSON holds all of it."""
    link = {"state": "bound", "binds": 1, "window_in_use": 0, "window": 10, "rate": 0}
    live.gateway.links = {"smsc": {**link, "rate_reason": "contract"}}
    live.gateway.queues = {"otp": {"messages": 2, "oldest_seconds": 0.5}}

    assert live.run("status").stdout == "smsc\tbound\t1\t0\t10\t0\tcontract\notp\t2\t0.5\n"
    assert objects(live.run("status", "--json").stdout)[0]["queues"]["otp"]["messages"] == 2
    assert objects(live.run("ping", "--json").stdout)[0]["client"] == "shop"


def test_a_peer_that_is_no_client_ends_with_77(live: Live) -> None:
    """As the gateway said in its one line."""
    live.gateway.configure(uid=os.getuid() + 1)

    assert live.run("ping").exit_code == 77


def test_without_a_daemon_it_is_unreachable(tmp_path: Path) -> None:
    """Exit 69, with the path that was tried."""
    result = CliRunner().invoke(cli, ["ping", "--socket", str(tmp_path / "none.sock")])

    assert result.exit_code == 69
    assert str(tmp_path / "none.sock") in result.stderr


@pytest.mark.parametrize("no_color", [True, False])
def test_a_terminal_gets_a_table(live: Live, *, no_color: bool) -> None:
    """With a head line; NO_COLOR takes the colours away."""
    ours, theirs = pty.openpty()
    environment = {**os.environ, "GATEWAYD_SOCKET": live.gateway.path, "TERM": "xterm"}
    environment.pop("NO_COLOR", None)
    if no_color:
        environment["NO_COLOR"] = "1"
    live.gateway.queues = {"otp": {"messages": 2, "oldest_seconds": 0.5}}
    subprocess.run(
        [sys.executable, "-m", "gatewayd", "status"], env=environment, stdout=theirs, check=True, timeout=20
    )
    os.close(theirs)
    shown = os.read(ours, 10_000).decode()
    os.close(ours)

    assert "oldest_seconds" in shown
    assert "otp" in shown
    assert ("\x1b[" in shown) == (not no_color)
