"""When a machine works, counted for the judge alone: nothing that makes schedules uses this.

Each day is looked at by itself: what the shifts that begin on it and on the day before leave open.
Days like all others of their weekday are counted by whole weeks, so no time is too far away.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from functools import lru_cache
from itertools import accumulate
from typing import NamedTuple

from scheduler_core.problem import SECONDS_PER_DAY, Calendar, Machine

_Spans = Sequence[tuple[int, int]]
"""Starts and ends in seconds; an end is no longer part of its span."""
_ALL_WEEK = tuple((day * SECONDS_PER_DAY, (day + 1) * SECONDS_PER_DAY) for day in range(7))
_ROUND_THE_CLOCK = Calendar("round the clock", week_start=0, shifts=_ALL_WEEK)


class _Day(NamedTuple):
    """What is open of one day by the calendar, in seconds from its midnight."""

    before: int
    """Working seconds up to midnight, from one fixed time on."""
    starts: list[int]
    ends: list[int]
    works: list[int]
    """Working seconds of the day before each start."""


class Hours:
    """The working seconds of a machine, counted up to any time; all else is read off the count."""

    def __init__(self, machine: Machine) -> None:
        calendar = machine.calendar or _ROUND_THE_CLOCK
        self._monday = calendar.week_start
        self._weekdays: list[list[tuple[int, int]]] = [[] for _ in range(7)]
        for start, end in calendar.shifts:
            day = start // SECONDS_PER_DAY
            midnight = day * SECONDS_PER_DAY
            self._weekdays[day].append((start - midnight, end - midnight))
        usual = [_work(_open(self._weekdays[day - 1], self._weekdays[day])) for day in range(7)]
        self._before_weekday = [0, *accumulate(usual)]
        self._special: dict[int, _Spans] = {
            (day.midnight - self._monday) // SECONDS_PER_DAY: day.shifts
            for day in calendar.special_days
        }
        # A special day has its say in the next morning too, where a night shift runs or does not.
        self._odd = sorted({day + later for day in self._special for later in (0, 1)})
        more = [_work(self._open_on(day)) - usual[day % 7] for day in self._odd]
        self._more = [0, *accumulate(more)]
        self._day = lru_cache(maxsize=1000)(self._look_at)
        self._downtime = machine.downtime
        down = _union((each.start, each.end) for each in machine.downtime)
        self._stops, self._resumes = [stop for stop, _ in down], [resume for _, resume in down]
        lost = [self._by_calendar(resume) - self._by_calendar(stop) for stop, resume in down]
        self._lost = [0, *accumulate(lost)]

    @property
    def has_shifts(self) -> bool:
        """Whether there is any shift in the week."""
        return self._before_weekday[7] > 0

    def work(self, start: int, end: int) -> int:
        """Return the working seconds between two times."""
        return self._count(end) - self._count(start)

    def next_working(self, time: int) -> int:
        """Return the first second from ``time`` on at which the machine works; it has shifts."""
        if self.work(time, time + 1):
            return time
        return self.finish(time, 1) - 1

    def finish(self, start: int, work: int) -> int:
        """Return the earliest time by which so much is worked; the machine has shifts."""
        done = self._count(start) + work
        reach = SECONDS_PER_DAY
        while self._count(start + reach) < done:
            reach *= 2
        return start + bisect_left(range(reach), done, key=lambda n: self._count(start + n))

    def why_not(self, time: int) -> str:
        """Return what keeps the machine from work at a time."""
        for each in self._downtime:
            if each.start <= time < each.end:
                return f"downtime ({each.reason})" if each.reason else "downtime"
        return "no shift"

    def _count(self, time: int) -> int:
        """Return the working seconds up to a time, from one fixed time on."""
        past = bisect_right(self._stops, time)
        if past and time < self._resumes[past - 1]:
            past -= 1
            time = self._stops[past]
        return self._by_calendar(time) - self._lost[past]

    def _by_calendar(self, time: int) -> int:
        number, second = divmod(time - self._monday, SECONDS_PER_DAY)
        day = self._day(number)
        span = bisect_right(day.starts, second) - 1
        if span < 0:
            return day.before
        return day.before + day.works[span] + min(second, day.ends[span]) - day.starts[span]

    def _look_at(self, number: int) -> _Day:
        """Count whole weeks, days of this week, and what special days before made different."""
        weeks, weekday = divmod(number, 7)
        before = weeks * self._before_weekday[7] + self._before_weekday[weekday]
        before += self._more[bisect_left(self._odd, number)]
        spans = self._open_on(number)
        works = accumulate((end - start for start, end in spans), initial=0)
        return _Day(before, [start for start, _ in spans], [end for _, end in spans], list(works))

    def _open_on(self, number: int) -> _Spans:
        yesterday, today = (
            self._special.get(day, self._weekdays[day % 7]) for day in (number - 1, number)
        )
        return _open(yesterday, today)


def _open(yesterday: _Spans, today: _Spans) -> _Spans:
    """Return what is open from midnight to midnight, given the shifts that begin on two days."""
    begun = [(start, min(end, SECONDS_PER_DAY)) for start, end in today]
    left = [(0, end - SECONDS_PER_DAY) for _, end in yesterday if end > SECONDS_PER_DAY]
    return _union([*left, *begun])


def _union(spans: Iterable[tuple[int, int]]) -> _Spans:
    """Return the same stretch of time by spans that do not overlap, in order."""
    union: list[tuple[int, int]] = []
    reach: int | None = None
    for start, end in sorted(spans):
        if reach is None or end > reach:
            union.append((start if reach is None else max(start, reach), end))
            reach = end
    return union


def _work(spans: _Spans) -> int:
    return sum(end - start for start, end in spans)
