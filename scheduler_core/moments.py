"""Times of the shop as its people read them."""

from __future__ import annotations

from datetime import datetime, timedelta

from scheduler_core.working_time import SECONDS_PER_HOUR


def moment_text(created_at: datetime | None, second: int) -> str:
    """Return a point in time as a date of the shop, or in hours where time zero has no date.

    A date in another year than time zero has its year.
    """
    if created_at is None:
        return f"{second / SECONDS_PER_HOUR:,.1f} h"
    try:
        moment = created_at + timedelta(seconds=second)
        year = "" if moment.year == created_at.year else f"{moment.year} "
        return f"{moment:%a %d %b} {year}{moment:%H:%M}"
    except OverflowError:  # beyond the year 9999
        return f"{second / SECONDS_PER_HOUR:,.1f} h"


def duration_text(seconds: int) -> str:
    """Return a length of time in hours, without digits that say nothing."""
    return f"{seconds / SECONDS_PER_HOUR:,.2f}".rstrip("0").rstrip(".") + " h"
