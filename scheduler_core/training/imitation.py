"""The warm start: imitate what teachers decide."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from scheduler_core.executors import never
from scheduler_core.policy import CandidatePolicy
from scheduler_core.policy.network import segment_log_softmax
from scheduler_core.training.episodes import Decisions, Rollout, chosen_rows
from scheduler_core.training.gradients import ON_CPU, Compute, gradient, learning, take_step
from scheduler_core.training.ppo import minibatches
from scheduler_core.training.settings import PPOConfig


class Lessons(NamedTuple):
    """Decisions of teachers, B of them, with what they chose and what was to come."""

    decisions: Decisions
    actions: Tensor  # (B,) int64, candidate chosen, counted within the decision
    returns: Tensor  # (B,) float32, sum of the rewards from there to the end

    @classmethod
    def of(cls, rollout: Rollout) -> Lessons:
        """Return what a teacher's rollout, one of each problem, has to tell."""
        to_come = np.flip(np.flip(rollout.rewards, 0).cumsum(0), 0)
        returns = torch.from_numpy(to_come[rollout.alive])
        return cls(rollout.decisions, rollout.actions, returns)

    @classmethod
    def join(cls, parts: Sequence[Lessons]) -> Lessons:
        """Return the lessons one after the other."""
        decisions, actions, returns = zip(*parts, strict=True)
        return cls(Decisions.join(decisions), torch.cat(actions), torch.cat(returns))

    def to(self, device: torch.device) -> Lessons:
        """Return the same on a device."""
        return Lessons(self.decisions.to(device), self.actions.to(device), self.returns.to(device))


def imitate(
    network: CandidatePolicy,
    optimizer: torch.optim.Optimizer,
    lessons: Lessons,
    ppo: PPOConfig,
    rng: np.random.Generator,
    *,
    compute: Compute = ON_CPU,
    check: Callable[[], None] = never,
) -> float:
    """Learn the choices, and the returns as values, in one pass; return the mean cross-entropy.

    ``compute`` and ``check`` as in `scheduler_core.training.ppo.update`.
    """
    held = lessons.to(compute.device)

    def loss(part: Tensor) -> tuple[Tensor, Tensor]:
        decisions, actions = held.decisions.select(part), held.actions[part]
        with compute.autocast():
            scores, values = network(*decisions)
        log_probs = segment_log_softmax(scores.float(), decisions.counts)
        chosen = log_probs[chosen_rows(decisions.counts, actions)]
        errors = values.float() - held.returns[part]
        cross_entropy = -chosen.sum() / size
        return cross_entropy + ppo.value_coef * errors.square().sum() / size, cross_entropy

    losses = []
    minibatch_size = compute.minibatch_size or ppo.minibatch_size
    with learning(network, rng):
        for index in minibatches(len(lessons.actions), minibatch_size, 1, rng):
            check()
            size = len(index)
            gradients, cross_entropy = gradient(
                network, loss, index.to(compute.device), ppo.gradient_parts, compute
            )
            take_step(network, optimizer, gradients, ppo.max_grad_norm)
            losses.append(cross_entropy)
    return float(torch.stack(losses).mean())
