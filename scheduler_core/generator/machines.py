"""The machines of a synthetic shop: their names, their shifts, and when they are down."""

from __future__ import annotations

import math
from datetime import datetime

import numpy as np

from scheduler_core.generator.config import GeneratorConfig
from scheduler_core.problem import (
    SECONDS_PER_DAY,
    SECONDS_PER_HOUR,
    SECONDS_PER_WEEK,
    Calendar,
    Downtime,
    Machine,
    SpecialDay,
)

EARLY, LATE, NIGHT = (6, 14), (14, 22), (22, 30)
"""Hours of the usual shifts, from the midnight before."""
_SATURDAY = 5
_WEEKS: dict[str, tuple[tuple[tuple[int, int], ...], tuple[tuple[int, int], ...]]] = {
    "day shift": ((EARLY,), ()),
    "two shifts": ((EARLY, LATE), ()),
    "two shifts and Saturday morning": ((EARLY, LATE), (EARLY,)),
    "three shifts": ((EARLY, LATE, NIGHT), ()),
}
"""Shifts from Monday to Friday, and on Saturday, by the name of the calendar."""
_WEEK_SHARES = (0.15, 0.4, 0.2, 0.25)
"""How often each calendar is drawn, in the order of `_WEEKS`."""
_REASONS = ("maintenance", "repair", "new tool", "no operator")
_DOWN_HOURS = (2, 72)


def make_machines(
    config: GeneratorConfig, created_at: datetime, rng: np.random.Generator
) -> tuple[Machine, ...]:
    """Return the machines of a shop: names alone, unless the configuration asks for more."""
    shifts_rng, holidays_rng, downtime_rng = rng.spawn(3)
    names = _machine_names(config.num_machines)
    week_start = _week_start(created_at)
    special_days = tuple(
        SpecialDay(midnight) for midnight in _holidays(week_start, config, holidays_rng)
    )
    calendars = [
        Calendar(name, week_start, _week(*shifts), special_days) for name, shifts in _WEEKS.items()
    ]
    # Drawn for all, so that a larger share adds machines and leaves the others as they were.
    kinds = shifts_rng.choice(len(calendars), len(names), p=_WEEK_SHARES)
    in_shifts = _some(len(names), config.shift_fraction, shifts_rng)
    down = {
        machine: _downtime(config, downtime_rng)
        for machine in _some(len(names), config.downtime_fraction, downtime_rng)
    }
    calendar_of = {machine: calendars[kinds[machine]] for machine in in_shifts}
    return tuple(
        Machine(name, calendar_of.get(index), down.get(index, ()))
        for index, name in enumerate(names)
    )


def _some(count: int, share: float, rng: np.random.Generator) -> list[int]:
    """Return a share of the indices below ``count``, at random."""
    chosen: list[int] = rng.permutation(count)[: round(share * count)].tolist()
    return chosen


def _week_start(created_at: datetime) -> int:
    """Return the second of the Monday 00:00 of time zero's week."""
    midnight = created_at.replace(hour=0, minute=0, second=0, microsecond=0)
    since_midnight = round((created_at - midnight).total_seconds())
    return -((created_at.weekday() * SECONDS_PER_DAY + since_midnight) % SECONDS_PER_WEEK)


def _week(
    on_weekdays: tuple[tuple[int, int], ...], on_saturday: tuple[tuple[int, int], ...]
) -> tuple[tuple[int, int], ...]:
    """Return the shifts of a week in seconds from Monday 00:00."""
    shifts = [(day, shift) for day in range(_SATURDAY) for shift in on_weekdays]
    shifts += [(_SATURDAY, shift) for shift in on_saturday]
    return tuple(
        (
            day * SECONDS_PER_DAY + start * SECONDS_PER_HOUR,
            day * SECONDS_PER_DAY + end * SECONDS_PER_HOUR,
        )
        for day, (start, end) in shifts
    )


def _holidays(week_start: int, config: GeneratorConfig, rng: np.random.Generator) -> list[int]:
    """Return the midnights at which the holidays begin, in order: weekdays of the due range."""
    today = -week_start // SECONDS_PER_DAY
    days = [
        day for day in range(today + 1, today + config.due_range_days + 1) if day % 7 < _SATURDAY
    ]
    chosen = sorted(rng.permutation(len(days))[: config.num_holidays].tolist())
    return [week_start + days[index] * SECONDS_PER_DAY for index in chosen]


def _downtime(config: GeneratorConfig, rng: np.random.Generator) -> tuple[Downtime, ...]:
    """Return one or two stretches within the due range, in order, mostly of some hours."""
    shortest, longest = _DOWN_HOURS
    horizon = 24 * config.due_range_days
    stretches = []
    for _ in range(int(rng.integers(1, 3))):
        length = round(math.exp(rng.uniform(math.log(shortest), math.log(longest))))
        length = min(length, horizon // 2)
        start = int(rng.integers(1, horizon - length + 1))
        reason = _REASONS[int(rng.integers(len(_REASONS)))]
        stretches.append((start, start + length, reason))
    return tuple(
        Downtime(start * SECONDS_PER_HOUR, end * SECONDS_PER_HOUR, reason)
        for start, end, reason in sorted(stretches)
    )


def _machine_names(num_machines: int) -> tuple[str, ...]:
    """Return names such as PP09-160T-C-A1 (presses), CP03-B2 (cells) and WH01A-PK (packing)."""
    tons = (60, 80, 110, 160, 200, 250, 315, 400)
    names = []
    for index in range(num_machines):
        line, kind = index // 12, index % 12
        if kind == 11:
            names.append(f"WH{line + 1:02d}A-PK")
        elif kind >= 8:
            names.append(f"CP{line + 1:02d}-B{kind - 7}")
        else:
            names.append(f"PP{line + 1:02d}-{tons[kind]}T-{'CH'[line % 2]}-A{kind % 3 + 1}")
    return tuple(names)
