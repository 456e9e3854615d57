"""Answers to what an ESME submits, as the scenario has them, and how they leave."""

import random
from typing import Final, assert_never

import msgspec
from msgspec import structs

from gatewayd.smpp import consts
from gatewayd.smpp.codec import encode
from gatewayd.smpp.multi import UnsuccessSme
from gatewayd.smpp.pdu import (
    DataSm,
    DataSmResp,
    GenericNack,
    SubmitMulti,
    SubmitMultiResp,
    SubmitSm,
    SubmitSmResp,
)
from simulator.connection import Connection
from simulator.mt import Fate, Submission
from simulator.settings import Responses

CONGESTION_STATE: Final = consts.TLV_TAGS["congestion_state"]
AN_ID: Final = b"4711"  # in an error response that has no business to hold one


class Reply(msgspec.Struct, frozen=True, eq=False, gc=False):
    """An answer that is due. body: false: the header alone. doubled: sent twice."""

    home: Connection
    request: Submission
    response: SubmitSmResp | DataSmResp | SubmitMultiResp | GenericNack
    body: bool = True
    doubled: bool = False

    def send(self) -> None:
        """Let it leave."""
        if self.body:
            self.home.respond(self.request, self.response)
        else:
            self.home.respond_headless(self.request, self.response)
        if self.doubled:
            self.home.raw(encode(self.response, self.request.sequence_number))


class Replies:
    """Writes the answers of one account. rng: draws the shares."""

    def __init__(self, settings: Responses, rng: random.Random) -> None:
        self._settings, self._rng = settings, rng
        self._tlvs = tuple(tlv.pair for tlv in settings.tlvs)

    def to(self, home: Connection, request: Submission, fate: Fate, load: int | None) -> Reply:
        """Where nothing was taken, the answer is that of the first refusal.

        load: percent of the limit in use; None: not told.
        """
        settings, rng = self._settings, self._rng
        refusal = None if fate.message_id else fate.failed[0][1]
        doubled = bool(settings.doubled) and rng.random() < settings.doubled
        if refusal is not None and refusal.body == "generic_nack":
            return Reply(home, request, GenericNack(command_status=refusal.status), doubled=doubled)
        told = fate.message_id.encode()
        if refusal is not None:
            told = AN_ID if refusal.body == "id" else b""
        elif settings.empty_id and rng.random() < settings.empty_id:
            told = b""
        tlvs = self._tlvs if load is None else (*self._tlvs, (CONGESTION_STATE, load.to_bytes()))
        response: SubmitSmResp | DataSmResp | SubmitMultiResp
        match request:
            case SubmitSm():
                response = SubmitSmResp(message_id=told, tlvs=tlvs)
            case DataSm():
                response = DataSmResp(message_id=told, tlvs=tlvs)
            case SubmitMulti():
                response = SubmitMultiResp(message_id=told, tlvs=tlvs, unsuccess_sme=_unreached(fate))
            case _:
                assert_never(request)
        if refusal is None:
            return Reply(home, request, response, doubled=doubled)
        response = structs.replace(response, command_status=refusal.status)
        return Reply(home, request, response, refusal.body != "none", doubled)


def _unreached(fate: Fate) -> tuple[UnsuccessSme, ...]:
    """3.4 section 4.5.2."""
    return tuple(
        UnsuccessSme(
            dest_addr_ton=submit.dest_addr_ton,
            dest_addr_npi=submit.dest_addr_npi,
            destination_addr=submit.destination_addr,
            error_status_code=fault.status,
        )
        for submit, fault in fate.failed
    )
