"""Real sockets: how a host's name becomes a stream, and what a bind PDU holds."""

import socket
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import trio
from trio.abc import HostnameResolver

from gatewayd.config import Link
from gatewayd.configlink import BindKind, Host
from gatewayd.configtypes import Secret
from gatewayd.errors import LocalProtocolError
from gatewayd.link.connect import bind_pdu, connect
from gatewayd.smpp.pdu import Bind, BindReceiver, BindTransceiver, BindTransmitter

Address = tuple[socket.AddressFamily, socket.SocketKind, int, str, tuple[str, int]]


class Dns(HostnameResolver):
    """Every name has these addresses."""

    def __init__(self, *addresses: str) -> None:
        self.addresses = addresses

    async def getaddrinfo(  # type: ignore[override]
        self, host: str | bytes | None, port: int, *_: object, **__: object
    ) -> list[Address]:
        del host
        return [
            (socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP, "", (address, port))
            for address in self.addresses
        ]

    async def getnameinfo(self, sockaddr: object, flags: int) -> tuple[str, str]:
        raise NotImplementedError


@pytest.fixture
async def port() -> AsyncIterator[int]:
    """An SMSC listens on 127.0.0.1, and nobody on any other address."""
    listener = trio.socket.socket()
    await listener.bind(("127.0.0.1", 0))
    listener.listen()
    yield listener.getsockname()[1]
    listener.close()


async def test_each_address_of_a_name_is_tried(port: int) -> None:
    """DNS tells three addresses, two of which refuse."""
    trio.socket.set_custom_hostname_resolver(Dns("127.0.0.3", "127.0.0.2", "127.0.0.1"))
    stream = await connect(Host("smsc.example", port), None)
    assert isinstance(stream, trio.SocketStream)
    assert stream.socket.getpeername() == ("127.0.0.1", port)
    await stream.aclose()


async def test_a_name_without_a_listener_is_an_os_error(port: int) -> None:
    """So that the next host is tried."""
    trio.socket.set_custom_hostname_resolver(Dns("127.0.0.3", "127.0.0.2"))
    with pytest.raises(OSError, match="all attempts to connect"):
        await connect(Host("smsc.example", port), None)


async def test_a_name_that_is_none_is_an_os_error() -> None:
    """A label of DNS has 63 octets at most; Python tells a longer one as a UnicodeError."""
    with pytest.raises(OSError, match="no name"):
        await connect(Host("x" * 64, 2775), None)


@pytest.mark.parametrize(
    ("host", "written"),
    [(Host("smsc.example", 2775), "smsc.example:2775"), (Host("2001:db8::1", 9), "[2001:db8::1]:9")],
)
def test_a_host_is_written_as_in_the_configuration(host: Host, written: str) -> None:
    """An IPv6 address in brackets."""
    assert str(host) == written


@pytest.mark.parametrize(
    ("kind", "pdu"),
    [("transceiver", BindTransceiver), ("transmitter", BindTransmitter), ("receiver", BindReceiver)],
)
def test_a_bind_holds_what_the_provider_asked_for(kind: BindKind, pdu: type[Bind], tmp_path: Path) -> None:
    """A password of 64 characters too: 8 is what the specification says, not what providers give."""
    secret = tmp_path / "password"
    secret.write_text("p" * 64 + "\n")
    link = Link(
        host="smsc.example",
        system_id="acme",
        password=Secret(file=str(secret)),
        system_type="VMA",
        interface_version=0x33,
        addr_ton=1,
        addr_npi=2,
        address_range="^1069",
    )
    assert bind_pdu(link, kind) == pdu(
        system_id=b"acme",
        password=b"p" * 64,
        system_type=b"VMA",
        interface_version=0x33,
        addr_ton=1,
        addr_npi=2,
        address_range=b"^1069",
    )


@pytest.mark.parametrize("text", ["p" * 65, "密码"])
def test_a_password_that_no_bind_can_hold_is_told(text: str, tmp_path: Path) -> None:
    """Before anything is sent, and without quoting it."""
    secret = tmp_path / "password"
    secret.write_text(text, "utf-8")
    link = Link(host="smsc.example", system_id="acme", password=Secret(file=str(secret)))
    with pytest.raises(LocalProtocolError, match="at most 64 characters") as raised:
        bind_pdu(link, "transceiver")
    assert text not in str(raised.value)
