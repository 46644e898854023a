"""The criteria by which a policy is good enough to be used, each with its figure and its limit."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Literal

from scheduler_core.errors import ConfigError
from scheduler_core.evaluation.statistics import Aggregate
from scheduler_core.evaluation.summary import Evaluation
from scheduler_core.files import finite_or_none

Relation = Literal[">=", "<=", "<"]


@dataclass(frozen=True, slots=True)
class Check:
    """One criterion, answered."""

    criterion: str
    """What is measured, as a phrase."""
    figure: float
    relation: Relation
    limit: float
    form: str
    """How a reader is shown figure and limit: a format of Python's."""

    @property
    def passed(self) -> bool:
        """Whether the figure keeps the limit; means that differ by rounding alone are equal."""
        if math.isclose(self.figure, self.limit, rel_tol=1e-9, abs_tol=1e-9):
            return self.relation != "<"
        return self.figure > self.limit if self.relation == ">=" else self.figure < self.limit

    @property
    def figure_text(self) -> str:
        """The figure as a reader is shown it."""
        return format(self.figure, self.form)

    @property
    def limit_text(self) -> str:
        """The limit likewise."""
        return format(self.limit, self.form)

    def to_dict(self) -> dict[str, object]:
        """Return the answer by name, as JSON can hold it."""
        return {
            "criterion": self.criterion,
            "figure": finite_or_none(self.figure),
            "relation": self.relation,
            "limit": finite_or_none(self.limit),
            "passed": self.passed,
        }


@dataclass(frozen=True, slots=True)
class Verdict:
    """All criteria, answered."""

    checks: tuple[Check, ...]

    @property
    def passed(self) -> bool:
        """Whether every limit is kept."""
        return all(check.passed for check in self.checks)

    def to_dict(self) -> dict[str, object]:
        """Return the answers by name."""
        return {"passed": self.passed, "checks": [check.to_dict() for check in self.checks]}


@dataclass(frozen=True, slots=True)
class Gate:
    """Limits that a policy has to keep. The defaults are those of the training guide.

    Raises
    ------
    ConfigError
        If a limit is outside its range.
    """

    min_completion_rate: float = 0.9
    """Least share of tasks placed, in the worst of all schedules, 0 to 1."""
    max_constraint_violations: int = 0
    """Most violations in all schedules together, >= 0."""
    min_on_time_rate: float | None = None
    """Least mean share of families on time, 0 to 1; None: EDD's on the same snapshots."""
    max_runtime_seconds: float = 1.0
    """Longest time that any schedule may take, >= 0."""
    max_ratio_to_edd: float = 1.0
    """What the delay cost as a ratio to EDD's must stay below, >= 0."""

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            optional = field.name == "min_on_time_rate"
            if optional and value is None:
                continue
            if isinstance(value, bool) or not isinstance(value, int | float):
                raise ConfigError(f"gate {field.name}: must be a number, got {value!r}")
            highest = 1.0 if field.name.endswith("_rate") else float("inf")
            if not 0 <= value <= highest:
                span = "from 0 to 1" if highest == 1 else ">= 0"
                raise ConfigError(f"gate {field.name}: must be {span}, got {value}")

    @classmethod
    def from_mapping(cls, limits: Mapping[str, object]) -> Gate:
        """Return a gate from names and limits; names left out keep their default.

        Raises
        ------
        ConfigError
            If a name is unknown or a limit is not legal.
        """
        known = [field.name for field in fields(cls)]
        for name in limits:
            if name not in known:
                raise ConfigError(f"gate {name!r} is unknown; the limits are {', '.join(known)}")
        return cls(**limits)  # type: ignore[arg-type]  # __post_init__ checks the types

    def to_dict(self) -> dict[str, float | None]:
        """Return the limits by name, as JSON can hold them."""
        limits = asdict(self).items()
        return {name: None if limit is None else finite_or_none(limit) for name, limit in limits}

    def judge(self, found: Evaluation, edd: Evaluation, aggregate: Aggregate = "mean") -> Verdict:
        """Return how a method stands.

        Parameters
        ----------
        found
            Of the method, compared with ``edd`` among others.
        edd
            Of EDD on the same snapshots.
        aggregate
            How the ratios to EDD are summed up.
        """
        on_time = self.min_on_time_rate
        whose = "" if on_time is not None else ", at least EDD's"
        ratio = found.against("edd").ratio(aggregate)
        summed = "interquartile mean" if aggregate == "iqm" else "mean"
        return Verdict(
            (
                Check("tasks placed, worst schedule", found.completion_rate,
                      ">=", self.min_completion_rate, ".1%"),
                Check("constraint violations, all schedules", found.constraint_violations,
                      "<=", self.max_constraint_violations, ".0f"),
                Check(f"families on time{whose}", found.on_time_rate,
                      ">=", edd.on_time_rate if on_time is None else on_time, ".1%"),
                Check("seconds for a schedule, slowest", found.max_runtime_seconds,
                      "<=", self.max_runtime_seconds, ".3f"),
                Check(f"delay cost / EDD's, {summed}", ratio,
                      "<", self.max_ratio_to_edd, ".3f"),
            )
        )  # fmt: skip
