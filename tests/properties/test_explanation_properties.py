"""Waits add up to the second, whatever the shop, and every chain ends."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from scheduler_core.explanation import Floor, WaitKind, reasons, why_late
from scheduler_core.problem import Problem
from scheduler_core.rules import RULES, dispatch
from scheduler_core.schedule import Schedule
from tests.naive import works
from tests.properties.strategies import deltas, problems, seeds

rules = st.sampled_from(RULES)


@given(problem=problems(), rule=rules, delta=deltas, seed=seeds)
def test_waits_of_every_task_add_up_to_its_start(
    problem: Problem, rule: str, delta: float, seed: int
) -> None:
    """From time zero to the start, and from ready to the start; each as long as it can be."""
    schedule = dispatch(problem, rule, delta=delta, seed=seed)
    floor = Floor(problem, schedule)
    for task in schedule:
        step = floor.waits(task)
        assert sum(wait.seconds for wait in step.waits) == max(0, task.start)
        assert sum(wait.seconds for wait in step.queue) == step.waited
        assert all(0 < wait.seconds <= wait.until - wait.since for wait in step.waits)
        assert all(wait.until <= task.start for wait in step.waits)


@given(problem=problems(), rule=rules, delta=deltas, seed=seeds)
def test_wait_has_the_cause_that_the_shop_shows_at_that_time(
    problem: Problem, rule: str, delta: float, seed: int
) -> None:
    """Who is busy holds the machine; and no machine of the simulator is free without a reason."""
    schedule = dispatch(problem, rule, delta=delta, seed=seed)
    floor = Floor(problem, schedule)
    machines = {machine.name: machine for machine in problem.machines}
    for task in schedule:
        for wait in floor.waits(task).waits:
            assert wait.kind is not WaitKind.NO_REASON
            if wait.kind is WaitKind.BUSY:
                assert wait.task is not None
                assert wait.task.machine == task.machine
                assert wait.task.start <= wait.since < wait.until <= wait.task.end
            if wait.kind in (WaitKind.CLOSED, WaitKind.DOWN) and wait.seconds == (
                wait.until - wait.since
            ):
                assert not works(machines[task.machine], wait.since)


@given(problem=problems(), rule=rules, delta=deltas, seed=seeds)
def test_story_of_every_family_adds_up_and_goes_back_in_time(
    problem: Problem, rule: str, delta: float, seed: int
) -> None:
    """Lateness is that of the schedule, never under the unhindered one; hops go backwards."""
    schedule = dispatch(problem, rule, delta=delta, seed=seed)
    completions = schedule.completions(problem)
    for family in problem.families:
        story = why_late(problem, schedule, family.id)
        assert story.late == completions[family.id] - family.due
        assert story.unhindered == problem.unhindered_completions()[family.id] <= story.completion
        assert story.root is not None
        starts = [time for hop in story.hops for time in (hop.step.task.start, hop.run[0].start)]
        assert starts == sorted(starts, reverse=True)
        assert len(set(starts)) == len(starts)
        assert all(sentence.endswith(".") for sentence in reasons(problem, story))


@given(problem=problems(), seed=seeds)
def test_story_of_a_damaged_schedule_is_told_without_an_exception(
    problem: Problem, seed: int
) -> None:
    """Tasks missing and moved anywhere: the waits still add up."""
    rng = np.random.default_rng(seed)
    tasks = [
        replace(task, start=task.start + int(shift), end=task.end + int(shift))
        for task in dispatch(problem, "edd")
        if rng.random() < 0.8
        for shift in rng.integers(-20_000, 20_000, 1)
    ]
    damaged = Schedule(tuple(tasks), "upload")
    floor = Floor(problem, damaged)
    for task in damaged:
        assert sum(wait.seconds for wait in floor.waits(task).waits) == max(0, task.start)
    for family in problem.families:
        assert reasons(problem, why_late(problem, damaged, family.id))
