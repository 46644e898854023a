"""Calendars and downtime in the snapshot file: what they mean, and how far they may go."""

from __future__ import annotations

from typing import Any

import pytest

from scheduler_core.errors import ProblemError
from scheduler_core.problem import (
    MAX_MACHINE_WINDOWS,
    Calendar,
    Downtime,
    Machine,
    SpecialDay,
)
from scheduler_core.snapshot import calendars as limits
from scheduler_core.snapshot import parse_snapshot, reading
from scheduler_core.snapshot.checks import MAX_HOURS
from scheduler_core.working_time import MAX_WINDOWS, NEVER
from tests.snapshots.documents import (
    DAYS,
    DELETED,
    OTHER,
    SECOND,
    T0,
    TASK,
    Path_,
    calendars,
    dumped,
    loaded,
    lock,
)

HOUR, DAY, WEEK = 3600, 86_400, 604_800
MONDAY = -(2 * DAY + 8 * HOUR)
"""Seconds from time zero, a Wednesday 8:00, to the Monday before it."""


def first_machine(*changes: tuple[Path_, Any]) -> Machine:
    """Return the first machine of the good document with changes, all machines having "day"."""
    return loaded((("machine_calendars",), {"*": "day"}), *changes).machines[0]


def faults_of(*changes: tuple[Path_, Any]) -> list[tuple[str, str]]:
    """Return place and message of every fault of a changed document."""
    with pytest.raises(ProblemError) as caught:
        parse_snapshot(dumped(*changes))
    return [(fault.place, fault.message) for fault in caught.value.faults]


def test_parse_shifts_count_from_monday() -> None:
    """Several shifts a day, one over midnight; a weekday left out is closed."""
    shifts = {
        "monday": [["06:00", "14:00"], ["14:00", "22:00"]],
        "wednesday": [["00:00", "24:00"]],
        "saturday": [["22:00", "06:00:30"]],
    }

    calendar = first_machine(*calendars(shifts)).calendar

    assert calendar == Calendar(
        "day",
        MONDAY,
        (
            (6 * HOUR, 14 * HOUR),
            (14 * HOUR, 22 * HOUR),
            (2 * DAY, 3 * DAY),
            (5 * DAY + 22 * HOUR, 6 * DAY + 6 * HOUR + 30),
        ),
    )


def test_parse_exception_replaces_the_shifts_that_begin_on_its_day() -> None:
    """Closed on Thursday 7 August, 16 h after time zero; the night shift before it stays."""
    week = {"wednesday": [["22:00", "06:00"]], "thursday": [["22:00", "06:00"]]}
    days = {"2025-08-07": [], "2025-08-10": [["08:00", "12:00"]]}
    change = (("calendars",), {"day": {"shifts": week, "exceptions": days}})

    machine = first_machine(change)

    assert machine.calendar is not None
    assert machine.calendar.special_days == (
        SpecialDay(16 * HOUR),
        SpecialDay(16 * HOUR + 3 * DAY, ((8 * HOUR, 12 * HOUR),)),
    )
    # Wednesday 22:00 is at 14 h. Thursday 0:00 is at 16 h, and Sunday 8:00 three days after 24 h.
    assert machine.working_time.next_working(0) == 14 * HOUR
    assert machine.working_time.finish(14 * HOUR, 9 * HOUR) == 16 * HOUR + 3 * DAY + 9 * HOUR


def test_parse_sunday_night_shift_runs_into_monday() -> None:
    """Of 8 hours from Sunday 22:00, two are left of the week and six are of the next one."""
    machine = first_machine(*calendars({"sunday": [["22:00", "06:00"]]}))

    sunday = MONDAY + 6 * DAY + 22 * HOUR
    assert machine.working_time.finish(0, 8 * HOUR) == sunday + 8 * HOUR
    assert machine.working_time.finish(sunday + 8 * HOUR, 1) == sunday + WEEK + 1
    assert machine.working_time.next_working(MONDAY) == MONDAY  # the one of the week before


@pytest.mark.parametrize(
    ("created_at", "monday"),
    [
        ("2025-08-06T08:00:00", MONDAY),
        ("2025-08-06T08:00:00+02:00", MONDAY),
        ("2025-08-06T08:00:00Z", MONDAY),
        ("2025-08-04T00:00:00", 0),
        ("2025-08-04", 0),
        ("2025-08-10T23:59:59", 1 - WEEK),
        ("2025-08-10T23:59:59.400000", 1 - WEEK),
        ("2025-08-10T23:59:59.600000", 0),
        ("2025-08-04T00:00:00.600000", -1),
    ],
)
def test_parse_week_starts_on_the_monday_of_created_at(created_at: str, monday: int) -> None:
    """The wall clock of its own zone counts; fractions of a second are rounded."""
    exceptions = {"2025-08-11": []}
    machine = first_machine(
        (("calendars",), {"day": {"shifts": DAYS, "exceptions": exceptions}}),
        (("metadata", "created_at"), created_at),
    )

    assert machine.calendar is not None
    assert machine.calendar.week_start == monday
    assert (machine.calendar.special_days[0].midnight - monday) % WEEK == 0


def test_parse_machine_calendars_star_means_all_others() -> None:
    """A name wins over "*", null is round the clock, and so is who is not covered."""
    problem = loaded(
        *calendars(DAYS),
        (("machines",), ["PP09", "WH01A-PK", "*"]),
        (("machine_calendars",), {"*": "day", "PP09": None}),
    )

    assert [machine.calendar and machine.calendar.name for machine in problem.machines] == [
        None,
        "day",
        "day",
    ]
    assert loaded(*calendars(DAYS), (("machine_calendars",), {"PP09": "day"})).machines[1] == (
        Machine("WH01A-PK")
    )


def test_parse_downtime_is_in_hours_from_time_zero() -> None:
    """The order of the file stays, a start may be in the past, and a reason need not be given."""
    problem = loaded(
        (
            ("downtime",),
            [
                {"machine": "PP09", "start": 12.5, "end": 20, "reason": "repair"},
                {"machine": "PP09", "start": -1, "end": 0.0003, "reason": None, "by": "Li"},
                {"machine": "PP09", "start": 13, "end": 14, "reason": ""},
            ],
        )
    )

    assert problem.machines == (
        Machine(
            "PP09",
            None,
            (
                Downtime(45_000, 72_000, "repair"),
                Downtime(-3600, 1),
                Downtime(13 * HOUR, 14 * HOUR),
            ),
        ),
        Machine("WH01A-PK"),
    )


def test_parse_calendar_that_no_machine_has_needs_no_created_at() -> None:
    """It is checked all the same, see the faults of calendars."""
    exceptions = {"2025-08-15": []}
    problem = loaded(
        (("calendars",), {"day": {"shifts": DAYS, "exceptions": exceptions}}),
        (("machine_calendars",), {"PP09": None}),
        (("metadata",), DELETED),
        (("families", "JOST1", "material_arrival"), None),
        (("families", "JOST2", "lcd_days_remaining"), 1),
    )

    assert problem.machines == (Machine("PP09"), Machine("WH01A-PK"))


def test_parse_running_task_may_have_started_out_of_shift() -> None:
    """It started on Wednesday 2:00, works from 6:00 on, and is still there at 8:00."""
    problem = loaded(
        *calendars(DAYS),
        (("machine_calendars",), {"*": "day"}),
        ((*OTHER, "status"), "in_progress"),
        ((*OTHER, "processing_time"), 2.5),
        ((*OTHER, "locked"), lock(-6, "WH01A-PK")),
    )

    assert problem.lock_ends() == {("JOST2", 10): HOUR // 2}


def test_parse_locks_that_touch_after_a_pause_load() -> None:
    """The first ends at 147.48 hours, twelve a day, and both others may start there."""
    problem = loaded(
        *calendars(DAYS),
        (("machine_calendars",), {"*": "day"}),
        ((*TASK, "locked"), lock(0)),
        ((*SECOND, "locked"), lock(147.48, "WH01A-PK")),
        ((*OTHER, "capable_machines"), ["WH01A-PK", "PP09"]),
        ((*OTHER, "locked"), lock(147.48)),
    )

    assert problem.lock_ends()["JOST1", 1] == 147 * HOUR + 1728


def test_parse_faulty_calendar_hides_no_fault_of_another_machine() -> None:
    """Of PP09 nobody knows when it works; WH01A-PK stands still when its task should start."""
    found = faults_of(
        (("calendars",), {"day": {"shifts": {"monday": [["06:00", "6"]]}}}),
        (("machine_calendars",), {"PP09": "day"}),
        (("downtime",), [{"machine": "WH01A-PK", "start": 0, "end": 1}]),
        ((*TASK, "locked"), lock(0)),
        ((*OTHER, "locked"), lock(0.5, "WH01A-PK")),
    )

    assert [place for place, _ in found] == [
        "calendars.day.shifts.monday[0][1]",
        "families.JOST2.tasks[0].locked.start",
    ]


def test_parse_stranded_task_with_a_faulty_lock_has_both_faults() -> None:
    """That no machine can do a task does not excuse its lock, which has a fault of its own."""
    found = faults_of(
        *calendars({}),
        (("machine_calendars",), {"PP09": "day"}),
        ((*TASK, "status"), "in_progress"),
        ((*TASK, "locked"), lock(1)),
    )

    assert [place for place, _ in found] == [f"{T0}.locked.start", T0]


@pytest.mark.parametrize(
    ("limit", "place", "message"),
    [
        ("MAX_CALENDARS", "calendars", "must be at most 1 calendars, got 2"),
        ("MAX_EXCEPTIONS", "calendars", "must have at most 1 exceptions together, got 3; remove"),
        ("MAX_DOWNTIME", "downtime", "must be at most 1 stretches, got 2"),
        # Until 2035 there are 523 whole weeks, and five more are in reserve: with seven shifts in
        # each, two days that differ and two in reserve 3,700, and PP09 has downtime twice.
        ("MAX_SPANS", "calendars", 'got 7402, of them 3702 on "PP09"; bring its exceptions'),
    ],
)
def test_parse_working_time_beyond_a_limit_is_refused(
    monkeypatch: pytest.MonkeyPatch, limit: str, place: str, message: str
) -> None:
    """Sizes are counted before anything is built; here each limit is lowered to 1."""
    monkeypatch.setattr(limits, limit, 1)
    far = {"2025-08-15": [], "2035-08-15": []}
    stretch = {"machine": "PP09", "start": 1, "end": 2}

    [(found_place, found)] = faults_of(
        (
            ("calendars",),
            {
                "day": {"shifts": DAYS, "exceptions": far},
                "odd": {"shifts": {}, "exceptions": {"2025-08-15": []}},
            },
        ),
        (("machine_calendars",), {"*": "day"}),
        (("downtime",), [stretch, stretch]),
    )

    assert found_place == place
    assert message in found


def test_limits_leave_working_time_nothing_to_refuse() -> None:
    """The longest span of weeks with the most shifts in each is what `working_time` can hold."""
    weeks = 2 * max(MAX_HOURS * HOUR, limits.MAX_EXCEPTION_DAYS * DAY) // WEEK + 5

    assert weeks * 7 * limits.MAX_SHIFTS <= MAX_WINDOWS
    assert limits.MAX_SPANS <= MAX_MACHINE_WINDOWS


def test_limits_keep_sums_of_times_in_64_bits() -> None:
    """Old files always pass, and as many families as allowed may all be as late as allowed."""
    assert reading.MAX_TASKS * MAX_HOURS * HOUR <= reading.MAX_ELAPSED
    assert reading.MAX_FAMILIES * reading.MAX_ELAPSED < 2**63
    assert reading.MAX_ELAPSED < NEVER


def test_parse_farthest_calendar_loads() -> None:
    """Ten years to both sides, twenty shifts a day, and downtime at both ends of time."""
    crowded = [
        [f"{hour:02}:{minute}", f"{hour:02}:59"] for hour in range(10) for minute in (10, 20)
    ]
    shifts = dict.fromkeys(DAYS, crowded)
    ends = [(-MAX_HOURS, 1 - MAX_HOURS), (MAX_HOURS - 1, MAX_HOURS)]

    machine = first_machine(
        (
            ("calendars",),
            {"day": {"shifts": shifts, "exceptions": {"2015-08-10": crowded, "2035-08-14": []}}},
        ),
        (
            ("downtime",),
            [{"machine": "PP09", "start": start, "end": end} for start, end in ends],
        ),
    )

    assert len(machine.working_time.starts) > 80_000
