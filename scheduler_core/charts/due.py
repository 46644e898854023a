"""How a family stands against its due date, and how that looks."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from scheduler_core.problem import SECONDS_PER_DAY, Problem
from scheduler_core.schedule import Schedule


class DueStatus(StrEnum):
    """How a family stands against its due date. Its value is the text in the legend."""

    LATE = "Late"
    UNDER_24H = "Under 24 h to spare"
    UNDER_72H = "Under 72 h to spare"
    FINE = "Fine"


@dataclass(frozen=True, slots=True)
class Look:
    """Colour and hatch of a status: two signals, so that neither is needed alone."""

    fill: str
    hatch_colour: str
    hatch: str
    text: str
    edge: str


# Hues that stay apart for the common colour vision deficiencies (after Okabe and Ito), and apart
# in lightness too; the calmest is the one that most bars have.
LIGHT = {
    DueStatus.LATE: Look("#c8452c", "#8f2715", "/", "#ffffff", "#ffffff"),
    DueStatus.UNDER_24H: Look("#f0b23e", "#b57a0c", "x", "#3b2a05", "#ffffff"),
    DueStatus.UNDER_72H: Look("#4f9fd0", "#2b6f9c", ".", "#ffffff", "#ffffff"),
    DueStatus.FINE: Look("#b9c8d6", "#b9c8d6", "", "#22364a", "#ffffff"),
}
DARK = {
    DueStatus.LATE: Look("#e0664c", "#8c2f1c", "/", "#1d0904", "#12181d"),
    DueStatus.UNDER_24H: Look("#e9b44c", "#94690f", "x", "#2b1f04", "#12181d"),
    DueStatus.UNDER_72H: Look("#5fb0e0", "#2a6a94", ".", "#06202f", "#12181d"),
    DueStatus.FINE: Look("#4c6075", "#4c6075", "", "#e3ebf2", "#12181d"),
}


def due_status(due: int, completion: int | None) -> DueStatus:
    """Return the status of a family by the time to spare, due minus completion, in seconds.

    A family that is never completed (None) is late.
    """
    if completion is None or completion > due:
        return DueStatus.LATE
    if due - completion < SECONDS_PER_DAY:
        return DueStatus.UNDER_24H
    if due - completion < 3 * SECONDS_PER_DAY:
        return DueStatus.UNDER_72H
    return DueStatus.FINE


def due_statuses(problem: Problem, schedule: Schedule) -> dict[str, DueStatus]:
    """Return the status of every family under a schedule."""
    completions = schedule.completions(problem)
    return {
        family.id: due_status(family.due, completions.get(family.id)) for family in problem.families
    }
