"""Laws of comparisons, on generated problems under generated schedules."""

from __future__ import annotations

import math

from hypothesis import given, settings

from scheduler_core.comparison import (
    Difference,
    differing_decisions,
    moved_tasks,
    score_by_family,
)
from scheduler_core.objective import RewardWeights, score
from scheduler_core.problem import Problem
from scheduler_core.rules import dispatch
from scheduler_core.schedule import Schedule, ScheduledTask
from scheduler_core.validation import validate
from tests.properties.strategies import deltas, problems, seeds

WEIGHTS = RewardWeights(makespan_penalty_per_day=-7, urgent_multiplier=3)


def places(schedule: Schedule, until: float = math.inf) -> set[ScheduledTask]:
    """Return what starts before a time, where and when."""
    return {task for task in schedule if task.start < until}


def naive_picks(old: Schedule, new: Schedule) -> set[tuple[str, ScheduledTask, str | None]]:
    """Return machine, task taken and task taken instead, by the definition, step by step."""
    picks = set()
    for task in new:
        started = {(other.family_id, other.sequence) for other in new if other.start < task.start}
        order = sorted(
            (other for other in old if other.machine == task.machine), key=lambda each: each.start
        )
        opened = [each for each in order if (each.family_id, each.sequence) not in started]
        first = opened[0] if opened else None
        same = first and (first.family_id, first.sequence) == (task.family_id, task.sequence)
        if not same:
            picks.add(
                (task.machine, task, f"{first.family_id}/{first.sequence}" if first else None)
            )
    return picks


def as_pick(difference: Difference) -> tuple[str, ScheduledTask, str | None]:
    """Return a difference as `naive_picks` writes it."""
    old = difference.old
    return difference.machine, difference.new, f"{old.family_id}/{old.sequence}" if old else None


@settings(max_examples=60)
@given(problems(), seeds, seeds, deltas)
def test_schedules_that_differ_are_the_same_before_the_first_difference(
    problem: Problem, one: int, other: int, delta: float
) -> None:
    """And schedules without a difference are the same throughout, as one is as itself."""
    old = dispatch(problem, "random", seed=one)
    new = dispatch(problem, "random", seed=other, delta=delta)
    assert validate(problem, old) == validate(problem, new) == []
    found = differing_decisions(problem, old, new)
    assert [each.moment for each in found] == sorted(each.moment for each in found)
    until = found[0].moment if found else math.inf
    assert places(old, until) == places(new, until)
    assert differing_decisions(problem, new, new) == []


@settings(max_examples=60)
@given(problems(), seeds, seeds)
def test_differing_decisions_are_those_of_the_definition(
    problem: Problem, one: int, other: int
) -> None:
    """What is taken instead is what the slow twin finds by looking at all tasks each time."""
    old, new = (dispatch(problem, "random", seed=seed) for seed in (one, other))
    found = differing_decisions(problem, old, new)
    assert {as_pick(each) for each in found if not each.same_task} == naive_picks(old, new)


@settings(max_examples=60)
@given(problems(), seeds, seeds)
def test_score_by_family_sums_to_both_scores(problem: Problem, one: int, other: int) -> None:
    """Exactly: the parts are added as the objective adds them, the makespan's last."""
    old, new = (dispatch(problem, "random", seed=seed) for seed in (one, other))
    change = score_by_family(problem, old, new, WEIGHTS)
    assert change.old_score == score(problem, old, WEIGHTS)
    assert change.new_score == score(problem, new, WEIGHTS)
    total = math.fsum(each.points for each in change.families) + change.makespan_points
    size = max(1.0, abs(change.old_score), abs(change.new_score))
    assert math.isclose(total, change.new_score - change.old_score, abs_tol=1e-9 * size)


@settings(max_examples=60)
@given(problems(), seeds, seeds)
def test_moved_tasks_are_those_placed_otherwise(problem: Problem, one: int, other: int) -> None:
    """Each is in both schedules, at another place; every other task is at the same one."""
    old, new = (dispatch(problem, "random", seed=seed) for seed in (one, other))
    moves = moved_tasks(problem, old, new)
    assert {move.new for move in moves} == places(new) - places(old)
    assert {move.old for move in moves} == places(old) - places(new)
