"""Numbers and names of SMPP 3.4, from smpplib, and what smpplib lacks of 5.0.

smpplib looks names up by linear scan; here each direction is a dict built once.
Its 3.4 values agree with those of node's independent `smpp` package (see tests/smpp/golden).
"""

from typing import Final

from smpplib import command_codes
from smpplib import consts as smpp34

STATUS_NAMES_5_0: Final[dict[int, str]] = {  # SMPP 5.0 section 4.7.6
    0x100: "ESME_RSERTYPUNAUTH",
    0x101: "ESME_RPROHIBITED",
    0x102: "ESME_RSERTYPUNAVAIL",
    0x103: "ESME_RSERTYPDENIED",
    0x104: "ESME_RINVDCS",
    0x105: "ESME_RINVSRCADDRSUBUNIT",
    0x106: "ESME_RINVDSTADDRSUBUNIT",
    0x107: "ESME_RINVBCASTFREQINT",
    0x108: "ESME_RINVBCASTALIAS_NAME",
    0x109: "ESME_RINVBCASTAREAFMT",
    0x10A: "ESME_RINVNUMBCAST_AREAS",
    0x10B: "ESME_RINVBCASTCNTTYPE",
    0x10C: "ESME_RINVBCASTMSGCLASS",
    0x10D: "ESME_RBCASTFAIL",
    0x10E: "ESME_RBCASTQUERYFAIL",
    0x10F: "ESME_RBCASTCANCELFAIL",
    0x110: "ESME_RINVBCAST_REP",
    0x111: "ESME_RINVBCASTSRVGRP",
    0x112: "ESME_RINVBCASTCHANIND",
}

TLV_TAGS_5_0: Final[dict[str, int]] = {  # SMPP 5.0 section 4.8.1; congestion_state comes from 3.4 peers too
    "congestion_state": 0x0428,
    "broadcast_channel_indicator": 0x0600,
    "broadcast_content_type": 0x0601,
    "broadcast_content_type_info": 0x0602,
    "broadcast_message_class": 0x0603,
    "broadcast_rep_num": 0x0604,
    "broadcast_frequency_interval": 0x0605,
    "broadcast_area_identifier": 0x0606,
    "broadcast_error_status": 0x0607,
    "broadcast_area_success": 0x0608,
    "broadcast_end_time": 0x0609,
    "broadcast_service_group": 0x060A,
    "billing_identification": 0x060B,
    "source_network_id": 0x060D,
    "dest_network_id": 0x060E,
    "source_node_id": 0x060F,
    "dest_node_id": 0x0610,
    "dest_addr_np_resolution": 0x0611,
    "dest_addr_np_information": 0x0612,
    "dest_addr_np_country": 0x0613,
}


def _named(prefix: str) -> dict[str, int]:
    """Integers of smpplib whose name starts with prefix, without it."""
    return {
        name.removeprefix(prefix): value for name, value in vars(smpp34).items() if name.startswith(prefix)
    }


STATUS_NAMES: Final[dict[int, str]] = {
    **{value: f"ESME_{name}" for name, value in _named("SMPP_ESME_").items()},
    **STATUS_NAMES_5_0,
}
STATUS_NUMBERS: Final[dict[str, int]] = {name: number for number, name in STATUS_NAMES.items()}
COMMAND_IDS: Final[dict[str, int]] = dict(command_codes.commands)
COMMAND_NAMES: Final[dict[int, str]] = {number: name for name, number in COMMAND_IDS.items()}
TLV_TAGS: Final[dict[str, int]] = {**smpp34.OPTIONAL_PARAMS, **TLV_TAGS_5_0}
TLV_NAMES: Final[dict[int, str]] = {tag: name for name, tag in TLV_TAGS.items()}
MESSAGE_STATES: Final[dict[int, str]] = {
    **{value: name for name, value in _named("SMPP_MESSAGE_STATE_").items()},
    0: "SCHEDULED",  # 5.0
    9: "SKIPPED",  # 5.0
}

_DESCRIPTIONS: Final[dict[int, str]] = {
    **smpp34.DESCRIPTIONS,
    smpp34.SMPP_ESME_RINVREGDLVFLG: "Invalid Registered Delivery Flag",  # smpplib has a placeholder here
}

RESPONSE: Final = 0x8000_0000  # the bit of command_id that makes it a response (3.4 section 5.1.2.1)

# command_status (3.4 section 5.1.3)
ESME_ROK: Final[int] = smpp34.SMPP_ESME_ROK
ESME_RINVMSGLEN: Final[int] = smpp34.SMPP_ESME_RINVMSGLEN
ESME_RINVCMDLEN: Final[int] = smpp34.SMPP_ESME_RINVCMDLEN
ESME_RINVCMDID: Final[int] = smpp34.SMPP_ESME_RINVCMDID
ESME_RINVBNDSTS: Final[int] = smpp34.SMPP_ESME_RINVBNDSTS
ESME_RALYBND: Final[int] = smpp34.SMPP_ESME_RALYBND
ESME_RINVPRTFLG: Final[int] = smpp34.SMPP_ESME_RINVPRTFLG
ESME_RINVREGDLVFLG: Final[int] = smpp34.SMPP_ESME_RINVREGDLVFLG
ESME_RSYSERR: Final[int] = smpp34.SMPP_ESME_RSYSERR
ESME_RINVSRCADR: Final[int] = smpp34.SMPP_ESME_RINVSRCADR
ESME_RINVDSTADR: Final[int] = smpp34.SMPP_ESME_RINVDSTADR
ESME_RINVMSGID: Final[int] = smpp34.SMPP_ESME_RINVMSGID
ESME_RBINDFAIL: Final[int] = smpp34.SMPP_ESME_RBINDFAIL
ESME_RINVPASWD: Final[int] = smpp34.SMPP_ESME_RINVPASWD
ESME_RINVSYSID: Final[int] = smpp34.SMPP_ESME_RINVSYSID
ESME_RCANCELFAIL: Final[int] = smpp34.SMPP_ESME_RCANCELFAIL
ESME_RREPLACEFAIL: Final[int] = smpp34.SMPP_ESME_RREPLACEFAIL
ESME_RMSGQFUL: Final[int] = smpp34.SMPP_ESME_RMSGQFUL
ESME_RINVSERTYP: Final[int] = smpp34.SMPP_ESME_RINVSERTYP
ESME_RINVNUMDESTS: Final[int] = smpp34.SMPP_ESME_RINVNUMDESTS
ESME_RINVDLNAME: Final[int] = smpp34.SMPP_ESME_RINVDLNAME
ESME_RINVDESTFLAG: Final[int] = smpp34.SMPP_ESME_RINVDESTFLAG
ESME_RINVSUBREP: Final[int] = smpp34.SMPP_ESME_RINVSUBREP
ESME_RINVESMCLASS: Final[int] = smpp34.SMPP_ESME_RINVESMCLASS
ESME_RCNTSUBDL: Final[int] = smpp34.SMPP_ESME_RCNTSUBDL
ESME_RSUBMITFAIL: Final[int] = smpp34.SMPP_ESME_RSUBMITFAIL
ESME_RINVSRCTON: Final[int] = smpp34.SMPP_ESME_RINVSRCTON
ESME_RINVSRCNPI: Final[int] = smpp34.SMPP_ESME_RINVSRCNPI
ESME_RINVDSTTON: Final[int] = smpp34.SMPP_ESME_RINVDSTTON
ESME_RINVDSTNPI: Final[int] = smpp34.SMPP_ESME_RINVDSTNPI
ESME_RINVSYSTYP: Final[int] = smpp34.SMPP_ESME_RINVSYSTYP
ESME_RINVREPFLAG: Final[int] = smpp34.SMPP_ESME_RINVREPFLAG
ESME_RINVNUMMSGS: Final[int] = smpp34.SMPP_ESME_RINVNUMMSGS
ESME_RTHROTTLED: Final[int] = smpp34.SMPP_ESME_RTHROTTLED
ESME_RINVSCHED: Final[int] = smpp34.SMPP_ESME_RINVSCHED
ESME_RINVEXPIRY: Final[int] = smpp34.SMPP_ESME_RINVEXPIRY
ESME_RINVDFTMSGID: Final[int] = smpp34.SMPP_ESME_RINVDFTMSGID
ESME_RX_T_APPN: Final[int] = smpp34.SMPP_ESME_RX_T_APPN
ESME_RX_P_APPN: Final[int] = smpp34.SMPP_ESME_RX_P_APPN
ESME_RX_R_APPN: Final[int] = smpp34.SMPP_ESME_RX_R_APPN
ESME_RQUERYFAIL: Final[int] = smpp34.SMPP_ESME_RQUERYFAIL
ESME_RINVOPTPARSTREAM: Final[int] = smpp34.SMPP_ESME_RINVOPTPARSTREAM
ESME_ROPTPARNOTALLWD: Final[int] = smpp34.SMPP_ESME_ROPTPARNOTALLWD
ESME_RINVPARLEN: Final[int] = smpp34.SMPP_ESME_RINVPARLEN
ESME_RMISSINGOPTPARAM: Final[int] = smpp34.SMPP_ESME_RMISSINGOPTPARAM
ESME_RINVOPTPARAMVAL: Final[int] = smpp34.SMPP_ESME_RINVOPTPARAMVAL
ESME_RDELIVERYFAILURE: Final[int] = smpp34.SMPP_ESME_RDELIVERYFAILURE
ESME_RUNKNOWNERR: Final[int] = smpp34.SMPP_ESME_RUNKNOWNERR

# data_coding (3.4 section 5.2.19)
DATA_CODING_DEFAULT: Final[int] = smpp34.SMPP_ENCODING_DEFAULT
DATA_CODING_IA5: Final[int] = smpp34.SMPP_ENCODING_IA5
DATA_CODING_LATIN1: Final[int] = smpp34.SMPP_ENCODING_ISO88591
DATA_CODING_BINARY: Final[int] = smpp34.SMPP_ENCODING_BINARY2
DATA_CODING_UCS2: Final[int] = smpp34.SMPP_ENCODING_ISO10646

# message_state (3.4 section 5.2.28)
MESSAGE_STATE_ENROUTE: Final[int] = smpp34.SMPP_MESSAGE_STATE_ENROUTE
MESSAGE_STATE_DELIVERED: Final[int] = smpp34.SMPP_MESSAGE_STATE_DELIVERED
MESSAGE_STATE_EXPIRED: Final[int] = smpp34.SMPP_MESSAGE_STATE_EXPIRED
MESSAGE_STATE_DELETED: Final[int] = smpp34.SMPP_MESSAGE_STATE_DELETED
MESSAGE_STATE_UNDELIVERABLE: Final[int] = smpp34.SMPP_MESSAGE_STATE_UNDELIVERABLE
MESSAGE_STATE_ACCEPTED: Final[int] = smpp34.SMPP_MESSAGE_STATE_ACCEPTED
MESSAGE_STATE_UNKNOWN: Final[int] = smpp34.SMPP_MESSAGE_STATE_UNKNOWN
MESSAGE_STATE_REJECTED: Final[int] = smpp34.SMPP_MESSAGE_STATE_REJECTED


def status_name(command_status: int) -> str:
    """Symbolic name ("ESME_RTHROTTLED"), or eight hex digits ("0x00000444") for a vendor's or unknown one."""
    return STATUS_NAMES.get(command_status) or f"0x{command_status:08X}"


def description(command_status: int) -> str:
    """Text for people, smpplib's ("Invalid Source Address"), or the symbolic name where it has none."""
    return str(_DESCRIPTIONS.get(command_status) or status_name(command_status))


def command_name(command_id: int) -> str:
    """Wire name of a PDU ("submit_sm"), or eight hex digits for an unknown one."""
    return COMMAND_NAMES.get(command_id) or f"0x{command_id:08X}"


def tlv_name(tag: int) -> str:
    """Name of a TLV ("receipted_message_id"), or four hex digits for a vendor's or unknown one."""
    return TLV_NAMES.get(tag) or f"0x{tag:04X}"
