"""The checkpoints at hand: those that ship, those imported, those of each run; and their cards."""

from scheduler_core.library.card import card, escape, facts, settings_text, validation_rows
from scheduler_core.library.lineage import Ancestor, Lineage, trace
from scheduler_core.library.record import ModelRecord, fault_of, parse_record, read_record
from scheduler_core.library.store import MAX_BYTES, Library, Stage, StoredModel

__all__ = [
    "MAX_BYTES",
    "Ancestor",
    "Library",
    "Lineage",
    "ModelRecord",
    "Stage",
    "StoredModel",
    "card",
    "escape",
    "facts",
    "fault_of",
    "parse_record",
    "read_record",
    "settings_text",
    "trace",
    "validation_rows",
]
