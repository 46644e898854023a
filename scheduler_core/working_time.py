"""When a machine works: weekly shifts, days that differ, downtime; and what that does to times.

Work pauses while the machine does not work, and goes on when it works again. Everything is counted
in seconds from time zero, so there is no daylight-saving time in here. The weekly shifts repeat for
ever, to both sides. What a week cannot say (special days, downtime) is written out as *windows*
between two Mondays, `WorkingTime.since` and `WorkingTime.until`; before and behind, a whole week of
the pattern stands for all others.

Times are looked up through the *work clock* of a machine: W(t) is the number of working seconds
from `since` to t. Work of d seconds that starts at t ends at the earliest time t' with
W(t') = W(t) + d.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from scheduler_core.compiled import lean_kernel
from scheduler_core.errors import Fault, ProblemError

SECONDS_PER_HOUR = 3600
SECONDS_PER_DAY = 86_400
SECONDS_PER_WEEK = 7 * SECONDS_PER_DAY
MAX_TIME = 10**10
"""Largest time of a part in seconds, 317 years: no sum of them leaves 64 bits."""
NEVER = 1 << 62
"""Stands for a time that does not come: a machine without shifts never works again."""
MAX_WINDOWS = 200_000
"""Most weekly shifts written out for a machine: three a day for 180 years."""

Ints = npt.NDArray[np.int64]
Span = tuple[int, int]
"""Start and end in seconds; the end is no longer part of it."""


@dataclass(frozen=True, slots=True)
class SpecialDay:
    """A day on which other shifts begin than on its weekday: none on a holiday.

    Parameters
    ----------
    midnight
        Second at which the day begins, counted from time zero.
    shifts
        Start and end in seconds from that midnight. A shift may run into the next day.
    """

    midnight: int
    shifts: tuple[Span, ...] = ()


@dataclass(frozen=True, slots=True)
class Calendar:
    """The shifts of a week, repeated for ever, and the days that differ.

    Parameters
    ----------
    name
        What the shop calls it.
    week_start
        Second of the Monday 00:00 of the week of time zero: at most 0, and less than a week ago.
    shifts
        Start and end in seconds from Monday 00:00, each of at most a day; a shift may run over
        midnight, and over the end of the week. Shifts may touch and overlap.
    special_days
        Days with other shifts. They replace those that begin on the day; one of the day before
        that runs past midnight stays.

    Raises
    ------
    ProblemError
        If a rule above is broken.
    """

    name: str
    week_start: int
    shifts: tuple[Span, ...] = ()
    special_days: tuple[SpecialDay, ...] = ()

    def __post_init__(self) -> None:
        faults = [Fault(f"calendars.{self.name}", text) for text in self._broken_rules()]
        if faults:
            raise ProblemError(faults)

    def _broken_rules(self) -> Iterator[str]:
        if not -SECONDS_PER_WEEK < self.week_start <= 0:
            yield f"week_start must be within the week before time zero, got {self.week_start}"
        yield from _broken_shifts("week", self.shifts, SECONDS_PER_WEEK)
        seen: set[int] = set()
        for day in self.special_days:
            if (day.midnight - self.week_start) % SECONDS_PER_DAY or abs(day.midnight) > MAX_TIME:
                yield (
                    f"special days must begin at midnight, within +-{MAX_TIME} seconds, "
                    f"got {day.midnight} s"
                )
            if day.midnight in seen:
                yield f"special days must be distinct, got the one at {day.midnight} s twice"
            seen.add(day.midnight)
            yield from _broken_shifts("special day", day.shifts, SECONDS_PER_DAY)


@dataclass(frozen=True, slots=True)
class Downtime:
    """A stretch of time, in seconds, in which a machine stands still, and why.

    Raises
    ------
    ProblemError
        If it does not end after it starts, or leaves the range of times.
    """

    start: int
    end: int
    reason: str = ""

    def __post_init__(self) -> None:
        if not -MAX_TIME <= self.start < self.end <= MAX_TIME:
            message = (
                f"must start before it ends, within +-{MAX_TIME} seconds, "
                f"got {self.start} to {self.end}"
            )
            raise ProblemError([Fault("downtime", message)])


def _broken_shifts(of: str, shifts: Iterable[Span], length: int) -> Iterator[str]:
    for start, end in shifts:
        if not (0 <= start < length and start < end <= start + SECONDS_PER_DAY):
            yield (
                f"shifts must start in their {of} and last at most a day, got {start} to {end} s"
            )


@lean_kernel
def find_window(bounds: Ints, first: int, last: int, time: int) -> int:
    """Return the last of the windows first .. last - 1 whose bound is <= time, else first - 1."""
    low, high = first, last
    while low < high:
        middle = (low + high) // 2
        if bounds[middle] <= time:
            low = middle + 1
        else:
            high = middle
    return low - 1


@lean_kernel
def next_working(
    starts: Ints, ends: Ints, first: int, last: int, since: int, until: int, time: int
) -> int:
    """Return the earliest second at or after ``time`` at which the machine works."""
    if first == last:
        return NEVER
    shift = 0
    if time >= until:
        shift = (time - until) // SECONDS_PER_WEEK
    elif time < since and starts[first] < since + SECONDS_PER_WEEK:  # else there is no shift yet
        shift = (time - since) // SECONDS_PER_WEEK
    shift *= SECONDS_PER_WEEK
    window = find_window(ends, first, last, time - shift) + 1
    if window == last:  # behind the last shift of the week that stands for all later ones
        window = find_window(starts, first, last, until - 1) + 1
        return NEVER if window == last else int(starts[window]) + shift + SECONDS_PER_WEEK
    return max(time, int(starts[window]) + shift)


@lean_kernel
def work_at(
    starts: Ints, ends: Ints, works: Ints, first: int, last: int,
    since: int, until: int, week_work: int, time: int,
) -> int:  # fmt: skip
    """Return W(time); negative before ``since``."""
    weeks = 0
    if time >= until:
        weeks = (time - until) // SECONDS_PER_WEEK
    elif time < since:
        weeks = (time - since) // SECONDS_PER_WEEK
    time -= weeks * SECONDS_PER_WEEK
    window = find_window(starts, first, last, time)
    if window < first:
        return weeks * week_work
    return weeks * week_work + int(works[window] + min(time, ends[window]) - starts[window])


@lean_kernel
def time_of(
    starts: Ints, ends: Ints, works: Ints, first: int, last: int,
    week_work: int, work: int,
) -> int:  # fmt: skip
    """Return the earliest time t with W(t) = work, for work > W(since)."""
    if first == last:
        return NEVER
    total = works[last - 1] + ends[last - 1] - starts[last - 1]
    weeks = 0
    if work > total:
        if week_work == 0:
            return NEVER
        weeks = (work - total - 1) // week_work + 1
    work -= weeks * week_work
    window = find_window(works, first, last, work - 1)
    return weeks * SECONDS_PER_WEEK + int(starts[window] + work - works[window])


@dataclass(frozen=True, slots=True, eq=False)
class WorkingTime:
    """When one machine works, as windows; see `working_time`."""

    starts: Ints
    """(windows,) in order; windows touch at most at ``until``."""
    ends: Ints
    works: Ints
    """(windows,) working seconds before each window, counted from ``since``."""
    since: int
    """A Monday 00:00. Before it, each week is like the first one of the windows."""
    until: int
    """A Monday 00:00. Behind it, each week is like the last one of the windows."""
    week_work: int
    """Working seconds of a week without special days and downtime."""
    is_always: bool
    """Whether the machine works round the clock; then there is no need to ask the windows."""

    @property
    def stretch(self) -> float:
        """Seconds that a second of work takes on average, >= 1; infinite without shifts."""
        return SECONDS_PER_WEEK / self.week_work if self.week_work else float("inf")

    def next_working(self, time: int) -> int:
        """Return the earliest second at or after ``time`` at which the machine works."""
        if self.is_always:
            return time
        count = len(self.starts)
        return int(next_working(self.starts, self.ends, 0, count, self.since, self.until, time))

    def finish(self, start: int, work: int) -> int:
        """Return when ``work`` seconds of work, begun at ``start``, end; `NEVER` without shifts."""
        if self.is_always:
            return start + work
        windows = (self.starts, self.ends, self.works, 0, len(self.starts))
        done = int(work_at(*windows, self.since, self.until, self.week_work, start))
        # Work that ended before the windows begin is counted from a week that they show.
        weeks = 0
        if done + work <= 0 and self.week_work:
            weeks = -(done + work) // self.week_work + 1
        end = int(time_of(*windows, self.week_work, done + work + weeks * self.week_work))
        return end - weeks * SECONDS_PER_WEEK

    def work_between(self, start: int, end: int) -> int:
        """Return the working seconds from ``start`` to ``end``."""
        if self.is_always:
            return end - start
        windows = (self.starts, self.ends, self.works, 0, len(self.starts))
        clock = (self.since, self.until, self.week_work)
        return int(work_at(*windows, *clock, end) - work_at(*windows, *clock, start))


@lru_cache(maxsize=64)
def working_time(
    calendar: Calendar | None = None, downtime: tuple[Downtime, ...] = ()
) -> WorkingTime:
    """Return when a machine works, given its calendar (None: round the clock) and its downtime.

    Raises
    ------
    ProblemError
        If special days and downtime reach so far that more than `MAX_WINDOWS` shifts are needed.
    """
    since, until = _extent(calendar, downtime)
    shifts = calendar.shifts if calendar else ((0, SECONDS_PER_WEEK),)
    weeks = (until - since) // SECONDS_PER_WEEK + 1
    if weeks * max(1, len(shifts)) > MAX_WINDOWS:
        message = (
            f"special days and downtime must need at most {MAX_WINDOWS} windows of working time, "
            f"got {weeks} weeks of {len(shifts)} shifts; bring them closer to time zero"
        )
        place = f"calendars.{calendar.name}" if calendar else "downtime"
        raise ProblemError([Fault(place, message)])
    open_ = _merged(_shift_spans(calendar, since - SECONDS_PER_WEEK, until + SECONDS_PER_WEEK))
    spans = _without(open_, _merged((each.start, each.end) for each in downtime))
    # The week that stands for all later ones has windows of its own.
    parts = ((since, until), (until, until + SECONDS_PER_WEEK))
    windows = [
        (max(start, low), min(end, high))
        for low, high in parts
        for start, end in spans
        if start < high and end > low
    ]
    table = np.array(windows, np.int64).reshape(-1, 2)
    lengths = table[:, 1] - table[:, 0]
    week_work = int(lengths[table[:, 0] >= until].sum())
    differs = bool(downtime or (calendar and calendar.special_days))
    return WorkingTime(
        starts=table[:, 0].copy(),
        ends=table[:, 1].copy(),
        works=np.cumsum(lengths) - lengths,
        since=since,
        until=until,
        week_work=week_work,
        is_always=week_work == SECONDS_PER_WEEK and not differs,
    )


def _extent(calendar: Calendar | None, downtime: tuple[Downtime, ...]) -> Span:
    """Return two Mondays: all that is no pattern lies between them."""
    monday = calendar.week_start if calendar else 0
    days = [day.midnight for day in calendar.special_days] if calendar else []
    first = min([0, *days, *(each.start for each in downtime)])
    # A shift that begins on a special day ends at most a day after that day.
    last = max([0, *(day + 2 * SECONDS_PER_DAY for day in days), *(each.end for each in downtime)])
    # Two weeks of pattern in front: what follows the last shift of the first one is pattern too.
    since = monday + ((first - monday) // SECONDS_PER_WEEK - 2) * SECONDS_PER_WEEK
    until = monday - ((monday - last) // SECONDS_PER_WEEK) * SECONDS_PER_WEEK
    return since, until


def _shift_spans(calendar: Calendar | None, first: int, last: int) -> Iterator[Span]:
    """Yield the shifts that begin in the weeks from ``first``, a Monday, to ``last``."""
    if calendar is None:
        yield first, last
        return
    special = {day.midnight for day in calendar.special_days}
    for monday in range(first, last, SECONDS_PER_WEEK):
        for start, end in calendar.shifts:
            if monday + start // SECONDS_PER_DAY * SECONDS_PER_DAY not in special:
                yield monday + start, monday + end
    for day in calendar.special_days:
        for start, end in day.shifts:
            yield day.midnight + start, day.midnight + end


def _merged(spans: Iterable[Span]) -> list[Span]:
    """Return the same stretch of time in order, by spans that do not touch."""
    merged: list[Span] = []
    for start, end in sorted(spans):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return merged


def _without(spans: list[Span], holes: list[Span]) -> list[Span]:
    """Return the spans less the holes; both are in order and do not touch."""
    left: list[Span] = []
    position = 0
    for start, end in spans:
        while position < len(holes) and holes[position][1] <= start:
            position += 1
        here = position
        while here < len(holes) and holes[here][0] < end:
            if start < holes[here][0]:
                left.append((start, holes[here][0]))
            start = max(start, holes[here][1])
            here += 1
        if start < end:
            left.append((start, end))
    return left
