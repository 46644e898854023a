"""Snapshot files: the door through which a shop's problem comes in, and goes out again."""

from scheduler_core.snapshot.checks import MISSING, Report
from scheduler_core.snapshot.json_text import decode, encode, read_bytes, show
from scheduler_core.snapshot.reading import Snapshot, parse_snapshot, read_snapshot
from scheduler_core.snapshot.shelf import Kept, Shelf, shown_name
from scheduler_core.snapshot.writing import snapshot_bytes, snapshot_from_problem, write_snapshot

__all__ = [
    "MISSING",
    "Kept",
    "Report",
    "Shelf",
    "Snapshot",
    "decode",
    "encode",
    "parse_snapshot",
    "read_bytes",
    "read_snapshot",
    "show",
    "shown_name",
    "snapshot_bytes",
    "snapshot_from_problem",
    "write_snapshot",
]
