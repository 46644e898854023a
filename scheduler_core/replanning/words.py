"""Events in the words of the shop."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from scheduler_core.moments import moment_text

if TYPE_CHECKING:
    from scheduler_core.replanning.events import Event


def describe(event: Event, created_at: datetime | None) -> str:
    """Return an event as a planner would tell it, such as "PP09 down for 8 h from Fri 08 Aug"."""
    return event.text(lambda second: moment_text(created_at, second))
