"""Writing snapshots: what is written reads back, and what no file can hold is named."""

from __future__ import annotations

import dataclasses
import json
from datetime import datetime, timedelta, timezone
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given

from scheduler_core.errors import ProblemError
from scheduler_core.problem import (
    Calendar,
    Downtime,
    Family,
    Machine,
    Problem,
    SpecialDay,
    Task,
)
from scheduler_core.snapshot import (
    parse_snapshot,
    read_snapshot,
    snapshot_bytes,
    snapshot_from_problem,
    write_snapshot,
)
from tests.properties.strategies import problems, random_problem
from tests.snapshots.documents import DAYS, TASK, changed, dumped

HOUR, DAY = 3600, 86_400
CREATED_AT = datetime(2025, 8, 6, 8)  # a Wednesday
MONDAY = -(2 * DAY + 8 * HOUR)


def test_round_trip_keeps_unknown_fields_and_order() -> None:
    """Writing gives back the document as read, with what nothing here understands."""
    document = changed((("shop",), {"Größe": [1, 2.5, None]}), ((*TASK, "operator"), "李"))

    snapshot = parse_snapshot(json.dumps(document).encode())
    again = parse_snapshot(snapshot_bytes(snapshot))

    assert json.dumps(again.document) == json.dumps(document)
    assert again.problem == snapshot.problem


def test_write_snapshot_reads_back_and_leaves_nothing_aside(tmp_path: Path) -> None:
    """The file is written aside and renamed; its name without suffix is the snapshot's."""
    snapshot = parse_snapshot(dumped(), "shop")

    write_snapshot(snapshot, tmp_path / "shop.json")
    again = read_snapshot(tmp_path / "shop.json")

    assert dataclasses.replace(again, sha256=snapshot.sha256) == snapshot
    assert [path.name for path in tmp_path.iterdir()] == ["shop.json"]


def test_write_snapshot_that_fails_keeps_the_old_file(tmp_path: Path) -> None:
    """A folder stands where the file should go: nothing is lost and nothing left behind."""
    (tmp_path / "shop.json").mkdir()

    with pytest.raises(OSError, match="shop"):
        write_snapshot(parse_snapshot(dumped()), tmp_path / "shop.json")

    assert [path.name for path in tmp_path.iterdir()] == ["shop.json"]


def at_eight(problem: Problem) -> Problem:
    """Return a problem with a time zero, which a release needs to be written as a date."""
    return dataclasses.replace(problem, created_at=CREATED_AT)


@given(problems(week_start=MONDAY))
def test_snapshot_from_problem_gives_the_same_problem(problem: Problem) -> None:
    """Whatever the mix of features, the file says it all, to the second."""
    snapshot = snapshot_from_problem(at_eight(problem))

    again = parse_snapshot(snapshot_bytes(snapshot))

    assert snapshot.problem == at_eight(problem)
    assert again == snapshot


def test_snapshot_from_problem_random_problems_give_the_same_problem() -> None:
    """As above over a thousand problems of up to eight families."""
    rng = np.random.default_rng(3)

    for _ in range(1000):
        problem = at_eight(random_problem(rng, max_families=8, week_start=MONDAY))
        assert snapshot_from_problem(problem).problem == problem


def test_snapshot_from_problem_release_without_created_at_is_refused() -> None:
    """A release is written as a date, and there is nothing to count it from."""
    family = Family("F", (Task(1, "P", ("M",), (1,)),), due=0, release=5)

    with pytest.raises(ProblemError, match="is 5 s after time zero"):
        snapshot_from_problem(Problem((family,), (Machine("M"),)))


@pytest.mark.parametrize(
    ("due", "created_at", "message"),
    [(10**10, CREATED_AT, "within 36500 days"), (1, datetime(9999, 12, 31), "from 1970 to 2199")],
)
def test_snapshot_from_problem_beyond_the_calendar_is_refused(
    due: int, created_at: datetime, message: str
) -> None:
    """Dates end at the year 9999; no date arithmetic may raise its own error."""
    family = Family("F", (Task(1, "P", ("M",), (1,)),), due=due)

    with pytest.raises(ProblemError, match=message):
        snapshot_from_problem(Problem((family,), (Machine("M"),), created_at))


def test_round_trip_keeps_unknown_fields_of_calendars() -> None:
    """Within a calendar, a stretch of downtime and beside them."""
    document = changed(
        (("calendars",), {"day": {"shifts": DAYS, "colour": "red", "exceptions": {}}}),
        (("machine_calendars",), {"PP09": "day", "*": None}),
        (("downtime",), [{"machine": "PP09", "start": 1, "end": 2, "ticket": 4711}]),
    )

    snapshot = parse_snapshot(json.dumps(document).encode())

    assert json.loads(snapshot_bytes(snapshot)) == document


def problem_of(*machines: Machine, created_at: datetime | None = CREATED_AT) -> Problem:
    """Return a problem of one short task with these machines, and one that always works."""
    family = Family("F", (Task(1, "P", ("free",), (1,)),), due=0)
    return Problem((family,), (Machine("free"), *machines), created_at)


WEEKDAYS = Calendar(
    "early.late",
    MONDAY,
    tuple(
        (day * DAY + hour * HOUR, day * DAY + (hour + 8) * HOUR)
        for day in range(5)
        for hour in (6, 14)
    ),
    (SpecialDay(MONDAY + 11 * DAY, ((1, 24 * HOUR), (0, 24 * HOUR))), SpecialDay(MONDAY - DAY)),
)


def test_snapshot_from_problem_writes_the_format() -> None:
    """Machines by name, calendars once, days that differ by date, downtime in hours."""
    night = Calendar("night", MONDAY, ((6 * DAY + 79_215, 7 * DAY + 21_600),))
    stop = Downtime(-HOUR, 1800, "repair")
    machines = (Machine("A", WEEKDAYS, (stop,)), Machine("B", night), Machine("*", WEEKDAYS))
    problem = problem_of(*machines)

    snapshot = snapshot_from_problem(problem)

    days = ("monday", "tuesday", "wednesday", "thursday", "friday")
    assert snapshot.problem == problem
    assert snapshot.document["calendars"] == {
        "early.late": {
            "shifts": {day: [["06:00", "14:00"], ["14:00", "22:00"]] for day in days},
            "exceptions": {
                "2025-08-15": [["00:00:01", "24:00"], ["00:00", "24:00"]],
                "2025-08-03": [],
            },
        },
        "night": {"shifts": {"sunday": [["22:00:15", "06:00"]]}},
    }
    assert snapshot.document["machine_calendars"] == {
        "free": None,
        "A": "early.late",
        "B": "night",
        "*": "early.late",
    }
    assert snapshot.document["downtime"] == [
        {"machine": "A", "start": -1, "end": 0.5, "reason": "repair"}
    ]


def test_snapshot_from_problem_without_calendars_has_no_new_fields() -> None:
    """A file of before is written as before."""
    document = snapshot_from_problem(problem_of()).document

    assert set(document) == {"metadata", "families", "machines"}


@pytest.mark.parametrize(
    "created_at",
    [
        datetime(2025, 8, 6, 8, 0, 0, 400_000),
        datetime(2025, 8, 6, 7, 59, 59, 600_000),
        datetime(2025, 8, 6, 8, tzinfo=timezone(timedelta(hours=9))),
    ],
)
def test_snapshot_from_problem_with_fractions_and_zones_reads_back(created_at: datetime) -> None:
    """Time zero is a whole second, the dates of exceptions stay."""
    problem = problem_of(Machine("A", WEEKDAYS), created_at=created_at)

    assert snapshot_from_problem(problem).problem == problem


def test_snapshot_from_problem_keeps_the_order_of_shifts_and_days() -> None:
    """Calendars that list a week from another day on are equal after reading too."""
    week = ((3 * DAY + 7, 3 * DAY + 8), (3 * DAY, 3 * DAY + 8), (5, 9))
    days = (SpecialDay(MONDAY + DAY), SpecialDay(MONDAY))
    problem = problem_of(Machine("A", Calendar("odd", MONDAY, week, days)))

    assert snapshot_from_problem(problem).problem == problem


OTHER_WEEK = dataclasses.replace(WEEKDAYS, shifts=((0, 1),))
FAR = dataclasses.replace(WEEKDAYS, special_days=(SpecialDay(MONDAY + 4000 * DAY),))
LONG = dataclasses.replace(WEEKDAYS, shifts=((6 * HOUR, 30 * HOUR),))


@pytest.mark.parametrize(
    ("problem", "place", "message"),
    [
        (
            problem_of(Machine("A", WEEKDAYS), created_at=None),
            'calendars["early.late"]',
            "is counted from a Monday, which only a problem with created_at can write; give it one",
        ),
        (
            problem_of(Machine("A", WEEKDAYS), created_at=datetime(2025, 8, 6, 9)),
            'calendars["early.late"]',
            "must begin its week at -205200 s, the Monday before created_at, got -201600",
        ),
        (
            problem_of(Machine("A", WEEKDAYS), Machine("B", OTHER_WEEK)),
            'calendars["early.late"]',
            "is the name of two calendars that differ; rename one of them",
        ),
        (
            problem_of(Machine("A", FAR)),
            'calendars["early.late"]',
            "must have its special days within 3660 days of time zero, got 345398400 s",
        ),
        (
            problem_of(Machine("A", LONG)),
            'calendars["early.late"]',
            "has a shift of 24 hours that begins at 06:00, not at midnight; make two shifts of it",
        ),
        (
            problem_of(Machine("A", None, (Downtime(0, 10**9),))),
            "downtime[0].end",
            "must be between -100000 and 100000 hours",
        ),
    ],
)
def test_snapshot_from_problem_that_no_file_can_hold_is_refused(
    problem: Problem, place: str, message: str
) -> None:
    """What would read back as something else is named instead."""
    with pytest.raises(ProblemError) as caught:
        snapshot_from_problem(problem)

    [fault] = caught.value.faults
    assert fault.place == place
    assert message in fault.message
