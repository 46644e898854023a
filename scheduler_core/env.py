"""The scheduling problem as a Gymnasium environment."""

from __future__ import annotations

from types import UnionType
from typing import Any, SupportsFloat, TypedDict

import gymnasium
import numpy as np
import numpy.typing as npt
from gymnasium import spaces

from scheduler_core.errors import ConfigError, Fault, ProblemError
from scheduler_core.objective import RewardWeights
from scheduler_core.observation import NUM_CANDIDATE_FEATURES, NUM_CONTEXT_FEATURES, observe
from scheduler_core.problem import Problem
from scheduler_core.schedule import Schedule
from scheduler_core.simulator import Simulator, earned_score
from scheduler_core.snapshot import Snapshot

FEATURE_LIMIT = 50.0
"""No feature is larger: the largest are logarithms of times in units of the shop's own."""


class Observation(TypedDict):
    """What `SchedulingEnv` shows before each step."""

    action_mask: npt.NDArray[np.int8]
    candidates: npt.NDArray[np.float32]
    context: npt.NDArray[np.float32]


class SchedulingEnv(gymnasium.Env[Observation, np.int64]):
    """Decide, again and again, which waiting task a machine takes next.

    The simulator finds the machine on which some waiting task could finish first; the tasks that
    could start there before that are the candidates (Giffler and Thompson, 1960). Where there is
    one candidate it is placed without asking, the last task of all excepted, so each step but the
    last is a choice. Registered as ``scheduler_core/Scheduling-v1``.

    Action space
        ``Discrete(num_tasks)``: a task, numbered over all families in order, locked ones included.
        It takes the machine where it completes first. With ``choose_machines`` it is
        ``Discrete(num_modes)`` instead: a task on one of its machines, numbered over all tasks in
        order and then by machine as the task lists them, those without shifts left out. Legal
        are the candidates. An illegal action changes nothing but the number of steps and costs
        ``weights.sequence_violation``.

    Observation space
        ==============  ============================  =============================================
        Key             Shape and type                Meaning
        ==============  ============================  =============================================
        ``action_mask``  (actions,) int8              1 = legal; at least one until the episode ends
        ``candidates``  (actions, features) float32   row of a legal action: its
                                                      `observation.CANDIDATE_FEATURES`; others: 0
        ``context``     (features,) float32           `observation.CONTEXT_FEATURES`, among them
                                                      the reward weights
        ==============  ============================  =============================================

        Features lie within +-`FEATURE_LIMIT`. ``info["action_mask"]`` and ``action_masks()`` give
        the mask as booleans.

    Reward
        The change of the score earned by the families completed so far and by the makespan so
        far, plus ``weights.action_taken_bonus`` for each task placed since the last step. From
        the first legal action on: sum of rewards = score + action_taken_bonus * tasks placed
        + sequence_violation * illegal actions; that action is also paid what locked tasks and
        tasks placed unasked at time zero earn. ``info["score"]`` is the score earned so far.

    Episode end
        Terminated when every task is placed; truncated after ``max_steps`` steps if tasks remain.
        Then ``info["schedule"]`` is the schedule.

    Version history
        v1: first version.

    Parameters
    ----------
    snapshot_or_problem
        What is to be scheduled; at least one task that is not locked.
    max_steps
        Steps after which an episode is truncated, >= 1; None: never.
    weights
        The objective; default: the default weights.
    delta
        Between 0 (non-delay schedules) and 1 (active schedules).
    choose_machines
        Whether a task's machine is the agent's choice where more than one is sensible: one that
        could start before the task would be done elsewhere, and works less for it. A task sent to
        a machine that does not decide now waits there for its turn.

    Raises
    ------
    ProblemError
        If there is no task to place.
    ConfigError
        If max_steps is not positive or delta is outside [0, 1].
    """

    metadata: dict[str, Any] = {"render_modes": []}  # noqa: RUF012 - Gymnasium's declaration

    def __init__(
        self,
        snapshot_or_problem: Snapshot | Problem,
        max_steps: int | None = None,
        weights: RewardWeights | None = None,
        delta: float = 1.0,
        choose_machines: bool = False,
    ) -> None:
        given = snapshot_or_problem
        problem = given.problem if isinstance(given, Snapshot) else given
        _check_kind("snapshot_or_problem", problem, Problem, "read_snapshot reads a file")
        _check_kind("weights", weights, RewardWeights | None, "RewardWeights.from_mapping helps")
        _check_kind("max_steps", max_steps, int | None, "None is no limit")
        if all(family.num_locked == len(family.tasks) for family in problem.families):
            raise ProblemError([Fault("families", "need at least one task that is not locked")])
        if max_steps is not None and max_steps < 1:
            raise ConfigError(f"max_steps: must be >= 1, got {max_steps}")
        self.problem = problem
        self.weights = weights or RewardWeights()
        self.max_steps = max_steps
        self.choose_machines = choose_machines
        self._simulator = Simulator(problem, self.weights, delta, choose_machines)
        tasks, modes = problem.num_tasks, len(self._simulator.arrays.modes)
        self._to_place = tasks - sum(family.num_locked for family in problem.families)
        self._num_actions = modes if choose_machines else tasks
        self.action_space = spaces.Discrete(self._num_actions)
        self.observation_space = spaces.Dict(
            {
                "action_mask": spaces.MultiBinary(self._num_actions),
                "candidates": _box(self._num_actions, NUM_CANDIDATE_FEATURES),
                "context": _box(NUM_CONTEXT_FEATURES),
            }
        )  # type: ignore[assignment]
        self._steps = 0
        self._paid = 0.0

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Observation, dict[str, Any]]:
        """Go back to time zero; the simulation has no randomness, so the seed changes nothing."""
        super().reset(seed=seed, options=options)
        self._simulator.reset()
        self._steps = 0
        self._paid = 0.0
        return self._observation(), self._info()

    def step(
        self, action: np.int64 | int
    ) -> tuple[Observation, SupportsFloat, bool, bool, dict[str, Any]]:
        """Take an action; see the class for what comes back.

        Raises
        ------
        gymnasium.error.ResetNeeded
            If the episode has ended.
        """
        simulator = self._simulator
        if simulator.done or self._steps == self.max_steps:
            raise gymnasium.error.ResetNeeded("the episode has ended: call reset() before step()")
        self._steps += 1
        legal = np.flatnonzero(self._legal_actions() == action)
        if len(legal):
            simulator.step(int(legal[0]))
            earned = self._earned()
            reward, self._paid = earned - self._paid, earned
        else:
            reward = self.weights.sequence_violation
        truncated = not simulator.done and self._steps == self.max_steps
        return self._observation(), reward, simulator.done, truncated, self._info(truncated)

    def action_masks(self) -> npt.NDArray[np.bool_]:
        """Return which actions may be taken now, (actions,), True = legal."""
        mask = np.zeros(self._num_actions, np.bool_)
        mask[self._legal_actions()] = True
        return mask

    def schedule(self) -> Schedule:
        """Return what has been placed so far."""
        return self._simulator.schedule("env")

    def _legal_actions(self) -> npt.NDArray[np.int64]:
        simulator = self._simulator
        return simulator.candidate_modes if self.choose_machines else simulator.candidate_tasks

    def _score(self) -> float:
        simulator = self._simulator
        return float(earned_score(simulator.arrays, simulator.objective, simulator.state, 0))

    def _earned(self) -> float:
        placed = self._to_place - int(self._simulator.state.envs["remaining"][0])
        return self._score() + self.weights.action_taken_bonus * placed

    def _observation(self) -> Observation:
        simulator = self._simulator
        rows = np.zeros((len(simulator.candidates), NUM_CANDIDATE_FEATURES), np.float32)
        context = np.zeros(NUM_CONTEXT_FEATURES, np.float32)
        if len(rows):
            observe(simulator.arrays, simulator.objective, simulator.state, 0, rows, context)
        candidates = np.zeros((self._num_actions, NUM_CANDIDATE_FEATURES), np.float32)
        candidates[self._legal_actions()] = rows
        mask = self.action_masks().astype(np.int8)
        return {"action_mask": mask, "candidates": candidates, "context": context}

    def _info(self, truncated: bool = False) -> dict[str, Any]:
        info: dict[str, Any] = {"action_mask": self.action_masks(), "score": self._score()}
        if truncated or self._simulator.done:
            info["schedule"] = self.schedule()
        return info


def _check_kind(name: str, value: object, kind: type | UnionType, way_out: str) -> None:
    if not isinstance(value, kind):
        wanted = getattr(kind, "__name__", str(kind))
        raise ConfigError(f"{name}: must be {wanted}, got {value!r}; {way_out}")


def _box(*shape: int) -> spaces.Box:
    return spaces.Box(-FEATURE_LIMIT, FEATURE_LIMIT, shape, np.float32)
