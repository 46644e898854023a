"""What is known of a checkpoint: its record, read with care, for anybody may have written it."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

from scheduler_core.checkpoint_file import FORMAT_VERSION, parse_header, read_bytes
from scheduler_core.errors import CheckpointError
from scheduler_core.observation import FEATURE_VERSION

PHASES = ("teacher", "imitation", "ppo")
"""The phases of a training run, in order."""


@dataclass(frozen=True)
class ModelRecord:
    """A checkpoint's own account of itself. What a record lacks is None, or empty."""

    sha256: str
    """Of the file."""
    num_bytes: int
    num_parameters: int
    hidden_sizes: tuple[int, ...]
    feature_version: int | None
    phase: str | None
    """``teacher``, ``imitation`` or ``ppo``: what the training was at."""
    timestep: int
    """Decisions of that phase so far."""
    seconds: float | None
    """Wall time of the training so far."""
    date: datetime | None
    seed: int | None
    device: str | None
    git_commit: str | None
    metrics: Mapping[str, float]
    """Figures of its last validation, by name."""
    config: Mapping[str, Any]
    """Settings of the run, nested as in YAML."""
    data_sha256: tuple[str, ...]
    """Of the snapshots that it was trained on; none where all were generated."""
    init_sha256: str | None
    """Of the checkpoint that the run began with; None where it began with random weights."""
    fault: str | None
    """Why this program cannot use it, None where it can."""

    @property
    def decisions(self) -> int:
        """Decisions of PPO that it learned from."""
        return self.timestep if self.phase == "ppo" else 0

    @property
    def ratio(self) -> float | None:
        """Delay cost / the best rule's on the validation problems of its run."""
        return self.metrics.get("to_best_rule")

    @property
    def place(self) -> tuple[int, int]:
        """Where it stands in its run: number of the phase, decisions of it so far."""
        return (PHASES.index(self.phase) if self.phase in PHASES else 0, self.timestep)


def read_record(path: Path) -> ModelRecord:
    """Return the record of a checkpoint, kept in memory until its file changes.

    Raises
    ------
    CheckpointError
        If the file is missing, damaged or of another kind.
    """
    try:
        found = path.stat()
    except OSError:
        read_bytes(path)  # says what is wrong
        raise
    return _read(path, found.st_mtime_ns, found.st_size)


@lru_cache(maxsize=8192)
def _read(path: Path, changed: int, size: int) -> ModelRecord:  # noqa: ARG001 - keys
    return parse_record(read_bytes(path), path)


def parse_record(data: bytes, name: Path | str) -> ModelRecord:
    """Return the record in the content of a checkpoint's file.

    Raises
    ------
    CheckpointError
        If it is damaged or of another kind; ``name`` is what the error calls it.
    """
    header = parse_header(data, name)
    record = header.record
    config = _mapping(record.get("config"))
    sizes = _mapping(record.get("network")).get("hidden_sizes")
    return ModelRecord(
        sha256=hashlib.sha256(data).hexdigest(),
        num_bytes=len(data),
        num_parameters=header.num_parameters,
        hidden_sizes=tuple(size for size in _list(sizes) if isinstance(size, int)),
        feature_version=_whole(record.get("feature_version")),
        phase=_text(record.get("phase")),
        timestep=_whole(record.get("timestep")) or 0,
        seconds=_number(record.get("seconds")),
        date=_date(record.get("date")),
        seed=_whole(config.get("seed")),
        device=_text(record.get("device")),
        git_commit=_text(record.get("git_commit")),
        metrics={
            key: value
            for key, each in _mapping(record.get("metrics")).items()
            if (value := _number(each)) is not None
        },
        config=config,
        data_sha256=tuple(each for each in _list(record.get("data_sha256")) if _text(each)),
        init_sha256=_text(record.get("init_sha256")),
        fault=_fault(record),
    )


def fault_of(path: Path) -> str | None:
    """Return why a checkpoint cannot be used, as far as its header says; None where it can."""
    try:
        return read_record(path).fault
    except CheckpointError as error:
        return str(error)


def _fault(record: Mapping[str, Any]) -> str | None:
    known = {
        "format_version": (FORMAT_VERSION, "its file has format {}; this program reads {}"),
        "feature_version": (
            FEATURE_VERSION,
            "it sees the shop by features of version {}; this program has {}; train it anew",
        ),
    }
    for key, (expected, text) in known.items():
        if record.get(key) != expected:
            found = _whole(record.get(key))
            return text.format("unknown" if found is None else found, expected)
    return None


def _mapping(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


def _text(value: object) -> str | None:
    return value[:200] if isinstance(value, str) and value else None


def _whole(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _number(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if abs(value) < 1e15 and math.isfinite(value) else None


def _date(value: object) -> datetime | None:
    try:
        return datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None
