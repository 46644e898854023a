"""Ratios of delay costs, their means over snapshots, and how sure these are.

Intervals are percentile bootstraps over snapshots (Efron and Tibshirani, "An introduction to the
bootstrap", 1993, chapter 13). The interquartile mean is that of Agarwal et al., "Deep reinforcement
learning at the edge of the statistical precipice", NeurIPS 2021: a quarter of the values is left
out at each end, so that a few snapshots on which a rival costs next to nothing do not decide.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Literal, get_args

import numpy as np
import numpy.typing as npt

from scheduler_core.files import finite_or_none

BOOTSTRAP_SAMPLES = 10_000

Floats = npt.NDArray[np.float64]
Aggregate = Literal["mean", "iqm"]
AGGREGATES: tuple[Aggregate, ...] = get_args(Aggregate)
"""How ratios of many snapshots become one: their mean, or their interquartile mean."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """A method against a rival, paired over snapshots."""

    rival: str
    mean_ratio: float
    """Mean over snapshots of the method's delay cost / the rival's."""
    interval: tuple[float, float]
    """95 % bootstrap interval of the mean ratio."""
    iqm_ratio: float
    """Interquartile mean of the same ratios."""
    iqm_interval: tuple[float, float]
    """Its 95 % bootstrap interval."""
    total_ratio: float
    """All the method's delay cost / all the rival's: finite if the rival ever has any."""
    wins: int
    """Schedules whose delay cost is lower than the rival's."""
    ties: int
    losses: int

    def ratio(self, aggregate: Aggregate) -> float:
        """Return the ratio of all snapshots by one way to sum up."""
        return self.iqm_ratio if aggregate == "iqm" else self.mean_ratio

    def interval_of(self, aggregate: Aggregate) -> tuple[float, float]:
        """Return its interval."""
        return self.iqm_interval if aggregate == "iqm" else self.interval

    def to_dict(self) -> dict[str, object]:
        """Return the figures by name; a ratio to a cost of 0 is infinite, in JSON None."""
        return {
            **asdict(self),
            "mean_ratio": finite_or_none(self.mean_ratio),
            "interval": tuple(finite_or_none(end) for end in self.interval),
            "iqm_ratio": finite_or_none(self.iqm_ratio),
            "iqm_interval": tuple(finite_or_none(end) for end in self.iqm_interval),
            "total_ratio": finite_or_none(self.total_ratio),
        }


def cost_ratios(own: Floats, rival: Floats) -> Floats:
    """Return own / rival for each snapshot; two costs of 0 have the ratio 1."""
    return np.divide(own, rival, out=np.where(own > 0, np.inf, 1.0), where=rival > 0)


def interquartile_mean(values: Floats) -> Floats:
    """Return the means along the last axis without the lowest and the highest quarter of it.

    A quarter of a number that 4 does not divide is rounded down: of up to three values all count.
    """
    cut = values.shape[-1] // 4
    means: Floats = np.sort(values, axis=-1)[..., cut : values.shape[-1] - cut].mean(axis=-1)
    return means


def compare_costs(
    rival: str, own_costs: Floats, rival_costs: Floats, per_snapshot: int, rng: np.random.Generator
) -> Comparison:
    """Return how delay costs compare, both (N,) in one order; see `summary.summarize`."""
    ratios = cost_ratios(own_costs, rival_costs).reshape(-1, per_snapshot).mean(axis=1)
    draws = ratios[rng.integers(len(ratios), size=(BOOTSTRAP_SAMPLES, len(ratios)))]
    totals = np.array([own_costs.sum()]), np.array([rival_costs.sum()])
    tied = np.isclose(own_costs, rival_costs, rtol=1e-9, atol=1e-9)
    wins = int(((own_costs < rival_costs) & ~tied).sum())
    ties = int(tied.sum())
    return Comparison(
        rival=rival,
        mean_ratio=float(ratios.mean()),
        interval=_percentiles(draws.mean(axis=1)),
        iqm_ratio=float(interquartile_mean(ratios)),
        iqm_interval=_percentiles(interquartile_mean(draws)),
        total_ratio=float(cost_ratios(*totals)[0]),
        wins=wins,
        ties=ties,
        losses=len(own_costs) - wins - ties,
    )


def _percentiles(means: Floats) -> tuple[float, float]:
    # A rival's cost may be 0, and between two infinite means nothing can be interpolated.
    low, high = np.percentile(means, [2.5, 97.5], method="inverted_cdf")
    return float(low), float(high)
