"""What pages share in a browser session: every such key has its name here, and its type.

A key that one page alone knows is named beside its widget. Choices that are worth sharing (sample,
weights, methods) are widgets bound to the URL under these names. What must outlive its widget, such
as an uploaded snapshot, is a plain key.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from scheduler_core.errors import Fault

SAMPLE = "sample"
WEIGHTS = "weights"
MODEL = "model"
METHODS = "methods"
VIEW = "view"
ROWS = "rows"
WINDOW = "window"
MACHINES = "machines"
FAMILY = "family"
SHOWN = "show"
TAB = "tab"
ZOOMED = "Zoomed"  # what the window control says while a zoom is set
LATE = "Late"  # what the control of the tasks shown says while only late ones are

UPLOADER = "uploader"
CHART = "gantt"
OVERVIEW = "overview"
BAR_CLICKS = "bar_clicks"
LATE_TABLE = "late_table"
TASK_TABLE = "task_table"
STEP_TABLE = "step_table"
WAIT_TABLE = "wait_table"

_ZOOM = "zoom"
_KEPT = "kept_snapshots"
_REJECTED = "rejected_upload"
_CORRECT = (
    "The schedule on the screen is still the one from before. Correct the file and upload it again."
)
_PICK = "picked_task"
_ROUND = "selection_round"


@dataclass(frozen=True, slots=True)
class Pick:
    """The task that the planner looks at: a family, and perhaps a plan and a step of it."""

    family: str
    method: str | None = None
    sequence: int | None = None


@dataclass(frozen=True, slots=True)
class Rejection:
    """A file that could not be read as a snapshot, and everything that is wrong with it."""

    name: str
    faults: tuple[Fault, ...]
    advice: str
    """What is on the screen instead, and the way out."""


def bring_along(key: str) -> None:
    """Choose what was chosen on the page before; call it before the widget of the key is drawn.

    Streamlit keeps the value of a bound widget from page to page where the user has set it, and
    forgets one that came with the address: that is still in the session then, but the widget of
    the new page begins with its default unless the value is set again.
    """
    if key in st.query_params or (key in st.session_state and not _is_new_page(key)):
        return
    if (value := st.session_state.get(key, taken_along(key))) is not None:
        st.session_state[key] = value


def take_along(key: str) -> None:
    """Note what is chosen for the pages to come; call it after the widget is drawn, or set."""
    st.session_state[_before(key)] = st.session_state[key]
    st.session_state[_drawn_on(key)] = _page()


def taken_along(key: str) -> Any:
    """Return what was chosen last, on whatever page; None if nothing was."""
    return st.session_state.get(_before(key))


def _before(key: str) -> str:
    return f"before_{key}"


def _is_new_page(key: str) -> bool:
    """Return whether the widget of a key was last drawn on another page."""
    return bool(st.session_state.get(_drawn_on(key), _page()) != _page())


def _drawn_on(key: str) -> str:
    return f"drawn_on_{key}"


def _page() -> str:
    context = get_script_run_ctx()
    return context.page_script_hash if context else ""


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
    """Forget what belongs to one snapshot: the task picked, the machines, the zoom."""
    close_pick()
    st.session_state[MACHINES] = []
    set_zoom(None)


def choose_family(name: str | None) -> None:
    """Follow a family, or none; call it from a callback, before the picker is drawn."""
    st.session_state[FAMILY] = name


def pick(family: str, method: str | None = None, sequence: int | None = None) -> None:
    """Look at a task, or a family; call it from a callback, before the picker is drawn."""
    choose_family(family)
    st.session_state[_PICK] = Pick(family, method, sequence)


def picked() -> Pick | None:
    """Return the task that the planner looks at, whether clicked or named in the URL."""
    family = st.session_state.get(FAMILY)
    if family is None:
        return None
    found: Pick | None = st.session_state.get(_PICK)
    return found if found is not None and found.family == family else Pick(family)


def close_pick() -> None:
    """Look at no task; call it from a callback."""
    choose_family(None)
    forget_selections()


def show_late_only() -> None:
    """Leave only what is late in the charts and tables; call it from a callback."""
    st.session_state[SHOWN] = LATE


def late_only() -> bool:
    """Return whether only what is late is shown."""
    return st.session_state.get(SHOWN) == LATE


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


def selection_key(name: str) -> str:
    """Return the key of a chart or table with a selection, a new one after `forget_selections`."""
    return f"{name}_{st.session_state.get(_ROUND, 0)}"


def forget_selections() -> None:
    """Drop what is selected in charts and tables: it cannot be set, only begun anew."""
    st.session_state[_ROUND] = st.session_state.get(_ROUND, 0) + 1
