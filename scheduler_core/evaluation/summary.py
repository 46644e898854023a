"""What the schedules of a method come to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass

import numpy as np

from scheduler_core.evaluation.statistics import Comparison, Floats, compare_costs
from scheduler_core.objective import Metrics


@dataclass(frozen=True, slots=True)
class Evaluation:
    """A method on several snapshots, by one schedule of each or several."""

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

    def against(self, rival: str) -> Comparison:
        """Return the comparison with a rival."""
        return next(each for each in self.comparisons if each.rival == rival)

    def to_dict(self) -> dict[str, object]:
        """Return the figures by name, as JSON can hold them."""
        return {**asdict(self), "comparisons": tuple(each.to_dict() for each in self.comparisons)}


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
        Schedules of each snapshot, drawn, or under as many settings of the weights. They are not
        independent: their mean is the snapshot's ratio, and the bootstrap draws whole snapshots.
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
