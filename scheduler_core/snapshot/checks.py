"""Checks of single values: each returns the value, or names the fault and returns None.

A report collects the faults of a whole file, so that a planner repairs it in one go.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time
from decimal import ROUND_HALF_UP, Decimal

from scheduler_core.errors import Fault
from scheduler_core.problem import SECONDS_PER_HOUR
from scheduler_core.snapshot.json_text import refused, show

MAX_NAME = 200
"""Longest family id, machine or process name."""
MAX_HOURS = 100_000
"""Longest time that is not taken for a slip of the keyboard: over eleven years."""
MAX_DAYS = 36_500
"""How far a date may be from time zero."""
MAX_SEQUENCE = 1_000_000_000
FIRST_YEAR, LAST_YEAR = 1970, 2200

Number = int | float
MISSING = object()
"""Stands for a key that an object does not have, which is not the same as null."""


def to_seconds(value: Number, unit: int = SECONDS_PER_HOUR) -> int:
    """Return a time in whole seconds, exactly rounded from the decimal that the file shows.

    In binary floats 0.00125 h is a hair under 4.5 s; the text in the file says 4.5, which is 5.
    """
    exact = Decimal(value) if isinstance(value, int) else Decimal(repr(value))
    return int((exact * unit).to_integral_value(ROUND_HALF_UP))


@dataclass
class Report:
    """The faults of a file as they are found."""

    faults: list[Fault] = field(default_factory=list)
    num_refused: int = 0
    """Values met whose fault is known already: the reader of JSON has refused them."""

    @property
    def num_wrong(self) -> int:
        """Number that grows with each wrong value: what it has grown for cannot be built."""
        return len(self.faults) + self.num_refused

    def add(self, place: str, message: str) -> None:
        """Note a fault."""
        self.faults.append(Fault(place, message))

    def wrong(self, value: object, place: str, wanted: str, way_out: str = "") -> None:
        """Note that a value is not what the format asks for, unless its fault is known already."""
        if refused(value):
            self.num_refused += 1
            return
        out = f"; {way_out}" if way_out else ""
        if value is MISSING:
            self.add(place, f"is missing; it must be {wanted}{out}")
        else:
            self.add(place, f"must be {wanted}, got {show(value)}{out}")

    def mapping(self, value: object, place: str, wanted: str) -> Mapping[str, object] | None:
        """Return a JSON object."""
        if isinstance(value, dict):
            return value
        self.wrong(value, place, wanted)
        return None

    def sequence(self, value: object, place: str, wanted: str) -> list[object] | None:
        """Return a JSON list."""
        if isinstance(value, list):
            return value
        self.wrong(value, place, wanted)
        return None

    def name(self, value: object, place: str, wanted: str) -> str | None:
        """Return a name: a text that is not blank and not endless."""
        if not isinstance(value, str):
            self.wrong(value, place, wanted)
        elif not value.strip():
            self.add(place, f"must not be an empty name, got {show(value)}")
        elif len(value) > MAX_NAME:
            self.add(place, f"must have at most {MAX_NAME} characters, got {len(value)}")
        else:
            return value
        return None

    def boolean(self, value: object, place: str) -> bool | None:
        """Return true or false."""
        if isinstance(value, bool):
            return value
        self.wrong(value, place, "true or false")
        return None

    def number(self, value: object, place: str, wanted: str) -> Number | None:
        """Return a finite number; true, false and numbers in quotes are none."""
        if isinstance(value, int | float) and not isinstance(value, bool):
            return value
        quoted = isinstance(value, str) and _looks_like_number(value)
        self.wrong(value, place, wanted, "remove the quotes" if quoted else "")
        return None

    def whole(self, value: object, place: str, limit: int = MAX_SEQUENCE) -> int | None:
        """Return a whole number between -limit and limit; 3.0 is one, 3.5 is not."""
        number = self.number(value, place, "a whole number")
        if number is None:
            return None
        if isinstance(number, float) and not number.is_integer():
            self.wrong(value, place, "a whole number")
        elif abs(number) > limit:
            self.add(place, f"must be between -{limit} and {limit}, got {show(value)}")
        else:
            return int(number)
        return None

    def time(self, value: object, place: str, limit: int = MAX_HOURS) -> int | None:
        """Return hours of any sign as seconds."""
        hours = self.number(value, place, "a number of hours")
        if hours is None:
            return None
        if abs(hours) > limit:
            limits = f"between -{limit} and {limit} hours"
            self.add(place, f"must be {limits}, got {show(value)}")
            return None
        return to_seconds(hours)

    def duration(self, value: object, place: str) -> int | None:
        """Return a processing time in seconds, at least one."""
        hours = self.number(value, place, "a number of hours")
        if hours is None:
            return None
        if hours <= 0:
            self.add(place, f"must be > 0 hours, got {show(value)}")
        elif hours > MAX_HOURS:
            self.add(place, f"must be <= {MAX_HOURS} hours, got {show(value)}; is it in seconds?")
        elif to_seconds(hours) == 0:
            self.add(place, f"must be at least one second (0.00028 hours), got {show(value)}")
        else:
            return to_seconds(hours)
        return None

    def moment(self, value: object, place: str) -> date | datetime | None:
        """Return a day, or a date-time where the text has a time of day."""
        wanted = "a date such as 2025-08-15"
        if not isinstance(value, str):
            self.wrong(value, place, wanted)
            return None
        for kind in (date, datetime):
            try:
                return kind.fromisoformat(value)
            except ValueError:
                continue
        self.wrong(value, place, wanted)
        return None

    def created_at(self, value: object, place: str) -> datetime | None:
        """Return the date and time of time zero."""
        moment = self.moment(value, place)
        if moment is None:
            return None
        if not FIRST_YEAR <= moment.year < LAST_YEAR:
            self.add(place, f"must be from {FIRST_YEAR} to {LAST_YEAR - 1}, got {show(value)}")
            return None
        return moment if isinstance(moment, datetime) else datetime.combine(moment, time())


def _looks_like_number(text: str) -> bool:
    try:
        return math.isfinite(float(text))
    except ValueError:
        return False
