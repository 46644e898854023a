"""The story of a family in plain sentences, and the waits of a task as lines."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from scheduler_core.explanation.chain import Hop, Root, RootKind, Story
from scheduler_core.explanation.waits import TaskWaits, Wait, WaitKind
from scheduler_core.moments import moment_text
from scheduler_core.problem import SECONDS_PER_HOUR, Problem

MAX_NAMED = 3
"""A sentence names no more tasks than this; how many more there are it counts."""


def moment(problem: Problem, second: int) -> str:
    """Return a point in time as a planner reads it: a date where time zero is known, else hours."""
    return moment_text(problem.created_at, second)


def hours(seconds: int) -> str:
    """Return a length of time in hours; whatever is not nothing does not read as nothing."""
    return f"{seconds / SECONDS_PER_HOUR:,.1f} h" if seconds >= 180 or not seconds else "< 0.1 h"


def reasons(problem: Problem, story: Story) -> list[str]:
    """Return the story in a few sentences: the outcome, the wait, its chain, what none can avoid.

    Names are as they are in the file: whoever prints them must not read markup in them.
    """
    sentences = [_outcome(problem, story)]
    if story.worst is not None:
        sentences += [f"Its {_waited(story.worst)}.", *_due_later(problem, story, story.worst)]
        sentences += [_hop(problem, hop, place) for place, hop in enumerate(story.hops)]
        sentences += [*_root(problem, story, story.root), *_other_waits(story, story.worst)]
    sentences.append(_alone(problem, story))
    return sentences


def wait_lines(problem: Problem, step: TaskWaits) -> list[tuple[str, int]]:
    """Return what a task waited for since it was ready, in order of time, each with its seconds."""
    return [(_cause(problem, wait), wait.seconds) for wait in step.queue]


def _outcome(problem: Problem, story: Story) -> str:
    name, due = story.family.id, moment(problem, story.family.due)
    if story.completion is None:
        return f"{name} is never completed: not all of its steps have a place in this schedule."
    if story.late > 0:
        return f"{name} is {hours(story.late)} late: it was due {due}."
    return f"{name} is on time, with {hours(-story.late)} to spare: it is due {due}."


def _other_waits(story: Story, worst: TaskWaits) -> Iterator[str]:
    others = [step for step in story.steps if step.waited and step is not worst]
    more = hours(story.waited - worst.waited)
    if len(others) == 1:
        yield f"Its step {others[0].task.sequence} waited {more} on {others[0].task.machine}."
    elif others:
        yield f"{len(others)} other steps waited {more} together."


def _waited(step: TaskWaits) -> str:
    """Return how long a step waited, where, and for what, the longest first."""
    lost: dict[str, int] = {}
    for wait in step.queue:
        what = _what(wait)
        lost[what] = lost.get(what, 0) + wait.seconds
    start = f"step {step.task.sequence} waited {hours(step.waited)} on {step.task.machine}"
    if len(lost) == 1:
        return f"{start} {next(iter(lost))}"
    longest = sorted(lost, key=lambda what: -lost[what])
    parts = [f"{hours(lost[what])} {what}" for what in longest[:MAX_NAMED]]
    left = longest[MAX_NAMED:]
    if left:
        more = hours(sum(lost[what] for what in left))
        parts.append(f"{more} for {len(left)} other{'s' if len(left) > 1 else ''}")
    return f"{start}: {_listed(parts)}"


def _what(wait: Wait) -> str:
    if wait.task is not None:
        return {
            WaitKind.BUSY: f"for {wait.task.family_id}",
            WaitKind.LOCK: f"because it was kept for {wait.task.family_id}, which is fixed there",
        }.get(wait.kind, f"because it was kept free for {wait.task.family_id}")
    return {
        WaitKind.CLOSED: "while it was closed",
        WaitKind.DOWN: "while it was down" + (f" ({wait.reason})" if wait.reason else ""),
        WaitKind.LOCK: "because its own start is fixed",
    }.get(wait.kind, "although it was free")


def _due_later(problem: Problem, story: Story, worst: TaskWaits) -> Iterator[str]:
    """Yield which of the families in front could have waited better, by their due times."""
    dues = {family.id: family.due for family in problem.families}
    names = dict.fromkeys(wait.task.family_id for wait in worst.queue if wait.task is not None)
    later = [name for name in names if dues.get(name, story.family.due) > story.family.due]
    if len(later) > MAX_NAMED:
        yield f"{len(later)} of the families in front of it are due later."
    elif later:
        yield f"{_listed(later)} {'is' if len(later) == 1 else 'are'} due later."


def _hop(problem: Problem, hop: Hop, place: int) -> str:
    """Return since when there was a queue, and whose task stood at its head."""
    head, first = hop.run[0], hop.run[-1]
    since = "from the start" if head.start <= 0 else f"since {moment(problem, head.start)}"
    if len(hop.run) == 1:
        queue = f"{first.family_id} had been there {since}"
    else:
        queue = f"a queue of {len(hop.run)} tasks had been there {since}, {head.family_id} in front"
    if place == 0:
        return f"When it came to the machine, {queue}."
    return f"{hop.step.task.family_id} was late there: its {_waited(hop.step)}; {queue}."


def _root(problem: Problem, story: Story, root: Root | None) -> Iterator[str]:
    """Yield what it all began with, where the sentences before do not say so."""
    if root is None:
        return
    name, own = root.task.family_id, root.task.family_id == story.family.id
    at = moment(problem, max(0, root.task.start))
    if root.kind is RootKind.START:
        yield "All of this began with work that was in the shop from the start."
    elif root.kind is RootKind.MATERIAL and not own:
        yield f"It came with the material of {name}, and waited for nothing else."
    elif root.kind is RootKind.WORK and not own:
        yield f"{name} came there straight from its own earlier steps, without a wait."
    elif root.kind is RootKind.LOCK and not own:
        yield f"{name} is fixed there, at {at}."
    elif root.kind in (RootKind.CLOSED, RootKind.DOWN) and not own:
        why = f" ({root.reason})" if root.reason else ""
        state = "closed" if root.kind is RootKind.CLOSED else f"down{why}"
        yield f"{name} had to wait there until {at}: {root.task.machine} was {state}."
    elif root.kind is RootKind.CUT:
        yield f"{name} in turn had waited on {root.task.machine}; the chain goes on from there."


def _alone(problem: Problem, story: Story) -> str:
    """Return how much of it nobody could have avoided."""
    over = story.unhindered - story.family.due
    if over <= 0:
        spare = f"alone in the shop it would have {hours(-over)} to spare"
        return f"Nothing forces it: {spare}." if story.late > 0 else f"{spare.capitalize()}."
    start = f"Alone in the shop it would still be {hours(over)} late"
    if story.family.due <= 0:
        return f"{start}: it was due before this snapshot was taken."
    if story.family.release > 0 and story.family.release > story.family.due:
        return f"{start}: its material comes {moment(problem, story.family.release)}, after that."
    if story.family.release > 0:
        return (
            f"{start}: its material comes {moment(problem, story.family.release)}, and its steps "
            f"take {hours(story.unhindered - story.family.release)} from there."
        )
    return f"{start}: its steps take {hours(story.unhindered)} from now on."


def _cause(problem: Problem, wait: Wait) -> str:
    """Return one wait of a task as the start of a line."""
    task = wait.task
    if task is not None:
        who = f"{task.family_id}, step {task.sequence}"
        if wait.kind is WaitKind.BUSY:
            return f"Machine busy with {who}, until {moment(problem, wait.until)}"
        if wait.kind is WaitKind.LOCK:
            return f"Machine kept for {who}, whose start is fixed"
        return f"Machine kept free for {who}"
    return {
        WaitKind.CLOSED: "Machine closed, no shift",
        WaitKind.DOWN: "Machine down" + (f": {wait.reason}" if wait.reason else ""),
        WaitKind.LOCK: "Its own start is fixed",
        WaitKind.NO_REASON: "Machine free: it could have started",
    }[wait.kind]


def _listed(parts: Sequence[str]) -> str:
    return " and ".join([", ".join(parts[:-1]), parts[-1]]) if len(parts) > 1 else parts[0]
