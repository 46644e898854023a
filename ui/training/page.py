"""The tab of runs: it looks at the disk again and again for as long as something is live."""

from __future__ import annotations

import streamlit as st

from scheduler_core.training import RunFolder
from scheduler_core.training.curves import Line
from scheduler_core.training.standing import Standing
from ui.part import part
from ui.training import charts, detail, memory
from ui.training.runs import found, show_table

SECONDS_BETWEEN_LOOKS = 2.0
SECONDS_UNTIL_IT_OBEYS = 0.5
"""Between two looks while a run has not done yet what it was asked for, which takes a moment."""


def show_runs() -> None:
    """Draw the runs, and the one that is picked."""
    runs = found()
    if not runs:
        memory.show_problem()
        st.info(
            "There is no run yet. Open the tab New run: the preset fast trains a policy in a few "
            "minutes. Runs of the command line, scheduler train, appear here too."
        )
        return
    every = _pace(runs)
    names = tuple(runs)
    memory.turn_to_a_run(names)
    part(_show_table, every)(names, every, st.session_state[memory.RUN])
    name = st.selectbox(
        "Run",
        names,
        key=memory.RUN,
        persist_state="session",
        width=400,
        help="The run shown below; its name stands in the address of this page.",
    )
    if name in runs:
        memory.write_address(name)
        run, now = runs[name]
        memory.show_problem()
        part(_show_state, every)(name, every, detail.actions(run, now))
        # Not in what is drawn again and again: a click on a button that is drawn anew may be lost.
        detail.show_actions(name, run, now)
        part(_show_curves, every)(name, every)


def _pace(runs: dict[str, tuple[RunFolder, Standing]]) -> float | None:
    """Return the seconds between two looks, None where nothing changes by itself."""
    states = {now.state for _, now in runs.values() if now.is_live}
    if not states or st.session_state.get(memory.FROZEN):
        return None
    return SECONDS_UNTIL_IT_OBEYS if states & {"pausing", "stopping"} else SECONDS_BETWEEN_LOOKS


def _show_table(names: tuple[str, ...], every: float | None, shown: str) -> None:
    runs = found()
    is_other = st.session_state[memory.RUN] != shown  # a row was picked
    if is_other or tuple(runs) != names or _pace(runs) != every:
        st.rerun()  # another run, list or pace takes the whole page
    show_table(runs, shown)


def _show_state(name: str, every: float | None, offered: detail.Actions) -> None:
    runs, lines = _look(name, every)
    run, now = runs[name]
    if detail.actions(run, now) != offered:
        st.rerun()  # another state takes other buttons
    detail.show_state(now, lines)


def _show_curves(name: str, every: float | None) -> None:
    runs, lines = _look(name, every)
    run, now = runs[name]
    compared, look = charts.show_controls(name, runs, lines, live=now.is_live)
    tabs = st.tabs(
        ["Progress", "Losses", "Speed and log"], key=memory.DETAIL_TAB, on_change="rerun"
    )
    for tab, show in zip(tabs, (charts.show_progress, charts.show_losses, charts.show_speed),
                         strict=True):  # fmt: skip
        if tab.open:
            with tab:
                show(compared, look)
    if tabs[2].open:
        with tabs[2]:
            detail.show_record(run)


def _look(
    name: str, every: float | None
) -> tuple[dict[str, tuple[RunFolder, Standing]], list[Line]]:
    """Return all runs, and what one of them has written; begin the page again where it must."""
    runs = found()
    if name not in runs or _pace(runs) != every:
        st.rerun()
    history = memory.history(runs[name][0])
    history.update()
    return runs, history.lines
