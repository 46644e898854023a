"""A schedule with all that is known of how it came about."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from scheduler_core.objective import Metrics, RewardWeights
from scheduler_core.problem import SECONDS_PER_HOUR, Problem
from scheduler_core.schedule import Schedule
from scheduler_core.snapshot import Snapshot


@dataclass(frozen=True)
class Record:
    """A schedule, what it was made for, and what it is worth."""

    snapshot: Snapshot
    schedule: Schedule
    weights: RewardWeights
    metrics: Metrics
    label: str
    """What the method is called in files for people."""
    certificate: Mapping[str, object] = field(default_factory=dict)
    """As `scheduler_core.schedule_file.schedule_document` takes it."""

    @property
    def problem(self) -> Problem:
        """What was scheduled."""
        return self.snapshot.problem

    def due(self) -> dict[str, int]:
        """Return the due time in seconds of every family."""
        return {family.id: family.due for family in self.problem.families}

    def provenance(self) -> list[tuple[str, str]]:
        """Return what it takes to make the schedule again, as names and texts."""
        pairs = [
            ("Snapshot", self.snapshot.name),
            ("Snapshot SHA-256", self.snapshot.sha256),
            ("Method", self.label),
            ("Seed", str(self.schedule.seed)),
        ]
        model = self.certificate.get("checkpoint_sha256")
        if model:
            hashes = [model] if isinstance(model, str) else model
            assert isinstance(hashes, list)
            pairs.append(("Model SHA-256", ", ".join(map(str, hashes))))
        if replay := self.certificate.get("replay"):
            pairs.append(("Made again by", str(replay)))
        return pairs


def moment(problem: Problem, second: int | None) -> datetime | float | None:
    """Return a point in time as the shop's wall clock shows it, else in hours from time zero.

    Hours where time zero has no date, or where the calendar ends, in the year 9999.
    """
    if second is None:
        return None
    if problem.created_at is not None:
        try:
            return problem.created_at.replace(tzinfo=None, microsecond=0) + timedelta(
                seconds=second
            )
        except OverflowError:
            pass
    return second / SECONDS_PER_HOUR
