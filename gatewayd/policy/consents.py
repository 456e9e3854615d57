"""What a number has said to a brand about marketing, as it is kept: yes or no, when, where and to what.

Source: 通信短信息服务管理规定 (no commercial messages without consent, whose proof is kept), and
个人信息保护法 articles 13 to 15 (withdrawn at any time). A withdrawal deletes nothing.
"""

from typing import Final

import msgspec

from gatewayd.model import Millis

AHEAD: Final[Millis] = 60_000
"""How far a client's clock may be fast; a time told is no later than that of its record."""


class Consent(msgspec.Struct, frozen=True, gc=False):
    """One thing said. at: when, 0: not told. channel: where, as web, shop, phone. wording: of what version.

    proof: where the proof lies. by: the client that told it, at recorded_at. An empty text: not told.
    """

    number: str
    brand: str
    at: Millis
    granted: bool
    channel: str
    wording: str
    proof: str
    recorded_at: Millis
    by: str
