"""The warm start: imitate what teachers decide."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from scheduler_core.policy import CandidatePolicy
from scheduler_core.policy.network import segment_log_softmax
from scheduler_core.training.ppo import (
    Decisions,
    Rollout,
    chosen_rows,
    minibatches,
    take_step,
)
from scheduler_core.training.settings import PPOConfig


@dataclass(frozen=True)
class Lessons:
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
        return cls(
            Decisions.join([part.decisions for part in parts]),
            torch.cat([part.actions for part in parts]),
            torch.cat([part.returns for part in parts]),
        )


def imitate(
    network: CandidatePolicy,
    optimizer: torch.optim.Optimizer,
    lessons: Lessons,
    ppo: PPOConfig,
    rng: np.random.Generator,
) -> float:
    """Learn the choices, and the returns as values, in one pass; return the mean cross-entropy."""
    device = next(network.parameters()).device
    losses = []
    network.train()
    for index in minibatches(len(lessons.actions), ppo.minibatch_size, 1, rng):
        decisions = lessons.decisions.select(index).to(device)
        scores, values = network(*decisions)
        log_probs = segment_log_softmax(scores, decisions.counts)
        actions = lessons.actions[index].to(device)
        loss = -log_probs[chosen_rows(decisions.counts, actions)].mean()
        losses.append(loss.item())
        value_loss = nn.functional.mse_loss(values, lessons.returns[index].to(device))
        take_step(network, optimizer, loss + ppo.value_coef * value_loss, ppo.max_grad_norm)
    network.eval()
    return float(np.mean(losses))
