"""What pages share in a browser session: every such key has its name here, and its type.

A key that one page alone knows is named beside its widget. Choices that are worth sharing (sample,
weights, methods) are widgets bound to the URL under these names. What must outlive its widget, such
as an uploaded snapshot, is a plain key.
"""

from __future__ import annotations

from dataclasses import dataclass

import streamlit as st

from scheduler_core.errors import Fault

SAMPLE = "sample"
WEIGHTS = "weights"
MODEL = "model"
METHODS = "methods"
VIEW = "view"
ROWS = "rows"
WINDOW = "window"
FAMILY = "family"
ZOOMED = "Zoomed"  # what the window control says while a zoom is set

UPLOADER = "uploader"
CHART = "gantt"
LATE_TABLE = "late_table"

_ZOOM = "zoom"
_KEPT = "kept_snapshots"
_REJECTED = "rejected_upload"
_CORRECT = (
    "The schedule on the screen is still the one from before. Correct the file and upload it again."
)
_TABLE_ROUND = "late_table_round"


@dataclass(frozen=True, slots=True)
class Rejection:
    """A file that could not be read as a snapshot, and everything that is wrong with it."""

    name: str
    faults: tuple[Fault, ...]
    advice: str
    """What is on the screen instead, and the way out."""


def kept() -> list[str]:
    """Return the titles of the snapshots that this session uploaded or made, the newest first."""
    return list(st.session_state.get(_KEPT, ()))


def add_kept(title: str) -> None:
    """Remember that this session has a snapshot of this title."""
    st.session_state[_KEPT] = [title, *(each for each in kept() if each != title)]


def rejection() -> Rejection | None:
    """Return the upload that was refused last, until a good one or a dismissal."""
    return st.session_state.get(_REJECTED)


def reject_upload(name: str, faults: tuple[Fault, ...], advice: str = _CORRECT) -> None:
    """Remember why an upload was refused; the snapshot on the screen stays."""
    st.session_state[_REJECTED] = Rejection(name, faults, advice)


def dismiss_rejection() -> None:
    """Forget the refused upload."""
    st.session_state.pop(_REJECTED, None)


def choose_sample(name: str) -> None:
    """Switch the snapshot picker; call it from a callback, before the picker is drawn."""
    st.session_state[SAMPLE] = name
    forget_focus()


def forget_focus() -> None:
    """Forget what belongs to one snapshot: the family followed, the zoom, the row picked."""
    choose_family(None)
    set_zoom(None)
    clear_late_table()


def choose_family(name: str | None) -> None:
    """Follow a family, or none; call it from a callback, before the picker is drawn."""
    st.session_state[FAMILY] = name


def zoom() -> tuple[int, int] | None:
    """Return the stretch of time that the planner marked in the charts, in seconds."""
    return st.session_state.get(_ZOOM)


def set_zoom(window: tuple[int, int] | None) -> None:
    """Show a stretch of time, or everything if None; call it from a callback.

    The page owns the zoom, because a chart that is drawn anew forgets its own.
    """
    st.session_state[_ZOOM] = window
    st.session_state[WINDOW] = ZOOMED if window else "All"


def forget_zoom() -> None:
    """Let the window control decide again what is shown."""
    st.session_state[_ZOOM] = None


def late_table_key() -> str:
    """Return the key of the table of late families, a new one after `clear_late_table`."""
    return f"{LATE_TABLE}_{st.session_state.get(_TABLE_ROUND, 0)}"


def clear_late_table() -> None:
    """Drop the row selected in the table: a table's selection cannot be set, only begun anew."""
    st.session_state[_TABLE_ROUND] = st.session_state.get(_TABLE_ROUND, 0) + 1
