"""Decisions, who takes them, and rollouts: whole episodes of environments side by side."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from scheduler_core.executors import never
from scheduler_core.observation import observe_batch
from scheduler_core.policy import CandidatePolicy
from scheduler_core.policy.forward import segment_argmax
from scheduler_core.policy.network import segment_log_softmax
from scheduler_core.training.tasks import Tasks

Floats = npt.NDArray[np.float32]
Ints = npt.NDArray[np.int64]


class Decisions(NamedTuple):
    """B decisions with R candidates in all, one after the other."""

    candidates: Tensor  # (R, NUM_CANDIDATE_FEATURES) float32
    context: Tensor  # (B, NUM_CONTEXT_FEATURES) float32
    counts: Tensor  # (B,) int64, candidates of each decision

    @classmethod
    def join(cls, parts: Sequence[Decisions]) -> Decisions:
        """Return the decisions one after the other."""
        return cls(*(torch.cat(column) for column in zip(*parts, strict=True)))

    def to(self, device: torch.device) -> Decisions:
        """Return the same on a device."""
        return Decisions(*(tensor.to(device) for tensor in self))

    def select(self, index: Tensor) -> Decisions:
        """Return some of the decisions, in the order of ``index``, (b,) int64."""
        ends, counts = self.counts.cumsum(0), self.counts[index]
        own_ends = counts.cumsum(0)
        size = int(own_ends[-1]) if len(index) else 0
        skipped = (ends[index] - own_ends).repeat_interleave(counts, output_size=size)
        rows = skipped.add_(torch.arange(size, device=skipped.device))
        return Decisions(self.candidates.index_select(0, rows), self.context[index], counts)


class Actor(Protocol):
    """What chooses in a rollout."""

    def __call__(self, decisions: Decisions, envs: Ints) -> tuple[Ints, Floats, Floats]:
        """Return the chosen candidate of each decision, its log-probability, and the value."""


@dataclass(frozen=True)
class Rollout:
    """All decisions of one episode of each environment.

    They are ordered by step, then by environment: selecting a (steps, E) array by ``alive`` gives
    an entry for each of the B decisions in their order.
    """

    decisions: Decisions
    actions: Tensor  # (B,) int64, candidate chosen, counted within the decision
    log_probs: Tensor  # (B,) float32
    alive: npt.NDArray[np.bool_]  # (steps, E) whether the environment took the step
    rewards: Floats  # (steps, E) change of the bound score in the task's unit, 0 if not alive
    values: Floats  # (steps, E) estimated before the step, 0 if not alive

    def returns(self) -> Floats:
        """Return the sum of rewards of each environment, (E,)."""
        totals: Floats = self.rewards.sum(axis=0)
        return totals


class PolicyActor:
    """The network as an actor: it samples, or takes the likeliest candidate.

    Parameters
    ----------
    network
        The policy.
    rng
        Source of samples; None: no samples, the likeliest.
    """

    def __init__(self, network: CandidatePolicy, rng: np.random.Generator | None) -> None:
        self.network = network
        self.rng = rng
        self.device = next(network.parameters()).device

    @torch.inference_mode()
    def __call__(self, decisions: Decisions, envs: Ints) -> tuple[Ints, Floats, Floats]:  # noqa: ARG002
        """See `Actor`."""
        scores, values = self.network(*decisions.to(self.device))
        log_probs = segment_log_softmax(scores, decisions.counts.to(self.device)).cpu()
        keys = log_probs.numpy()
        if self.rng is not None:  # the largest of log-probabilities plus Gumbel noise is a sample
            keys = keys + self.rng.gumbel(size=len(keys)).astype(np.float32)
        actions = segment_argmax(keys, decisions.counts.numpy())
        rows = chosen_rows(decisions.counts, torch.from_numpy(actions))
        chosen = log_probs[rows]
        return actions, chosen.numpy(), values.cpu().numpy()


def collect_rollout(tasks: Tasks, actor: Actor, check: Callable[[], None] = never) -> Rollout:
    """Run every environment from its first decision to its end.

    ``check`` is called at each step; what it raises ends the rollout.
    """
    batch = tasks.batch
    batch.reset()
    steps: list[_Step] = []
    while len(envs := batch.deciding()):
        check()
        decisions = Decisions(*map(torch.from_numpy, observe_batch(batch, envs)))
        actions, log_probs, values = actor(decisions, envs)
        rewards = batch.step(envs, actions) / tasks.unit[envs]
        steps.append(_Step(decisions, envs, actions, log_probs, values, rewards))
    return _stack(steps, batch.arrays.num_envs)


class _Step(NamedTuple):
    decisions: Decisions
    envs: Ints
    actions: Ints
    log_probs: Floats
    values: Floats
    rewards: npt.NDArray[np.float64]


def _stack(steps: list[_Step], num_envs: int) -> Rollout:
    alive = np.zeros((len(steps), num_envs), np.bool_)
    rewards, values = np.zeros((2, len(steps), num_envs), np.float32)
    for k, step in enumerate(steps):
        alive[k, step.envs] = True
        rewards[k, step.envs] = step.rewards
        values[k, step.envs] = step.values
    return Rollout(
        Decisions.join([step.decisions for step in steps]),
        torch.from_numpy(np.concatenate([step.actions for step in steps])),
        torch.from_numpy(np.concatenate([step.log_probs for step in steps])),
        alive,
        rewards,
        values,
    )


def chosen_rows(counts: Tensor, actions: Tensor) -> Tensor:
    """Return the rows, (B,), of the candidates chosen within each decision, (B,)."""
    return counts.cumsum(0) - counts + actions
