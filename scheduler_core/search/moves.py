"""Random moves of a search, compiled: what to change in a plan, and how to take it back.

A family completes when it does because of a chain of tasks, each of which starts when the one
before it, in the family or on the machine, has ended. Unless that chain changes it cannot complete
earlier, so moves are drawn from it (van Laarhoven, Aarts and Lenstra, Operations Research 40(1),
1992). Where a task waits for another one on its machine, one of them jumps over the other, perhaps
over more; a task with several modes may take another one. Arguments p, w: problem, plan.
"""

from __future__ import annotations

from scheduler_core.compiled import inlined
from scheduler_core.search.arrays import Plan
from scheduler_core.search.decoding import ask, link, set_mode, unlink
from scheduler_core.simulator import ProblemArrays

FAR = 0.45
"""Probability with which a jump goes over one more task."""
_TRIES = 50
"""Draws of a family before a move is given up."""
_NOTHING = 1 << 62


@inlined
def draw(w: Plan) -> float:
    """Return a random number in [0, 1): Marsaglia, Journal of Statistical Software 8(14), 2003."""
    bits = w.status[0].random
    bits ^= bits << 13
    bits ^= (bits >> 7) & ((1 << 57) - 1)
    bits ^= bits << 17
    w.status[0].random = bits
    return float((bits >> 11) & ((1 << 53) - 1)) / (1 << 53)


@inlined
def _draw_below(w: Plan, count: int) -> int:
    return int(draw(w) * count)


@inlined
def move(p: ProblemArrays, w: Plan) -> bool:
    """Change the plan at random; return whether that was possible.

    Asks for what is to be decoded again, and notes how to take it back.
    """
    choice, possible = _choose(p, w), False
    if choice != _NOTHING:
        if choice < 0:
            _change_mode(p, w, -1 - choice)
            possible = True
        elif draw(w) < 0.5:
            possible = _jump_behind(w, w.nodes[choice].prev, choice)
        else:
            possible = _jump_before(w, w.nodes[choice].prev, choice)
    return possible


@inlined
def take_back_move(p: ProblemArrays, w: Plan) -> None:
    """Bring the plan back to what it was before a move that was possible."""
    task, mode = w.status[0].moved, w.status[0].old_mode
    unlink(w, task)
    set_mode(p, w, task, mode)
    link(w, task, w.status[0].old_prev)
    _take_back_order(w)


@inlined
def _choose(p: ProblemArrays, w: Plan) -> int:
    """Draw a family and a change in the chain of tasks that lead to its completion.

    Returns a task that waits for the one before it on its machine, or -1 - a task with several
    modes, or `_NOTHING`.
    """
    family, count, choice = -1, 0, _NOTHING
    if draw(w) < w.status[0].makespan_share:
        family = w.status[0].last_family
    else:
        family = _draw_family(w)
    if family >= 0:
        count = _list_choices(p, w, family)
    if count > 0:
        choice = w.path[_draw_below(w, count)]
    return choice


@inlined
def _draw_family(w: Plan) -> int:
    """Return a family that would gain by completing earlier, -1 if none is found soon."""
    found = -1
    for _ in range(_TRIES):
        family = _draw_below(w, len(w.targets))
        if w.targets[family].guide < w.targets[family].ideal:
            found = family
            break
    return found


@inlined
def _list_choices(p: ProblemArrays, w: Plan, family: int) -> int:
    """Write the choices from a family's last task back to ``path``; return how many."""
    first, count = w.status[0].first_machine, 0
    task = w.nodes[w.status[0].first_family + family].before
    while 0 <= task < first:
        if p.tasks[task].machine < 0:
            w.path[count] = -1 - task
            count += 1
        before, prev = w.nodes[task].before, w.nodes[task].prev
        if w.nodes[prev].end < w.nodes[before].end or prev == before or prev >= first:
            # Behind a machine's node the chain ends, if the family is not as late.
            task = before if w.nodes[before].end >= w.nodes[prev].end else first
        else:
            w.path[count] = task
            count += 1
            task = prev
    return count


@inlined
def _jump_behind(w: Plan, task: int, last: int) -> bool:
    """Move a task behind ``last``, the next on its machine, or behind a later one."""
    while w.nodes[last].next < w.status[0].first_machine and draw(w) < FAR:
        last = w.nodes[last].next
    possible = _order_behind(w, task, last)
    if possible:
        _note(w, task)
        ask(w, w.nodes[task].next)
        unlink(w, task)
        link(w, task, last)
        ask(w, task)
        ask(w, w.nodes[task].next)
    else:
        _take_back_order(w)
    return possible


@inlined
def _jump_before(w: Plan, first: int, task: int) -> bool:
    """Move a task before ``first``, the one before it on its machine, or before an earlier one."""
    while w.nodes[first].prev < w.status[0].first_machine and draw(w) < FAR:
        first = w.nodes[first].prev
    possible = _order_before(w, first, task)
    if possible:
        _note(w, task)
        ask(w, w.nodes[task].next)
        unlink(w, task)
        link(w, task, w.nodes[first].prev)
        ask(w, task)
        ask(w, first)
    else:
        _take_back_order(w)
    return possible


@inlined
def _note(w: Plan, task: int) -> None:
    """Remember where a task was."""
    w.status[0].moved, w.status[0].old_prev = task, w.nodes[task].prev
    w.status[0].old_mode = w.modes[task]


@inlined
def _order_behind(w: Plan, task: int, last: int) -> bool:
    """Put a task and those that wait for it behind ``last``, a later one on its machine.

    Returns whether that is possible: one of those between on the machine may itself wait for it.
    """
    low, high = w.nodes[task].position, w.nodes[last].position + 1
    w.status[0].low, w.status[0].high = low, high
    machine, blocked = w.nodes[task].machine, 0
    w.marked[task] = 1
    w.old_order[0] = w.path[0] = task
    kept, count = low, 1
    for i in range(low + 1, high):
        other = w.order[i]
        w.old_order[i - low] = other
        waits = w.marked[w.nodes[other].before]
        if w.nodes[other].machine == machine:
            blocked |= waits
        else:
            waits |= w.marked[w.nodes[other].prev]
        if waits:
            w.marked[other] = 1
            w.path[count] = other
            count += 1
        else:
            w.order[kept], w.nodes[other].position = other, kept
            kept += 1
    for i in range(count):
        other = w.path[i]
        w.marked[other] = 0
        w.order[kept + i], w.nodes[other].position = other, kept + i
    return blocked == 0


@inlined
def _order_before(w: Plan, first: int, task: int) -> bool:
    """Put a task and those that it waits for before ``first``, an earlier one on its machine.

    Returns whether that is possible: it may itself wait for one of those between on the machine.
    """
    low, high = w.nodes[first].position, w.nodes[task].position + 1
    w.status[0].low, w.status[0].high = low, high
    machine, blocked = w.nodes[task].machine, 0
    w.marked[task] = 1
    w.old_order[high - 1 - low] = w.path[0] = task
    kept, count = high - 1, 1
    for i in range(high - 2, low - 1, -1):
        other = w.order[i]
        w.old_order[i - low] = other
        waited = w.marked[w.nodes[other].behind]
        if w.nodes[other].machine == machine:
            blocked |= waited
        else:
            waited |= w.marked[w.nodes[other].next]
        if waited:
            w.marked[other] = 1
            w.path[count] = other
            count += 1
        else:
            w.order[kept], w.nodes[other].position = other, kept
            kept -= 1
    for i in range(count):
        other = w.path[i]
        w.marked[other] = 0
        w.order[kept - i], w.nodes[other].position = other, kept - i
    return blocked == 0


@inlined
def _take_back_order(w: Plan) -> None:
    """Bring the stretch of the order that a move has changed back."""
    low = w.status[0].low
    for i in range(low, w.status[0].high):
        task = w.old_order[i - low]
        w.order[i], w.nodes[task].position = task, i


@inlined
def _change_mode(p: ProblemArrays, w: Plan, task: int) -> None:
    """Give a task another of its modes, and a place on its machine."""
    first = p.tasks[task].first_mode
    count = p.details[task].last_mode - first
    mode = first + (w.modes[task] - first + 1 + _draw_below(w, count - 1)) % count
    _note(w, task)
    left = w.nodes[task].next
    unlink(w, task)
    prev = _draw_place(p, w, task, p.modes[mode].machine)
    set_mode(p, w, task, mode)
    link(w, task, prev)
    _order_between(w, task, prev)
    ask(w, left)
    ask(w, task)
    ask(w, w.nodes[task].next)


@inlined
def _draw_place(p: ProblemArrays, w: Plan, task: int, machine: int) -> int:
    """Return the node on a machine that a task, not on any, shall follow.

    Behind those that end before it is ready, and perhaps some more; in the order there must be
    room between its neighbours in the family.
    """
    prev = w.status[0].first_machine + machine
    before, high = w.nodes[task].before, w.nodes[w.nodes[task].behind].position
    low = w.nodes[before].position if before < w.status[0].first_machine else -1
    while True:
        other = w.nodes[prev].next
        position = w.nodes[other].position
        if other >= w.status[0].first_machine or position >= high:
            break
        if position > low and w.nodes[other].end > w.nodes[before].end and draw(w) < 0.5:
            break
        prev = other
    return prev


@inlined
def _order_between(w: Plan, task: int, prev: int) -> None:
    """Put a task directly behind the later one of its predecessors in the order."""
    at, to, first = w.nodes[task].position, -1, w.status[0].first_machine
    if prev < first:
        to = w.nodes[prev].position
    if w.nodes[task].before < first:
        to = max(to, w.nodes[w.nodes[task].before].position)
    step = 1 if to > at else -1
    if to < at:
        to += 1
    low, high = min(at, to), max(at, to) + 1
    w.status[0].low, w.status[0].high = low, high
    for i in range(low, high):
        w.old_order[i - low] = w.order[i]
    while at != to:
        other = w.order[at + step]
        w.order[at], w.nodes[other].position = other, at
        at += step
    w.order[to], w.nodes[task].position = task, to
