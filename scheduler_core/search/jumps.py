"""Moves of a task over others on its machine, compiled.

Who waits for whom must stay free of circles. The order shows that: what a task waits for lies
before it there, so only the stretch between its old and its new place has to be looked through.
Argument w: plan.
"""

from __future__ import annotations

from scheduler_core.compiled import inlined
from scheduler_core.search.arrays import Plan
from scheduler_core.search.chance import draw
from scheduler_core.search.decoding import ask
from scheduler_core.search.links import link, take_back_order, take_off

FAR = 0.3
"""Probability with which a jump goes over one more task."""


@inlined
def jump_behind(w: Plan, task: int, last: int) -> bool:
    """Move a task behind ``last``, the next on its machine, or behind a later one."""
    while w.nodes[last].next < w.status[0].first_machine and draw(w) < FAR:
        last = w.nodes[last].next
    possible = _order_behind(w, task, last)
    if possible:
        ask(w, w.nodes[task].next)
        take_off(w, task)
        link(w, task, last)
        ask(w, task)
        ask(w, w.nodes[task].next)
    else:
        take_back_order(w)
    return possible


@inlined
def jump_before(w: Plan, first: int, task: int) -> bool:
    """Move a task before ``first``, the one before it on its machine, or before an earlier one."""
    while w.nodes[first].prev < w.status[0].first_machine and draw(w) < FAR:
        first = w.nodes[first].prev
    possible = _order_before(w, first, task)
    if possible:
        ask(w, w.nodes[task].next)
        take_off(w, task)
        link(w, task, w.nodes[first].prev)
        ask(w, task)
        ask(w, first)
    else:
        take_back_order(w)
    return possible


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
