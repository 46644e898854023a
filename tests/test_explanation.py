"""What tasks waited for, and why a family is late, on shops worked out by hand."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

import pytest

from scheduler_core.explanation import Floor, RootKind, WaitKind, reasons, why_late
from scheduler_core.problem import Calendar, Downtime, Family, Lock, Machine, Problem, Task
from scheduler_core.schedule import Schedule, ScheduledTask
from scheduler_core.validation import validate
from tests.builders import HOUR


def task(sequence: int, machine: str, hours: int, lock: int | None = None) -> Task:
    """Return a task, perhaps locked to start at an hour."""
    fixed = None if lock is None else Lock(machine, lock * HOUR)
    return Task(sequence, f"P{sequence}", (machine,), (hours * HOUR,), lock=fixed)


def plan(problem: Problem, **starts: tuple[int, ...]) -> Schedule:
    """Return the schedule in which the tasks of each family start at these hours; it is valid."""
    machines = {machine.name: machine for machine in problem.machines}
    placed = []
    for family in problem.families:
        for each, start in zip(family.tasks, starts[family.id], strict=True):
            machine = machines[each.machines[0]]
            end = machine.working_time.finish(start * HOUR, each.durations[0])
            name = each.process_name
            placed.append(
                ScheduledTask(family.id, each.sequence, name, machine.name, start * HOUR, end)
            )
    schedule = Schedule(tuple(sorted(placed, key=lambda each: each.start)), "hand")
    assert validate(problem, schedule) == []
    return schedule


def queue() -> tuple[Problem, Schedule]:
    """Return LAST behind FIRST and EASY on M2; FIRST came late, for M1 was busy with OLD.

    M1: OLD 0-6, FIRST 6-8. M2: FIRST 8-18, EASY 18-20, LAST (ready at 3, after M3) 20-25.
    """
    problem = Problem(
        (
            Family("OLD", (task(1, "M1", 6),), due=10 * HOUR),
            Family("FIRST", (task(1, "M1", 2), task(2, "M2", 10)), due=12 * HOUR),
            Family("EASY", (task(1, "M2", 2),), due=90 * HOUR),
            Family("LAST", (task(10, "M3", 3), task(20, "M2", 5)), due=9 * HOUR),
        ),
        (Machine("M1"), Machine("M2"), Machine("M3")),
    )
    return problem, plan(problem, OLD=(0,), FIRST=(6, 8), EASY=(18,), LAST=(0, 20))


def kinds(problem: Problem, schedule: Schedule, family: str, sequence: int) -> list[object]:
    """Return the waits of a task as kind, hours, and the family in the way."""
    floor = Floor(problem, schedule)
    placed = floor.task(family, sequence)
    assert placed is not None
    return [
        (wait.kind, wait.seconds // HOUR, wait.task.family_id if wait.task else wait.reason)
        for wait in floor.waits(placed).waits
    ]


def test_waits_of_a_task_name_who_held_the_machine_in_order() -> None:
    """LAST is ready at 3: M2 is kept free for FIRST until 8, then held for 12 h."""
    assert kinds(*queue(), "LAST", 20) == [
        (WaitKind.PREDECESSOR, 3, "LAST"),
        (WaitKind.KEPT_FREE, 5, "FIRST"),
        (WaitKind.BUSY, 10, "FIRST"),
        (WaitKind.BUSY, 2, "EASY"),
    ]


def test_waits_tell_closed_from_down_from_material() -> None:
    """A day shift from 6 to 18, material at 2, a repair from 4 to 10: ready at 2, start at 10.

    Closed 2 to 6, down 6 to 10: at night a machine that is down is closed first.
    """
    days = Calendar("days", 0, tuple((24 * day + 6, 24 * day + 18) for day in range(7)))
    shifts = tuple((start * HOUR, end * HOUR) for start, end in days.shifts)
    days = replace(days, shifts=shifts)
    machine = Machine("M", days, (Downtime(4 * HOUR, 10 * HOUR, "belt"),))
    family = Family("F", (task(1, "M", 2),), due=5 * HOUR, release=2 * HOUR)
    problem = Problem((family,), (machine,))
    schedule = plan(problem, F=(10,))
    assert kinds(problem, schedule, "F", 1) == [
        (WaitKind.MATERIAL, 2, ""),
        (WaitKind.CLOSED, 4, ""),
        (WaitKind.DOWN, 4, "belt"),
    ]
    story = why_late(problem, schedule, "F")
    assert story.root is not None
    assert story.root.kind is RootKind.CLOSED
    assert story.late == story.unhindered - family.due == 7 * HOUR


def test_waits_before_a_lock_are_the_planners() -> None:
    """FREE does not fit before LOCKED at 3; LOCKED itself waits because it is fixed."""
    problem = Problem(
        (
            Family("LOCKED", (task(1, "M", 2, lock=3),), due=HOUR),
            Family("FREE", (task(1, "M", 4),), due=HOUR),
        ),
        (Machine("M"),),
    )
    schedule = plan(problem, LOCKED=(3,), FREE=(5,))
    assert kinds(problem, schedule, "LOCKED", 1) == [(WaitKind.LOCK, 3, "")]
    assert kinds(problem, schedule, "FREE", 1) == [
        (WaitKind.LOCK, 3, "LOCKED"),
        (WaitKind.BUSY, 2, "LOCKED"),
    ]


def test_story_of_a_late_family_goes_back_to_the_work_at_the_start() -> None:
    """LAST waits on M2 behind FIRST, which waited on M1 behind OLD, which ran at time zero."""
    problem, schedule = queue()
    story = why_late(problem, schedule, "LAST")
    assert (story.late, story.waited) == (16 * HOUR, 17 * HOUR)
    assert [hop.step.task.family_id for hop in story.hops] == ["LAST", "FIRST"]
    assert [hop.run[0].family_id for hop in story.hops] == ["FIRST", "OLD"]
    assert story.root is not None
    assert (story.root.kind, story.root.task.family_id) == (RootKind.START, "OLD")
    assert [each.family_id for each in story.in_the_way()] == ["FIRST", "EASY", "FIRST", "OLD"]


def test_sentences_of_a_late_family_read_as_a_planner_would_say_it() -> None:
    """All of it, word for word."""
    problem, schedule = queue()
    assert reasons(problem, why_late(problem, schedule, "LAST")) == [
        "LAST is 16.0 h late: it was due 9.0 h.",
        "Its step 20 waited 17.0 h on M2: 10.0 h for FIRST, 5.0 h because it was kept free for "
        "FIRST and 2.0 h for EASY.",
        "FIRST and EASY are due later.",
        "When it came to the machine, FIRST had been there since 8.0 h.",
        "FIRST was late there: its step 1 waited 6.0 h on M1 for OLD; OLD had been there from the "
        "start.",
        "All of this began with work that was in the shop from the start.",
        "Nothing forces it: alone in the shop it would have 1.0 h to spare.",
    ]


@pytest.mark.parametrize(
    ("due", "release", "words"),
    [
        (-5, 0, "Alone in the shop it would still be 8.0 h late: it was due before this snapshot"),
        (2, 0, "Alone in the shop it would still be 1.0 h late: its steps take 3.0 h from now on."),
        (2, 4, "its material comes Wed 06 Aug 12:00, after that."),
        (5, 4, "its material comes Wed 06 Aug 12:00, and its steps take 3.0 h from there."),
        (9, 4, "Alone in the shop it would have 2.0 h to spare."),
    ],
)
def test_sentences_say_what_nobody_could_avoid(due: int, release: int, words: str) -> None:
    """Three hours of work against a due time and a material arrival."""
    family = Family("F", (task(1, "M", 3),), due=due * HOUR, release=release * HOUR)
    problem = Problem((family,), (Machine("M"),), datetime(2025, 8, 6, 8))
    schedule = plan(problem, F=(release,))
    assert words in reasons(problem, why_late(problem, schedule, "F"))[-1]


def test_story_of_a_family_with_a_task_left_out_says_so() -> None:
    """Without its second step FIRST never ends; what is there is still told."""
    problem, schedule = queue()
    kept = tuple(each for each in schedule if (each.family_id, each.sequence) != ("FIRST", 2))
    story = why_late(problem, Schedule(kept, "hand"), "FIRST")
    assert story.completion is None
    assert reasons(problem, story)[0].startswith("FIRST is never completed")
