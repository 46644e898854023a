"""What a synthetic shop is like."""

from __future__ import annotations

from dataclasses import dataclass, fields

from scheduler_core.errors import ConfigError

SHOPS = ("long_tailed", "flat", "flow", "reentrant")


@dataclass(frozen=True, slots=True)
class GeneratorConfig:
    """What a synthetic shop is like. The defaults are calibrated to the shops this is for.

    Raises
    ------
    ConfigError
        If a field is outside its legal range.
    """

    shop: str = "long_tailed"
    """How families move: ``long_tailed`` (load falls off from machine to machine by Zipf's law),
    ``flat`` (even load over a third as many machines), ``flow`` (every family visits its machines
    in one common order), ``reentrant`` (at every second task a family is back at the same
    machine, one of the busiest third)."""
    num_machines: int = 145
    """Machines listed, 1 to 20,000; a snapshot file holds 10,000."""
    machines_per_family: float = 0.3
    """Machines in use for each family, > 0, until all are in use. Fewer means longer queues."""
    zipf_exponent: float = 0.8
    """How fast the load falls off from the busiest machine, 0 (even) to 3."""
    mean_tasks: float = 3.27
    """Tasks a family on average, 1 to 50."""
    num_tasks: int | None = None
    """Exact number of tasks, at least one a family; None: mean_tasks x families, rounded."""
    any_machine_fraction: float = 0.06
    """Share of tasks that every machine can do, 0 to 1."""
    flexible_fraction: float = 0.0
    """Share of the other tasks that 2 to 4 machines can do, each in its own time, 0 to 1."""
    median_hours: float = 10.0
    """Median processing time in hours, > 0."""
    hours_sigma: float = 1.1
    """Spread of the logarithm of the hours, 0 to 3."""
    min_hours: float = 0.25
    """Shortest processing time in hours, >= 0.01."""
    max_hours: float = 120.0
    """Longest processing time in hours, from min_hours to 10,000."""
    due_range_days: int = 30
    """Latest due date in days, 1 to 3,650."""
    late_fraction: float = 0.06
    """Share of families whose due date is 1 to 10 days past, 0 to 1."""
    urgent_fraction: float = 0.1
    """Share of families marked urgent, 0 to 1."""
    weighted_fraction: float = 0.0
    """Share of families that weigh 0.5, 2 or 5 instead of 1, 0 to 1."""
    arriving_fraction: float = 0.25
    """Share of families whose material arrives after time zero, 0 to 1."""
    arrival_range_days: int = 10
    """Latest arrival of material in days, 1 to 3,650."""
    shift_fraction: float = 0.0
    """Share of machines that work in shifts, by one of a few usual calendars, 0 to 1."""
    num_holidays: int = 0
    """Weekdays of the due range on which no shift begins, as far as there are so many, 0 to 30."""
    downtime_fraction: float = 0.0
    """Share of machines that stand still once or twice in the due range, for 2 to 72 hours, 0 to
    1."""
    running_fraction: float = 0.0
    """Share of families whose first task runs at time zero, as far as there are machines that can
    do one each, 0 to 1."""
    locked_fraction: float = 0.0
    """Share of tasks that planners have fixed to a machine and a start, as far as these are in the
    due range, 0 to 1."""

    def __post_init__(self) -> None:
        if self.shop not in SHOPS:
            raise ConfigError(f"shop: must be one of {', '.join(SHOPS)}, got {self.shop!r}")
        for field in fields(self):
            if field.name != "shop" and getattr(self, field.name) is not None:
                self._check_number(field.name)
        if self.max_hours < self.min_hours:
            raise ConfigError(
                f"max_hours: must be >= min_hours ({self.min_hours}), got {self.max_hours}"
            )

    def _check_number(self, name: str) -> None:
        value = getattr(self, name)
        low, high = _RANGES.get(name, (0.0, 1.0))  # what is not listed is a share
        if name in _WHOLE and (isinstance(value, bool) or not isinstance(value, int)):
            raise ConfigError(f"{name}: must be a whole number, got {value!r}")
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise ConfigError(f"{name}: must be a number, got {value!r}")
        if not low <= value <= high:
            raise ConfigError(f"{name}: must be from {low:g} to {high:g}, got {value}")


_WHOLE = {"num_machines", "num_tasks", "due_range_days", "arrival_range_days", "num_holidays"}
_RANGES: dict[str, tuple[float, float]] = {
    "num_machines": (1, 20_000),
    "machines_per_family": (0.001, 10_000),
    "zipf_exponent": (0, 3),
    "mean_tasks": (1, 50),
    "num_tasks": (1, 250_000),
    "median_hours": (0.01, 10_000),
    "hours_sigma": (0, 3),
    "min_hours": (0.01, 10_000),
    "max_hours": (0.01, 10_000),
    "due_range_days": (1, 3650),
    "arrival_range_days": (1, 3650),
    "num_holidays": (0, 30),
}
