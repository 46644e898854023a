"""Many schedules of one snapshot, judged at once under any reward weights.

A schedule leaves behind when each family completes, and where and when each task runs. To score
what is stored is then a sum over an array: a hundred schedules of 200 families take a millisecond.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np
import numpy.typing as npt

from scheduler_core.objective import RewardWeights
from scheduler_core.problem import SECONDS_PER_DAY, SECONDS_PER_HOUR, Problem
from scheduler_core.schedule import Schedule

Floats = npt.NDArray[np.float64]

TERMS = (
    "on_time_reward",
    "early_bonus_per_day",
    "late_penalty_per_day",
    "makespan_penalty_per_day",
)
"""The weights that add to a score, in the order of the terms."""

BETTER: dict[str, Literal["high", "low"]] = {
    "on_time_rate": "high",
    "late_families": "low",
    "total_tardiness_hours": "low",
    "max_tardiness_hours": "low",
    "urgent_tardiness_hours": "low",
    "mean_flow_time_hours": "low",
    "makespan_hours": "low",
}
"""The figures of `Outcomes` that no weight is needed for, and which way each is better."""


@dataclass(frozen=True, eq=False, slots=True)
class Outcome:
    """What a schedule comes to, small enough to be kept by the dozen."""

    completions: Floats
    """(F,) when each family completes, in seconds; not a number where it does not."""
    makespan: int
    """In seconds."""
    machines: npt.NDArray[np.int32]
    """(T,) number of the machine of each task, in the problem's order; -1 where it has none."""
    starts: npt.NDArray[np.int64]
    """(T,) start of each task in seconds; 0 where it has none."""

    @classmethod
    def of(cls, problem: Problem, schedule: Schedule) -> Outcome:
        """Return the outcome of a schedule."""
        completions = schedule.completions(problem)
        number = {machine.name: index for index, machine in enumerate(problem.machines)}
        places = {
            (task.family_id, task.sequence): (number.get(task.machine, -1), task.start)
            for task in schedule
        }
        tasks = [
            places.get((family.id, task.sequence), (-1, 0))
            for family in problem.families
            for task in family.tasks
        ]
        return cls(
            np.array([completions.get(each.id, np.nan) for each in problem.families], np.float64),
            schedule.makespan,
            np.array([machine for machine, _ in tasks], np.int32),
            np.array([start for _, start in tasks], np.int64),
        )

    def moved(self, other: Outcome) -> int:
        """Return how many tasks have another machine or start in another schedule."""
        return int(((self.machines != other.machines) | (self.starts != other.starts)).sum())


class Outcomes:
    """Outcomes of S schedules of one problem with F families, side by side.

    Parameters
    ----------
    problem
        What was scheduled.
    outcomes
        At least one.
    """

    def __init__(self, problem: Problem, outcomes: Sequence[Outcome]) -> None:
        families = problem.families
        self._due = np.array([family.due for family in families], np.float64)
        self._release = np.array([family.release for family in families], np.float64)
        self._weight = np.array([family.weight for family in families], np.float64)
        self._urgent = np.array([family.is_urgent for family in families], np.bool_)
        self._alone = np.array(list(problem.unhindered_completions().values()), np.float64)
        self._ends = np.stack([each.completions for each in outcomes])  # (S, F)
        self._makespans = np.array([each.makespan for each in outcomes], np.float64)

    def terms(self, weights: RewardWeights) -> Floats:
        """Return (S, 4) the points that each of `TERMS` adds to the score of each schedule."""
        return self._terms(self._ends, self._makespans, weights)

    def scores(self, weights: RewardWeights) -> Floats:
        """Return (S,) the scores under some weights."""
        return np.asarray(self.terms(weights).sum(axis=1))

    def delay_costs(self, weights: RewardWeights) -> Floats:
        """Return (S,) the delay costs under some weights."""
        last = np.array([self._alone.max(initial=0)])
        ideal = self._terms(self._alone[None], last, weights).sum()
        return np.asarray(ideal - self.scores(weights))

    def _terms(self, ends: Floats, makespans: Floats, weights: RewardWeights) -> Floats:
        worth = self._weight * np.where(self._urgent, weights.urgent_multiplier, 1.0)
        late = (ends - self._due) / SECONDS_PER_DAY
        terms = [
            weights.on_time_reward * ((late <= 0) @ worth),
            weights.early_bonus_per_day * (np.fmax(0, -late) @ worth),
            weights.late_penalty_per_day * (np.fmax(0, late) @ worth),
            weights.makespan_penalty_per_day * makespans / SECONDS_PER_DAY,
        ]
        return np.stack(terms, axis=1)

    @cached_property
    def figures(self) -> Mapping[str, Floats]:
        """(S,) figures by their name in `Metrics`, those that no weight is needed for.

        ``urgent_tardiness_hours`` is beside them: the total tardiness of urgent families.
        """
        late = (self._ends - self._due) / SECONDS_PER_HOUR
        tardy = np.fmax(0, late)  # a family that never completes has no hours
        done = ~np.isnan(late)
        flow = np.where(done, self._ends - self._release, 0).sum(axis=1)
        on_time = (late <= 0).sum(axis=1)
        count = late.shape[1]
        return {
            "on_time_rate": on_time / count if count else np.ones(len(late)),
            "late_families": (count - on_time).astype(np.float64),
            "total_tardiness_hours": tardy.sum(axis=1),
            "max_tardiness_hours": tardy.max(axis=1, initial=0),
            "urgent_tardiness_hours": tardy[:, self._urgent].sum(axis=1),
            "mean_flow_time_hours": flow / np.maximum(1, done.sum(axis=1)) / SECONDS_PER_HOUR,
            "makespan_hours": self._makespans / SECONDS_PER_HOUR,
        }


def trade_off_front(
    across: Floats, up: Floats, better: tuple[Literal["high", "low"], Literal["high", "low"]]
) -> list[int]:
    """Return the points that no other one beats, those furthest left first.

    A point beats another one where it is no worse in both figures and better in one. Of equal
    points the first is returned.

    Parameters
    ----------
    across, up
        (S,) the two figures of each point.
    better
        Which way each figure is better.
    """
    x = across if better[0] == "low" else -across
    y = up if better[1] == "low" else -up
    front: list[int] = []
    for point in np.lexsort((np.arange(len(x)), y, x)):
        if not front or y[point] < y[front[-1]]:
            front.append(int(point))
    return front if better[0] == "low" else front[::-1]
