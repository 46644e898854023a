"""Proximal policy optimisation over ragged decisions: rollout, advantages, update.

Sources: Schulman et al., "Proximal policy optimization algorithms", arXiv:1707.06347; Schulman et
al., "High-dimensional continuous control using generalized advantage estimation",
arXiv:1506.02438; Huang et al., "The 37 implementation details of PPO", ICLR blog track, 2022.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import NamedTuple, Protocol

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from scheduler_core.executors import never
from scheduler_core.observation import observe_batch
from scheduler_core.policy import CandidatePolicy
from scheduler_core.policy.forward import segment_argmax
from scheduler_core.policy.network import segment_entropy, segment_log_softmax
from scheduler_core.training.gradients import ON_CPU, Compute, gradient, learning, take_step
from scheduler_core.training.settings import PPOConfig
from scheduler_core.training.tasks import Tasks

Floats = npt.NDArray[np.float32]
Ints = npt.NDArray[np.int64]


class Decisions(NamedTuple):
    """B decisions with R candidates in all, one after the other."""

    candidates: Tensor  # (R, NUM_CANDIDATE_FEATURES) float32
    context: Tensor  # (B, NUM_CONTEXT_FEATURES) float32
    counts: Tensor  # (B,) int64, candidates of each decision

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
        Decisions(*(torch.cat(parts) for parts in zip(*(s.decisions for s in steps), strict=True))),
        torch.from_numpy(np.concatenate([step.actions for step in steps])),
        torch.from_numpy(np.concatenate([step.log_probs for step in steps])),
        alive,
        rewards,
        values,
    )


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
    rollout: Rollout,
    config: PPOConfig,
    entropy_coef: float,
    rng: np.random.Generator,
    *,
    compute: Compute = ON_CPU,
    check: Callable[[], None] = never,
) -> UpdateStats:
    """Improve the network on one rollout by the clipped objective (arXiv:1707.06347, eq. 9).

    Parameters
    ----------
    network, optimizer
        Changed in place; the network is on the device of ``compute``.
    rollout
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
    lessons = _Lessons.of(rollout, config, compute.device)

    def loss(part: Tensor) -> tuple[Tensor, Tensor]:
        own = lessons.select(part)
        with compute.autocast():
            scores, values = network(*own.decisions)
        terms = _losses(scores.float(), values.float(), own, config.clip_coef)
        shares = torch.stack(terms) * (len(part) / size)
        policy, value, entropy, _, _ = shares
        return policy + config.value_coef * value - entropy_coef * entropy, shares

    records: list[Tensor] = []
    minibatch_size = compute.minibatch_size or config.minibatch_size
    with learning(network, rng):
        for index in minibatches(len(rollout.actions), minibatch_size, config.epochs, rng):
            check()
            size = len(index)
            gradients, figures = gradient(
                network, loss, index.to(compute.device), config.gradient_parts, compute
            )
            if _Losses(*figures).approx_kl.item() > config.target_kl:
                break
            take_step(network, optimizer, gradients, config.max_grad_norm)
            records.append(figures)
    explained = _explained_variance(rollout, lessons.returns)
    if not records:
        return UpdateStats(explained_variance=explained)
    policy, value, entropy, kl, outside = torch.stack(records).mean(dim=0).tolist()
    return UpdateStats(policy, value, entropy, kl, outside, explained)


class _Lessons(NamedTuple):
    """Decisions, B of them, and what became of each."""

    decisions: Decisions
    actions: Tensor  # (B,) int64
    log_probs: Tensor  # (B,) float32, of the actions when they were chosen
    advantages: Tensor  # (B,) float32
    returns: Tensor  # (B,) float32

    @classmethod
    def of(cls, rollout: Rollout, config: PPOConfig, device: torch.device) -> _Lessons:
        """Return what a rollout has to tell, on a device."""
        alive = rollout.alive
        gae = compute_gae(rollout.rewards, rollout.values, alive, config.gamma, config.gae_lambda)
        relative = normalise_by_problem(gae[0], alive, config.rollouts_per_problem)
        advantages, returns = (torch.from_numpy(each[alive]) for each in (relative, gae[1]))
        columns = (rollout.actions, rollout.log_probs, advantages, returns)
        return cls(rollout.decisions.to(device), *(each.to(device) for each in columns))

    def select(self, index: Tensor) -> _Lessons:
        """Return those of some decisions, in the order of ``index``, (b,) int64."""
        decisions, *columns = self
        return _Lessons(decisions.select(index), *(each[index] for each in columns))


class _Losses(NamedTuple):
    """Terms of the loss, and figures of some decisions, as scalars: means over them."""

    policy: Tensor
    value: Tensor
    entropy: Tensor
    approx_kl: Tensor
    clip_fraction: Tensor


def _losses(scores: Tensor, values: Tensor, lessons: _Lessons, clip_coef: float) -> _Losses:
    counts, advantages = lessons.decisions.counts, lessons.advantages
    log_probs = segment_log_softmax(scores, counts)
    log_ratio = log_probs[chosen_rows(counts, lessons.actions)] - lessons.log_probs
    ratio = log_ratio.exp()
    clipped = ratio.clamp(1 - clip_coef, 1 + clip_coef)
    return _Losses(
        policy=-torch.min(advantages * ratio, advantages * clipped).mean(),
        value=nn.functional.mse_loss(values, lessons.returns),
        entropy=segment_entropy(log_probs, counts).mean(),
        # The estimator k3 of Schulman, "Approximating KL divergence", 2020: unbiased, never < 0.
        approx_kl=(ratio - 1 - log_ratio).mean(),
        clip_fraction=((ratio - 1).abs() > clip_coef).float().mean(),
    )


def _explained_variance(rollout: Rollout, returns: Tensor) -> float:
    """Return the share of the returns' variance that the values of a rollout foretold."""
    told = returns.cpu()
    unexplained = told - torch.from_numpy(rollout.values[rollout.alive])
    variances = unexplained.var(correction=0) / (told.var(correction=0) + 1e-12)
    return 1 - variances.item()


def minibatches(
    size: int, minibatch_size: int, epochs: int, rng: np.random.Generator
) -> Iterator[Tensor]:
    """Yield the indices of near equal parts of ``size`` decisions, shuffled anew each epoch."""
    parts = max(1, round(size / minibatch_size))
    for _ in range(epochs):
        for index in np.array_split(rng.permutation(size), parts):
            yield torch.from_numpy(index)


def chosen_rows(counts: Tensor, actions: Tensor) -> Tensor:
    """Return the rows, (B,), of the candidates chosen within each decision, (B,)."""
    return counts.cumsum(0) - counts + actions


@torch.no_grad()
def approach(mean: nn.Module, network: nn.Module, share: float) -> None:
    """Move the parameters of ``mean`` by a share of the way to those of ``network``, in place."""
    for one, other in zip(mean.parameters(), network.parameters(), strict=True):
        one.lerp_(other, share)
