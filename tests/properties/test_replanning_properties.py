"""Laws of re-planning on generated shops, events and moments."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scheduler_core.errors import ConfigError
from scheduler_core.methods import make_schedule
from scheduler_core.objective import RewardWeights, measure
from scheduler_core.problem import Problem
from scheduler_core.replanning import (
    Event,
    MachineDown,
    Overrun,
    Overtime,
    Replan,
    RushOrder,
    Scenario,
    read_scenario,
    replan,
    scenario_bytes,
)
from scheduler_core.rules import dispatch
from scheduler_core.schedule import Schedule
from scheduler_core.validation import validate
from tests.properties.strategies import mixed_problem, problems

RULES = ("edd", "spt", "atc", "mwkr")


def random_events(rng: np.random.Generator, problem: Problem, base: Schedule, now: int) -> Any:
    """Yield a few events that may happen after a moment; some do not fit the shop."""
    span = max(1, base.makespan)
    for number in range(rng.integers(0, 4)):
        machine = problem.machines[rng.integers(len(problem.machines))].name
        family = problem.families[rng.integers(len(problem.families))]
        start = now + int(rng.integers(0, span + 1)) // int(rng.choice([1, 4, 1000]))
        length = 1 + int(rng.integers(0, span // 2 + 1))
        kind = rng.integers(4)
        if kind == 0:
            yield MachineDown(machine, start, start + length, "drill")
        elif kind == 1:
            yield Overtime(machine, start, start + length)
        elif kind == 2:
            yield RushOrder.copy_of(family, f"RUSH{number}", start + length, weight=3.0)
        else:
            task = family.tasks[rng.integers(len(family.tasks))]
            yield Overrun(family.id, task.sequence, length)


def fitting(problem: Problem, base: Schedule, events: Any, now: int) -> list[Event]:
    """Return the events that the shop takes, one after the other."""
    kept: list[Event] = []
    for event in events:
        try:
            replan(problem, base, [*kept, event], lambda part: dispatch(part, "fifo"), now)
        except ConfigError:
            continue
        kept.append(event)
    return kept


def check(problem: Problem, base: Schedule, plan: Replan, now: int, rest: Schedule) -> None:
    """Hold that the new plan is valid, and that what had started has not moved by a second."""
    assert validate(plan.remaining, rest) == []
    assert validate(plan.problem, plan.schedule) == []
    assert validate(plan.changed, plan.schedule) == []
    new = {(task.family_id, task.sequence): task for task in plan.schedule}
    locked = {
        (family.id, task.sequence)
        for family in problem.families
        for task in family.tasks
        if task.lock is not None
    } - set(plan.lifted)
    for task in base:
        key = (task.family_id, task.sequence)
        if task.start < now or key in locked:
            assert (new[key].machine, new[key].start) == (task.machine, task.start)
        else:
            assert new[key].start >= now
        if task.end <= now:
            assert new[key] == task


def replan_randomly(problem: Problem, rng: np.random.Generator) -> None:
    """Draw a rule, a moment and events; re-plan, and check all laws."""
    rule = str(rng.choice(RULES))
    base = dispatch(problem, rule)
    end = max(0, base.makespan)
    starts = [task.start for task in base if task.start >= 0] or [0]
    now = min(end, int(rng.choice([0, int(rng.integers(0, end + 1)), int(rng.choice(starts))])))
    events = fitting(problem, base, random_events(rng, problem, base, now), now)
    rests: list[Schedule] = []

    def planner(part: Problem) -> Schedule:
        rests.append(dispatch(part, rule))
        return rests[-1]

    plan = replan(problem, base, events, planner, now)
    check(problem, base, plan, now, rests[0])
    assert measure(plan.changed, plan.schedule, RewardWeights()).delay_cost >= -1e-6
    scenario = Scenario("drill", tuple(events), now)
    assert read_scenario(scenario_bytes(scenario)) == scenario


@settings(max_examples=40, deadline=None)
@given(problems(), st.integers(0, 2**32 - 1))
def test_new_plan_after_any_events_is_valid_and_keeps_what_started(
    problem: Problem, seed: int
) -> None:
    """Hypothesis shrinks the shop; events and moment follow from the seed."""
    replan_randomly(problem, np.random.default_rng(seed))


@pytest.mark.parametrize("seed", range(4))
def test_new_plan_of_many_random_shops_is_valid_and_keeps_what_started(seed: int) -> None:
    """The same laws in bulk, on crowded shops too."""
    rng = np.random.default_rng(seed)
    for _ in range(40):
        replan_randomly(mixed_problem(rng), rng)


def test_new_plan_by_the_learned_dispatcher_is_valid() -> None:
    """What the page calls: PPO plans the rest of a shop in the middle of its work."""
    rng = np.random.default_rng(5)
    for _ in range(5):
        problem = mixed_problem(rng)
        base = make_schedule(problem, "ppo")
        now = max(0, base.makespan) // 3
        plan = replan(problem, base, (), lambda part: make_schedule(part, "ppo"), now)
        assert validate(plan.problem, plan.schedule) == []
