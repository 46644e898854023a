"""Several policies that make one schedule together."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from time import perf_counter

import numpy as np

from scheduler_core.errors import ConfigError
from scheduler_core.objective import RewardWeights, score
from scheduler_core.policy.choosing import choose, log_softmax, pack, run_members
from scheduler_core.policy.forward import Floats, forward_weights
from scheduler_core.policy.scheduler import POLICY_DELTA, PPOScheduler, step_through
from scheduler_core.problem import Problem
from scheduler_core.schedule import Schedule
from scheduler_core.simulator import Simulator

MODES = ("mean", "vote", "best_of")


class EnsembleScheduler:
    """Policies that dispatch together; each may be of another size.

    Parameters
    ----------
    members
        At least one, all on one device.
    mode
        ``mean``: each choice is the candidate with the highest mean of log-probabilities.
        ``vote``: the one that most members prefer, of equals the one with the larger sum of
        log-probabilities. ``best_of``: each member makes its schedule, and the one with the highest
        score is kept.

    Raises
    ------
    ConfigError
        If there are no members or the mode is unknown.
    """

    def __init__(self, members: Sequence[PPOScheduler], mode: str = "best_of") -> None:
        if mode not in MODES:
            raise ConfigError(f"ensemble: must be one of {', '.join(MODES)}, got {mode!r}")
        if not members:
            raise ConfigError("ensemble: must have at least one checkpoint, got none")
        self.members = tuple(members)
        self.mode = mode
        self.choose_machines = all(each.choose_machines for each in members)
        """Whether they choose between machines together, which all need to have learned. By
        ``best_of`` each does as it has learned."""
        compiled = all(each.device.type == "cpu" for each in members)
        networks = [forward_weights(each.network) for each in members] if compiled else []
        self._packed = pack(networks) if compiled else None

    def schedule(
        self,
        problem: Problem,
        weights: RewardWeights | None = None,
        rng: np.random.Generator | None = None,
    ) -> Schedule:
        """Return the schedule that the policies make together.

        Parameters
        ----------
        problem
            Any number of families and machines.
        weights
            The objective that the policies are told; default: the default weights.
        rng
            Draws the choices: each vote, the choice by mean, or the choices of each member's own
            schedule; None: the likeliest is taken.
        """
        begin = perf_counter()
        weights = weights or RewardWeights()
        if self.mode == "best_of":
            made = [member.schedule(problem, weights, rng) for member in self.members]
            best = max(made, key=lambda each: score(problem, each, weights))
            return Schedule(best.tasks, "ppo", runtime_seconds=perf_counter() - begin)
        simulator = Simulator(problem, weights, POLICY_DELTA, self.choose_machines)
        vote, sample = self.mode == "vote", rng is not None
        source = rng or np.random.default_rng(0)  # kernels take one, used or not
        if self._packed is None:
            step_through(simulator, self._preference(source, vote, sample))
        else:
            arrays, objective, state = simulator.arrays, simulator.objective, simulator.state
            run_members(arrays, objective, state, 0, self._packed, source, vote, sample)
        return simulator.schedule("ppo", runtime_seconds=perf_counter() - begin)

    def _preference(
        self, rng: np.random.Generator, vote: bool, sample: bool
    ) -> Callable[[Floats, Floats], int]:
        def prefer(candidates: Floats, context: Floats) -> int:
            scores = [member.scores(candidates, context) for member in self.members]
            return choose(np.stack([log_softmax(each) for each in scores]), rng, vote, sample)

        return prefer
