"""What a schedule is worth: reward weights, score, delay cost, and the figures shown for it.

With completion time C, due time D and weight w of a family, all times in days::

    score_f = w * (on_time_reward                     if C <= D else 0)
            + w * early_bonus_per_day  * max(0, D - C)
            + w * late_penalty_per_day * max(0, C - D)
    score   = sum of score_f + makespan_penalty_per_day * makespan

    delay cost = (score if each family had the shop to itself) - score

The delay cost of a complete, valid schedule is >= 0. A family that a schedule leaves out earns
nothing, which may be more than being late: figures of incomplete schedules do not compare.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields

from scheduler_core.errors import ConfigError
from scheduler_core.problem import SECONDS_PER_DAY, SECONDS_PER_HOUR, Family, Problem
from scheduler_core.schedule import Schedule
from scheduler_core.validation import validate

MAX_WEIGHT = 1e9
"""Largest size of a weight: far beyond any use, and no sum of scores can overflow."""
MIN_MULTIPLIER = 1 / MAX_WEIGHT
"""Smallest factor on a weight: none of its products with a family's weight vanishes."""

TRAINING_RANGES = {
    "on_time_reward": (0.0, 200.0),
    "early_bonus_per_day": (0.0, 100.0),
    "late_penalty_per_day": (-100.0, -1.0),
    "urgent_multiplier": (1.0, 5.0),
    "makespan_penalty_per_day": (-2000.0, 0.0),
}
"""Smallest and largest of each weight that policies are trained under, where they are random."""


@dataclass(frozen=True, slots=True)
class RewardWeights:
    """What the business wants, in points.

    Raises
    ------
    ConfigError
        If a weight is not a number up to `MAX_WEIGHT` or has the wrong sign: no weight may reward
        finishing later, so that the delay cost is never negative.
    """

    on_time_reward: float = 100.0
    """Points for a family that completes by its due time, >= 0."""
    early_bonus_per_day: float = 50.0
    """Points for each day of completion before the due time, >= 0."""
    late_penalty_per_day: float = -30.0
    """Points for each day of completion after the due time, <= 0."""
    urgent_multiplier: float = 1.0
    """Factor on the weight of urgent families, >= `MIN_MULTIPLIER`."""
    makespan_penalty_per_day: float = 0.0
    """Points for each day until the last task ends, <= 0."""
    sequence_violation: float = -100.0
    """Points for an illegal action of an agent that trains without a mask, <= 0."""
    action_taken_bonus: float = 15.0
    """Points for each task that an agent places, >= 0."""

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            if isinstance(value, bool) or not isinstance(value, int | float):
                raise ConfigError(f"weight {field.name}: must be a number, got {value!r}")
            if not abs(value) <= MAX_WEIGHT:  # not a number is neither above nor below
                raise ConfigError(
                    f"weight {field.name}: must be within +-{MAX_WEIGHT:g}, got {value}"
                )
        for name in ("on_time_reward", "early_bonus_per_day", "action_taken_bonus"):
            if getattr(self, name) < 0:
                raise ConfigError(f"weight {name}: must be >= 0, got {getattr(self, name)}")
        for name in ("late_penalty_per_day", "makespan_penalty_per_day", "sequence_violation"):
            if getattr(self, name) > 0:
                raise ConfigError(f"weight {name}: must be <= 0, got {getattr(self, name)}")
        if self.urgent_multiplier < MIN_MULTIPLIER:
            raise ConfigError(
                f"weight urgent_multiplier: must be > 0 and at least {MIN_MULTIPLIER:g}, "
                f"got {self.urgent_multiplier}"
            )

    @classmethod
    def from_mapping(cls, values: Mapping[str, object]) -> RewardWeights:
        """Return weights from names and numbers; names left out keep their default.

        Raises
        ------
        ConfigError
            If a name is unknown or a value is not a legal weight.
        """
        known = [field.name for field in fields(cls)]
        for name in values:
            if name not in known:
                raise ConfigError(f"weight {name!r} is unknown; the weights are {', '.join(known)}")
        return cls(**values)  # type: ignore[arg-type]  # __post_init__ checks the types

    def to_dict(self) -> dict[str, float]:
        """Return the weights by name."""
        return asdict(self)

    def family_weight(self, family: Family) -> float:
        """Return the weight w of the score formula, urgency included."""
        return family.weight * (self.urgent_multiplier if family.is_urgent else 1.0)

    def family_score(self, family: Family, completion: int) -> float:
        """Return the points for a family that completes at ``completion`` seconds."""
        early_days = max(0, family.due - completion) / SECONDS_PER_DAY
        late_days = max(0, completion - family.due) / SECONDS_PER_DAY
        points = self.on_time_reward if completion <= family.due else 0.0
        points += self.early_bonus_per_day * early_days + self.late_penalty_per_day * late_days
        return self.family_weight(family) * points

    def makespan_score(self, makespan: int) -> float:
        """Return the points for a makespan in seconds."""
        return self.makespan_penalty_per_day * makespan / SECONDS_PER_DAY


@dataclass(frozen=True, slots=True)
class Metrics:
    """The figures reported for a schedule. Rates are between 0 and 1."""

    score: float
    delay_cost: float
    completion_rate: float
    """Tasks placed / tasks."""
    constraint_violations: int
    on_time_rate: float
    """Families completed by their due time / families."""
    task_on_time_rate: float
    """Tasks that end by their family's due time / tasks."""
    late_families: int
    """Families that complete after their due time, or not at all."""
    total_tardiness_hours: float
    max_tardiness_hours: float
    mean_flow_time_hours: float
    """Mean over families of completion minus release."""
    makespan_hours: float
    utilization: float
    """Busy time / (makespan x machines in use); a task that pauses is not busy."""
    runtime_seconds: float

    def to_dict(self) -> dict[str, float | int]:
        """Return the figures by name."""
        return asdict(self)


def ideal_score(problem: Problem, weights: RewardWeights) -> float:
    """Return the score if each family had the shop to itself: an upper bound on every score."""
    completions = problem.unhindered_completions()
    return _score(problem, weights, completions, max(completions.values(), default=0))


def score(problem: Problem, schedule: Schedule, weights: RewardWeights) -> float:
    """Return the score of a schedule; families it does not complete earn nothing."""
    return _score(problem, weights, schedule.completions(problem), schedule.makespan)


def score_terms(problem: Problem, schedule: Schedule, weights: RewardWeights) -> dict[str, float]:
    """Return what each weight adds to the score of a schedule, in points, by the weight's name.

    The terms add up to the score. The urgent multiplier is in the terms of the families.
    """
    completions = schedule.completions(problem)
    on_time, early, late = [], [], []
    for family in problem.families:
        if family.id in completions:
            days = (completions[family.id] - family.due) / SECONDS_PER_DAY
            weight = weights.family_weight(family)
            on_time.append(weight * weights.on_time_reward if days <= 0 else 0.0)
            early.append(weight * weights.early_bonus_per_day * max(0.0, -days))
            late.append(weight * weights.late_penalty_per_day * max(0.0, days))
    return {
        "on_time_reward": math.fsum(on_time),
        "early_bonus_per_day": math.fsum(early),
        "late_penalty_per_day": math.fsum(late),
        "makespan_penalty_per_day": weights.makespan_score(schedule.makespan),
    }


def delay_cost(problem: Problem, schedule: Schedule, weights: RewardWeights) -> float:
    """Return what waiting for each other costs the families, in points."""
    return ideal_score(problem, weights) - score(problem, schedule, weights)


def measure(problem: Problem, schedule: Schedule, weights: RewardWeights) -> Metrics:
    """Return every figure of a schedule, judged by the independent validator."""
    completions = schedule.completions(problem)
    by_id = {family.id: family for family in problem.families}
    tardiness = {id_: max(0, end - by_id[id_].due) for id_, end in completions.items()}
    on_time = sum(seconds == 0 for seconds in tardiness.values())
    flow = [end - by_id[id_].release for id_, end in completions.items()]
    ends = _task_ends(problem, schedule)
    points = _score(problem, weights, completions, schedule.makespan)
    return Metrics(
        score=points,
        delay_cost=ideal_score(problem, weights) - points,
        completion_rate=_ratio(len(ends), problem.num_tasks),
        constraint_violations=len(validate(problem, schedule)),
        on_time_rate=_ratio(on_time, len(problem.families)),
        task_on_time_rate=_ratio(
            sum(end <= by_id[id_].due for (id_, _), end in ends.items()), problem.num_tasks
        ),
        late_families=len(problem.families) - on_time,
        total_tardiness_hours=sum(tardiness.values()) / SECONDS_PER_HOUR,
        max_tardiness_hours=max(tardiness.values(), default=0) / SECONDS_PER_HOUR,
        mean_flow_time_hours=sum(flow) / len(flow) / SECONDS_PER_HOUR if flow else 0.0,
        makespan_hours=schedule.makespan / SECONDS_PER_HOUR,
        utilization=_utilization(problem, schedule),
        runtime_seconds=schedule.runtime_seconds,
    )


def _score(
    problem: Problem, weights: RewardWeights, completions: Mapping[str, int], makespan: int
) -> float:
    earned = math.fsum(
        weights.family_score(family, completions[family.id])
        for family in problem.families
        if family.id in completions
    )
    return earned + weights.makespan_score(makespan)


def _task_ends(problem: Problem, schedule: Schedule) -> dict[tuple[str, int], int]:
    """Return the end of every placed task by family and sequence; other entries do not count."""
    asked = {(family.id, task.sequence) for family in problem.families for task in family.tasks}
    placed = {(task.family_id, task.sequence): task.end for task in schedule}
    return {key: end for key, end in placed.items() if key in asked}


def _utilization(problem: Problem, schedule: Schedule) -> float:
    """Busy share of the machines in use from time zero; neither pauses nor work before count."""
    working = {machine.name: machine.working_time for machine in problem.machines}
    busy = 0
    for task in schedule:
        start, end = max(0, task.start), max(0, task.end)
        known = working.get(task.machine)
        busy += known.work_between(start, end) if known else end - start
    in_use = len({task.machine for task in schedule})
    return busy / (schedule.makespan * in_use) if schedule.makespan > 0 else 0.0


def _ratio(count: int, total: int) -> float:
    return count / total if total else 1.0
