"""Moments as widgets of page What if take them."""

from __future__ import annotations

from datetime import datetime, timedelta

import streamlit as st

from scheduler_core.problem import SECONDS_PER_HOUR, Problem


def choose_moment(
    label: str, problem: Problem, second: int, key: str, *, earliest: int, latest: int, help: str
) -> int:
    """Draw a picker for a point in time; return it in seconds from time zero.

    A date and time where time zero has a date, else a number of hours. What was picked is dropped
    where another moment is offered, or another time zero.
    """
    second = max(earliest, min(second, latest))
    key = f"{key}_{second}_{earliest}_{problem.created_at}"
    if problem.created_at is None:
        hours = st.number_input(
            label + ", h", earliest / SECONDS_PER_HOUR, latest / SECONDS_PER_HOUR,
            second / SECONDS_PER_HOUR, step=1.0, format="%.2f", key=key, help=help,
        )  # fmt: skip
        return round((hours or 0.0) * SECONDS_PER_HOUR)
    zero = problem.created_at.replace(tzinfo=None)
    picked = st.datetime_input(
        label, _date(zero, second), _date(zero, earliest), _date(zero, latest) + _MINUTE,
        key=key, help=help, format="DD/MM/YYYY",
    )  # fmt: skip
    chosen = second if picked is None else round((picked - zero).total_seconds())
    # The picker knows no seconds: within its minute, what it was given is meant.
    return second if abs(chosen - second) < 60 else max(earliest, min(chosen, latest))


_MINUTE = timedelta(minutes=1)


def _date(zero: datetime, second: int) -> datetime:
    try:
        return (zero + timedelta(seconds=second)).replace(second=0, microsecond=0)
    except OverflowError:
        return datetime(9999, 12, 30)
