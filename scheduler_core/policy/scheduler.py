"""The learned dispatcher as users see it: a checkpoint in, decisions and schedules out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from scheduler_core.env import Observation
from scheduler_core.errors import ConfigError
from scheduler_core.objective import RewardWeights
from scheduler_core.observation import NUM_CANDIDATE_FEATURES, NUM_CONTEXT_FEATURES, observe
from scheduler_core.policy.checkpoint import load_checkpoint, save_checkpoint
from scheduler_core.policy.choosing import choose, log_softmax, pack, run_members
from scheduler_core.policy.device import choose_device
from scheduler_core.policy.forward import (
    Floats,
    candidate_scores,
    forward_weights,
    run_policy,
)
from scheduler_core.policy.network import CandidatePolicy
from scheduler_core.problem import Problem
from scheduler_core.schedule import Schedule
from scheduler_core.simulator import Simulator

_CHECKPOINTS = Path(__file__).parents[2] / "checkpoints"
DEFAULT_MODEL = _CHECKPOINTS / "dispatch.safetensors"
"""The checkpoint that ships with the repository, for every objective with due dates."""
MAKESPAN_MODEL = _CHECKPOINTS / "makespan.safetensors"
"""The one that ships for schedules of which nothing but the makespan counts."""

POLICY_DELTA = 1.0
"""The policy chooses among all candidates of active schedules: a good one gains from waiting."""


class PPOScheduler:
    """A policy that dispatches any problem under any reward weights.

    Parameters
    ----------
    network
        The policy.
    record
        How it came about; see `scheduler_core.policy.checkpoint`.
    device
        ``auto``, ``cpu``, ``cuda`` or ``mps``.
    sha256
        Of the checkpoint's file; empty for a policy that has none.
    """

    def __init__(
        self,
        network: CandidatePolicy,
        record: Mapping[str, Any] | None = None,
        *,
        device: str = "cpu",
        sha256: str = "",
    ) -> None:
        self.device = choose_device(device).device
        self.network = network.to(self.device).eval()
        # On the CPU the compiled forward pass serves; it holds a copy of the weights.
        self._weights = forward_weights(network) if self.device.type == "cpu" else None
        self.record = dict(record or {})
        self.choose_machines = _has_learned_machines(self.record)
        """Whether it chooses between machines where more than one is sensible."""
        self.sha256 = sha256

    @classmethod
    def load(cls, path: Path | str = DEFAULT_MODEL, device: str = "cpu") -> PPOScheduler:
        """Return the policy of a checkpoint.

        Raises
        ------
        CheckpointError
            If the file is missing, damaged or of another version.
        DeviceError
            If the device is not on this machine.
        """
        checkpoint = load_checkpoint(Path(path))
        return cls(checkpoint.network, checkpoint.record, device=device, sha256=checkpoint.sha256)

    def save(self, path: Path | str) -> None:
        """Write the policy and its record to a checkpoint."""
        self.sha256 = save_checkpoint(self.network, self.record, Path(path))

    def predict(self, obs: Observation, action_mask: npt.NDArray[Any] | None = None) -> np.int64:
        """Return the legal task that the policy prefers.

        Parameters
        ----------
        obs
            Observation of `SchedulingEnv`.
        action_mask
            (num_tasks,), True = legal; default: the one in ``obs``.

        Raises
        ------
        ConfigError
            If no action is legal: the episode has ended.
        """
        mask = obs["action_mask"] if action_mask is None else action_mask
        legal = np.flatnonzero(mask)
        if len(legal) == 0:
            raise ConfigError("action_mask: must allow at least one action, got none")
        scores = self.scores(obs["candidates"][legal], obs["context"])
        return np.int64(legal[scores.argmax()])

    def schedule(
        self,
        problem: Problem,
        weights: RewardWeights | None = None,
        rng: np.random.Generator | None = None,
    ) -> Schedule:
        """Return the schedule that the policy makes in one rollout.

        Parameters
        ----------
        problem
            Any number of families and machines.
        weights
            The objective that the policy is told; default: the default weights.
        rng
            Draws each choice by the policy's probabilities; None: the likeliest is taken.
        """
        begin = perf_counter()
        simulator = self.simulator(problem, weights)
        self.run(simulator, rng)
        return simulator.schedule("ppo", runtime_seconds=perf_counter() - begin)

    def simulator(self, problem: Problem, weights: RewardWeights | None = None) -> Simulator:
        """Return a simulator before the first of the decisions that the policy makes."""
        weights = weights or RewardWeights()
        return Simulator(problem, weights, POLICY_DELTA, self.choose_machines)

    def run(self, simulator: Simulator, rng: np.random.Generator | None = None) -> None:
        """Take a simulator from where it stands to its end.

        Parameters
        ----------
        simulator
            Of `simulator`, however far.
        rng
            As in `schedule`.
        """
        arrays, objective, state = simulator.arrays, simulator.objective, simulator.state
        if self._weights is None:
            self._run_on_device(simulator, rng)
        elif rng is None:
            run_policy(arrays, objective, state, 0, self._weights)
        else:
            members = pack([self._weights])
            run_members(arrays, objective, state, 0, members, rng, False, True)

    def _run_on_device(self, simulator: Simulator, rng: np.random.Generator | None) -> None:
        def prefer(candidates: Floats, context: Floats) -> int:
            scores = self.scores(candidates, context)
            if rng is None:
                return int(scores.argmax())
            return choose(log_softmax(scores)[None], rng, False, True)

        step_through(simulator, prefer)

    def scores(self, candidates: Floats, context: Floats) -> Floats:
        """Return the unnormalised log-probability of each candidate of a decision."""
        if self._weights is None:
            return self._scores_on_device(candidates, context)
        return candidate_scores(self._weights, candidates, context)

    @torch.inference_mode()
    def _scores_on_device(self, candidates: Floats, context: Floats) -> Floats:
        scores, _ = self.network(
            torch.from_numpy(candidates).to(self.device),
            torch.from_numpy(context[None]).to(self.device),
            torch.tensor([len(candidates)], device=self.device),
        )
        found: Floats = scores.cpu().numpy()
        return found


def step_through(simulator: Simulator, prefer: Callable[[Floats, Floats], int]) -> None:
    """Go from decision to decision to the end, by a choice from candidates and context."""
    arrays, objective, state = simulator.arrays, simulator.objective, simulator.state
    rows = np.empty((len(state.rows), NUM_CANDIDATE_FEATURES), np.float32)
    context = np.empty(NUM_CONTEXT_FEATURES, np.float32)
    while not simulator.done:
        choice = 0
        if len(simulator.candidates) > 1:
            count = observe(arrays, objective, state, 0, rows, context)
            choice = prefer(rows[:count], context)
        simulator.step(choice)


def _has_learned_machines(record: Mapping[str, Any]) -> bool:
    """Return whether the training that a record tells of let the policy choose machines."""
    config = record.get("config")
    task = config.get("task") if isinstance(config, dict) else None
    return isinstance(task, dict) and task.get("choose_machines") is True
