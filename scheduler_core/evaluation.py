"""How good a method is: delay costs on many snapshots, as ratios to EDD and to the best rule.

A score may be negative, so a ratio of scores means nothing; a delay cost is never negative, and 0
means that nobody waited for anybody. Intervals are percentile bootstraps over snapshots (Efron
and Tibshirani, "An introduction to the bootstrap", 1993, chapter 13).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from scheduler_core.files import finite_or_none
from scheduler_core.methods import make_schedule
from scheduler_core.objective import Metrics, RewardWeights, measure
from scheduler_core.problem import Problem

BOOTSTRAP_SAMPLES = 10_000

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Comparison:
    """A method against a rival, paired over snapshots."""

    rival: str
    mean_ratio: float
    """Mean over snapshots of the method's delay cost / the rival's."""
    interval: tuple[float, float]
    """95 % bootstrap interval of the mean ratio."""
    total_ratio: float
    """All the method's delay cost / all the rival's: finite if the rival ever has any."""
    wins: int
    """Schedules whose delay cost is lower than the rival's."""
    ties: int
    losses: int

    def to_dict(self) -> dict[str, object]:
        """Return the figures by name; a ratio to a cost of 0 is infinite, in JSON None."""
        return {
            **asdict(self),
            "mean_ratio": finite_or_none(self.mean_ratio),
            "interval": tuple(finite_or_none(end) for end in self.interval),
            "total_ratio": finite_or_none(self.total_ratio),
        }


@dataclass(frozen=True, slots=True)
class Evaluation:
    """A method on several snapshots, under one setting of the weights or several."""

    method: str
    snapshots: int
    completion_rate: float
    """Lowest of all schedules."""
    constraint_violations: int
    """Sum over all schedules."""
    on_time_rate: float
    """Mean over schedules."""
    runtime_seconds: float
    """Mean over schedules."""
    median_runtime_seconds: float
    max_runtime_seconds: float
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
    rival_costs = {
        rival: np.array([table[rival].delay_cost for table in tables]) for rival in rivals
    }
    return summarize(method, [table[method] for table in tables], rival_costs, seed=seed)


def summarize(
    method: str,
    own: Sequence[Metrics],
    rival_costs: Mapping[str, Floats],
    *,
    per_snapshot: int = 1,
    seed: int = 0,
) -> Evaluation:
    """Return how a method does, from the figures of its schedules and its rivals' costs.

    Parameters
    ----------
    method
        Its name.
    own
        Figures of its schedules: ``per_snapshot`` for the first snapshot, then for the next.
    rival_costs
        (N,) delay costs of each rival by name, in the order of ``own``.
    per_snapshot
        Schedules of each snapshot, under as many settings of the weights. They are not
        independent: the bootstrap draws whole snapshots.
    seed
        Seed of the bootstrap.
    """
    costs = np.array([each.delay_cost for each in own])
    runtimes = [each.runtime_seconds for each in own]
    rng = np.random.default_rng(seed)
    return Evaluation(
        method=method,
        snapshots=len(own) // per_snapshot,
        completion_rate=min(each.completion_rate for each in own),
        constraint_violations=sum(each.constraint_violations for each in own),
        on_time_rate=float(np.mean([each.on_time_rate for each in own])),
        runtime_seconds=float(np.mean(runtimes)),
        median_runtime_seconds=float(np.median(runtimes)),
        max_runtime_seconds=max(runtimes),
        comparisons=tuple(
            compare_costs(rival, costs, theirs, per_snapshot, rng)
            for rival, theirs in rival_costs.items()
        ),
    )


def cost_ratios(own: Floats, rival: Floats) -> Floats:
    """Return own / rival for each snapshot; two costs of 0 have the ratio 1."""
    return np.divide(own, rival, out=np.where(own > 0, np.inf, 1.0), where=rival > 0)


def compare_costs(
    rival: str, own_costs: Floats, rival_costs: Floats, per_snapshot: int, rng: np.random.Generator
) -> Comparison:
    """Return how delay costs compare, both (N,) in one order; see `summarize`."""
    ratios = cost_ratios(own_costs, rival_costs).reshape(-1, per_snapshot).mean(axis=1)
    draws = rng.integers(len(ratios), size=(BOOTSTRAP_SAMPLES, len(ratios)))
    # A rival's cost may be 0, and between two infinite means nothing can be interpolated.
    means = ratios[draws].mean(axis=1)
    low, high = np.percentile(means, [2.5, 97.5], method="inverted_cdf")
    totals = np.array([own_costs.sum()]), np.array([rival_costs.sum()])
    tied = np.isclose(own_costs, rival_costs, rtol=1e-9, atol=1e-9)
    wins = int(((own_costs < rival_costs) & ~tied).sum())
    ties = int(tied.sum())
    return Comparison(
        rival=rival,
        mean_ratio=float(ratios.mean()),
        interval=(float(low), float(high)),
        total_ratio=float(cost_ratios(*totals)[0]),
        wins=wins,
        ties=ties,
        losses=len(own_costs) - wins - ties,
    )
