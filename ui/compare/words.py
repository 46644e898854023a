"""Comparisons in sentences: what a planner would tell another one."""

from __future__ import annotations

from scheduler_core.comparison import Difference, FamilyChange
from scheduler_core.explanation import moment
from scheduler_core.problem import SECONDS_PER_HOUR
from scheduler_core.schedule import ScheduledTask
from ui.compare.pair import Pair
from ui.escaping import escaped


def verdict(pair: Pair) -> str:
    """Return in a few sentences which plan is better, by how much, and who pays for it."""
    new, old = pair.new, pair.old
    fewer = old.metrics.late_families - new.metrics.late_families
    late = f"{abs(fewer):,} {'fewer' if fewer > 0 else 'more'} late {_families(abs(fewer))} than"
    text = f"**{new.label} has {late if fewer else 'as many late families as'} {old.label}"
    if min(new.metrics.completion_rate, old.metrics.completion_rate) < 1:
        return text + f".** {_incomplete(pair)}"
    cost, old_cost = new.metrics.delay_cost, old.metrics.delay_cost
    if old_cost > 0:
        ratio = cost / old_cost
        joint = "but" if (fewer > 0 and ratio > 1) or (fewer < 0 and ratio < 1) else "and"
        text += f" {joint} {ratio:.2f} of its delay cost"
    elif not cost:
        text += ", and neither has a delay cost"
    else:
        text += f" and a delay cost of {cost:,.0f} points against none"
    return f"{text}.** {_winners(pair)}"


def _incomplete(pair: Pair) -> str:
    left_out = [plan.label for plan in (pair.new, pair.old) if plan.metrics.completion_rate < 1]
    return f"{' and '.join(left_out)} leaves tasks out, so points and hours do not compare."


def _winners(pair: Pair) -> str:
    """Return how many families are better and worse off, and which one is hit worst."""
    shifts = [(each.tardiness or 0, each.family.id) for each in pair.change.families]
    better = sum(shift < 0 for shift, _ in shifts)
    worse = [shift for shift in shifts if shift[0] > 0]
    if not better and not worse:
        return f"Every family is as late as under {pair.old.label}."
    text = f"Under {pair.new.label} {better or 'no'} {_families(better)} "
    text += f"{'is' if better < 2 else 'are'} less late and "
    if not worse:
        return text + "none is later."
    hours, name = max(worse)
    return (
        f"{text}{len(worse)} {'is' if len(worse) == 1 else 'are'} later; the worst hit is "
        f"{escaped(name)}, by {hours / SECONDS_PER_HOUR:,.1f} h."
    )


def _families(count: int) -> str:
    return "family" if count < 2 else "families"


def difference(pair: Pair, step: Difference) -> str:
    """Return in sentences what each plan does at a decision in which they differ."""
    new, old = pair.new.label, pair.old.label
    text = f"**At {moment(pair.problem, step.moment)} on {escaped(step.machine)}** "
    text += f"{new} takes {_task(pair, step.new)}{_later(pair, step, step.new)}"
    if step.old is None:
        text += f"; {old} takes nothing more there."
    elif step.same_task:
        text += f"; {old} takes it too{_later(pair, step, step.old)}: one of them lets it wait."
    else:
        text += f"; {old} takes {_task(pair, step.old)} first{_later(pair, step, step.old)}."
        if not step.was_waiting:
            text += f" Under {new} {escaped(step.old.family_id)} was not there yet."
    return f"{text} {_elsewhere(pair, step)}".strip()


def _later(pair: Pair, step: Difference, task: ScheduledTask) -> str:
    """Return when a task starts, nothing where that is the moment of the difference."""
    return "" if task.start == step.moment else f", at {moment(pair.problem, task.start)}"


def _elsewhere(pair: Pair, step: Difference) -> str:
    """Return where the older plan does the task taken, if that is on another machine."""
    place = pair.old_place(step.new)
    if place is None or place.machine == step.machine:
        return ""
    return (
        f"{pair.old.label} does {escaped(step.new.family_id)} on {escaped(place.machine)} instead, "
        f"at {moment(pair.problem, place.start)}."
    )


def _task(pair: Pair, task: ScheduledTask) -> str:
    family = next(each for each in pair.problem.families if each.id == task.family_id)
    urgent = "urgent, " if family.is_urgent else ""
    due = moment(pair.problem, family.due)
    return f"**{escaped(task.family_id)}** ({urgent}step {task.sequence}, due {due})"


def outcome(pair: Pair, change: FamilyChange) -> str:
    """Return how a family ends under both plans."""
    name = f"**{escaped(change.family.id)}** ends"
    new, old = pair.new.label, pair.old.label
    if change.new_completion == change.old_completion:
        return f"{name} {_end(change, change.new_completion)} under both."
    if change.new_tardiness == change.old_tardiness == 0:
        spares = [
            f"{(change.family.due - completion) / SECONDS_PER_HOUR:,.1f} h to spare under {label}"
            for completion, label in ((change.new_completion, new), (change.old_completion, old))
            if completion is not None
        ]
        return f"{name} on time under both, with {' and '.join(spares)}."
    ends = [_end(change, each) for each in (change.new_completion, change.old_completion)]
    return f"{name} {ends[0]} under {new}, {ends[1]} under {old}."


def _end(change: FamilyChange, completion: int | None) -> str:
    if completion is None:
        return "never"
    spare = (change.family.due - completion) / SECONDS_PER_HOUR
    return f"{-spare:,.1f} h late" if spare < 0 else f"on time with {spare:,.1f} h to spare"
