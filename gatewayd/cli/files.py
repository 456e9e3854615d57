"""What commands share that read large files."""

import os
from typing import IO


def size_of(file: IO[str]) -> int:
    """Octets of a file; 0 for a pipe."""
    return os.fstat(file.fileno()).st_size
