"""Writing files so that no reader ever sees half of one, nor a number that is not JSON."""

from __future__ import annotations

import math
import os
from pathlib import Path


def write_aside(path: Path, data: bytes, *, sync: bool = True) -> None:
    """Write a file aside and rename it: a reader sees the old one or the new one, whole.

    With ``sync`` the data is on the disk before the name is, so that not even a crash of the
    machine leaves an empty file; it takes some milliseconds.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    aside = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        with aside.open("wb") as file:
            file.write(data)
            file.flush()
            if sync:
                os.fsync(file.fileno())
        aside.replace(path)
    except OSError as error:
        error.filename = str(path)  # the name that the caller knows
        raise
    finally:
        aside.unlink(missing_ok=True)


def finite_or_none(value: float) -> float | None:
    """Return a number as JSON can hold it: None for NaN and the infinities."""
    return value if math.isfinite(value) else None


def append_line(path: Path, line: str) -> None:
    """Append one line to a file in one write, so that lines of two writers never mix."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("ab", buffering=0) as file:
        file.write(line.encode() + b"\n")
