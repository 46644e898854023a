"""What a checkpoint's file says of itself, read without its weights and without PyTorch.

The file is safetensors: the length of a header in 8 bytes, the header as JSON, then the weights.
The header holds the shape of each tensor and, as text, the record of how the policy came about.
"""

from __future__ import annotations

import json
import math
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from scheduler_core.errors import CheckpointError

FORMAT_VERSION = 1
TRAINING = "training."
"""Begins the names of tensors that are no part of the policy."""
MAX_HEADER = 16 * 2**20
"""Most bytes of a header: room for the hashes of 100,000 snapshots."""
_MAX_LENGTH = 2**40


@dataclass(frozen=True, slots=True)
class Header:
    """The header of a checkpoint."""

    record: Mapping[str, Any]
    """What the writer of the file said of it: anything that JSON can hold."""
    num_parameters: int
    """Weights of the policy."""


def read_bytes(path: Path) -> bytes:
    """Return the content of a checkpoint's file.

    Raises
    ------
    CheckpointError
        If it cannot be read.
    """
    try:
        return path.read_bytes()
    except OSError as error:
        raise CheckpointError(
            f"checkpoint {path}: cannot be read ({error.strerror}); make one by 'scheduler train'"
        ) from error


def parse_header(data: bytes, name: Path | str) -> Header:
    """Return the header of a checkpoint; nothing but JSON is read.

    Parameters
    ----------
    data
        The whole file.
    name
        What errors call it.

    Raises
    ------
    CheckpointError
        If the file is of another kind, or cut off.
    """
    try:
        (length,) = struct.unpack_from("<Q", data)
        header = json.loads(data[8 : 8 + min(length, MAX_HEADER)])
        record = json.loads(header.pop("__metadata__")["record"])
        shapes = [each["shape"] for key, each in header.items() if not key.startswith(TRAINING)]
        parameters = sum(map(_num_elements, shapes))
    # A number as long as a book is a ValueError, what is nested too deep a RecursionError.
    except (
        AttributeError, KeyError, RecursionError, TypeError, ValueError, struct.error
    ) as error:  # fmt: skip
        raise CheckpointError(f"checkpoint {name}: is not a checkpoint of this program") from error
    if not isinstance(record, dict):
        raise CheckpointError(f"checkpoint {name}: is not a checkpoint of this program")
    return Header(record, parameters)


def _num_elements(shape: list[int]) -> int:
    if len(shape) > 8 or not all(0 <= length < _MAX_LENGTH for length in shape):
        raise ValueError("no tensor has this shape")
    return int(math.prod(shape))
