"""Two schedules side by side, on cases worked out by hand."""

from __future__ import annotations

import csv
import io
from datetime import datetime

from scheduler_core.comparison import (
    Difference,
    differing_decisions,
    moved_tasks,
    moved_tasks_csv,
    score_by_family,
)
from scheduler_core.objective import RewardWeights
from scheduler_core.problem import Family, Machine, Problem, Task
from scheduler_core.schedule import Schedule, ScheduledTask
from scheduler_core.validation import validate
from tests.builders import DAY, HOUR, one_machine

Entry = tuple[str, int, str, int, int]


def schedule(*entries: Entry) -> Schedule:
    """Return a schedule of family, sequence, machine, start and end, times in hours."""
    tasks = (
        ScheduledTask(family, sequence, "turn", machine, start * HOUR, end * HOUR)
        for family, sequence, machine, start, end in entries
    )
    return Schedule(tuple(sorted(tasks, key=lambda task: task.start)), "by hand")


def in_turn(order: str, hours: int = 1) -> Schedule:
    """Return families F0 to F9 one after the other on the one machine, by their digits."""
    return schedule(
        *(("F" + digit, 1, "M", hours * i, hours * (i + 1)) for i, digit in enumerate(order))
    )


def told(differences: list[Difference]) -> list[tuple[int, str, str, str | None, bool]]:
    """Return hour, machine, who is taken and instead of whom, and whether that one was waiting."""
    return [
        (
            each.moment // HOUR,
            each.machine,
            each.new.family_id,
            each.old.family_id if each.old else None,
            each.was_waiting,
        )
        for each in differences
    ]


FOUR = one_machine([HOUR] * 4)


def flexible() -> Problem:
    """Return F0 and F1 with a task each, of an hour, on M1 or M2."""
    task = Task(1, "turn", ("M1", "M2"), (HOUR, HOUR))
    families = (Family("F0", (task,), due=0), Family("F1", (task,), due=0))
    return Problem(families, (Machine("M1"), Machine("M2")))


def test_differing_decisions_of_a_schedule_with_itself_are_none() -> None:
    """Nothing differs."""
    assert differing_decisions(FOUR, in_turn("0123"), in_turn("0123")) == []


def test_differing_decisions_with_a_task_moved_to_the_front_are_one() -> None:
    """F3 goes first; then both take F0, F1, F2 of what is open, though an hour later."""
    found = differing_decisions(FOUR, in_turn("0123"), in_turn("3012"))
    assert told(found) == [(0, "M", "F3", "F0", True)]


def test_differing_decisions_with_a_task_moved_back_pass_it_over_each_time() -> None:
    """F0 is passed over at hours 0, 1 and 2; its old start counts at the first of them only."""
    found = differing_decisions(FOUR, in_turn("0123"), in_turn("1230"))
    assert told(found) == [
        (0, "M", "F1", "F0", True),
        (1, "M", "F2", "F0", True),
        (2, "M", "F3", "F0", True),
    ]


def test_differing_decisions_where_one_waits_part_when_the_other_starts() -> None:
    """The old plan starts F0 at 0, the new one waits until 2 to start F1: they part at 0."""
    problem = one_machine([HOUR, HOUR])
    old = schedule(("F0", 1, "M", 0, 1), ("F1", 1, "M", 1, 2))
    new = schedule(("F1", 1, "M", 2, 3), ("F0", 1, "M", 3, 4))
    assert told(differing_decisions(problem, old, new)) == [(0, "M", "F1", "F0", True)]


def test_differing_decisions_with_an_idle_machine_name_the_task_that_waits() -> None:
    """Both take F0, then F1; F0 starts later for no cause, and F1 because of that."""
    problem = one_machine([HOUR, HOUR])
    old = schedule(("F0", 1, "M", 0, 1), ("F1", 1, "M", 1, 2))
    new = schedule(("F0", 1, "M", 5, 6), ("F1", 1, "M", 6, 7))
    (found,) = differing_decisions(problem, old, new)
    assert found.same_task
    assert told([found]) == [(0, "M", "F0", "F0", False)]
    assert found.families == ("F0",)


def test_differing_decisions_on_another_machine_say_that_nothing_else_was_to_do() -> None:
    """F1 goes to M2 at 0 instead of M1 at 1; M2 has nothing in the old plan."""
    old = schedule(("F0", 1, "M1", 0, 1), ("F1", 1, "M1", 1, 2))
    new = schedule(("F0", 1, "M1", 0, 1), ("F1", 1, "M2", 0, 1))
    assert validate(flexible(), old) == validate(flexible(), new) == []
    assert told(differing_decisions(flexible(), old, new)) == [(0, "M2", "F1", None, False)]


def test_differing_decisions_back_to_one_machine_part_at_the_earlier_start() -> None:
    """F1 ran on M2 at 0; the new plan has it on M1 at 1, so the two part at 0 already."""
    old = schedule(("F0", 1, "M1", 0, 1), ("F1", 1, "M2", 0, 1))
    new = schedule(("F0", 1, "M1", 0, 1), ("F1", 1, "M1", 1, 2))
    assert told(differing_decisions(flexible(), old, new)) == [(0, "M1", "F1", None, False)]


def test_differing_decision_over_a_task_not_there_yet_says_so() -> None:
    """F1's second step comes from M1 at 2 in the new plan, where M2 takes F0 at 1."""
    first, second = Task(1, "a", ("M1",), (HOUR,)), Task(2, "b", ("M2",), (HOUR,))
    families = (
        Family("F0", (Task(1, "c", ("M2",), (HOUR,)),), due=0, release=HOUR),
        Family("F1", (first, second), due=0),
        Family("F2", (first,), due=0),
    )
    problem = Problem(families, (Machine("M1"), Machine("M2")))
    old = schedule(
        ("F1", 1, "M1", 0, 1), ("F2", 1, "M1", 1, 2), ("F1", 2, "M2", 1, 2), ("F0", 1, "M2", 2, 3)
    )
    new = schedule(
        ("F2", 1, "M1", 0, 1), ("F1", 1, "M1", 1, 2), ("F0", 1, "M2", 1, 2), ("F1", 2, "M2", 2, 3)
    )
    assert told(differing_decisions(problem, old, new)) == [
        (0, "M1", "F2", "F1", True),
        (1, "M2", "F0", "F1", False),
    ]


def test_moved_tasks_name_machine_shift_and_rank() -> None:
    """F0 stays; F1 goes from second on M1 to first on M2, an hour earlier."""
    old = schedule(("F0", 1, "M1", 0, 1), ("F1", 1, "M1", 1, 2))
    new = schedule(("F0", 1, "M1", 0, 1), ("F1", 1, "M2", 0, 1))
    (move,) = moved_tasks(flexible(), old, new)
    assert (move.family_id, move.changes_machine, move.shift) == ("F1", True, -HOUR)
    assert (move.old_rank, move.new_rank) == (2, 1)


def test_moved_tasks_with_one_left_out_have_no_shift() -> None:
    """F1 is in the old schedule alone; of what the problem does not know nothing is said."""
    old = schedule(("F0", 1, "M1", 0, 1), ("F1", 1, "M1", 1, 2), ("F9", 1, "M1", 5, 6))
    (move,) = moved_tasks(flexible(), old, schedule(("F0", 1, "M1", 0, 1)))
    assert (move.family_id, move.shift, move.new, move.new_rank) == ("F1", None, None, None)
    assert not move.changes_machine


def test_score_by_family_on_two_families_is_worked_out_by_hand() -> None:
    """F0 is a day late instead of in time: -30 - 100; F1 a day early instead of late: +50 + ..."""
    problem = one_machine([DAY, DAY], dues=[DAY, 2 * DAY])
    weights = RewardWeights(makespan_penalty_per_day=-10)
    change = score_by_family(problem, in_turn("01", 24), in_turn("10", 24), weights)
    assert [each.points for each in change.families] == [-130, 50]
    assert [each.tardiness for each in change.families] == [DAY, 0]
    assert change.makespan_points == 0
    assert change.new_score - change.old_score == -80


def test_score_by_family_with_a_family_left_out_earns_nothing() -> None:
    """The family that is never done has no hours late, and no points."""
    problem = one_machine([DAY, DAY], dues=[DAY, 2 * DAY])
    change = score_by_family(problem, in_turn("01", 24), in_turn("0", 24), RewardWeights())
    left_out = change.families[1]
    assert (left_out.new_points, left_out.new_tardiness, left_out.tardiness) == (0, None, None)


def test_moved_tasks_csv_neutralises_formulas_and_keeps_numbers() -> None:
    """A family called like a formula gets an apostrophe; an hour later is 1.0, with dates."""
    family = Family("=1+1", (Task(1, "@turn", ("M",), (HOUR,)),), due=0)
    problem = Problem((family,), (Machine("M"),), datetime(2025, 8, 6, 8))
    old, new = (schedule(("=1+1", 1, "M", start, start + 1)) for start in (0, 1))
    moves = moved_tasks(problem, old, new)
    changes = score_by_family(problem, old, new, RewardWeights()).families
    (row,) = csv.DictReader(io.StringIO(moved_tasks_csv(problem, moves, changes)))
    assert (row["family_id"], row["process_name"]) == ("'=1+1", "'@turn")
    assert (row["hours_later"], row["family_hours_later"]) == ("1.0", "1.0")
    assert row["new_start_date"] == "2025-08-06 09:00:00"
