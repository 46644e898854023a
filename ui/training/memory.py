"""What page Training remembers in a browser session; all else is on the disk."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import streamlit as st

from scheduler_core.errors import SchedulerError
from scheduler_core.training import RunFolder
from scheduler_core.training.curves import History
from ui import home, links
from ui.part import in_place

RUN = "training_run"
TAB = "training_tab"
DETAIL_TAB = "training_detail"
RUNS, NEW_RUN = "Runs", "New run"

FROZEN = "training_frozen"
AXIS = "training_axis"
SMOOTHING = "training_smoothing"
OF_SET = "training_set"
BESIDE = "training_beside"

_HISTORIES = "training_histories"
_PROBLEM = "training_problem"
_IN_ADDRESS = "run"
_WRITTEN = "training_run_written"


def run_id(run: RunFolder) -> str:
    """Return what a run is called: its folder within that of all runs."""
    return run.path.relative_to(home.runs()).as_posix()


def history(run: RunFolder) -> History:
    """Return the lines of a run as far as this session has read them."""
    histories: dict[Path, History] = st.session_state.setdefault(_HISTORIES, {})
    return histories.setdefault(run.path, History(run))


def forget(run: RunFolder) -> None:
    """Forget a run that is deleted, in the address too; call it from a callback."""
    st.session_state.get(_HISTORIES, {}).pop(run.path, None)
    st.session_state.pop(RUN, None)
    st.query_params.pop(_IN_ADDRESS, None)


def show_run(name: str) -> None:
    """Turn to a run; call it from a callback."""
    st.session_state[RUN] = name
    st.session_state[TAB] = RUNS


def turn_to_a_run(names: Sequence[str]) -> None:
    """Turn to the run that the address names, else stay, else turn to the first.

    Where the run that the address names is not here, the page says so.
    """
    asked = st.query_params.get(_IN_ADDRESS)
    is_new = asked != st.session_state.get(_WRITTEN)
    if asked in names and is_new:
        st.session_state[RUN] = asked
        return
    stays = st.session_state.get(RUN) in names
    if is_new or not stays:  # else the address is merely behind
        links.tell_unknown(_IN_ADDRESS, "a run that is not here", names)
    if not stays:
        st.session_state[RUN] = names[0]


def write_address(name: str) -> None:
    """Let the address name a run. A bound widget would not, where a callback has turned to it."""
    st.session_state[_WRITTEN] = name
    if st.query_params.get(_IN_ADDRESS) != name:
        st.query_params[_IN_ADDRESS] = name


def note(problem: SchedulerError | OSError) -> None:
    """Remember what went wrong in a callback, to be shown where the page draws it."""
    st.session_state[_PROBLEM] = str(problem)


@in_place
def show_problem() -> None:
    """Draw what went wrong in the last callback, if anything did, once."""
    problem = st.session_state.pop(_PROBLEM, None)
    if problem:
        st.error(problem, icon=":material/error:")
