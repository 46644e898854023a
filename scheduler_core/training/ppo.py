"""Proximal policy optimisation over ragged decisions: advantages, experience, update.

Sources: Schulman et al., "Proximal policy optimization algorithms", arXiv:1707.06347; Schulman et
al., "High-dimensional continuous control using generalized advantage estimation",
arXiv:1506.02438; Huang et al., "The 37 implementation details of PPO", ICLR blog track, 2022.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from scheduler_core.executors import never
from scheduler_core.policy import CandidatePolicy
from scheduler_core.policy.network import segment_entropy, segment_log_softmax
from scheduler_core.training.episodes import Decisions, Floats, Rollout, chosen_rows
from scheduler_core.training.gradients import ON_CPU, Compute, gradient, learning, take_step
from scheduler_core.training.settings import PPOConfig


def compute_gae(
    rewards: Floats, values: Floats, alive: npt.NDArray[np.bool_], gamma: float, gae_lambda: float
) -> tuple[Floats, Floats]:
    """Return generalized advantage estimates and the returns they imply (arXiv:1506.02438, eq. 16).

    Parameters
    ----------
    rewards, values
        (steps, E): of each step, and estimated before it.
    alive
        (steps, E): whether the environment took the step. Episodes end by termination, never by
        truncation, so the value behind the last step is 0.
    gamma, gae_lambda
        Discount and weight of longer returns.

    Returns
    -------
    Advantages and returns, (steps, E), 0 where not alive.
    """
    advantages = np.zeros_like(rewards)
    following = np.zeros(rewards.shape[1], np.float32)
    next_value = np.zeros(rewards.shape[1], np.float32)
    for k in range(len(rewards) - 1, -1, -1):
        delta = rewards[k] + gamma * next_value - values[k]
        following = np.where(alive[k], delta + gamma * gae_lambda * following, 0.0)
        next_value = np.where(alive[k], values[k], 0.0)
        advantages[k] = following
    return advantages, np.where(alive, advantages + values, 0.0).astype(np.float32)


def normalise_by_problem(advantages: Floats, alive: npt.NDArray[np.bool_], rollouts: int) -> Floats:
    """Return advantages with mean 0 and standard deviation 1 over the rollouts of each problem.

    So the rollouts of a problem are each other's baseline (Kool et al., "Buy 4 REINFORCE samples,
    get a baseline for free!", 2019), and problems count alike whatever their weights make of a
    delay. A problem on which little can be won or lost keeps small advantages: none is divided
    by less than a twentieth of the deviation over all.

    Parameters
    ----------
    advantages, alive
        (steps, E), the rollouts of a problem side by side.
    rollouts
        Of each problem.

    Returns
    -------
    (steps, E), 0 where not alive.
    """
    out = np.zeros_like(advantages)
    least = max(0.05 * advantages[alive].std(), 1e-8)
    for first in range(0, advantages.shape[1], rollouts):
        group = slice(first, first + rollouts)
        chosen = advantages[:, group][alive[:, group]]
        out[:, group] = (advantages[:, group] - chosen.mean()) / max(chosen.std(), least)
    return np.where(alive, out, 0.0).astype(np.float32)


class Experience(NamedTuple):
    """What an update learns from: B decisions, with what became of each."""

    decisions: Decisions
    actions: Tensor  # (B,) int64, candidate chosen, counted within the decision
    log_probs: Tensor  # (B,) float32, of the choice when it was made
    values: Tensor  # (B,) float32, estimated then
    advantages: Tensor  # (B,) float32, normalised
    returns: Tensor  # (B,) float32, estimated by `compute_gae`

    @classmethod
    def of(cls, rollout: Rollout, config: PPOConfig) -> Experience:
        """Return what a rollout has to tell."""
        alive, values = rollout.alive, rollout.values
        advantages, returns = compute_gae(
            rollout.rewards, values, alive, config.gamma, config.gae_lambda
        )
        advantages = normalise_by_problem(advantages, alive, config.rollouts_per_problem)
        columns = (torch.from_numpy(each[alive]) for each in (values, advantages, returns))
        return cls(rollout.decisions, rollout.actions, rollout.log_probs, *columns)

    @classmethod
    def join(cls, parts: Sequence[Experience]) -> Experience:
        """Return the experience one after the other."""
        decisions, *columns = zip(*parts, strict=True)
        return cls(Decisions.join(decisions), *map(torch.cat, columns))

    def to(self, device: torch.device) -> Experience:
        """Return the same on a device."""
        decisions, *columns = self
        return Experience(decisions.to(device), *(column.to(device) for column in columns))

    def select(self, index: Tensor) -> Experience:
        """Return that of some decisions, in the order of ``index``, (b,) int64."""
        decisions, *columns = self
        return Experience(decisions.select(index), *(column[index] for column in columns))


@dataclass(frozen=True, slots=True)
class UpdateStats:
    """Means over the minibatches of one update."""

    policy_loss: float = 0.0
    value_loss: float = 0.0
    entropy: float = 0.0
    approx_kl: float = 0.0
    clip_fraction: float = 0.0
    explained_variance: float = 0.0


def update(
    network: CandidatePolicy,
    optimizer: torch.optim.Optimizer,
    experience: Experience,
    config: PPOConfig,
    entropy_coef: float,
    rng: np.random.Generator,
    *,
    compute: Compute = ON_CPU,
    check: Callable[[], None] = never,
) -> UpdateStats:
    """Improve the network on experience by the clipped objective (arXiv:1707.06347, eq. 9).

    Parameters
    ----------
    network, optimizer
        Changed in place; the network is on the device of ``compute``.
    experience
        Of the network, or of one a little older.
    config
        Settings.
    entropy_coef
        Weight of the entropy bonus.
    rng
        Source of the minibatches.
    compute
        Where, and by how many threads.
    check
        Called before each minibatch; what it raises abandons the update half-way.
    """
    held = experience.to(compute.device)

    def loss(part: Tensor) -> tuple[Tensor, Tensor]:
        own = held.select(part)
        with compute.autocast():
            scores, values = network(*own.decisions)
        terms = _losses(scores.float(), values.float(), own, config.clip_coef)
        shares = torch.stack(terms) * (len(part) / size)
        policy, value, entropy, _, _ = shares
        return policy + config.value_coef * value - entropy_coef * entropy, shares

    records: list[Tensor] = []
    minibatch_size = compute.minibatch_size or config.minibatch_size
    with learning(network, rng):
        for index in minibatches(len(held.actions), minibatch_size, config.epochs, rng):
            check()
            size = len(index)
            gradients, figures = gradient(
                network, loss, index.to(compute.device), config.gradient_parts, compute
            )
            if _Losses(*figures).approx_kl.item() > config.target_kl:
                break
            take_step(network, optimizer, gradients, config.max_grad_norm)
            records.append(figures)
    explained = _explained_variance(experience)
    if not records:
        return UpdateStats(explained_variance=explained)
    policy, value, entropy, kl, outside = torch.stack(records).mean(dim=0).tolist()
    return UpdateStats(policy, value, entropy, kl, outside, explained)


class _Losses(NamedTuple):
    """Terms of the loss, and figures of some decisions, as scalars: means over them."""

    policy: Tensor
    value: Tensor
    entropy: Tensor
    approx_kl: Tensor
    clip_fraction: Tensor


def _losses(scores: Tensor, values: Tensor, seen: Experience, clip_coef: float) -> _Losses:
    counts, advantages = seen.decisions.counts, seen.advantages
    log_probs = segment_log_softmax(scores, counts)
    log_ratio = log_probs[chosen_rows(counts, seen.actions)] - seen.log_probs
    ratio = log_ratio.exp()
    clipped = ratio.clamp(1 - clip_coef, 1 + clip_coef)
    return _Losses(
        policy=-torch.min(advantages * ratio, advantages * clipped).mean(),
        value=nn.functional.mse_loss(values, seen.returns),
        entropy=segment_entropy(log_probs, counts).mean(),
        # The estimator k3 of Schulman, "Approximating KL divergence", 2020: unbiased, never < 0.
        approx_kl=(ratio - 1 - log_ratio).mean(),
        clip_fraction=((ratio - 1).abs() > clip_coef).float().mean(),
    )


def _explained_variance(experience: Experience) -> float:
    """Return the share of the returns' variance that the values foretold."""
    returns = experience.returns
    unexplained = (returns - experience.values).var(correction=0)
    return 1 - (unexplained / (returns.var(correction=0) + 1e-12)).item()


def minibatches(
    size: int, minibatch_size: int, epochs: int, rng: np.random.Generator
) -> Iterator[Tensor]:
    """Yield the indices of near equal parts of ``size`` decisions, shuffled anew each epoch."""
    parts = max(1, round(size / minibatch_size))
    for _ in range(epochs):
        for index in np.array_split(rng.permutation(size), parts):
            yield torch.from_numpy(index)


@torch.no_grad()
def approach(mean: nn.Module, network: nn.Module, share: float) -> None:
    """Move the parameters of ``mean`` by a share of the way to those of ``network``, in place."""
    for one, other in zip(mean.parameters(), network.parameters(), strict=True):
        one.lerp_(other, share)
