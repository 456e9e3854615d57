"""Inputs guided by coverage: atheris (libFuzzer) looks for octets that reach new code in the first check.

    pip install atheris
    python -m tests.fuzz.guided CORPUS_FOLDER -max_total_time=600       options of libFuzzer

The folder is filled with valid PDUs first, and with what was found. An octet string that fails is written to
a file `crash-…`; `python -m tests.fuzz.guided crash-…` repeats it.
"""

import random
import sys
from importlib import import_module
from pathlib import Path

atheris = import_module("atheris")  # only here, so no dependency
with atheris.instrument_imports(include=["gatewayd"]):
    from tests.fuzz.checks import take_apart
    from tests.fuzz.inputs import PDUS


def one(octets: bytes) -> None:
    """The octets as a frame whose length is right; which settings of a link it meets, they say too."""
    frame = (len(octets) + 4).to_bytes(4) + octets
    take_apart(frame, random.Random(octets))


def main() -> None:
    for folder in map(Path, sys.argv[1:]):
        if folder.is_dir():
            for number, octets in enumerate(dict.fromkeys(PDUS)):
                (folder / f"valid-{number}").write_bytes(octets[4:])
    atheris.Setup(sys.argv, one)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
