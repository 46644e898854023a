"""Teachers: good schedules of small problems, and the actor that repeats their choices."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from scheduler_core.objective import ideal_score
from scheduler_core.policy.forward import segment_argmax
from scheduler_core.rules import RULE_DELTA, try_rules
from scheduler_core.search import anneal
from scheduler_core.simulator import make_objective, to_arrays
from scheduler_core.training.episodes import Decisions, Floats, Ints
from scheduler_core.training.tasks import Job, Tasks

TEACHERS = ("atc", "covert", "feasible_edd", "mdd", "mwkr", "spt", "srpt")
"""Rules that teachers start from: under any weights one of these is nearly always the best."""


@dataclass(frozen=True, slots=True)
class Lesson:
    """A problem to find a good schedule of."""

    job: Job
    swaps: int
    """Moves of annealing."""


class Plan(NamedTuple):
    """A teacher's schedule of one problem."""

    start: Ints  # (T,) int64, seconds
    machine: Ints  # (T,) int64, counted within the problem
    cost: float
    """Its delay cost."""
    rule_cost: float
    """That of the best rule among `TEACHERS` and EDD."""


def find_plan(lesson: Lesson) -> Plan:
    """Return the best schedule that a few rules and then annealing find."""
    problem, weights = lesson.job
    arrays = to_arrays(problem)
    objective = make_objective(arrays, [weights])
    ideal = ideal_score(problem, weights)
    runs = [
        *try_rules(arrays, objective, ("edd",), (RULE_DELTA,)),
        *try_rules(arrays, objective, TEACHERS),
    ]
    best = max(runs, key=lambda run: run.score)
    placed, score = best.state.placed, best.score
    if lesson.swaps:
        found = anneal(arrays, objective, best.state, swaps=lesson.swaps, seed=0)
        placed, score = found.placed, found.score
    start, machine = (np.ascontiguousarray(placed[name]) for name in ("start", "machine"))
    return Plan(start, machine, ideal - score, ideal - best.score)


class TeacherActor:
    """Choose the candidate that starts first in the teacher's schedule, on the teacher's machine.

    Where the teacher's machine is not a candidate, any is as good.

    Parameters
    ----------
    tasks
        The environments.
    plans
        The teacher's schedule of each.
    """

    def __init__(self, tasks: Tasks, plans: Sequence[Plan]) -> None:
        self.tasks = tasks
        num_tasks = [len(plan.start) for plan in plans]
        first_machine = np.repeat(tasks.batch.arrays.envs["first_machine"], num_tasks)
        self.start = np.concatenate([plan.start for plan in plans])
        self.machine = np.concatenate([plan.machine for plan in plans]) + first_machine

    def __call__(self, decisions: Decisions, envs: Ints) -> tuple[Ints, Floats, Floats]:
        """See `scheduler_core.training.episodes.Actor`; the values are 0."""
        arrays, state = self.tasks.batch.arrays, self.tasks.batch.state
        counts = decisions.counts.numpy()
        rows = np.concatenate(
            [
                np.arange(first, first + count)
                for first, count in zip(arrays.envs["first_row"][envs], counts, strict=True)
            ]
        )
        task = state.families["next_task"][state.rows["family"][rows]]
        machine = arrays.modes["machine"][state.rows["mode"][rows]]
        keys = 2 * self.start[task] + (self.machine[task] != machine)
        actions = segment_argmax(-keys.astype(np.float64), counts)
        nothing = np.zeros(len(envs), np.float32)
        return actions, nothing, nothing
