"""The parts of a problem refuse what no shop could mean, and say where and why."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import FrozenInstanceError, replace
from typing import Any

import pytest

from scheduler_core.errors import ProblemError, SchedulerError
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

RUNNING = TaskStatus.IN_PROGRESS
H, D = 3600, 86_400
IDLE = Calendar("idle", 0, (), (SpecialDay(0, ((0, D),)),))
"""No shift in its week, whatever its one special day says."""


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


def daily(*hours: tuple[int, int], special: tuple[SpecialDay, ...] = ()) -> Calendar:
    """Return a calendar with the same shifts, in hours, on every day."""
    shifts = [(day * D + start * H, day * D + end * H) for day in range(7) for start, end in hours]
    return Calendar("daily", 0, tuple(shifts), special)


def working(*families: Family, by: Calendar | None = None, **down: tuple[int, int]) -> Problem:
    """Return a problem with two machines, M1 by a calendar, and their downtime in hours."""
    stops = {name: (Downtime(a * H, b * H, "oil"),) for name, (a, b) in down.items()}
    machines = (Machine("M1", by, stops.get("M1", ())), Machine("M2", None, stops.get("M2", ())))
    return Problem(families, machines)


def special_days(*days: SpecialDay) -> Calendar:
    """Return a calendar of the week of a Monday at time zero."""
    return Calendar("C", 0, (), days)


LONG = daily((8, 16), special=(SpecialDay(16_000 * D),))
"""Of some 16,000 windows, up to the year that a typing error made of a holiday."""

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
        lambda: shop(family(locked(10, 0), locked(20, 99, machine="M2"))),
        "families.A: task 20 is locked to start at 99 s, before the locked task 10 ends",
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
    "week begins after time zero": (
        lambda: Calendar("two shifts", 1),
        "calendars.two shifts: week_start must be within the week before time zero, got 1",
    ),
    "week is over": (lambda: Calendar("C", -7 * D), "the week before time zero, got -604800"),
    "shift of no time": (
        lambda: Calendar("C", 0, ((8 * H, 8 * H),)),
        "calendars.C: shifts must start in their week and last at most a day, got 28800 to 28800 s",
    ),
    "shift of two days": (lambda: Calendar("C", 0, ((0, D + 1),)), "got 0 to 86401 s"),
    "shift of next week": (lambda: Calendar("C", 0, ((7 * D, 8 * D),)), "got 604800 to 691200 s"),
    "shift before Monday": (lambda: Calendar("C", 0, ((-1, H),)), "got -1 to 3600 s"),
    "special shift of another day": (
        lambda: special_days(SpecialDay(2 * D, ((D, D + H),))),
        "shifts must start in their special day and last at most a day, got 86400 to 90000 s",
    ),
    "special day begins at noon": (
        lambda: special_days(SpecialDay(D // 2)),
        "special days must begin at midnight, within +-10000000000 seconds, got 43200 s",
    ),
    "special day in another era": (lambda: special_days(SpecialDay(D * 10**6)), "+-10000000000"),
    "special day twice": (
        lambda: special_days(SpecialDay(D), SpecialDay(D, ((0, H),))),
        "special days must be distinct, got the one at 86400 s twice",
    ),
    "downtime of no time": (
        lambda: Downtime(5, 5),
        "downtime: must start before it ends, within +-10000000000 seconds, got 5 to 5",
    ),
    "downtime without end": (lambda: Downtime(0, 2**40), "got 0 to 1099511627776"),
    "calendar of too many shifts": (
        lambda: working(by=daily(*[(8, 16)] * 7, special=(SpecialDay(100_000 * D),))),
        "calendars.daily: special days and downtime must need at most 200000 windows",
    ),
    "too many shifts together": (
        lambda: Problem((), tuple(Machine(f"M{i}", LONG) for i in range(400))),
        "machines: must need at most 5000000 windows of working time together, got 6408800; "
        "bring special days and downtime closer to time zero",
    ),
    "machine too slow for the years": (
        lambda: working(family(task(10, "M2", 10**10)), by=Calendar("C", 0, ((0, 1),))),
        "machines: 'M1' must work at least 2 s a week where tasks take 10000000000 s together, "
        "got 1 s",
    ),
    "no machine with shifts": (
        lambda: working(family(task(10)), by=IDLE),
        "families.A.tasks[sequence 10]: can only be done on machines that have no shift in their "
        "week, such as 'M1'",
    ),
    "lock on a machine without shifts": (
        lambda: working(family(Task(10, "x", ("M1", "M2"), (9, 9), lock=Lock("M1", 0))), by=IDLE),
        "families.A.tasks[sequence 10]: is locked on 'M1', which has no shift in its week",
    ),
    "lock in a break": (
        lambda: working(family(locked(10, 12 * H)), by=daily((8, 12), (13, 17))),
        "families.A.tasks[sequence 10]: is locked to start at 43200 s, when 'M1' does not work",
    ),
    "lock in downtime": (
        lambda: working(family(locked(10, 3 * H)), M1=(3, 4)),
        "is locked to start at 10800 s, when 'M1' does not work",
    ),
    "lock on a holiday": (
        lambda: working(family(locked(10, 9 * H)), by=daily((8, 12), special=(SpecialDay(0),))),
        "is locked to start at 32400 s, when 'M1' does not work",
    ),
    "lock before its predecessor has paused": (
        lambda: working(
            family(locked(10, 11 * H, 2 * H), locked(20, 14 * H - 1, machine="M2")),
            by=daily((8, 12), (13, 17)),
        ),
        "task 20 is locked to start at 50399 s, before the locked task 10 ends",
    ),
    "lock behind a break that a running task pauses in": (
        lambda: working(
            family(task(10, duration=3 * H, status=RUNNING, lock=Lock("M1", -H))),
            family(locked(10, 3 * H), id="B"),
            M1=(1, 3),
        ),
        "families.B.tasks[sequence 10]: is locked on 'M1' while families.A.tasks[sequence 10]",
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


def test_problem_unknown_names_hide_what_depends_on_them() -> None:
    """Which machine has no shifts, and whether locks overlap, can only be told of known ones."""
    families = (family(locked(10, 0)), family(locked(10, 0), task(20, "M9"), id="B"))
    with pytest.raises(ProblemError) as caught:
        Problem(families, (Machine("M1", IDLE),))
    assert [fault.message for fault in caught.value.faults] == ["machine 'M9' is not in machines"]

    with pytest.raises(ProblemError, match="has no shift in its week") as caught:
        working(*families[:1], family(locked(10, 0), id="B"), by=IDLE)
    assert "still runs there" not in str(caught.value)


def test_problem_lock_in_a_pause_is_accepted_of_what_runs() -> None:
    """What runs has started, whatever the calendar says of that hour; it goes on at eight."""
    running = task(10, duration=2 * H, status=RUNNING, lock=Lock("M1", -H))
    problem = working(family(running, locked(20, 10 * H)), by=daily((8, 12)))
    assert problem.lock_ends() == {("A", 10): 10 * H, ("A", 20): 10 * H + 100}


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
    problem = shop(family(*tasks, release=release), family(task(), id="B"))
    assert problem.unhindered_completions() == {"A": expected, "B": 100}


@pytest.mark.parametrize(
    ("tasks", "down", "expected"),
    [
        # from 11 to 12 and from 13 to 14; the second one on M2, round the clock
        ((task(10, duration=2 * H), task(20, "M2", H)), {}, 15),
        # M1 would pause and be done at 16, M2 at 15; then M1 from 15 to 17
        ((Task(10, "x", ("M1", "M2"), (4 * H, 4 * H)), task(20, duration=2 * H)), {}, 17),
        # where M2 stands still from 12 to 16 it is M1, at 16; then 16 to 17 and 8 to 9
        ((Task(10, "x", ("M1", "M2"), (4 * H, 4 * H)), task(20, duration=2 * H)),
         {"M2": (12, 16)}, 33),
        # the day ends at 17, the next one begins at 8: 5 hours before, one behind
        ((task(10, duration=6 * H),), {}, 33),
        # downtime until 15 leaves two hours of the first day
        ((task(10, duration=3 * H),), {"M1": (9, 15)}, 33),
        # the lock on M2 pauses: 10 to 11, 12 to 13; then M1 from 13
        ((Task(10, "x", ("M2",), (2 * H,), lock=Lock("M2", 10 * H)), task(20, duration=H)),
         {"M2": (11, 12)}, 14),
    ],
    ids=["pause", "other machine", "downtime elsewhere", "night", "downtime", "locked"],
)  # fmt: skip
def test_unhindered_completion_with_pauses_equals_hand_arithmetic(
    tasks: tuple[Task, ...], down: dict[str, tuple[int, int]], expected: int
) -> None:
    """M1 works from 8 to 12 and from 13 to 17; the material is there at 11."""
    problem = working(family(*tasks, release=11 * H), by=daily((8, 12), (13, 17)), **down)
    assert problem.unhindered_completions() == {"A": expected * H}


def test_unhindered_completion_never_counts_on_a_machine_without_shifts() -> None:
    """A special day alone makes no machine an option: 9 hours on the other one."""
    either = Task(10, "x", ("M1", "M2"), (H, 9 * H))
    assert working(family(either), by=IDLE).unhindered_completions() == {"A": 9 * H}
