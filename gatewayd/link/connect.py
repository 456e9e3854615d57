"""A stream to the SMSC, plain or TLS; and the bind PDU that opens a session on it."""

import os
import ssl
from typing import Final

import trio

from gatewayd.config import Link, read_secret, secret_path
from gatewayd.config import Tls as TlsSettings
from gatewayd.configlink import BindKind, Host
from gatewayd.errors import LocalProtocolError
from gatewayd.smpp.pdu import Bind, BindReceiver, BindTransceiver, BindTransmitter

LONGEST_PASSWORD: Final = 64  # 8 in the specification; what the codec takes
_BIND: Final[dict[BindKind, type[Bind]]] = {
    "transceiver": BindTransceiver,
    "transmitter": BindTransmitter,
    "receiver": BindReceiver,
}


async def connect(host: Host, tls: TlsSettings | None) -> trio.abc.Stream:
    """TCP, and TLS from the first octet where it is asked for. Of a name, every address is tried.

    Raises OSError; a refused certificate is one too (ssl.SSLError), also when trio wraps it.
    """
    try:
        # happy eyeballs tries each address; trio sets TCP_NODELAY on every stream it opens
        stream = await trio.open_tcp_stream(host.name, host.port)
    except UnicodeError as error:
        raise OSError(f"the host is no name: {error}") from None
    return stream if tls is None else await _secured(stream, tls, host.name)


async def _secured(stream: trio.SocketStream, tls: TlsSettings, host: str) -> trio.abc.Stream:
    """After the handshake; if it fails, the connection is closed."""
    try:
        name = tls.server_name or host
        secured = trio.SSLStream(stream, tls_context(tls), server_hostname=name, https_compatible=True)
        await secured.do_handshake()
    except trio.BrokenResourceError as error:
        await trio.aclose_forcefully(stream)
        raise error.__cause__ if isinstance(error.__cause__, OSError) else OSError("TLS broke") from error
    except BaseException:
        await trio.aclose_forcefully(stream)
        raise
    return secured


def tls_context(tls: TlsSettings) -> ssl.SSLContext:
    """Verification is always on. Raises OSError for files that cannot be used."""
    context = ssl.create_default_context(cafile=tls.ca)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if tls.certificate is not None:
        key = None if tls.key is None else secret_path(tls.key, os.environ)
        context.load_cert_chain(tls.certificate, key)
    return context


def bind_pdu(link: Link, kind: BindKind) -> Bind:
    """A bind of this link. Reads the password now, so that a changed file counts at the next bind.

    Raises ConfigError, LocalProtocolError: the password cannot be read, or cannot be put into a bind.
    """
    password = "" if link.password is None else read_secret(link.password, os.environ)
    if not password.isascii() or len(password) > LONGEST_PASSWORD:
        raise LocalProtocolError(f"the password must be ASCII and at most {LONGEST_PASSWORD} characters")
    return _BIND[kind](
        system_id=link.system_id.encode("ascii"),
        password=password.encode("ascii"),
        system_type=link.system_type.encode("ascii"),
        interface_version=link.interface_version,
        addr_ton=link.addr_ton,
        addr_npi=link.addr_npi,
        address_range=link.address_range.encode("ascii"),
    )
