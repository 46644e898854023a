"""When a machine works: both ways of counting it against the definition, and by hand.

The makers of schedules count by windows (`scheduler_core.working_time`), their judge counts day by
day (`scheduler_core.validation.hours`). Here both meet the definition, asked hour by hour.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from scheduler_core.errors import ProblemError
from scheduler_core.problem import (
    NEVER,
    Calendar,
    Downtime,
    Family,
    Machine,
    Problem,
    SpecialDay,
    Task,
)
from scheduler_core.schedule import Schedule, ScheduledTask
from scheduler_core.validation import validate
from scheduler_core.validation.hours import Hours
from scheduler_core.working_time import working_time
from tests.naive import works

H, D = 3600, 86_400
W = 7 * D
YEAR = 365 * D
PATIENCE = 10_000
"""Hours after which a machine counts as one that never works again: 40 of work take at most
41 weeks and three downtimes of two weeks."""


def hours(machine: Machine, time: int) -> Iterator[tuple[int, int]]:
    """Yield start and end of the hours of the machine's clock from a time on, the first one cut."""
    clock = machine.calendar.week_start if machine.calendar else 0
    for _ in range(PATIENCE):
        end = time + H - (time - clock) % H
        yield time, end
        time = end


def first_working(machine: Machine, time: int) -> int:
    """Return the first second from a time on at which the machine works."""
    return next((start for start, _ in hours(machine, time) if works(machine, start)), NEVER)


def end_of(machine: Machine, time: int, work: int) -> int:
    """Return the earliest time by which the machine has worked so long."""
    for start, end in hours(machine, time):
        if works(machine, start):
            if work <= end - start:
                return start + work
            work -= end - start
    return NEVER


def worked(machine: Machine, time: int, until: int) -> int:
    """Return the seconds that the machine works."""
    total = 0
    for start, end in hours(machine, time):
        if start >= until:
            break
        total += min(end, until) - start if works(machine, start) else 0
    return total


def shifts(day_length: int, most: int) -> st.SearchStrategy[tuple[tuple[int, int], ...]]:
    """Return a strategy of shifts in whole hours that begin within a week or a day."""
    one = st.builds(
        lambda start, length: (start * H, (start + length) * H),
        st.integers(0, day_length - 1),
        st.integers(1, 24),
    )
    return st.lists(one, max_size=most).map(tuple)


@st.composite
def machines(draw: Any) -> Machine:
    """Return a strategy of machines whose hours change on the hour of their own clock."""
    calendar, monday = None, 0
    if draw(st.booleans()):
        monday = -draw(st.integers(0, W - 1))
        special = st.builds(
            lambda day, shifts: SpecialDay(monday + day * D, shifts),
            st.integers(-15, 20) | st.sampled_from([-8, -7, -1, 0, 6, 7, 13]),  # ends of weeks
            shifts(24, most=2),
        )
        days = draw(st.lists(special, max_size=4, unique_by=lambda day: day.midnight))
        calendar = Calendar("C", monday, draw(shifts(168, most=6)), tuple(days))
    down = st.builds(
        lambda start, length: Downtime(monday + start * H, monday + (start + length) * H),
        st.integers(-500, 700),
        st.integers(1, 50) | st.sampled_from([24, 168, 336]),
    )
    return Machine("M", calendar, tuple(draw(st.lists(down, max_size=3))))


near = st.integers(-6 * W, 8 * W)
"""Where special days and downtime are, and some weeks around."""
times = near | st.integers(-300 * YEAR, 300 * YEAR) | st.integers(-12, 12).map(lambda n: n * W)
lengths = st.integers(1, 40 * H) | st.integers(1, 40).map(lambda n: n * H)


@given(machine=machines(), time=times, work=lengths)
def test_working_time_equals_the_definition(machine: Machine, time: int, work: int) -> None:
    """Near time zero, where days differ, and centuries away, where only the week counts."""
    clock = machine.working_time
    assume(clock.week_work or time > -10 * W)  # else its first hour may be far away
    assert clock.next_working(time) == first_working(machine, time)
    assert clock.finish(time, work) == end_of(machine, time, work)
    until = time + 3 * work
    assert clock.work_between(time, until) == worked(machine, time, until)


@given(machine=machines(), time=times, work=lengths)
def test_hours_of_the_judge_equal_the_definition(machine: Machine, time: int, work: int) -> None:
    """The same for what shares no code with it."""
    clock = Hours(machine)
    assert clock.work(time, time + 3 * work) == worked(machine, time, time + 3 * work)
    if clock.has_shifts:
        assert clock.next_working(time) == first_working(machine, time)
        assert clock.finish(time, work) == end_of(machine, time, work)


@given(machine=machines(), time=st.integers(0, 8 * W), work=lengths)
def test_validate_accepts_the_end_of_the_definition_only(
    machine: Machine, time: int, work: int
) -> None:
    """A second less is not enough, and after the last second of work there is no pause."""
    assume(machine.working_time.week_work)
    problem = Problem((Family("A", (Task(1, "x", ("M",), (work,)),), due=0),), (machine,))
    start = first_working(machine, time)
    end = end_of(machine, start, work)
    kinds = [
        [str(each.kind) for each in validate(problem, Schedule((entry,), "hand"))]
        for entry in (ScheduledTask("A", 1, "x", "M", start, end + late) for late in (-1, 0, 1))
    ]
    assert kinds == [["wrong duration"], [], ["wrong duration"]]


def daily(*shifts: tuple[int, int], on: int = 7) -> tuple[tuple[int, int], ...]:
    """Return shifts, given in hours, of every day of the week or of the first ones."""
    return tuple(
        (day * D + start * H, day * D + end * H) for day in range(on) for start, end in shifts
    )


SUNDAY = Calendar("Sunday night", 0, ((6 * D + 22 * H, 7 * D + 6 * H),))
NIGHTS = Calendar("nights from Monday to Saturday", 0, daily((22, 30), on=6))
DAYS = Calendar("8 to 16", 0, daily((8, 16)))
MONDAYS = Calendar("Mondays only", 0, daily((8, 16), on=1))
EARLY = Calendar("8 to 16, time zero is Monday at 10", -10 * H, daily((8, 16)))
MESSY = Calendar("shifts overlap and touch", 0, daily((8, 12), (10, 14), (14, 15)))


def special(calendar: Calendar, day: int, *hours: tuple[int, int]) -> Calendar:
    """Return the calendar with other shifts, given in hours, on a day."""
    other = SpecialDay(day * D, tuple((start * H, end * H) for start, end in hours))
    return replace(calendar, special_days=(other,))


def works_by(calendar: Calendar | None, *down: tuple[int, int]) -> Machine:
    """Return a machine with downtime given in hours."""
    return Machine("M", calendar, tuple(Downtime(start * H, end * H) for start, end in down))


def at(day: int, hour: int) -> int:
    """Return the hours from the first Monday on."""
    return day * 24 + hour


KNOWN: dict[str, tuple[Machine, int, int, int, int]] = {
    # machine, time, first hour of work from then on, hours of work, end of them
    "round the clock": (works_by(None), 5, 5, 3, 8),
    "last Sunday's night goes on": (works_by(SUNDAY), 0, 0, 6, 6),
    "and then comes next Sunday": (works_by(SUNDAY), 5, 5, 2, at(6, 23)),
    "work ends with the shift": (works_by(SUNDAY), 5, 5, 1, 6),
    "the week's end is no pause": (works_by(SUNDAY), at(6, 23), at(6, 23), 3, at(7, 2)),
    "a start in a pause waits": (works_by(SUNDAY), 7, at(6, 22), 1, at(6, 23)),
    "no night on Sunday": (works_by(NIGHTS), at(6, 6), at(7, 22), 1, at(7, 23)),
    "a holiday has no night": (works_by(special(NIGHTS, 1)), 8, 22, 9, at(2, 23)),
    "the night before it stays": (works_by(special(NIGHTS, 1)), 24, 24, 6, 30),
    "holiday on Sunday": (works_by(special(SUNDAY, 6)), 6, at(13, 22), 1, at(13, 23)),
    "holiday on Monday": (works_by(special(SUNDAY, 0)), 0, 0, 6, 6),
    "special Sunday into Monday": (
        works_by(special(DAYS, 6, (20, 32))), at(6, 8), at(6, 20), 13, at(7, 9)),
    "but not into every Monday": (
        works_by(special(DAYS, 6, (20, 32))), at(13, 16), at(14, 8), 9, at(15, 9)),
    "special day before time zero": (works_by(special(DAYS, -1, (20, 32))), -20, -4, 13, 9),
    "a holiday is none in the weeks before": (
        works_by(special(MONDAYS, 0)), at(-21, 20), at(-14, 8), 9, at(-7, 9)),
    "downtime in a shift": (works_by(DAYS, (10, 12)), 9, 9, 3, 14),
    "downtimes overlap": (works_by(DAYS, (11, 13), (10, 12)), 9, 9, 3, 15),
    "downtime within downtime": (works_by(DAYS, (9, 15), (10, 12)), 9, 15, 2, at(1, 9)),
    "downtime ends with the shift": (works_by(DAYS, (12, 16)), 8, 8, 5, at(1, 9)),
    "start in downtime": (works_by(None, (-2, 1)), -1, 1, 1, 2),
    "work around downtime": (works_by(None, (-2, 1)), -5, -5, 4, 2),
    "downtime of two weeks": (works_by(DAYS, (0, 336)), 0, at(14, 8), 9, at(15, 9)),
    "whole weeks behind downtime": (
        works_by(DAYS, (at(6, 12), at(7, 0))), at(7, 0), at(7, 8), 112, at(20, 16)),
    "overlaps count once": (works_by(MESSY), 8, 8, 8, at(1, 9)),
    "time zero within a shift": (works_by(EARLY), 0, 0, 7, 23),
    "years later": (works_by(SUNDAY), 168_000, 168_000, 8, 168_168),
    "years before": (works_by(SUNDAY), -168_000, -168_000, 8, -167_832),
}  # fmt: skip


@pytest.mark.parametrize(("machine", "time", "first", "work", "end"), KNOWN.values(), ids=KNOWN)
def test_working_time_equals_hand_arithmetic(
    machine: Machine, time: int, first: int, work: int, end: int
) -> None:
    """Shifts over midnight and the week's end, holidays and downtime, to the second."""
    clock, judge = machine.working_time, Hours(machine)
    for each, count in ((clock, clock.work_between), (judge, judge.work)):
        assert each.next_working(time * H) == first * H
        assert each.finish(time * H, work * H) == end * H
        assert each.finish(time * H, work * H - 1) == end * H - 1
        assert count(time * H, end * H) == work * H


@pytest.mark.parametrize("years", [-300, -3, 3, 300])
def test_work_between_over_a_year_is_weeks_of_work(years: int) -> None:
    """Far from what is special, each week is worth the same: six nights of eight hours."""
    clock, time = works_by(NIGHTS, (-168, 336)).working_time, years * YEAR
    assert clock.work_between(time, time + 52 * W) == 52 * 48 * H
    assert clock.finish(time, 52 * 48 * H) - clock.finish(time, 48 * H) == 51 * W


def test_working_time_open_all_week_is_always() -> None:
    """Who works all week pays nothing for having a calendar; a day of other shifts costs that."""
    clock = working_time(Calendar("C", -3 * H, daily((0, 24))))
    assert clock.is_always
    assert clock.stretch == 1.0
    open_too = working_time(special(Calendar("C", 0, daily((0, 14), (12, 24))), 2, (0, 24)))
    assert not open_too.is_always
    for time in (-9 * W, -1, 0, 2 * D, 5 * W):
        assert clock.next_working(time) == open_too.next_working(time) == time
        assert clock.finish(time, 3 * W) == open_too.finish(time, 3 * W) == time + 3 * W
        assert clock.work_between(time, W) == open_too.work_between(time, W) == W - time


def test_working_time_without_shifts_never_works() -> None:
    """Only what a special day brings; no other comes after it."""
    never = working_time(Calendar("C", 0))
    assert (never.next_working(0), never.finish(0, 1)) == (NEVER, NEVER)
    assert (never.work_between(-9 * W, 9 * W), never.stretch) == (0, float("inf"))

    once = working_time(special(Calendar("C", 0), 2, (8, 16)))
    for time in (-500 * W, -W, 0):
        assert once.next_working(time) == 2 * D + 8 * H
        assert once.finish(time, 8 * H) == 2 * D + 16 * H
        assert once.finish(time, 8 * H + 1) == NEVER
    for time in (2 * D + 16 * H, 3 * W, 500 * W):
        assert once.next_working(time) == once.finish(time, 1) == NEVER


def test_working_time_stretch_is_the_week_over_its_work() -> None:
    """Downtime and special days do not count: 56 of 168 hours are three seconds for one."""
    assert works_by(DAYS, (0, 500)).working_time.stretch == 3.0
    assert working_time(special(DAYS, 3)).stretch == 3.0


def test_working_time_that_would_fill_the_memory_is_refused() -> None:
    """A typing error of centuries in a date says what to do about it."""
    calendar = special(Calendar("C", 0, daily((8, 16))), 100_000)
    with pytest.raises(ProblemError, match=r"^calendars.C: .* got \d+ weeks of 14 shifts; bring"):
        working_time(Calendar("C", 0, calendar.shifts * 2, calendar.special_days))
    assert len(working_time(None, (Downtime(0, 10**10),)).starts) == 3  # before, behind, a week
