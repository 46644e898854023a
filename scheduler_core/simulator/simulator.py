"""The typed face of the simulator: problems in, decisions, schedules out."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from scheduler_core.errors import ConfigError
from scheduler_core.objective import RewardWeights
from scheduler_core.problem import Problem
from scheduler_core.schedule import Schedule, ScheduledTask
from scheduler_core.simulator import kernel as kernels
from scheduler_core.simulator.arrays import (
    ProblemArrays,
    State,
    empty_state,
    make_objective,
    to_arrays,
)


def check_delta(delta: float) -> float:
    """Return ``delta``.

    Raises
    ------
    ConfigError
        If it is not between 0 (non-delay) and 1 (active).
    """
    if not 0 <= delta <= 1:
        raise ConfigError(f"delta: must be between 0 and 1, got {delta}")
    return delta


class Simulator:
    """One problem, stepped from decision to decision.

    Where only one task could be next there is nothing to decide, and the simulator places it by
    itself (the last task excepted), so each step is a choice.

    Parameters
    ----------
    problem
        What is to be scheduled.
    weights
        What `objective` counts.
    delta
        Between 0 (non-delay schedules) and 1 (active schedules).
    """

    def __init__(self, problem: Problem, weights: RewardWeights, delta: float = 1.0) -> None:
        self.problem = problem
        self.arrays = to_arrays(problem)
        self.objective = make_objective(self.arrays, [weights])
        self.state = empty_state(self.arrays, check_delta(delta))
        self.reset()

    def reset(self) -> None:
        """Go back to time zero and on to the first decision."""
        kernels.reset(self.arrays, self.state, 0)
        kernels.advance(self.arrays, self.state, 0)

    @property
    def done(self) -> bool:
        """Whether every task is placed."""
        return bool(self.state.remaining[0] == 0)

    @property
    def candidates(self) -> npt.NDArray[np.int64]:
        """Families whose next task may be placed now, (num_candidates,), in order of index."""
        return self.state.candidate[: self.state.num_candidates[0]]

    @property
    def candidate_tasks(self) -> npt.NDArray[np.int64]:
        """Tasks that may be placed now, (num_candidates,), numbered over all families in order."""
        return self.state.next_task[self.candidates]

    def step(self, family: int) -> None:
        """Place the next task of a candidate family and go on to the next decision."""
        kernels.place(self.arrays, self.state, 0, family)
        kernels.advance(self.arrays, self.state, 0)

    def schedule(self, method: str, runtime_seconds: float = 0.0) -> Schedule:
        """Return what has been placed so far."""
        return schedule_from(
            self.problem, self.arrays, self.state, method, runtime_seconds=runtime_seconds
        )


def schedule_from(
    problem: Problem,
    arrays: ProblemArrays,
    state: State,
    method: str,
    *,
    seed: int = 0,
    runtime_seconds: float = 0.0,
    env: int = 0,
) -> Schedule:
    """Return the placed tasks of one environment, in order of start."""
    first_machine = int(arrays.env_machine[env])
    task_index = int(arrays.family_task[arrays.env_family[env]])
    placed: list[ScheduledTask] = []
    for family in problem.families:
        for task in family.tasks:
            machine = int(state.machine[task_index]) - first_machine
            if state.machine[task_index] >= 0:
                name = problem.machines[machine].name
                start = int(state.start[task_index])
                end = start + task.duration_on(name)
                placed.append(
                    ScheduledTask(family.id, task.sequence, task.process_name, name, start, end)
                )
            task_index += 1
    placed.sort(key=lambda each: (each.start, each.machine, each.end))
    return Schedule(tuple(placed), method, seed, runtime_seconds)
