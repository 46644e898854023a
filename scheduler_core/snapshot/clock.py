"""From the calendar to seconds: dates of a snapshot counted from its ``created_at``."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from scheduler_core.problem import SECONDS_PER_DAY, SECONDS_PER_WEEK
from scheduler_core.snapshot.checks import MAX_DAYS, Report

CREATED_AT = "metadata.created_at"


@dataclass
class Clock:
    """Time zero of a snapshot, and which dates wanted it where it is not known."""

    report: Report
    created_at: datetime | None
    created_at_is_missing: bool
    """Absent, not merely faulty: a faulty one is reported where it is read."""
    wanted_by: list[str] = field(default_factory=list)

    def seconds_to(
        self, moment: date | datetime, place: str, day_offset: int = 0, limit: int = MAX_DAYS
    ) -> int | None:
        """Return the seconds from time zero to a moment.

        Parameters
        ----------
        moment
            A date-time counts exactly; a day counts from its midnight, in the zone of time zero.
        place
            Where the moment stands, for a fault.
        day_offset
            Midnights to add to a day: 1 is the end of it.
        limit
            Most days from time zero.
        """
        zero = self.created_at
        if zero is None:
            self.wanted_by.append(place)
            return None
        if isinstance(moment, datetime):
            if moment.tzinfo is not None and zero.tzinfo is None:
                self.report.add(
                    place,
                    f"has a time zone, but {CREATED_AT} has none; give a zone to both or to none",
                )
                return None
            delta = moment.replace(tzinfo=moment.tzinfo or zero.tzinfo) - zero
        else:
            # In whole days, because the midnight after 9999-12-31 cannot be a datetime.
            days = moment.toordinal() - zero.toordinal() + day_offset
            delta = timedelta(days=days) - _since_midnight(zero)
        if abs(delta.days) > limit:
            self.report.add(
                place,
                f"must be within {limit} days of {CREATED_AT}, got {moment.isoformat()}",
            )
            return None
        return _whole_seconds(delta)

    def monday(self) -> int | None:
        """Return the seconds from time zero to the Monday 00:00 of its week."""
        if self.created_at is None:
            return None
        midnight = _since_midnight(self.created_at)
        since = timedelta(days=self.created_at.weekday()) + midnight
        # In the last half second of a Sunday, time zero is the Monday after.
        return -(-_whole_seconds(-since) % SECONDS_PER_WEEK)

    def report_missing(self) -> None:
        """Note one fault if time zero is missing and a date is counted from it."""
        if not (self.created_at_is_missing and self.wanted_by):
            return
        first, others = self.wanted_by[0], len(self.wanted_by) - 1
        dates = first if others == 0 else f"{first} and {others} more"
        self.report.add(
            CREATED_AT,
            f"is missing, but {dates} must be counted from it; "
            "give the date and time of the snapshot, such as 2025-08-06T08:00:00",
        )


def _since_midnight(moment: datetime) -> timedelta:
    return timedelta(
        hours=moment.hour,
        minutes=moment.minute,
        seconds=moment.second,
        microseconds=moment.microsecond,
    )


def _whole_seconds(delta: timedelta) -> int:
    """Return the nearest whole second; a ``created_at`` often has microseconds."""
    total = delta.days * SECONDS_PER_DAY + delta.seconds
    return total + (delta.microseconds >= 500_000)
