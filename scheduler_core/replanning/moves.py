"""What a new plan changes: the tasks that move, and what that does to the families."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta

from scheduler_core.problem import SECONDS_PER_DAY, Family, Problem
from scheduler_core.replanning.events import Event
from scheduler_core.replanning.replan import Replan
from scheduler_core.replanning.words import describe
from scheduler_core.schedule import Schedule, ScheduledTask


@dataclass(frozen=True, slots=True)
class Move:
    """A task that has another place in the new plan, or a new one."""

    after: ScheduledTask
    before: ScheduledTask | None
    """None for a task that the old plan does not know."""

    @property
    def what(self) -> str:
        """What has changed, in two or three words."""
        if self.before is None:
            return "new"
        if self.before.machine != self.after.machine:
            return "other machine"
        if self.before.start != self.after.start:
            return "later" if self.after.start > self.before.start else "earlier"
        return "ends later" if self.after.end > self.before.end else "ends earlier"

    @property
    def has_moved(self) -> bool:
        """Whether it starts elsewhere or at another time; to end later alone is no move."""
        before, after = self.before, self.after
        return before is not None and (before.machine, before.start) != (
            after.machine,
            after.start,
        )


@dataclass(frozen=True, slots=True)
class Effect:
    """How a family stands under the old plan and the new one, times in seconds."""

    family: Family
    before: int | None
    """Completion under the old plan; None for a family that it does not know."""
    after: int

    @property
    def was_late(self) -> bool:
        """Whether it was late under the old plan."""
        return self.before is not None and self.before > self.family.due

    @property
    def is_late(self) -> bool:
        """Whether it is late under the new plan."""
        return self.after > self.family.due


def moves(base: Schedule, new: Schedule) -> list[Move]:
    """Return every task of the new plan whose machine, start or end differs, in order of start."""
    old = {(task.family_id, task.sequence): task for task in base}
    pairs = [(task, old.get((task.family_id, task.sequence))) for task in new]
    return [
        Move(after, before)
        for after, before in sorted(pairs, key=lambda pair: pair[0].start)
        if before is None
        or (before.machine, before.start, before.end) != (after.machine, after.start, after.end)
    ]


def effects(changed: Problem, base: Schedule, new: Schedule) -> dict[str, Effect]:
    """Return how every family stands that the new plan completes, by id.

    ``changed`` is the shop of the new plan; families of it that the old plan does not complete
    are new.
    """
    old = {(task.family_id, task.sequence): task.end for task in base}
    ends = new.completions(changed)
    found = {}
    for family in changed.families:
        if family.id in ends:
            before = [old.get((family.id, task.sequence)) for task in family.tasks]
            known = [end for end in before if end is not None]
            completion = max(known) if len(known) == len(before) else None
            found[family.id] = Effect(family, completion, ends[family.id])
    return found


def summary(events: Sequence[Event], plan: Replan, base: Schedule, now: int) -> str:
    """Return events and what they lead to in a sentence.

    Such as "PP09 down for 8 h from Fri 08 Aug 06:00: 3 more late families, 41 tasks move, 12 of
    them today".
    """
    changes = [move for move in moves(base, plan.schedule) if move.has_moved]
    stand = effects(plan.changed, base, plan.schedule).values()
    late = sum(each.is_late for each in stand) - sum(each.was_late for each in stand)
    cause = "; ".join(describe(event, plan.changed.created_at) for event in events)
    return f"{cause or 'No event'}: {_late_text(late)}, {_moves_text(changes, plan, now)}."


def _late_text(late: int) -> str:
    if late == 0:
        return "as many late families as before"
    number, more = abs(late), "more" if late > 0 else "fewer"
    return f"{number:,} {more} late {'family' if number == 1 else 'families'}"


def _moves_text(changes: Iterable[Move], plan: Replan, now: int) -> str:
    end = _end_of_day(plan, now)
    places = [(move.before, move.after) for move in changes]
    soon = sum(any(now <= task.start < end for task in pair if task is not None) for pair in places)
    if not places:
        return "no task moves"
    text = f"{len(places):,} task{' moves' if len(places) == 1 else 's move'}"
    if not soon or len(places) == 1:
        return text
    when = "on that day" if now >= _end_of_day(plan, 0) else "today"
    return f"{text}, {'all' if soon == len(places) else f'{soon:,}'} of them {when}"


def _end_of_day(plan: Replan, second: int) -> int:
    """Return the midnight after a moment; a day later where time zero has no date."""
    created_at = plan.changed.created_at
    if created_at is None:
        return second + SECONDS_PER_DAY
    clock = created_at + timedelta(seconds=second)
    return second + SECONDS_PER_DAY - (clock.hour * 3600 + clock.minute * 60 + clock.second)
