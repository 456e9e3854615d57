"""smsc-simulator: the bundled SMSC on a TCP port."""

import signal
import ssl
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import click
import msgspec
import trio

from gatewayd.errors import ConfigError
from simulator import control
from simulator.judge import judge_file, readable
from simulator.record import Recorder
from simulator.scenario import Scenario, load
from simulator.smsc import Smsc

EXIT_CONFIG = 78

Readable = click.Path(dir_okay=False, exists=True, path_type=Path)
Writable = click.Path(dir_okay=False, writable=True, path_type=Path)


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option(
    "--port", default=2775, show_default=True, type=click.IntRange(0, 65535), help="0: any free one."
)
@click.option("--scenario", type=click.Path(path_type=Path), help="YAML: how this SMSC behaves.")
@click.option("--record", type=Writable, help="Append what is seen and done, a JSON object a line.")
@click.option("--judge", type=Writable, help="At the end write what the record shows, as JSON.")
@click.option("--control", "where", help="HOST:PORT or Unix socket: HTTP to watch and command it.")
@click.option("--certificate", type=Readable, help="PEM: speak TLS from the first octet.")
@click.option("--key", type=Readable, help="PEM: its key, if not in the same file.")
def main(  # noqa: PLR0913, PLR0917  one for each option
    host: str,
    port: int,
    scenario: Path | None,
    record: Path | None,
    judge: Path | None,
    where: str | None,
    certificate: Path | None,
    key: Path | None,
) -> None:
    """A simulated SMSC. Without a scenario any credentials bind and every message is delivered at once.

    Prints `listening HOST:PORT`, and ends with SIGTERM or SIGINT.
    """
    try:
        settings = load(scenario) if scenario else Scenario()
        with _record(record, needed=judge is not None or where is not None) as path:
            tls = _tls(certificate, key) if certificate else None
            trio.run(_run, host, port, settings, path, where, tls)
            if judge is not None and path is not None:
                verdict = judge_file(path)
                _write(judge, msgspec.json.format(msgspec.json.encode(verdict)) + b"\n")
                click.echo(readable(verdict))
    except ConfigError as error:
        click.echo(error, err=True)
        sys.exit(EXIT_CONFIG)
    except OSError as error:
        click.echo(f"smsc-simulator: {error}", err=True)
        sys.exit(1)


def _tls(certificate: Path, key: Path | None) -> ssl.SSLContext:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate, key)
    return context


async def _run(
    host: str,
    port: int,
    scenario: Scenario,
    record: Path | None,
    where: str | None,
    tls: ssl.SSLContext | None,
) -> None:
    recorder = Recorder(record)
    try:
        with trio.open_signal_receiver(signal.SIGTERM, signal.SIGINT) as signals:
            listeners = await trio.open_tcp_listeners(port, host=host)
            commands = control.listen(control.address(where)) if where else None
            smsc = Smsc(scenario, recorder)
            async with trio.open_nursery() as nursery:
                nursery.start_soon(smsc.run)
                await nursery.start(partial(trio.serve_listeners, partial(_serve, smsc, tls), listeners))
                click.echo(f"listening {_address(listeners[0].socket.getsockname())}")
                if commands is not None and record is not None:
                    if not isinstance(name := commands.getsockname(), str):
                        click.echo(f"control http://{_address(name)}")
                    nursery.start_soon(control.serve, smsc, record, commands)
                await anext(signals)
                nursery.cancel_scope.cancel()
    finally:
        recorder.close()


async def _serve(smsc: Smsc, tls: ssl.SSLContext | None, stream: trio.SocketStream) -> None:
    """One connection; a handshake that fails ends it as a lost one."""
    if tls is None:
        await smsc.serve(stream)
    else:
        await smsc.serve(trio.SSLStream(stream, tls, server_side=True, https_compatible=True))


def _address(name: tuple[str, int]) -> str:
    host, port = name[:2]
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


@contextmanager
def _record(path: Path | None, *, needed: bool) -> Iterator[Path | None]:
    """The record's path: the one asked for, else a temporary one if the judge needs it."""
    if path is not None or not needed:
        yield path
        return
    with tempfile.TemporaryDirectory() as folder:
        yield Path(folder) / "record"


def _write(path: Path, octets: bytes) -> None:
    """Whole or not at all: whoever waits for the file never reads half of it."""
    fresh = path.with_name(path.name + ".new")
    fresh.write_bytes(octets)
    fresh.replace(path)


if __name__ == "__main__":
    main()
