"""Octets, tags and statuses against node's independent `smpp` package (golden/make.js wrote the file)."""

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from gatewayd.smpp import consts, tlv
from gatewayd.smpp.codec import decode, encode
from gatewayd.smpp.multi import DistributionList, SmeAddress, UnsuccessSme
from gatewayd.smpp.pdu import PDUS, Pdu, fields
from tests.peers.node import needs_node

FOLDER = Path(__file__).parent / "golden"
GOLDEN = json.loads((FOLDER / "node_smpp.json").read_text())

OTHER_NAMES = {
    "dest_port": "destination_port",
    "alert_on_msg_delivery": "alert_on_message_delivery",
    "failed_broadcast_area_identifier": "broadcast_area_identifier",
    "ESME_RINVTLVSTREAM": "ESME_RINVOPTPARSTREAM",
    "ESME_RTLVNOTALLWD": "ESME_ROPTPARNOTALLWD",
    "ESME_RINVTLVLEN": "ESME_RINVPARLEN",
    "ESME_RMISSINGTLV": "ESME_RMISSINGOPTPARAM",
    "ESME_RINVTLVVAL": "ESME_RINVOPTPARAMVAL",
}
"""node's names (of SMPP 5.0) -> ours (of 3.4)."""


def value(plain: Any) -> Any:
    """A value of the golden file as our field takes it."""
    match plain:
        case str():
            return plain.encode()
        case list():
            return tuple(
                item(**{name: value(entry) for name, entry in each.items()}) for item, each in items(plain)
            )
        case {"hex": digits}:
            return bytes.fromhex(digits)
        case _:
            return plain


def items(plain: list[dict[str, Any]]) -> list[tuple[Any, dict[str, Any]]]:
    """Each item of submit_multi's lists with its class."""
    return [
        (
            DistributionList
            if "dl_name" in each
            else UnsuccessSme
            if "error_status_code" in each
            else SmeAddress,
            each,
        )
        for each in plain
    ]


def typed_value(tag: int, plain: Any) -> Any:
    """The value by our type: node holds ms_validity as octets, we as the integer it is."""
    read = value(plain)
    return (
        int.from_bytes(read) if isinstance(tlv.KNOWN[tag], tlv.IntTag) and isinstance(read, bytes) else read
    )


def tags(case: dict[str, Any]) -> list[tuple[int, Any]]:
    named = [(consts.TLV_TAGS[OTHER_NAMES.get(name, name)], plain) for name, plain in case["tlvs"].items()]
    return [(tag, typed_value(tag, plain)) for tag, plain in named]


def ours(case: dict[str, Any]) -> Pdu:
    return PDUS[consts.COMMAND_IDS[case["name"]]](
        command_status=case["command_status"],
        sequence_number=case["sequence_number"],
        tlvs=tuple(tlv.KNOWN[tag].tlv(plain) for tag, plain in tags(case)),
        **{name: value(plain) for name, plain in case["fields"].items()},
    )


each_pdu = pytest.mark.parametrize("case", GOLDEN["pdus"], ids=lambda case: case["name"])


@each_pdu
def test_we_write_the_octets_node_writes(case: dict[str, Any]) -> None:
    """Same fields, same octets, typed TLVs included."""
    pdu = ours(case)
    assert encode(pdu, pdu.sequence_number).hex() == case["octets"]


@each_pdu
def test_we_read_the_fields_node_wrote(case: dict[str, Any]) -> None:
    """Same octets, same fields, and the values of known TLVs by their type."""
    read = decode(bytes.fromhex(case["octets"]))
    assert read == ours(case)
    assert {name: getattr(read, name) for name in case["fields"]} == {
        name: value(plain) for name, plain in case["fields"].items()
    }
    assert [(tag, tlv.typed(tag, raw)) for tag, raw in read.tlvs] == tags(case)


def test_the_golden_file_has_every_pdu_and_field() -> None:
    """No PDU and no mandatory field is left to our own round trip."""
    seen = {case["name"]: set(case["fields"]) for case in GOLDEN["pdus"]}
    assert seen == {consts.command_name(pdu.command_id): set(fields(pdu)) for pdu in PDUS.values()}


def test_command_ids_equal_nodes() -> None:
    """The 3.4 commands are node's, which has the 5.0 broadcast ones besides."""
    broadcast = {name for name in GOLDEN["commands"] if "broadcast" in name}
    assert {
        name: GOLDEN["commands"][name] for name in GOLDEN["commands"].keys() - broadcast
    } == consts.COMMAND_IDS


@pytest.mark.parametrize(("names", "table"), [("tlvs", consts.TLV_TAGS), ("statuses", consts.STATUS_NUMBERS)])
def test_tags_and_statuses_equal_nodes(names: str, table: dict[str, int]) -> None:
    """The 3.4 numbers of smpplib and our 5.0 additions agree with node's table, name by name."""
    assert {OTHER_NAMES.get(name, name): number for name, number in GOLDEN[names].items()} == table


@needs_node
def test_the_golden_file_is_what_node_writes_now() -> None:
    """The committed file was not touched by hand."""
    script = subprocess.run(["node", FOLDER / "make.js"], capture_output=True, check=True, timeout=30)
    assert json.loads(script.stdout) == GOLDEN
