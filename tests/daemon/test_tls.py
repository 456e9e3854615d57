"""Links over TLS: the SMSC's certificate is verified, ours is shown where it is asked for."""

import shutil
import ssl
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from gatewayd.smpp.pdu import SubmitSm
from tests.daemon.harness import Consumer, Gateway, link
from tests.daemon.rawsmsc import Peer, RawSmsc

pytestmark = pytest.mark.daemon

Daemon = Callable[..., Gateway]
Consume = Callable[..., Consumer]
Raw = Callable[..., RawSmsc]


class Authority:
    """A certificate authority in a folder; makes certificates by the program openssl."""

    def __init__(self, folder: Path, name: str) -> None:
        if shutil.which("openssl") is None:
            pytest.skip("needs the program openssl (Debian package openssl)")
        self._folder, self._name = folder, name
        self.certificate = folder / f"{name}.pem"
        self._openssl("req", "-x509", *self._new_key(name), "-days", "2", "-subj", f"/CN={name}")

    def sign(self, name: str, alternative: str) -> tuple[Path, Path]:
        """Files of a certificate and its key."""
        chain = ("-CA", str(self.certificate), "-CAkey", str(self._key(self._name)))
        extension = ("-addext", f"subjectAltName={alternative}")
        subject = ("-days", "2", "-subj", f"/CN={name}")
        self._openssl("req", "-x509", *self._new_key(name), *subject, *extension, *chain)
        return self._folder / f"{name}.pem", self._key(name)

    def _key(self, name: str) -> Path:
        return self._folder / f"{name}.key"

    def _new_key(self, name: str) -> tuple[str, ...]:
        files = ("-keyout", str(self._key(name)), "-out", str(self._folder / f"{name}.pem"))
        return ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", *files)

    def _openssl(self, *words: str) -> None:
        subprocess.run(["openssl", *words], check=True, capture_output=True)


def serving(files: tuple[Path, Path], clients: Path | None = None) -> ssl.SSLContext:
    """clients: the authority whose clients are let in, and only they."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*files)
    if clients is not None:
        context.verify_mode = ssl.CERT_REQUIRED
        context.load_verify_locations(clients)
    return context


def accepting(peer: Peer) -> None:
    peer.bind()
    while True:
        request = peer.receive()
        peer.answer(request, **({"message_id": b"m1"} if isinstance(request, SubmitSm) else {}))


def test_certificates_decide_which_links_are_bound(
    gateway: Daemon, consume: Consume, raw: Raw, tmp_path: Path
) -> None:
    """Right authority and name, with a client certificate where asked; wrong ones are never spoken to."""
    ours, foreign = Authority(tmp_path, "ours"), Authority(tmp_path, "foreign")
    smsc = ours.sign("smsc.example", "DNS:smsc.example,IP:127.0.0.1")
    certificate, key = ours.sign("acme", "DNS:acme")
    stranger, strange_key = foreign.sign("stranger", "DNS:stranger")
    open_one = raw(accepting, serving(smsc))
    strict = raw(accepting, serving(smsc, ours.certificate))
    ca = str(ours.certificate)

    def secured(port: int, **tls: Any) -> dict[str, Any]:
        return link(port, tls={"ca": ca, **tls})

    mine = {"certificate": str(certificate), "key": {"file": str(key)}}
    theirs = {"certificate": str(stranger), "key": {"file": str(strange_key)}}
    bound = {
        "by-address": secured(open_one.port),
        "by-name": secured(open_one.port, server_name="smsc.example"),
        "shown": secured(strict.port, **mine),
    }
    refused = {
        "other-name": secured(open_one.port, server_name="other.example"),
        "other-ca": secured(open_one.port, ca=str(foreign.certificate)),
        "none-shown": secured(strict.port),
        "strange-shown": secured(strict.port, **theirs),
        "plain": link(open_one.port, bind_timeout=0.5),
    }
    daemon = gateway(0, links={**bound, **refused}, routes=[{"match": {}, "links": ["shown"]}])
    for name in bound:
        daemon.until_link(name, "bound")
    for name in refused:
        daemon.until_logged("link_disconnected", link=name)
    assert {line["link"] for line in daemon.logs("link_bound")} == set(bound)
    assert "Hostname mismatch" in daemon.until_logged("link_disconnected", link="other-name")["detail"]
    assert "certificate verify failed" in daemon.until_logged("link_disconnected", link="other-ca")["detail"]
    answer = daemon.submit(text="#1#")
    events = consume(daemon)
    assert events.until_state(answer["id"], "submitted")["link"] == "shown"
    assert daemon.stop() == 0
