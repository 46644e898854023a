"""Which checkpoint came from which: parents by the hash that a record names."""

from __future__ import annotations

from dataclasses import dataclass

from scheduler_core.errors import CheckpointError
from scheduler_core.library.record import ModelRecord, read_record
from scheduler_core.library.store import Library, StoredModel


@dataclass(frozen=True, slots=True)
class Ancestor:
    """A checkpoint that the training of another began with."""

    sha256: str
    model: StoredModel | None
    """None where no file here has this hash."""


@dataclass(frozen=True, slots=True)
class Lineage:
    """Where a checkpoint comes from, and what came of it."""

    ancestors: tuple[Ancestor, ...]
    """The parent first. If the last of them is known, its training began with random weights."""
    children: tuple[StoredModel, ...]
    """Models whose training began with it."""

    @property
    def complete(self) -> bool:
        """Whether the chain goes back to random weights."""
        return not self.ancestors or self.ancestors[-1].model is not None


def trace(library: Library, record: ModelRecord) -> Lineage:
    """Return the lineage of a checkpoint among all files of a library."""
    known: dict[str, tuple[StoredModel, ModelRecord]] = {}
    for model in library.everything():
        try:
            found = read_record(model.path)
        except CheckpointError:
            continue
        known.setdefault(found.sha256, (model, found))
    ancestors: list[Ancestor] = []
    parent = record.init_sha256
    seen = {record.sha256}
    while parent is not None and parent not in seen:  # a record may claim anything
        seen.add(parent)
        there = known.get(parent)
        ancestors.append(Ancestor(parent, there[0] if there else None))
        parent = there[1].init_sha256 if there else None
    children = {model.path: model for model in library.models() if _parent(model) == record.sha256}
    return Lineage(tuple(ancestors), tuple(children.values()))


def _parent(model: StoredModel) -> str | None:
    try:
        return read_record(model.path).init_sha256
    except CheckpointError:
        return None
