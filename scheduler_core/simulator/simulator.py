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
    Records,
    State,
    empty_state,
    make_objective,
)
from scheduler_core.simulator.building import to_arrays


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
    choose_machines
        Whether the candidates show their other sensible machines too; otherwise a task takes the
        machine where it completes first.

    Raises
    ------
    ConfigError
        If delta is outside its range.
    """

    def __init__(
        self,
        problem: Problem,
        weights: RewardWeights,
        delta: float = 1.0,
        choose_machines: bool = False,
    ) -> None:
        self.problem = problem
        self.arrays = to_arrays(problem)
        self.objective = make_objective(self.arrays, [weights])
        self.state = empty_state(self.arrays, check_delta(delta), choose_machines=choose_machines)
        self.reset()

    def reset(self) -> None:
        """Go back to time zero and on to the first decision."""
        kernels.reset(self.arrays, self.objective, self.state, 0)
        kernels.advance(self.arrays, self.objective, self.state, 0)

    @property
    def done(self) -> bool:
        """Whether every task is placed."""
        return bool(self.state.envs["remaining"][0] == 0)

    @property
    def _rows(self) -> Records:
        return self.state.rows[: self.state.num_candidates[0]]

    @property
    def candidates(self) -> npt.NDArray[np.int64]:
        """Families whose next task may be taken now, (num_candidates,), in order of index.

        A family with a choice of machines comes once for each of them, first with the one where
        it completes first.
        """
        return self._rows["family"]

    @property
    def candidate_tasks(self) -> npt.NDArray[np.int64]:
        """Their tasks, (num_candidates,), numbered over all families in order."""
        return self.state.families["next_task"][self.candidates]

    @property
    def candidate_modes(self) -> npt.NDArray[np.int64]:
        """Their tasks on their machines, (num_candidates,), numbered over all tasks in order."""
        return self._rows["mode"]

    @property
    def candidate_machines(self) -> npt.NDArray[np.int64]:
        """Their machines, (num_candidates,), by index."""
        return self.arrays.modes["machine"][self.candidate_modes]

    def step(self, position: int) -> None:
        """Take the candidate at a position, and go on to the next decision.

        On the machine that decides its task is placed; to another machine the task is sent, and
        waits there for its turn.
        """
        kernels.take(self.arrays, self.objective, self.state, 0, position)
        kernels.advance(self.arrays, self.objective, self.state, 0)

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
    names = [machine.name for machine in problem.machines]
    here = arrays.envs[env]
    tasks = iter(state.placed[here["first_task"] : here["last_task"]].tolist())
    first_machine = int(here["first_machine"])
    placed: list[ScheduledTask] = []
    for family in problem.families:
        for task in family.tasks:
            start, end, machine = next(tasks)
            if machine >= 0:
                name = names[machine - first_machine]
                placed.append(
                    ScheduledTask(family.id, task.sequence, task.process_name, name, start, end)
                )
    placed.sort(key=lambda each: (each.start, each.machine, each.end))
    return Schedule(tuple(placed), method, seed, runtime_seconds)
