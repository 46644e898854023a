"""A model as page Models knows it, and which one is looked at."""

from __future__ import annotations

from dataclasses import dataclass

import streamlit as st

from scheduler_core.errors import CheckpointError
from scheduler_core.library import ModelRecord, StoredModel, read_record
from ui.escaping import escaped

PICKED = "picked"


@dataclass(frozen=True)
class Entry:
    """A model with its record, or why it has none."""

    model: StoredModel
    record: ModelRecord | None
    fault: str | None
    """Why it cannot be used."""

    @property
    def title(self) -> str:
        """Its name as Markdown shows it as it is."""
        return escaped(self.model.name)


def entry_of(model: StoredModel) -> Entry:
    """Return a model with what its file says."""
    try:
        record = read_record(model.path)
    except CheckpointError as error:
        return Entry(model, None, str(error).replace(str(model.path), model.path.name))
    return Entry(model, record, record.fault)


def pick(name: str) -> None:
    """Look at a model; call it from a callback, before the picker is drawn."""
    st.session_state[PICKED] = name
