"""When the machines in a chart do not work: closed by their calendar, or down."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from scheduler_core.problem import SECONDS_PER_WEEK, Machine, Problem, WorkingTime
from scheduler_core.working_time import working_time

MAX_CLOSED = 5_000
"""Above this many closed spans the shortest are left out: first nights, then weekends."""
MAX_DOWN = 2_000
"""Above this many stretches of downtime only the longest are shown."""
_SLIVERS = 400
"""What is shorter than this part of the time axis is narrower than two or three pixels."""

_Times = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Standstill:
    """A stretch of time, in seconds, in which a machine does not work, and why if that is known."""

    machine: str
    start: int
    end: int
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Standstills:
    """What a chart shows of the time in which machines do not work, and what it leaves out."""

    closed: tuple[Standstill, ...] = ()
    """No shift is on."""
    down: tuple[Standstill, ...] = ()
    longest_left_out: int = 0
    """Closed spans of up to this many seconds are left out; 0: none is."""
    num_down: int = 0
    """Stretches of downtime in sight, those left out included."""


def standstills(problem: Problem, rows: Iterable[str], window: tuple[int, int]) -> Standstills:
    """Return when the machines in the rows do not work, in a stretch of time.

    Closed spans are cut off at its ends, and those too narrow to be seen are left out.
    """
    machines = {machine.name: machine for machine in problem.machines}
    shown = [machines[name] for name in rows if name in machines]
    closed, left_out = _closed(shown, window)
    down = [
        Standstill(machine.name, each.start, each.end, each.reason)
        for machine in shown
        for each in machine.downtime
        if each.start < window[1] and each.end > window[0]
    ]
    longest = sorted(down, key=lambda each: each.start - each.end)[:MAX_DOWN]
    return Standstills(tuple(closed), tuple(longest), left_out, len(down))


def _closed(machines: Iterable[Machine], window: tuple[int, int]) -> tuple[list[Standstill], int]:
    """Return the closed spans to show, and the length of the longest of the others."""
    hours = {each.name: working_time(each.calendar) for each in machines if each.calendar}
    gaps = {working: _gaps(working, window) for working in hours.values()}  # shared by many
    lengths = {working: np.diff(each)[:, 0] for working, each in gaps.items()}
    none = np.zeros(0, np.int64)
    everywhere = np.concatenate([none, *(lengths[working] for working in hours.values())])
    left_out = _longest_left_out(everywhere, (window[1] - window[0]) // _SLIVERS)
    kept = {
        working: each[lengths[working] > left_out].clip(*window).tolist()
        for working, each in gaps.items()
    }
    spans = [
        Standstill(name, start, end)
        for name, working in hours.items()
        for start, end in kept[working]
    ]
    return spans, left_out


def _longest_left_out(lengths: _Times, visible: int) -> int:
    """Return the length up to which spans are too narrow, or too many; 0 if all are shown.

    Of spans of one length all are shown or none, so that no single night is missing.
    """
    longest_first = np.sort(lengths)[::-1]
    wide = int((longest_first >= visible).sum())
    first_out = min(wide, MAX_CLOSED)
    return int(longest_first[first_out]) if first_out < len(longest_first) else 0


def _gaps(working: WorkingTime, window: tuple[int, int]) -> _Times:
    """Return (gaps, 2) starts and ends of the closed spans that reach into the window, in full.

    A gap that never ends is cut off a week away.
    """
    first, last = window[0] - SECONDS_PER_WEEK, window[1] + SECONDS_PER_WEEK
    shifts = _shifts(working, first, last)
    gaps = np.concatenate(([first], shifts.ravel(), [last])).reshape(-1, 2)
    starts, ends = gaps[:, 0], gaps[:, 1]
    return gaps[(starts < ends) & (starts < window[1]) & (ends > window[0])]


def _shifts(working: WorkingTime, first: int, last: int) -> _Times:
    """Return (shifts, 2) starts and ends of all working time from ``first`` to ``last``, in order.

    What is added to the windows are whole weeks, as far as they touch that stretch.
    """
    table = np.column_stack((working.starts, working.ends))
    early = table[table[:, 0] < working.since + SECONDS_PER_WEEK]
    late = table[table[:, 0] >= working.until]
    before = range(
        (first - working.since) // SECONDS_PER_WEEK,
        min(0, (last - working.since) // SECONDS_PER_WEEK + 1),
    )
    after = range(
        max(1, (first - working.until) // SECONDS_PER_WEEK),
        (last - working.until) // SECONDS_PER_WEEK + 1,
    )
    return np.concatenate((_weeks(early, before), table, _weeks(late, after)))


def _weeks(week: _Times, numbers: range) -> _Times:
    """Return a week's shifts in other weeks, these numbered from it.

    If there are more than a chart can tell apart, as one shift: its gaps could not be seen.
    """
    if len(week) and len(numbers) > _SLIVERS + 3:
        first, last = (number * SECONDS_PER_WEEK for number in (numbers[0], numbers[-1]))
        return np.array([[week[0, 0] + first, week[-1, 1] + last]], np.int64)
    offsets = np.array(numbers, np.int64).reshape(-1, 1, 1) * SECONDS_PER_WEEK
    repeated: _Times = week + offsets
    return repeated.reshape(-1, 2)
