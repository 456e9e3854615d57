"""Session practice of the field (what SMSCs do between connect and unbind), real processes on real TCP."""

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

import simulator as simulator_package
from simulator.judge import judge
from simulator.record import Bind
from tests.daemon.harness import Bulk, Consumer, Gateway, Process, Simulator, check_lives, eventually, link

pytestmark = pytest.mark.daemon
SCENARIOS = Path(simulator_package.__file__).parent / "scenarios"

Daemon = Callable[..., Gateway]
Consume = Callable[..., Consumer]
Play = Callable[..., Simulator]

QUICK = {"window": 10, "response_timeout": 1, "enquire_link_interval": 0.5}


@pytest.fixture
def play(tmp_path: Path, processes: list[Process]) -> Play:
    """Starts the SMSC on one of the shipped scenarios, with some of its waits cut short."""

    def start(name: str, *options: str, **default: object) -> Simulator:
        scenario = yaml.safe_load((SCENARIOS / f"{name}.yaml").read_text("utf-8"))
        scenario["default"] = {**scenario["default"], **default}
        smsc = Simulator(tmp_path, name, scenario, options=options)
        processes.append(smsc)
        smsc.start()
        return smsc

    return start


@pytest.mark.parametrize(
    ("name", "default"),
    [
        ("half-open", {}),
        ("stale-session", {"binding": {"stale": 1}}),
        ("full-window-cut", {}),
        ("leaving", {}),
        ("dribble", {}),
        ("noise", {}),
    ],
)
def test_sessions_that_end_badly_leave_every_state_true(
    play: Play, gateway: Daemon, consume: Consume, name: str, default: dict[str, object]
) -> None:
    """What the SMSC took is delivered in the end, what it never saw is unknown; nothing comes twice."""
    smsc = play(name, responses={"delay": 0.05}, receipts={"delay": 2}, **default)
    daemon = gateway(smsc.port, sim=QUICK, classes={"notice": {"receipt_wait": 4}})
    bulk = Bulk(daemon, 60)
    assert bulk.submit()
    events = consume(daemon)
    finals = events.until_final(bulk.ids.values())
    ended = check_lives(events, bulk.began())
    assert set(ended) <= {"delivered", "unknown"}
    tokens = smsc.tokens()
    assert {token for token, i in bulk.ids.items() if finals[i]["state"] == "delivered"} == set(tokens)
    verdict = judge(smsc.record.events)
    assert (verdict.duplicates, verdict.repeated_unanswered, verdict.window_violations) == (0, 0, 0)
    daemon.until_link("sim-1", "bound")


def test_a_session_that_is_still_counted_is_not_hammered(play: Play, gateway: Daemon) -> None:
    """ESME_RALYBND after a cut: tried again with growing waits until the SMSC lets go."""
    smsc = play("stale-session", binding={"stale": 3}, faults=[])
    daemon = gateway(smsc.port, sim={"reconnect_min": 0.2, "reconnect_max": 2})
    daemon.until_link("sim-1", "bound")
    smsc.do("drop")

    def binds() -> list[int]:
        return [bind.command_status for bind in smsc.record.of(Bind)]

    eventually(lambda: len(binds()) > 2 and binds()[-1] == 0, "it is bound again")
    daemon.until_link("sim-1", "bound")
    assert set(binds()[1:-1]) == {5}
    assert len(binds()) < 10


def test_what_the_provider_asks_for_at_the_bind_is_sent(play: Play, gateway: Daemon, tmp_path: Path) -> None:
    """A password longer than 8, system_type, interface_version and address_range, as the link has them."""
    smsc = play("strict-bind")
    password = tmp_path / "password"
    password.write_text("a-password-of-24-letters")
    wanted = {"password": {"file": str(password)}, "system_type": "VMA", "address_range": "^1069"}
    daemon = gateway(
        smsc.port,
        links={
            "sim-1": link(smsc.port, **wanted),
            "newer": link(smsc.port, **wanted, interface_version=0x50),
            "other": link(smsc.port, **{**wanted, "system_type": "SMPP"}),
        },
        routes=[{"match": {}, "links": ["sim-1"]}],
    )
    daemon.until_link("sim-1", "bound")
    daemon.until_link("newer", "refused")
    eventually(
        lambda: 13 in {b.command_status for b in smsc.record.of(Bind)}, "another system_type is refused"
    )
    seen = {b.command_status: b for b in smsc.record.of(Bind)}
    assert (seen[0].system_type, seen[0].interface_version, seen[0].address_range) == ("VMA", 0x34, "^1069")
    assert (seen[15].interface_version, seen[13].system_type) == (0x50, "SMPP")


def certificate(folder: Path, name: str) -> Path:
    """A self-signed certificate for that name, with its key in the same file."""
    path = folder / f"{name}.pem"
    key = folder / "key.pem"
    subject = ["-subj", f"/CN={name}", "-addext", f"subjectAltName=DNS:{name}"]
    curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"]
    files = ["-keyout", str(key), "-out", str(path)]
    subprocess.run(
        ["openssl", "req", "-x509", *curve, "-nodes", "-days", "2", *subject, *files],
        check=True,
        capture_output=True,
    )
    path.write_text(path.read_text() + key.read_text())
    return path


def test_tls_with_a_wrong_name_is_refused(
    play: Play, gateway: Daemon, consume: Consume, tmp_path: Path
) -> None:
    """No bind PDU leaves before the name has been checked; with the right name the link works."""
    pem = certificate(tmp_path, "smsc.example")
    smsc = play("happy", "--certificate", str(pem))
    wrong = link(smsc.port, system_id="wrong", tls={"ca": str(pem)})
    right = link(smsc.port, tls={"ca": str(pem), "server_name": "smsc.example"})
    links = {"wrong": wrong, "sim-1": right}
    daemon = gateway(smsc.port, links=links, routes=[{"match": {}, "links": ["wrong", "sim-1"]}])
    daemon.until_link("sim-1", "bound")
    line = daemon.until_logged("link_disconnected", link="wrong")
    assert "certificate" in line["detail"].lower()
    answer = daemon.submit(text="#1#")
    events = consume(daemon)
    final = events.until_final([answer["id"]])[answer["id"]]
    assert (final["state"], final["link"]) == ("delivered", "sim-1")
    assert {bind.account for bind in smsc.record.of(Bind)} == {"acme"}
