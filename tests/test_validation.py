"""The judge finds every fault of a schedule, names it, and has nothing against a good one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from scheduler_core.problem import Family, Lock, Machine, Problem, Task, TaskStatus
from scheduler_core.schedule import Schedule, ScheduledTask
from scheduler_core.validation import ViolationKind, validate

H = 3600
Entries = list[Any]


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


def changed(name: str, **fields: Any) -> Callable[[], Entries]:
    """Return a maker of the good schedule with one entry changed."""
    return lambda: list({**good(), name: replace(good()[name], **fields)}.values())


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


def test_validate_hand_made_schedule_finds_nothing(problem: Problem) -> None:
    """The schedule that all the broken ones differ from is itself fine, in any order."""
    entries = tuple(good().values())
    assert validate(problem, Schedule(entries, "hand")) == []
    assert validate(problem, Schedule(entries[::-1], "hand")) == []


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


def test_violation_kinds_are_all_caught_by_some_mutation() -> None:
    """No kind is only declared."""
    caught = {kind for _, _, kinds in BROKEN.values() for kind in kinds.split(", ")}
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
