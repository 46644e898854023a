"""The judge finds every fault of a schedule, names it, and has nothing against a good one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from scheduler_core.problem import (
    Calendar,
    Downtime,
    Family,
    Lock,
    Machine,
    Problem,
    SpecialDay,
    Task,
    TaskStatus,
)
from scheduler_core.schedule import Schedule, ScheduledTask
from scheduler_core.validation import ViolationKind, validate

H = 3600
D = 24 * H
Entries = list[Any]
Plan = Callable[[], dict[str, ScheduledTask]]


@pytest.fixture
def problem() -> Problem:
    """Return a shop with a release, alternatives, a running task and one locked by the planner."""
    running = Task(
        10, "cut", ("M2",), (2 * H,), TaskStatus.IN_PROGRESS, lock=Lock("M2", start=-1 * H)
    )
    locked = Task(20, "fold", ("M1", "M2"), (1 * H, 1 * H), lock=Lock("M2", start=2 * H))
    return Problem(
        families=(
            Family(
                "A",
                (
                    Task(10, "punch", ("M1",), (2 * H,)),
                    Task(20, "weld", ("M1", "M2"), (3 * H, 4 * H)),
                ),
                due=24 * H,
                release=1 * H,
            ),
            Family("B", (running, locked, Task(30, "paint", ("M3",), (5 * H,))), due=6 * H),
            Family("C", (Task(5, "pack", ("M1",), (1 * H,)),), due=-2 * H),
        ),
        machines=(Machine("M1"), Machine("M2"), Machine("M3")),
    )


def good() -> dict[str, ScheduledTask]:
    """Return the entries of a valid schedule of the shop, by a short name."""
    return {
        "B10": ScheduledTask("B", 10, "cut", "M2", -1 * H, 1 * H),
        "C5": ScheduledTask("C", 5, "pack", "M1", 0, 1 * H),
        "A10": ScheduledTask("A", 10, "punch", "M1", 1 * H, 3 * H),
        "B20": ScheduledTask("B", 20, "fold", "M2", 2 * H, 3 * H),
        "A20": ScheduledTask("A", 20, "weld", "M2", 3 * H, 7 * H),
        "B30": ScheduledTask("B", 30, "paint", "M3", 3 * H, 8 * H),
    }


@pytest.fixture
def shifts() -> Problem:
    """Return a shop with a night and a day shift, a holiday, downtime and a running task.

    Time zero is Monday 00:00. No night begins on Wednesday; D has a break from 12 to 13, and stands
    still on Tuesday from 8 to 10; Z has no shift but on one special day.
    """
    nights = tuple((day * D + 22 * H, day * D + 30 * H) for day in range(5))
    hours = ((6, 12), (13, 18))
    days = tuple(
        (day * D + start * H, day * D + end * H) for day in range(5) for start, end in hours
    )
    running = Task(
        10, "cut", ("D",), (4 * H,), TaskStatus.IN_PROGRESS, lock=Lock("D", start=-2 * H)
    )
    locked = Task(20, "fold", ("D", "R"), (2 * H, 2 * H), lock=Lock("D", start=13 * H))
    drill = (Task(10, "drill", ("D",), (6 * H,)), Task(20, "weld", ("R", "Z"), (2 * H, 2 * H)))
    return Problem(
        families=(
            Family("A", (Task(10, "mill", ("N",), (18 * H,)),), due=0),
            Family("B", (running, locked), due=0),
            Family("C", drill, due=0),
            Family("E", (Task(10, "wash", ("N",), (1 * H,)),), due=0),
            Family("F", (Task(10, "file", ("D",), (2 * H,)),), due=0),
            Family("G", (Task(10, "grind", ("D", "R"), (3 * H, 5 * H)),), due=0),
        ),
        machines=(
            Machine("N", Calendar("nights", 0, nights, (SpecialDay(2 * D),))),
            Machine("D", Calendar("days", 0, days), (Downtime(32 * H, 34 * H, "oil change"),)),
            Machine("R"),
            Machine("Z", Calendar("idle", 0, (), (SpecialDay(0, ((0, D),)),))),
        ),
    )


def good_shifts() -> dict[str, ScheduledTask]:
    """Return the entries of a valid schedule of the shop with shifts, by a short name."""
    return {
        # two nights of 8 hours, and 2 behind the holiday
        "A10": ScheduledTask("A", 10, "mill", "N", 22 * H, 96 * H),
        "B10": ScheduledTask("B", 10, "cut", "D", -2 * H, 10 * H),  # goes on from 6 to 10
        "B20": ScheduledTask("B", 20, "fold", "D", 13 * H, 15 * H),
        # Tuesday from 6 to 8, from 10 to 12 and from 13 to 15
        "C10": ScheduledTask("C", 10, "drill", "D", 30 * H, 39 * H),
        "C20": ScheduledTask("C", 20, "weld", "R", 45 * H, 47 * H),
        "E10": ScheduledTask("E", 10, "wash", "N", 96 * H, 97 * H),
        "F10": ScheduledTask("F", 10, "file", "D", 58 * H, 60 * H),  # Wednesday from 10 to 12
        "G10": ScheduledTask("G", 10, "grind", "D", 15 * H, 18 * H),
    }


def changed(name: str, plan: Plan = good, **fields: Any) -> Callable[[], Entries]:
    """Return a maker of a good schedule with one entry changed."""
    return lambda: list({**plan(), name: replace(plan()[name], **fields)}.values())


def timed(name: str, start: float, end: float, machine: str | None = None) -> Callable[[], Entries]:
    """Return a maker of the good schedule with shifts, one entry at other times, in hours."""
    machine = machine or good_shifts()[name].machine
    times = {"start": round(start * H), "end": round(end * H)}
    return changed(name, good_shifts, machine=machine, **times)


def moved(name: str, hours: float, machine: str | None = None) -> Callable[[], Entries]:
    """Return a maker of the good schedule with one entry moved in time, perhaps in machine."""
    old = good()[name]
    start = int(hours * H)
    end = start + old.end - old.start
    return changed(name, start=start, end=end, machine=machine or old.machine)


def without(*names: str) -> Callable[[], Entries]:
    """Return a maker of the good schedule with entries left out."""
    return lambda: [entry for name, entry in good().items() if name not in names]


def added(entry: Any) -> Callable[[], Entries]:
    """Return a maker of the good schedule with an entry more."""
    return lambda: [*good().values(), entry]


NOT_TIMES = {"string": "3", "float": 3.5, "whole float": 10800.0, "none": None, "bool": True,
             "nan": float("nan"), "list": [1], "beyond 64 bits": 10**5000}  # fmt: skip

BROKEN: dict[str, tuple[Callable[[], Entries], str, str]] = {
    "no such family": (changed("C5", family_id="X"), "families.X.tasks[sequence 5]",
                       "unknown family, missing task"),
    "family id is no text": (changed("C5", family_id=["C"]), "families.a value of type list",
                             "unknown family, missing task"),
    "no such sequence": (changed("A20", sequence=21), "families.A.tasks[sequence 21]",
                         "unknown task, missing task"),
    "sequence is no integer": (changed("A20", sequence=20.0), "[sequence 20.0]",
                               "unknown task, missing task"),
    "sequence is unhashable": (changed("A20", sequence=[20]), "a value of type list",
                               "unknown task, missing task"),
    "sequence beyond printing": (changed("A20", sequence=10**5000), "beyond 64 bits",
                                 "unknown task, missing task"),
    "no such machine": (changed("B30", machine="M9"), "'M9'", "unknown machine"),
    "machine is no text": (changed("B30", machine={}), "type dict", "unknown machine"),
    "machine cannot do it": (moved("C5", 0, "M3"), "'M3', which cannot do it; only 'M1' can",
                             "incapable machine"),
    "machine of several cannot": (moved("A20", 8, "M3"), "2 machines can, 'M1' among them",
                                  "incapable machine"),
    "other name": (changed("A10", process_name="drill"), "is called 'drill'", "renamed task"),
    "name is no text": (changed("A10", process_name=7), "its process is 'punch'", "renamed task"),
    "too short": (changed("B30", end=8 * H - 1), "takes 4.9997 h on 'M3', but must take 5.00 h",
                  "wrong duration"),
    "too long": (changed("B30", end=9 * H), "takes 6.00 h", "wrong duration"),
    "no time at all": (changed("B30", end=3 * H), "takes 0.00 h", "wrong duration"),
    "time of the other machine": (changed("A20", machine="M1"), "must take 3.00 h",
                                  "wrong duration"),
    "ends before it starts": (changed("B30", end=2 * H), "ends at 2.00 h, before it starts",
                              "end before start"),
    "before the release": (lambda: [
        *without("C5", "A10")(),
        replace(good()["C5"], start=8 * H, end=9 * H),
        replace(good()["A10"], start=H // 2, end=H // 2 + 2 * H),
    ], "starts at 0.50 h, before the release of its family at 1.00 h", "before release"),
    "before time zero": (moved("C5", -2), "starts at -2.00 h, before time zero",
                         "before time zero"),
    "before time zero and release": (moved("A10", -3), "before the release",
                                     "before time zero, before release"),
    "running task moved": (moved("B10", 0), "locked to start at -1.00 h on 'M2'", "lock moved"),
    "locked task later": (moved("B20", 9), "locked to start at 2.00 h",
                          "lock moved, family order"),
    "locked task elsewhere": (moved("B20", 2, "M1"), "on 'M1', but is locked",
                              "lock moved, machine overlap"),
    "nothing placed": (list, "families.A.tasks[sequence 10]: is not in the schedule",
                       ", ".join(["missing task"] * 6)),
    "first task missing": (without("A10"), "families.A.tasks[sequence 10]", "missing task"),
    "last task missing": (without("B30"), "families.B.tasks[sequence 30]", "missing task"),
    "locked task missing": (without("B20"), "families.B.tasks[sequence 20]", "missing task"),
    "placed again elsewhere": (
        added(ScheduledTask("C", 5, "pack", "M1", 20 * H, 21 * H)),
        "families.C.tasks[sequence 5]: is in the schedule 2 times", "duplicate task"),
    "placed again in place": (added(good()["C5"]), "2 times", "duplicate task, machine overlap"),
    "does not wait for the one before": (
        moved("B30", 2.5), "families.B.tasks[sequence 30]: starts at 2.50 h, before task 20 of "
        "the family ends at 3.00 h", "family order"),
    "one second too early": (changed("B30", start=3 * H - 1, end=8 * H - 1),
                             "starts at 2.9997 h, before task 20", "family order"),
    "tasks of a family swapped": (lambda: [
        *without("A10", "A20")(),
        ScheduledTask("A", 20, "weld", "M2", 3 * H, 7 * H),
        ScheduledTask("A", 10, "punch", "M1", 7 * H, 9 * H),
    ], "before task 10 of the family ends at 9.00 h", "family order"),
    "order broken across a missing task": (
        lambda: [*without("B20", "B30")(), replace(good()["B30"], start=0, end=5 * H)],
        "before task 10 of the family ends at 1.00 h", "missing task, family order"),
    "two tasks on a machine": (
        moved("C5", 1.5), "starts at 1.50 h on 'M1', while families.A.tasks[sequence 10] runs "
        "there until 3.00 h", "machine overlap"),
    "one second of overlap": (moved("C5", 1 / H), "while families.C.tasks[sequence 5] runs there",
                              "machine overlap"),
    "overlap with an unknown task": (
        added(ScheduledTask("X", 1, "?", "M3", 7 * H, 9 * H)), "families.B.tasks[sequence 30]",
        "unknown family, machine overlap"),
    "not a task": (added({"family_id": "A"}), "schedule[6]: must be a scheduled task",
                   "not a task"),
    **{f"start is {name}": (changed("B30", start=value), "start must be an int", "invalid time")
       for name, value in NOT_TIMES.items()},
    **{f"end is {name}": (changed("B30", end=value), "end must be an int", "invalid time")
       for name, value in NOT_TIMES.items()},
    "both times wrong": (changed("B30", start="a", end="b"), "got 'b'",
                         "invalid time, invalid time"),
}  # fmt: skip

SECOND = 1 / H
BROKEN_SHIFTS: dict[str, tuple[Callable[[], Entries], str, str]] = {
    "starts in the break": (
        timed("F10", 60, 63), "starts at 60.00 h, when 'D' has no shift; it works next from "
        "61.00 h", "outside working time"),
    "starts in downtime": (
        timed("C10", 33, 41), "starts at 33.00 h, when 'D' has downtime (oil change); it works "
        "next from 34.00 h", "outside working time"),
    "starts a second before the shift": (
        timed("F10", 54 - SECOND, 56), "starts at 53.9997 h", "outside working time"),
    "starts as the shift ends": (
        timed("E10", 102, 119), "it works next from 118.00 h", "outside working time"),
    "starts on the holiday": (
        timed("E10", 71, 95), "it works next from 94.00 h",
        "outside working time, machine overlap"),
    "all of it on the holiday": (
        timed("E10", 71, 72), "works 0.00 h on 'N', with pauses of 1.00 h, but must work 1.00 h",
        "outside working time, machine overlap, wrong duration"),
    "in the pause of another": (
        timed("E10", 55, 95), "starts at 55.00 h on 'N', while families.A.tasks[sequence 10] runs "
        "there until 96.00 h", "outside working time, machine overlap"),
    "ends a second early": (
        timed("F10", 58, 60 - SECOND), "works 1.9997 h on 'D', but must work 2.00 h there, until "
        "60.00 h", "wrong duration"),
    "ends a second late": (
        timed("C10", 30, 39 + SECOND), "works 6.0003 h on 'D', with pauses of 3.00 h, but must "
        "work 6.00 h there, until 39.00 h", "wrong duration"),
    "ends a second into the break": (
        timed("F10", 58, 60 + SECOND), "has worked its 2.00 h on 'D' by 60.00 h, so it must end "
        "then, not at 60.0003 h after a pause", "wrong duration"),
    "ends as the break does": (timed("F10", 58, 61), "not at 61.00 h", "wrong duration"),
    "takes no pause": (
        timed("A10", 22, 40), "works 8.00 h on 'N', with pauses of 10.00 h, but must work 18.00 h "
        "there, until 96.00 h", "wrong duration"),
    "works through the holiday": (
        timed("A10", 22, 72), "works 16.00 h on 'N', with pauses of 34.00 h", "wrong duration"),
    "stops at midnight before the holiday": (
        timed("A10", 22, 102), "works 24.00 h on 'N'", "machine overlap, wrong duration"),
    "works through the downtime": (
        timed("C10", 30, 36), "works 4.00 h on 'D', with pauses of 2.00 h", "wrong duration"),
    "works through the break": (
        timed("C10", 30, 38), "works 5.00 h on 'D', with pauses of 3.00 h", "wrong duration"),
    "time of the other machine in a shift": (
        timed("G10", 15, 20), "has worked its 3.00 h on 'D' by 18.00 h", "wrong duration"),
    "time of the machine with shifts": (
        timed("G10", 15, 18, "R"), "takes 3.00 h on 'R', but must take 5.00 h there",
        "wrong duration"),
    "machine without shifts": (
        timed("C20", 45, 47, "Z"), "runs on 'Z', which has no shift in its week",
        "outside working time"),
    "machine without shifts, on its special day": (
        timed("C20", 1, 3, "Z"), "no shift in its week", "family order, outside working time"),
    "running task does not pause": (
        timed("B10", -2, 2), "works 0.00 h on 'D', with pauses of 4.00 h, but must work 4.00 h "
        "there, until 10.00 h", "wrong duration"),
    "running task starts with the shift": (
        timed("B10", 6, 10), "locked to start at -2.00 h", "lock moved"),
    "lock in another shift": (timed("B20", 54, 56), "locked to start at 13.00 h", "lock moved"),
    "lock in the break": (
        timed("B20", 12, 15), "starts at 12.00 h, when 'D' has no shift",
        "lock moved, outside working time"),
    "lock on another machine": (timed("B20", 13, 15, "R"), "on 'R', but is locked", "lock moved"),
    "before time zero and the shift": (
        timed("F10", -7, -5), "starts at -7.00 h, when 'D' has no shift; it works next from 6.00 h",
        "before time zero, outside working time, wrong duration"),
    "ends before it starts in the break": (
        timed("F10", 60, 59), "ends at 59.00 h", "end before start, outside working time"),
    "times at the end of 64 bits": (
        changed("F10", good_shifts, start=2**63 - 2 * D, end=2**63 - 1), "works 2",
        "wrong duration"),
    "task of millions of years": (
        changed("F10", good_shifts, end=2**63 - 1), "but must work 2.00 h there, until 60.00 h",
        "wrong duration"),
}  # fmt: skip


def test_validate_hand_made_schedule_finds_nothing(problem: Problem) -> None:
    """The schedule that all the broken ones differ from is itself fine, in any order."""
    entries = tuple(good().values())
    assert validate(problem, Schedule(entries, "hand")) == []
    assert validate(problem, Schedule(entries[::-1], "hand")) == []


def test_validate_hand_made_schedule_with_shifts_finds_nothing(shifts: Problem) -> None:
    """Tasks pause in breaks, by day, over a holiday and in downtime, and then go on."""
    entries = tuple(good_shifts().values())
    assert validate(shifts, Schedule(entries, "hand")) == []
    assert validate(shifts, Schedule(entries[::-1], "hand")) == []


def test_validate_empty_schedule_of_empty_shop_finds_nothing() -> None:
    """A shop where everything is done needs no tasks."""
    assert validate(Problem((), (Machine("M1"),)), Schedule((), "hand")) == []


@pytest.mark.parametrize(("make", "words", "kinds"), BROKEN.values(), ids=BROKEN.keys())
def test_validate_one_mutation_is_found_and_named(
    problem: Problem, make: Callable[[], Entries], words: str, kinds: str
) -> None:
    """One change to a good schedule gives exactly the violations it causes, with their words."""
    violations = validate(problem, Schedule(tuple(make()), "hand"))

    assert sorted(str(each.kind) for each in violations) == sorted(kinds.split(", "))
    assert any(words in str(each) for each in violations)


@pytest.mark.parametrize(
    ("make", "words", "kinds"), BROKEN_SHIFTS.values(), ids=BROKEN_SHIFTS.keys()
)
def test_validate_one_mutation_with_shifts_is_found_and_named(
    shifts: Problem, make: Callable[[], Entries], words: str, kinds: str
) -> None:
    """The same where machines have hours: what is worked counts, and where it may begin and end."""
    violations = validate(shifts, Schedule(tuple(make()), "hand"))

    assert sorted(str(each.kind) for each in violations) == sorted(kinds.split(", "))
    assert any(words in str(each) for each in violations)


def test_violation_kinds_are_all_caught_by_some_mutation() -> None:
    """No kind is only declared."""
    rows = [*BROKEN.values(), *BROKEN_SHIFTS.values()]
    caught = {kind for _, _, kinds in rows for kind in kinds.split(", ")}
    assert caught == {str(kind) for kind in ViolationKind}


def test_validate_several_faults_are_all_found(problem: Problem) -> None:
    """One fault does not hide another, not even in the same entry."""
    entry = replace(good()["B30"], machine="M9", process_name="x", start=2 * H, end=1 * H)
    entries = [*without("B30", "C5")(), entry]
    kinds = {each.kind for each in validate(problem, Schedule(tuple(entries), "hand"))}
    assert kinds == {
        ViolationKind.UNKNOWN_MACHINE,
        ViolationKind.RENAMED_TASK,
        ViolationKind.END_BEFORE_START,
        ViolationKind.FAMILY_ORDER,
        ViolationKind.MISSING_TASK,
    }


def test_validate_long_task_over_two_short_ones_names_each(problem: Problem) -> None:
    """Each task that starts under the long one is named, not only its neighbour in time."""
    long = ScheduledTask("X", 1, "?", "M3", 0, 20 * H)
    other = ScheduledTask("X", 2, "?", "M3", 9 * H, 10 * H)
    overlaps = [
        str(each)
        for each in validate(problem, Schedule((*good().values(), long, other), "hand"))
        if each.kind is ViolationKind.MACHINE_OVERLAP
    ]
    assert overlaps == [
        "families.B.tasks[sequence 30]: starts at 3.00 h on 'M3', while "
        "families.X.tasks[sequence 1] runs there until 20.00 h",
        "families.X.tasks[sequence 2]: starts at 9.00 h on 'M3', while "
        "families.X.tasks[sequence 1] runs there until 20.00 h",
    ]


def test_validate_locked_task_before_its_release_is_accepted() -> None:
    """The planner's lock stands above the release: the task is where it must be."""
    task = Task(1, "cut", ("M1",), (H,), lock=Lock("M1", start=0))
    shop = Problem((Family("A", (task,), due=0, release=5 * H),), (Machine("M1"),))
    schedule = Schedule((ScheduledTask("A", 1, "cut", "M1", 0, H),), "hand")
    assert validate(shop, schedule) == []
