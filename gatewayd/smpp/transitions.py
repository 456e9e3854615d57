"""Which PDU may be sent by whom in which state, and where it leads: legality as data.

Nothing here knows which side we are: Session reads the same table for what it sends and for what it receives.
`python -m gatewayd.smpp.transitions` prints it as a mermaid diagram.
"""

import sys
from enum import Enum
from typing import Final

from gatewayd.smpp.pdu import (
    REQUESTS,
    AlertNotification,
    BindReceiver,
    BindReceiverResp,
    BindTransceiver,
    BindTransceiverResp,
    BindTransmitter,
    BindTransmitterResp,
    CancelSm,
    DataSm,
    DeliverSm,
    EnquireLink,
    GenericNack,
    Outbind,
    Pdu,
    QuerySm,
    ReplaceSm,
    SubmitMulti,
    SubmitSm,
    Unbind,
    UnbindResp,
    is_response,
    wire_name,
)


class Role(Enum):
    """The two sides of a bind."""

    ESME = "ESME"
    SMSC = "SMSC"


class State(Enum):
    """Session states of 3.4 section 2.2, and the waits between them."""

    OPEN = "open"  # connected, not bound; a refused bind leads back here
    BINDING_TX = "binding_tx"
    BINDING_RX = "binding_rx"
    BINDING_TRX = "binding_trx"
    BOUND_TX = "bound_tx"
    BOUND_RX = "bound_rx"
    BOUND_TRX = "bound_trx"
    UNBINDING = "unbinding"  # one side has sent unbind; what is owed is still answered
    CLOSED = "closed"


Cells = dict[tuple[Role, type[Pdu]], State | None]

ESME: Final = Role.ESME
SMSC: Final = Role.SMSC


def _exchange(role: Role, *requests: type[Pdu]) -> Cells:
    """Requests of one side with their responses by the other; the state stays."""
    other = SMSC if role is ESME else ESME
    cells: Cells = {}
    for request in requests:
        cells[role, request] = None
        cells[other, REQUESTS[request]] = None
    return cells


# Beyond table 2-1: enquire_link, generic_nack and unbind at any time, since SMSCs send enquire_link before
# bind_resp, answer a bind by generic_nack, and whoever wants to leave should be let go.
_ANYTIME: Final[Cells] = {
    **_exchange(ESME, EnquireLink),
    **_exchange(SMSC, EnquireLink),
    (ESME, GenericNack): None,
    (SMSC, GenericNack): None,
    (ESME, Unbind): State.UNBINDING,
    (SMSC, Unbind): State.UNBINDING,
}
_SUBMISSION: Final = _exchange(ESME, SubmitSm, SubmitMulti, DataSm, QuerySm, CancelSm, ReplaceSm)
_DELIVERY: Final = _exchange(SMSC, DeliverSm, DataSm) | {(SMSC, AlertNotification): None}

TRANSITIONS: Final[dict[State, Cells]] = {  # 3.4 section 2.3, table 2-1; None: the state stays
    State.OPEN: {
        (ESME, BindTransmitter): State.BINDING_TX,
        (ESME, BindReceiver): State.BINDING_RX,
        (ESME, BindTransceiver): State.BINDING_TRX,
        (SMSC, Outbind): None,
        **_ANYTIME,
    },
    State.BINDING_TX: {(SMSC, BindTransmitterResp): State.BOUND_TX, **_ANYTIME},
    State.BINDING_RX: {(SMSC, BindReceiverResp): State.BOUND_RX, **_ANYTIME},
    State.BINDING_TRX: {(SMSC, BindTransceiverResp): State.BOUND_TRX, **_ANYTIME},
    # Some SMSCs deliver to transmitters too; refusing would lose the receipt.
    State.BOUND_TX: {**_SUBMISSION, **_DELIVERY, **_ANYTIME},
    State.BOUND_RX: {**_DELIVERY, **_ANYTIME},
    State.BOUND_TRX: {**_SUBMISSION, **_DELIVERY, **_ANYTIME},
    State.UNBINDING: {
        **{cell: None for cell in {**_SUBMISSION, **_DELIVERY} if cell[1] in REQUESTS.values()},
        **_ANYTIME,
        (ESME, UnbindResp): State.CLOSED,
        (SMSC, UnbindResp): State.CLOSED,
    },
    State.CLOSED: {},
}

BINDING: Final = frozenset({State.BINDING_TX, State.BINDING_RX, State.BINDING_TRX})
BOUND: Final = frozenset({State.BOUND_TX, State.BOUND_RX, State.BOUND_TRX})
BINDS: Final[frozenset[type[Pdu]]] = frozenset({BindTransmitter, BindReceiver, BindTransceiver})


def requests_of(role: Role, state: State) -> dict[type[Pdu], State | None]:
    """What `role` may ask in that state (outbind and alert_notification included), and where it leads."""
    cells = TRANSITIONS[state].items()
    return {kind: target for (sender, kind), target in cells if sender is role and not is_response(kind)}


def after_bind(state: State, response: Pdu) -> State:
    """Where the answer to a bind leads: bound if it is a bind_resp with ESME_ROK, else back to OPEN."""
    bound = TRANSITIONS[state].get((SMSC, type(response)))
    return bound if bound is not None and response.command_status == 0 else State.OPEN


def mermaid() -> str:
    """The table as a mermaid state diagram; cells that keep the state are left out."""
    edges: dict[tuple[State, State, str], list[str]] = {}
    for state, cells in TRANSITIONS.items():
        for (role, kind), target in cells.items():
            if target is not None and target is not state:
                edges.setdefault((state, target, wire_name(kind)), []).append(role.value)
        if state in BINDING:
            edges[state, State.OPEN, "bind_resp with an error, generic_nack"] = [SMSC.value]
    lines = [f"[*] --> {State.OPEN.value}"]
    for (state, target, label), roles in edges.items():
        lines.append(f"{state.value} --> {target.value}: {label} ({', '.join(roles)})")
    lines.append(f"{State.CLOSED.value} --> [*]")
    return "stateDiagram-v2\n" + "".join(f"    {line}\n" for line in lines)


if __name__ == "__main__":
    sys.stdout.write(mermaid())
