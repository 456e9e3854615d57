"""Receipts in every dialect of the shipped scenarios at once: real daemon, one link for each, real SMSCs."""

import json
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

import simulator as simulator_package
from simulator.record import Receipt
from tests.daemon.harness import (
    Bulk,
    Consumer,
    Gateway,
    Object,
    Process,
    Simulator,
    check_lives,
    eventually,
    link,
)

pytestmark = pytest.mark.daemon
SCENARIOS = Path(simulator_package.__file__).parent / "scenarios"
NAMES = sorted(file.stem for kind in ("id-*", "receipt-*") for file in SCENARIOS.glob(f"{kind}.yaml"))
EACH = 4  # messages by each link, one of them long
FIRST_ID = 4_234_567_890  # of ten digits, so that a truncated one is, and hex of it has letters
LONG = "Your parcel leaves today. " * 12
LEARNT = {  # how receipts of a scenario write the ids of responses
    "id-0x": "decimal_to_hex",
    "id-both": "as_is",
    "id-case": "any_case",
    "id-padded": "unpadded",
    "id-padding": "unpadded",
    "id-receipt-hex": "decimal_to_hex",
    "id-resp-hex": "hex_to_decimal",
    "id-uuid": "as_is",
    "receipt-tlv-only": "as_is",
}

Consume = Callable[..., Consumer]


Start = Callable[..., Simulator]


@pytest.fixture
def start(tmp_path: Path, processes: list[Process]) -> Start:
    """An SMSC with an account for each dialect, whose system_id is its place among them."""

    def begin(name: str, accounts: Mapping[str, Object], first_id: int = 1) -> Simulator:
        numbered = {f"a{place}": given for place, given in enumerate(accounts.values())}
        smsc = Simulator(tmp_path, name, {"first_id": first_id, "accounts": numbered})
        processes.append(smsc)
        smsc.start()
        return smsc

    return begin


class Network:
    """SMSCs, links to their accounts, and routes by which the numbers of a link lead to it."""

    def __init__(self) -> None:
        self.smscs: list[Simulator] = []
        self.links: dict[str, Object] = {}

    def add(self, smsc: Simulator, settings: Mapping[str, Object]) -> None:
        """settings: name of a link -> its settings, in the order of the accounts."""
        self.smscs.append(smsc)
        for place, (name, given) in enumerate(settings.items()):
            self.links[name] = link(smsc.port, system_id=f"a{place}", **given)

    def routes(self) -> list[Object]:
        return [{"match": {"to": [f"{self.first(name)[:-4]}*"]}, "links": [name]} for name in self.links]

    def first(self, name: str) -> str:
        """The number before the first of those that lead to a link."""
        return f"86139{list(self.links).index(name) + 1:04d}0000"

    def bulk(self, daemon: Gateway, name: str, count: int, text: str = "") -> Bulk:
        """Messages by one link; the token tells the link too."""
        first = int(self.first(name)[5:])
        return Bulk(daemon, count, first=first, text=text)


def scenario(name: str) -> Object:
    found: Object = yaml.safe_load((SCENARIOS / f"{name}.yaml").read_text("utf-8"))
    found["default"]["receipts"]["delay"] = 0.1
    return found


def dialects(start: Start) -> Network:
    """One link to one account of every scenario; an SMSC for each first id."""
    network, groups = Network(), dict[int, dict[str, Object]]()
    for name in NAMES:
        told = scenario(name)
        groups.setdefault(told.get("first_id", FIRST_ID), {})[name] = told["default"]
    for place, (first_id, accounts) in enumerate(groups.items()):
        network.add(start(f"smsc-{place}", accounts, first_id), {key: {} for key in accounts})
    return network


def told(daemon: Gateway, name: str, **fields: Any) -> Object:
    with daemon.client() as client:
        found: Object = client.request("link_receipts", link=name, **fields)
        return found


def command(daemon: Gateway, name: str, *options: str) -> Object:
    """`gatewayd link receipts NAME`, as an operator runs it."""
    argv = [
        sys.executable,
        "-m",
        "gatewayd",
        "link",
        "receipts",
        name,
        "--json",
        "--socket",
        str(daemon.socket),
    ]
    done = subprocess.run([*argv, *options], capture_output=True, check=True, timeout=20)
    found: Object = json.loads(done.stdout)
    return found


def test_every_dialect_ends_every_message_truly(
    start: Start, gateway: Callable[..., Gateway], consume: Consume
) -> None:
    """Without any setting: what each SMSC says was delivered is, and nothing is left over."""
    network = dialects(start)
    daemon = gateway(0, links=network.links, routes=network.routes())
    bulks = {name: network.bulk(daemon, name, EACH - 1) for name in NAMES}
    for name, bulk in bulks.items():
        first = int(network.first(name)[5:])
        bulk.extend(Bulk(daemon, 1, first=first + EACH, text=LONG))
        assert bulk.submit()
    events = consume(daemon)
    began = {identifier: state for bulk in bulks.values() for identifier, state in bulk.began().items()}
    finals = events.until_final(began)
    assert check_lives(events, began) == Counter({"delivered": EACH * len(NAMES)})
    assert {finals[i]["link"] for bulk in bulks.values() for i in bulk.ids.values()} == set(NAMES)
    said = Counter(receipt.stat for smsc in network.smscs for receipt in smsc.record.of(Receipt))
    assert set(said) == {"DELIVRD"}
    for name in NAMES:
        receipts = told(daemon, name)["receipts"]
        assert (name, receipts["parked"], receipts["ambiguous"]) == (name, 0, 0)
    for name, notation in LEARNT.items():
        pairs = told(daemon, name)["receipts"]["pairs"]
        assert (name, max(pairs, key=pairs.get)) == (name, notation)


CODES = [
    {"stat": "UNDELIV", "written": "MK:0001", "err": "000"},
    {"stat": "UNDELIV", "err": "DB:0144"},
    {"stat": "UNDELIV", "written": "ID:0012", "err": "ID:0012"},
]
OWN: dict[str, tuple[Object, Object, Object]] = {
    # link -> what its SMSC does, its settings, what becomes of its messages: state, stat, err
    "words": (
        {"outcomes": [CODES[0]], "state_tlv": False},
        {"receipts": {"stat": {"mk:0001": "undeliverable"}}},
        {"state": "undeliverable", "stat": "MK:0001", "err": "000"},
    ),
    "codes": (
        {"outcomes": [CODES[1]]},
        {"receipts": {"err": {"DB:0144": "rejected"}}},
        {"state": "rejected", "stat": "UNDELIV", "err": "DB:0144"},
    ),
    "strangers": (
        {"outcomes": [CODES[2]], "state_tlv": False},
        {"receipts": {"unknown_stat": "undeliverable"}},
        {"state": "undeliverable", "stat": "ID:0012", "err": "ID:0012"},
    ),
    "accepting": (
        {"outcomes": [{"stat": "ACCEPTD"}]},
        {"receipts": {"accepted_is_final": True}},
        {"state": "delivered", "stat": None, "err": None},
    ),
    "first": (
        {"segments": "first"},
        {"receipts": {"segments": "first"}},
        {"state": "delivered", "stat": None, "err": None},
    ),
    "last": (
        {"segments": "last"},
        {"receipts": {"segments": "last"}},
        {"state": "delivered", "stat": None, "err": None},
    ),
    "beijing": (
        {"message_id": "none", "timezone": "Asia/Shanghai"},
        {"receipt_timezone": "Asia/Shanghai"},
        {"state": "delivered", "stat": None, "err": None},
    ),
    "elsewhere": (
        {"session": "other"},
        {"binds": 2},
        {"state": "delivered", "stat": None, "err": None},
    ),
}


def test_settings_of_links_give_receipts_their_meaning(
    start: Start, gateway: Callable[..., Gateway], consume: Consume
) -> None:
    """Words, codes, zone, segments and sessions of eight accounts; stat and err are told as they came."""
    network = Network()
    smsc = start("smsc", {name: {"receipts": {"delay": 0.1, **does}} for name, (does, _, _) in OWN.items()})
    network.add(smsc, {name: given for name, (_, given, _) in OWN.items()})
    daemon = gateway(0, links=network.links, routes=network.routes())
    daemon.until_link("elsewhere", "bound", binds=2)
    bulks = {name: network.bulk(daemon, name, 2, text=LONG) for name in OWN}
    assert all(bulk.submit() for bulk in bulks.values())
    events = consume(daemon)
    finals = events.until_final([i for bulk in bulks.values() for i in bulk.ids.values()])
    for name, bulk in bulks.items():
        for identifier in bulk.ids.values():
            error = finals[identifier]["error"] or {"stat": None, "err": None}
            ended = {"state": finals[identifier]["state"], "stat": error["stat"], "err": error["err"]}
            assert (name, ended) == (name, OWN[name][2])


def test_parked_receipts_are_replayed_once_the_setting_is_right(
    start: Start, gateway: Callable[..., Gateway], consume: Consume
) -> None:
    """The link is set wrongly: nothing is lost; the command tells the line to write, and replays."""
    network, count = Network(), 12
    network.add(
        start("smsc", {"hex": scenario("id-resp-hex")["default"]}, 446_921),
        {"hex": {"receipts": {"id": "as_is"}}},
    )
    daemon = gateway(0, links=network.links)
    bulk = network.bulk(daemon, "hex", count)
    assert bulk.submit()
    eventually(lambda: told(daemon, "hex")["receipts"]["parked"] == count, "all receipts are parked")
    shown = command(daemon, "hex")
    assert (shown["fitting"], shown["proposal"]) == ({"hex_to_decimal": count}, "hex_to_decimal")

    assert daemon.stop() == 0
    network.links["hex"]["receipts"] = {"id": shown["proposal"]}
    daemon.configure(links=network.links)
    daemon.start()
    done = command(daemon, "hex", "--replay")
    assert (done["matched"], done["parked"], done["pairs"]) == (count, 0, {"hex_to_decimal": count})
    events = consume(daemon)
    events.until_final(bulk.ids.values())
    assert check_lives(events, bulk.began()) == Counter({"delivered": count})
