"""How good a method is: delay costs on many snapshots, as ratios to EDD and to the best rule.

A score may be negative, so a ratio of scores means nothing; a delay cost is never negative, and 0
means that nobody waited for anybody. Intervals are percentile bootstraps over snapshots (Efron
and Tibshirani, "An introduction to the bootstrap", 1993, chapter 13).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from scheduler_core.files import finite_or_none
from scheduler_core.methods import make_schedule
from scheduler_core.objective import Metrics, RewardWeights, measure
from scheduler_core.problem import Problem

BOOTSTRAP_SAMPLES = 10_000


@dataclass(frozen=True, slots=True)
class Comparison:
    """A method against a rival, paired over snapshots."""

    rival: str
    mean_ratio: float
    """Mean over snapshots of the method's delay cost / the rival's."""
    interval: tuple[float, float]
    """95 % bootstrap interval of the mean ratio."""
    wins: int
    """Snapshots on which the method's delay cost is lower."""
    ties: int
    losses: int

    def to_dict(self) -> dict[str, object]:
        """Return the figures by name; a ratio to a cost of 0 is infinite, in JSON None."""
        return {
            **asdict(self),
            "mean_ratio": finite_or_none(self.mean_ratio),
            "interval": tuple(finite_or_none(end) for end in self.interval),
        }


@dataclass(frozen=True, slots=True)
class Evaluation:
    """A method on several snapshots under one setting of the weights."""

    method: str
    snapshots: int
    completion_rate: float
    """Lowest of all snapshots."""
    constraint_violations: int
    """Sum over all snapshots."""
    on_time_rate: float
    """Mean over snapshots."""
    runtime_seconds: float
    """Mean over snapshots."""
    comparisons: tuple[Comparison, ...]

    def to_dict(self) -> dict[str, object]:
        """Return the figures by name, as JSON can hold them."""
        return {**asdict(self), "comparisons": tuple(each.to_dict() for each in self.comparisons)}


def compare(
    problem: Problem,
    methods: Iterable[str],
    weights: RewardWeights,
    *,
    model: Path | None = None,
    seed: int = 0,
    device: str = "cpu",
) -> dict[str, Metrics]:
    """Return the figures of each method's schedule of one problem.

    Raises
    ------
    ConfigError, CheckpointError, DeviceError
        As `scheduler_core.methods.make_schedule`.
    """
    return {
        method: measure(
            problem,
            make_schedule(problem, method, weights, model=model, seed=seed, device=device),
            weights,
        )
        for method in methods
    }


def evaluate(
    problems: Sequence[Problem],
    weights: RewardWeights,
    *,
    method: str = "ppo",
    rivals: Sequence[str] = ("edd", "best_rule"),
    model: Path | None = None,
    device: str = "cpu",
    seed: int = 0,
) -> Evaluation:
    """Return how a method does on some problems, against its rivals on the same.

    Parameters
    ----------
    problems
        At least one.
    weights
        The objective.
    method, rivals
        Names of methods.
    model, device
        Checkpoint and device of ``ppo``.
    seed
        Seed of the bootstrap, and of methods that draw at random.

    Raises
    ------
    ConfigError, CheckpointError, DeviceError
        As `scheduler_core.methods.make_schedule`.
    """
    names = (method, *rivals)
    tables = [
        compare(problem, names, weights, model=model, seed=seed, device=device)
        for problem in problems
    ]
    costs = {name: np.array([table[name].delay_cost for table in tables]) for name in names}
    own = [table[method] for table in tables]
    rng = np.random.default_rng(seed)
    return Evaluation(
        method=method,
        snapshots=len(problems),
        completion_rate=min(each.completion_rate for each in own),
        constraint_violations=sum(each.constraint_violations for each in own),
        on_time_rate=float(np.mean([each.on_time_rate for each in own])),
        runtime_seconds=float(np.mean([each.runtime_seconds for each in own])),
        comparisons=tuple(_compare_costs(name, costs[method], costs[name], rng) for name in rivals),
    )


def cost_ratios(
    own: npt.NDArray[np.float64], rival: npt.NDArray[np.float64]
) -> npt.NDArray[np.float64]:
    """Return own / rival for each snapshot; two costs of 0 have the ratio 1."""
    return np.divide(own, rival, out=np.where(own > 0, np.inf, 1.0), where=rival > 0)


def _compare_costs(
    rival: str,
    own_costs: npt.NDArray[np.float64],
    rival_costs: npt.NDArray[np.float64],
    rng: np.random.Generator,
) -> Comparison:
    ratios = cost_ratios(own_costs, rival_costs)
    draws = rng.integers(len(ratios), size=(BOOTSTRAP_SAMPLES, len(ratios)))
    # A rival's cost may be 0, and between two infinite means nothing can be interpolated.
    means = ratios[draws].mean(axis=1)
    low, high = np.percentile(means, [2.5, 97.5], method="inverted_cdf")
    tied = np.isclose(own_costs, rival_costs, rtol=1e-9, atol=1e-9)
    wins = int(((own_costs < rival_costs) & ~tied).sum())
    ties = int(tied.sum())
    return Comparison(
        rival=rival,
        mean_ratio=float(ratios.mean()),
        interval=(float(low), float(high)),
        wins=wins,
        ties=ties,
        losses=len(ratios) - wins - ties,
    )
