"""Times and events in the words of the shop."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from scheduler_core.problem import SECONDS_PER_HOUR

if TYPE_CHECKING:
    from scheduler_core.replanning.events import Event


def moment_text(created_at: datetime | None, second: int) -> str:
    """Return a point in time as a date of the shop, or in hours where time zero has no date."""
    if created_at is None:
        return f"{second / SECONDS_PER_HOUR:,.1f} h"
    try:
        return f"{created_at + timedelta(seconds=second):%a %d %b, %H:%M}"
    except OverflowError:  # beyond the year 9999
        return f"{second / SECONDS_PER_HOUR:,.1f} h"


def duration_text(seconds: int) -> str:
    """Return a length of time in hours, without digits that say nothing."""
    return f"{seconds / SECONDS_PER_HOUR:,.2f}".rstrip("0").rstrip(".") + " h"


def describe(event: Event, created_at: datetime | None) -> str:
    """Return an event as a planner would tell it, such as "PP09 down for 8 h from Fri 08 Aug"."""
    return event.text(lambda second: moment_text(created_at, second))
