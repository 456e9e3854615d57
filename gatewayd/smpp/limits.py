"""What one session allows itself and its peer."""

import msgspec

from gatewayd.smpp.codec import MAX_PDU


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """Limits of one session: times in seconds (3.4 section 7.2), sizes in octets."""

    window: int = 10
    """Outstanding submit_sm, submit_multi and data_sm."""
    response_timeout: float = 30.0
    max_timeouts: int = 3
    """This many response timeouts in a row close the session."""
    enquire_link_interval: float = 30.0
    """Silence of the peer after which it is asked; inf: never."""
    bind_timeout: float = 30.0
    """ESME: for bind_resp. SMSC: from connect to bound, the session_init_timer."""
    unbind_grace: float = 1.0
    """How long the unbind of a peer waits for answers we still owe it."""
    max_pdu: int = MAX_PDU
    max_outgoing: int = 1024 * 1024
    """While more than that waits to be written, the driver does not read."""
