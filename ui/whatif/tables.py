"""What moves, and what that does to the families, as tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pandas as pd
import streamlit as st

from scheduler_core.export import moment
from scheduler_core.problem import SECONDS_PER_HOUR, Problem
from scheduler_core.replanning import Effect, Move
from ui.tables import columns_of

_TABLE_PIXELS = 320
_MOVED_BY = "Moved by, h"


def moved_tasks(
    problem: Problem, changes: Sequence[Move], stand: Mapping[str, Effect]
) -> pd.DataFrame:
    """Return what moves, one row a task in order of its new start."""
    rows = []
    for move in changes:
        before, after = move.before, move.after
        effect = stand[after.family_id]
        rows.append(
            {
                "Family": after.family_id,
                "Step": after.sequence,
                "Process": after.process_name,
                "Change": move.what,
                "Machine": after.machine,
                "Machine before": before.machine if before else None,
                "Start": moment(problem, after.start),
                "Start before": moment(problem, before.start if before else None),
                _MOVED_BY: _hours(after.start - before.start) if before else None,
                "Family late, h": _late(effect.after, effect),
                "Late before, h": _late(effect.before, effect),
            }
        )
    return pd.DataFrame(rows)


def changed_families(problem: Problem, stand: Mapping[str, Effect]) -> pd.DataFrame:
    """Return the families whose completion changes: first who becomes late, then who is saved."""
    rows = [
        {
            "Family": effect.family.id,
            "Outcome": _outcome(effect),
            "Due": moment(problem, effect.family.due),
            "Completion": moment(problem, effect.after),
            "Completion before": moment(problem, effect.before),
            "Late, h": _late(effect.after, effect),
            "Late before, h": _late(effect.before, effect),
        }
        for effect in sorted(stand.values(), key=_urgency)
        if effect.before != effect.after
    ]
    return pd.DataFrame(rows)


_OUTCOMES = (
    "becomes late", "new, late", "later still", "less late", "saved", "new, on time",
    "later, on time", "earlier, on time",
)  # fmt: skip


def _outcome(effect: Effect) -> str:
    if effect.before is None:
        return "new, late" if effect.is_late else "new, on time"
    if effect.is_late != effect.was_late:
        return "becomes late" if effect.is_late else "saved"
    later = effect.after > effect.before
    if effect.is_late:
        return "later still" if later else "less late"
    return "later, on time" if later else "earlier, on time"


def _urgency(effect: Effect) -> tuple[int, int]:
    return _OUTCOMES.index(_outcome(effect)), effect.family.due - effect.after


def show_moved_tasks(
    problem: Problem, changes: Sequence[Move], stand: Mapping[str, Effect]
) -> None:
    """Draw the table of tasks that move."""
    frame = moved_tasks(problem, changes, stand)
    if frame.empty:
        st.success("Every task stays where it was.", icon=":material/check_circle:")
        return
    _show(frame, "Tasks that move: machine and start before and after, hours late of the family")


def show_families(problem: Problem, stand: Mapping[str, Effect]) -> None:
    """Draw the table of families that end at another time."""
    frame = changed_families(problem, stand)
    if frame.empty:
        st.success("Every family ends when it did.", icon=":material/check_circle:")
        return
    _show(frame, "Families that end at another time: due, completion and hours late")


def _show(frame: pd.DataFrame, alt: str) -> None:
    columns = columns_of(frame)
    if _MOVED_BY in columns:
        columns[_MOVED_BY] = st.column_config.NumberColumn(format="%+.1f")
    st.dataframe(
        frame,
        hide_index=True,
        column_config=columns,
        height="content" if len(frame) < 9 else _TABLE_PIXELS,
        placeholder="none",
        alt=alt,
    )


def _late(completion: int | None, effect: Effect) -> float | None:
    return None if completion is None else _hours(max(0, completion - effect.family.due))


def _hours(seconds: int) -> float:
    return seconds / SECONDS_PER_HOUR
