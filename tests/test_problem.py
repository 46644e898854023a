"""The parts of a problem refuse what no shop could mean, and say where and why."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import FrozenInstanceError, replace
from typing import Any

import pytest

from scheduler_core.errors import ProblemError, SchedulerError
from scheduler_core.problem import Family, Lock, Machine, Problem, Task, TaskStatus

RUNNING = TaskStatus.IN_PROGRESS


def task(sequence: int = 10, machine: str = "M1", duration: int = 100, **fields: Any) -> Task:
    """Return a task on one machine."""
    return Task(sequence, f"step {sequence}", (machine,), (duration,), **fields)


def locked(sequence: int, start: int, duration: int = 100, machine: str = "M1") -> Task:
    """Return a task that the planner has fixed."""
    return task(sequence, machine, duration, lock=Lock(machine, start))


def family(*tasks: Task, id: str = "A", **fields: Any) -> Family:
    """Return a family due after 1,000 seconds."""
    return Family(id, tasks, due=1000, **fields)


def shop(*families: Family, machines: tuple[str, ...] = ("M1", "M2")) -> Problem:
    """Return a problem with the named machines."""
    return Problem(families, tuple(Machine(name) for name in machines))


BROKEN: dict[str, tuple[Callable[[], Any], str]] = {
    "no capable machine": (
        lambda: Task(7, "x", (), ()),
        "task 7: needs at least one capable machine, got none",
    ),
    "machine twice": (
        lambda: Task(7, "x", ("M1", "M1"), (1, 2)),
        "task 7: capable machines must be distinct, got one twice",
    ),
    "too few durations": (
        lambda: Task(7, "x", ("M1", "M2"), (1,)),
        "task 7: needs one duration per capable machine, got 1 for 2",
    ),
    "no duration": (lambda: task(duration=0), "task 10: durations must be > 0 seconds, got 0"),
    "negative duration": (lambda: task(duration=-5), "durations must be > 0 seconds, got -5"),
    "lock on a machine that cannot": (
        lambda: task(lock=Lock("M2", 0)),
        "locked to machine 'M2', which is not one of its capable machines",
    ),
    "running without a lock": (
        lambda: task(status=RUNNING),
        "is in progress, so it needs a lock with its machine and start",
    ),
    "running from the future": (
        lambda: task(status=RUNNING, lock=Lock("M1", 1)),
        "must start at or before 0, got 1 s",
    ),
    "locked in the past": (lambda: locked(10, -1), "its locked start must be >= 0, got -1 s"),
    "family without tasks": (lambda: family(), "families.A: needs at least one task, got none"),
    "negative release": (lambda: family(task(), release=-1), "release must be >= 0 seconds"),
    "weight zero": (
        lambda: family(task(), weight=0.0),
        "weight must be > 0, 1e-06 to 1e+06, got 0.0",
    ),
    "weight infinite": (lambda: family(task(), weight=float("inf")), "weight must be > 0"),
    "weight not a number": (lambda: family(task(), weight=float("nan")), "weight must be > 0"),
    "weight beyond a float": (lambda: family(task(), weight=10**400), "to 1e+06, got 1"),
    "weight that vanishes": (lambda: family(task(), weight=1e-300), "got 1e-300"),
    "weight that overflows": (lambda: family(task(), weight=1e308), "got 1e+308"),
    "time in floats": (
        lambda: Task(7, "x", ("M1", "M2"), (1, 2.5)),  # type: ignore[arg-type]
        "durations must be whole seconds, got 2.5",
    ),
    "time beyond 64 bits": (
        lambda: task(duration=2**62),
        "task 10: durations must be <= 10000000000 seconds, got 4611686018427387904",
    ),
    "lock beyond 64 bits": (
        lambda: locked(10, 2**70),
        "locked start must be whole seconds within +-10000000000, got 1180591620717411303424",
    ),
    "due date in floats": (
        lambda: Family("A", (task(),), due=0.5),  # type: ignore[arg-type]
        "families.A: due must be whole seconds within +-10000000000, got 0.5",
    ),
    "due date beyond 64 bits": (
        lambda: Family("A", (task(),), due=-(2**70)),
        "families.A: due must be whole seconds within",
    ),
    "release beyond 64 bits": (
        lambda: family(task(), release=2**70),
        "families.A: release must be whole seconds within",
    ),
    "sequence twice": (
        lambda: family(task(10), task(10)),
        "families.A: tasks must be in increasing order of sequence, got 10 after 10",
    ),
    "sequences out of order": (lambda: family(task(20), task(10)), "got 10 after 20"),
    "lock behind a free task": (
        lambda: family(task(10), locked(20, 500)),
        "task 20 is locked, so the task before it (10) must be locked, running or done too",
    ),
    "lock before its predecessor ends": (
        lambda: family(locked(10, 0), locked(20, 99)),
        "task 20 is locked to start at 99 s, before the locked task 10 ends",
    ),
    "no machines": (lambda: Problem((), ()), "machines: needs at least one machine, got none"),
    "machine name twice": (
        lambda: shop(machines=("M1", "M1")),
        "machines: names must be distinct, got 'M1' twice",
    ),
    "family id twice": (
        lambda: shop(family(task()), family(task())),
        "families: names must be distinct, got 'A' twice",
    ),
    "unknown machine": (
        lambda: shop(family(task(10, "M9"))),
        "families.A.tasks[sequence 10]: machine 'M9' is not in machines",
    ),
    "locks overlap": (
        lambda: shop(family(locked(10, 50), id="B"), family(locked(10, 149), id="C")),
        "families.C.tasks[sequence 10]: is locked on 'M1' while "
        "families.B.tasks[sequence 10] still runs there",
    ),
}


@pytest.mark.parametrize(("make", "words"), BROKEN.values(), ids=BROKEN.keys())
def test_problem_broken_rule_is_refused_by_name(make: Callable[[], Any], words: str) -> None:
    """Each rule has a sentence of its own."""
    with pytest.raises(ProblemError) as caught:
        make()

    assert words in str(caught.value)
    assert len(caught.value.faults) == 1
    assert isinstance(caught.value, SchedulerError)


def test_problem_several_broken_rules_are_all_reported() -> None:
    """A planner mends a file in one go, not fault by fault."""
    with pytest.raises(ProblemError) as caught:
        shop(family(task(10, "M8"), task(20, "M9")), family(task()), machines=("M1", "M1"))

    assert [fault.place for fault in caught.value.faults] == [
        "families",
        "machines",
        "families.A.tasks[sequence 10]",
        "families.A.tasks[sequence 20]",
    ]


def test_problem_locks_that_touch_are_accepted() -> None:
    """A machine may go from one locked task to the next without a pause."""
    problem = shop(
        family(task(10, status=RUNNING, lock=Lock("M1", -50)), locked(20, 50)),
        family(locked(10, 150), id="B"),
    )
    assert [each.num_locked for each in problem.families] == [2, 1]


def test_problem_empty_shop_is_accepted() -> None:
    """Where everything is done there is nothing to schedule."""
    problem = shop()
    assert problem.num_tasks == 0


def test_problem_counts_tasks_and_knows_their_times() -> None:
    """Locked tasks count too; each machine has its own time."""
    either = Task(20, "either", ("M1", "M2"), (70, 30))
    problem = shop(family(task(10), either), family(locked(5, 0), id="B"))
    assert problem.num_tasks == 3
    assert (either.shortest, either.duration_on("M1"), either.duration_on("M2")) == (30, 70, 30)


def test_problem_is_frozen() -> None:
    """A problem cannot be changed behind the back of what was computed from it."""
    with pytest.raises(FrozenInstanceError):
        family(task()).due = 5  # type: ignore[misc]
    with pytest.raises(ProblemError):
        replace(task(), durations=(0,))


@pytest.mark.parametrize(
    ("tasks", "release", "expected"),
    [
        # waits for its material: 40 + 100
        ((task(10),), 40, 140),
        # each on its fastest machine: 0 + 100 + 30
        ((task(10), Task(20, "x", ("M1", "M2"), (70, 30))), 0, 130),
        # the lock is kept, on its slower machine too: 500 + 70, then 100
        ((Task(10, "x", ("M1", "M2"), (70, 30), lock=Lock("M1", 500)), task(20)), 0, 670),
        # runs until 60, then waits for the release at 200: 200 + 100
        ((task(10, status=RUNNING, lock=Lock("M1", -40)), task(20)), 200, 300),
        # should have ended at -20; the rest cannot start before time zero: 0 + 100
        ((task(10, status=RUNNING, lock=Lock("M1", -120)), task(20)), 0, 100),
        # everything locked: the end of the last lock, even before the release
        ((locked(10, 0), locked(20, 300)), 1000, 400),
    ],
    ids=["release", "fastest", "locked", "running", "overdue", "all locked"],
)
def test_unhindered_completion_equals_hand_arithmetic(
    tasks: tuple[Task, ...], release: int, expected: int
) -> None:
    """A family alone in the shop waits only for its material, its locks and time zero."""
    assert family(*tasks, release=release).unhindered_completion == expected
