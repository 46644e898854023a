"""Times of the shop as its people read them."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from scheduler_core.moments import moment_text

HOUR = 3600


@pytest.mark.parametrize(
    ("hours", "text"),
    [
        (0, "Tue 30 Dec 08:00"),
        (24, "Wed 31 Dec 08:00"),
        (48, "Thu 01 Jan 2026 08:00"),
        (-365 * 24, "Mon 30 Dec 2024 08:00"),
        (10**8, "100,000,000.0 h"),
    ],
)
def test_moment_text_in_another_year_than_the_snapshot_names_it(hours: int, text: str) -> None:
    """Within its year a day and a month say enough; beyond the calendar only hours can."""
    assert moment_text(datetime(2025, 12, 30, 8, tzinfo=UTC), hours * HOUR) == text


def test_moment_text_without_a_date_is_in_hours() -> None:
    """A published instance has no time zero."""
    assert moment_text(None, 90 * 60) == "1.5 h"
