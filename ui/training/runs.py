"""The list of runs: where each stands, what came of it, and in which settings they differ."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd
import streamlit as st

from scheduler_core.errors import ConfigError
from scheduler_core.training import RunFolder
from scheduler_core.training.config import read_flat
from scheduler_core.training.launch import find_runs
from scheduler_core.training.standing import Standing, standing, started_at
from ui import home
from ui.training import memory
from ui.training.words import PHASES, STATES, SYMBOLS, duration

MAX_LISTED = 50
_ROW_PIXELS = 36
_STATE_PIXELS = 140
"""Hold the longest state: a table makes a column as wide as what it happens to show at birth."""


def found() -> dict[str, tuple[RunFolder, Standing]]:
    """Return the newest runs and where they stand, by what they are called."""
    runs: dict[str, tuple[RunFolder, Standing]] = {}
    for run in find_runs(home.runs())[:MAX_LISTED]:
        try:
            runs[memory.run_id(run)] = run, standing(run)
        except ConfigError:  # deleted a moment ago, or damaged by hand
            continue
    return runs


def settings_of(run: RunFolder) -> dict[str, Any]:
    """Return the settings of a run by dotted name; none where it has come to none."""
    for path in (run.config, run.path / "requested.yaml"):
        if path.exists():
            try:
                return _settings(path, path.stat().st_mtime_ns)
            except ConfigError:
                return {}
    return {}


@st.cache_data(max_entries=256, show_spinner=False)
def _settings(path: Path, stamp: int) -> dict[str, Any]:  # noqa: ARG001  # a changed file is read anew
    return read_flat(path)


def differing(runs: Sequence[RunFolder]) -> dict[str, list[str]]:
    """Return the settings in which runs differ, by dotted name, with the value of each run."""
    settings = [settings_of(run) for run in runs]
    names = dict.fromkeys(name for each in settings for name in each)
    values = {name: [each.get(name) for each in settings] for name in names}
    return {
        name: [_as_text(value) for value in of_runs]
        for name, of_runs in values.items()
        if len({repr(value) for value in of_runs if value is not None}) > 1
    }


def show_table(runs: Mapping[str, tuple[RunFolder, Standing]], shown: str) -> None:
    """Draw the runs, the newest first, with the one shown below ticked; another row shows that."""
    names = list(runs)
    place = names.index(shown)
    # A new table for each run, and where its row moves down: the tick is set at birth.
    key = f"training_table_{place}_{shown}"
    frame = pd.DataFrame(
        [_row(name, run, now) for name, (run, now) in runs.items()],
    )
    extra = pd.DataFrame(differing([run for run, _ in runs.values()]))
    frame = pd.concat([frame, extra], axis="columns")
    st.dataframe(
        frame,
        hide_index=True,
        column_config=_COLUMNS,
        height=min(len(frame), 7) * _ROW_PIXELS + _ROW_PIXELS,
        placeholder="-",
        key=key,
        on_select=lambda: _take_row(key, names),
        selection_mode="single-row-required",
        selection_default={"selection": {"rows": [place], "columns": [], "cells": []}},
        alt="Runs with state, start, progress, best value, speed, time left, differing settings",
    )


def _row(name: str, run: RunFolder, now: Standing) -> dict[str, Any]:
    began = started_at(run)
    return {
        "Run": name,
        "State": f"{SYMBOLS[now.state]} {STATES[now.state][0]}",
        "Started": None if began is None else began.astimezone().replace(tzinfo=None),
        "Phase": PHASES.get(now.phase, ""),
        "Done": now.share * 100,
        "Best": None if now.best is None else now.best * 100,
        "Speed": now.per_second or None,
        "Left": duration(now.seconds_left) if now.state == "running" else "",
    }


_COLUMNS: dict[str, Any] = {
    "State": st.column_config.TextColumn(width=_STATE_PIXELS),
    "Started": st.column_config.DatetimeColumn(format="DD MMM HH:mm"),
    "Done": st.column_config.ProgressColumn(
        "Of phase", format="%.0f %%", min_value=0, max_value=100, color="primary"
    ),
    "Best": st.column_config.NumberColumn(
        "Best delay cost",
        format="%.1f %%",
        help="On validation problems, the best rule's being 100 %. Lower is better.",
    ),
    "Speed": st.column_config.NumberColumn("Decisions/s", format="%,.0f"),
    "Left": st.column_config.TextColumn("Time left", help="Of the phase."),
}


def _take_row(key: str, names: Sequence[str]) -> None:
    rows = st.session_state[key].selection.rows
    if rows:
        st.session_state[memory.RUN] = names[rows[0]]


def _as_text(value: Any) -> str:
    if value is None:
        return ""
    return ", ".join(map(str, value)) if isinstance(value, tuple) else str(value)
