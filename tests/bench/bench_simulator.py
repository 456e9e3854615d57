"""How many lives a second the simulator carries by itself: submit_sm, its response, receipt, deliver_sm_resp.

The simulator runs in its own process, with a record on disk. The ESME is this process: raw octets made
beforehand, frames cut by their length alone, so that the simulator is what is measured. Prints one line;
10,000 is the goal, below 6,000 it exits 1 (a noisy machine lies between).
"""

import argparse
import re
import socket
import struct
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from gatewayd.smpp.codec import encode
from gatewayd.smpp.pdu import BindTransceiver, SubmitSm

GOAL, FLOOR = 10_000, 6_000  # lives a second
WINDOW = 1_000  # submit_sm without an answer
SUBMIT_SM_RESP, DELIVER_SM, DELIVER_SM_RESP = 0x8000_0004, 0x0000_0005, 0x8000_0005
HEADER = struct.Struct(">IIII")


def submits(lives: int) -> list[bytes]:
    return [
        encode(
            SubmitSm(
                source_addr=b"10690001",
                destination_addr=b"86138%08d" % number,
                registered_delivery=1,
                data_coding=8,
                short_message=f"【XX商城】您的订单#{number:07d}已发货,请注意查收。".encode("utf-16-be"),
            ),
            number + 2,
        )
        for number in range(lives)
    ]


def drive(port: int, frames: list[bytes]) -> float:
    """Seconds from the first submit_sm until the last receipt has been answered."""
    esme = socket.create_connection(("127.0.0.1", port))
    esme.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    esme.sendall(encode(BindTransceiver(system_id=b"bench", password=b"secret"), 1))
    assert esme.recv(65536)[8:12] == b"\0\0\0\0"
    began = time.perf_counter()
    sent = responses = receipts = 0
    buffered = b""
    while receipts < len(frames):
        room = min(WINDOW - (sent - responses), len(frames) - sent)
        if room > 0:
            esme.sendall(b"".join(frames[sent : sent + room]))
            sent += room
        buffered += esme.recv(262_144)
        place, answers = 0, []
        while len(buffered) - place >= HEADER.size:
            length, command_id, command_status, number = HEADER.unpack_from(buffered, place)
            if len(buffered) - place < length:
                break
            place += length
            assert command_status == 0
            if command_id == SUBMIT_SM_RESP:
                responses += 1
            elif command_id == DELIVER_SM:
                answers.append(HEADER.pack(17, DELIVER_SM_RESP, 0, number) + b"\0")
        buffered = buffered[place:]
        if answers:
            receipts += len(answers)
            esme.sendall(b"".join(answers))
    assert responses == len(frames)
    return time.perf_counter() - began


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--lives", type=int, default=50_000)
    frames = submits(parser.parse_args().lives)
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "simulator", "--port", "0", "--record", str(Path(folder) / "record")]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as simulator:
            assert simulator.stdout is not None
            found = re.fullmatch(r"listening .*:(\d+)\n", simulator.stdout.readline())
            assert found
            seconds = drive(int(found[1]), frames)
            simulator.terminate()
        assert simulator.returncode == 0
    rate = len(frames) / seconds
    print(
        f"simulator: {rate:,.0f} lives/s ({len(frames):,} in {seconds:.2f} s, window {WINDOW}); goal {GOAL:,}"
    )
    return 0 if rate >= FLOOR else 1


if __name__ == "__main__":
    sys.exit(main())
