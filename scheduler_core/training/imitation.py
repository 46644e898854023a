"""The warm start: replay good schedules through the simulator and imitate their choices."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from scheduler_core.executors import never
from scheduler_core.policy import CandidatePolicy
from scheduler_core.policy.forward import segment_argmax
from scheduler_core.policy.network import segment_log_softmax
from scheduler_core.training.gradients import ON_CPU, Compute, gradient, learning, take_step
from scheduler_core.training.ppo import (
    Decisions,
    Floats,
    Ints,
    Rollout,
    chosen_rows,
    minibatches,
)
from scheduler_core.training.settings import PPOConfig
from scheduler_core.training.tasks import Tasks


class TeacherActor:
    """Choose the candidate that starts first in the teacher's schedule, on the teacher's machine.

    Where the teacher's machine is not a candidate, any is as good.
    """

    def __init__(self, tasks: Tasks) -> None:
        self.tasks = tasks

    def __call__(self, decisions: Decisions, envs: Ints) -> tuple[Ints, Floats, Floats]:
        """See `scheduler_core.training.ppo.Actor`; the values are 0."""
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
        elsewhere = self.tasks.teacher_machine[task] != machine
        keys = 2 * self.tasks.teacher_start[task] + elsewhere
        actions = segment_argmax(-keys.astype(np.float64), counts)
        nothing = np.zeros(len(envs), np.float32)
        return actions, nothing, nothing


@dataclass(frozen=True)
class Lessons:
    """Decisions of teachers, B of them, with what they chose and what was to come."""

    decisions: Decisions
    actions: Tensor  # (B,) int64, candidate chosen, counted within the decision
    returns: Tensor  # (B,) float32, sum of the rewards from there to the end
    num_problems: int

    @classmethod
    def of(cls, rollout: Rollout) -> Lessons:
        """Return what a teacher's rollout, one of each problem, has to tell."""
        to_come = np.flip(np.flip(rollout.rewards, 0).cumsum(0), 0)
        returns = torch.from_numpy(to_come[rollout.alive])
        return cls(rollout.decisions, rollout.actions, returns, rollout.alive.shape[1])

    def to(self, device: torch.device) -> Lessons:
        """Return the same on a device."""
        actions, returns = self.actions.to(device), self.returns.to(device)
        return Lessons(self.decisions.to(device), actions, returns, self.num_problems)

    @classmethod
    def join(cls, parts: Sequence[Lessons]) -> Lessons:
        """Return the lessons one after the other."""
        columns = zip(*(part.decisions for part in parts), strict=True)
        return cls(
            Decisions(*(torch.cat(column) for column in columns)),
            torch.cat([part.actions for part in parts]),
            torch.cat([part.returns for part in parts]),
            sum(part.num_problems for part in parts),
        )


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
