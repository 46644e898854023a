"""The tasks that one plan puts elsewhere than the other, as a table."""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import datetime
from typing import Any

import pandas as pd
import streamlit as st

from scheduler_core.comparison import FamilyChange, MovedTask, moved_tasks_csv
from scheduler_core.export import moment
from scheduler_core.problem import SECONDS_PER_HOUR, Problem
from scheduler_core.schedule import ScheduledTask
from ui.compare import following
from ui.compare.pair import Pair
from ui.tables import columns_of

_FILTER = "compare_filter"
_TABLE_PIXELS = 360

_KINDS: dict[str, Callable[[MovedTask], bool]] = {
    "All": lambda _: True,
    "Other machine": lambda move: move.changes_machine,
    "Earlier": lambda move: (move.shift or 0) < 0,
    "Later": lambda move: (move.shift or 0) > 0,
}


def show_moved(pair: Pair) -> None:
    """Draw the table of moved tasks with its filter; a row that is picked is followed above."""
    if not pair.moves:
        st.success("No task moves: both plans do every task on the same machine at the same time.")
        return
    with st.container(horizontal=True, vertical_alignment="bottom", key="compare_moved_toolbar"):
        kind = st.segmented_control(
            "Moved tasks", list(_KINDS), default="All", required=True, key=_FILTER,
            persist_state="session",
            help=f"Which tasks to list, of those that {pair.new.label} does elsewhere or at "
            f"another time than {pair.old.label}.",
        )  # fmt: skip
        moves = sorted(
            filter(_KINDS[kind or "All"], pair.moves), key=_by_effect(pair.change.families)
        )
        st.download_button(
            "Moved tasks as CSV",
            lambda: moved_tasks_csv(pair.problem, moves, pair.change.families),
            file_name=f"moved-{pair.old.method}-{pair.new.method}.csv",
            mime="text/csv",
            key="compare_moved_csv",
            on_click="ignore",
            icon=":material/download:",
        )
    st.caption(
        f"{len(moves):,} of {sum(len(f.family.tasks) for f in pair.change.families):,} tasks, from "
        f"{pair.old.label} to {pair.new.label}; the families that it hits or helps most on top. "
        "Pick a row to follow the family in the charts above."
    )
    if not moves:
        st.info("No task moves that way. Choose All to see the others.")
        return
    _show_table(pair, moves)


def _show_table(pair: Pair, moves: list[MovedTask]) -> None:
    frame = table(pair, moves)
    st.dataframe(
        frame,
        hide_index=True,
        column_config=_columns(frame),
        height="content" if len(frame) < 10 else _TABLE_PIXELS,
        placeholder="",
        key=following.table_key(),
        on_select=lambda: _take_row(list(frame["Family"])),
        selection_mode="single-row",
        alt=f"Tasks that move from {pair.old.label} to {pair.new.label}",
    )


def _take_row(families: list[str]) -> None:
    rows = st.session_state[following.table_key()].selection.rows
    following.follow(families[rows[0]] if rows else None)


def _by_effect(
    changes: tuple[FamilyChange, ...],
) -> Callable[[MovedTask], tuple[float, str, float, int]]:
    """Return the order of the table: the families hit or helped most, then the largest moves."""
    effect = {
        each.family.id: math.inf if each.tardiness is None else abs(each.tardiness)
        for each in changes
    }

    def key(move: MovedTask) -> tuple[float, str, float, int]:
        shift = math.inf if move.shift is None else abs(move.shift)
        return -effect[move.family_id], move.family_id, -shift, move.sequence

    return key


def table(pair: Pair, moves: list[MovedTask]) -> pd.DataFrame:
    """Return moved tasks, in their order."""
    later = {each.family.id: each.tardiness for each in pair.change.families}
    old, new = pair.old.label, pair.new.label
    rows = [
        {
            "Family": move.family_id,
            "Family later, h": _hours(later[move.family_id]),
            "Step": move.sequence,
            "Process": move.process_name,
            f"{old}: machine": move.old.machine if move.old else None,
            f"{new}: machine": move.new.machine if move.new else None,
            f"{old}: start": _start(pair.problem, move.old),
            f"{new}: start": _start(pair.problem, move.new),
            "Starts later, h": _hours(move.shift),
            "Turn": f"{move.old_rank or '-'} → {move.new_rank or '-'}",
        }
        for move in moves
    ]
    return pd.DataFrame(rows)


def _hours(seconds: int | None) -> float | None:
    return None if seconds is None else seconds / SECONDS_PER_HOUR


def _start(problem: Problem, task: ScheduledTask | None) -> datetime | float | None:
    return moment(problem, task.start if task is not None else None)


def _columns(frame: pd.DataFrame) -> dict[str, Any]:
    columns = columns_of(frame)
    for name in frame.columns:
        if name.endswith(", h"):
            columns[name] = st.column_config.NumberColumn(format="%+.1f", help=_HELP[name])
        elif name == "Turn":
            columns[name] = st.column_config.TextColumn(help=_TURN_HELP)
    return columns


_HELP = {
    "Family later, h": "Hours that the family is later against its due time; negative is less "
    "late, 0 is as late as before, or on time under both.",
    "Starts later, h": "Hours that this task starts later; negative is earlier.",
}
_TURN_HELP = "Its place in the order of its machine, before and after: 1 goes first."
