"""Moves of tasks to new places on any of their machines, compiled.

A task that is on no machine's list waits for its family alone, so it may go wherever the order has
room for it. Arguments p, w: problem, plan.
"""

from __future__ import annotations

from scheduler_core.compiled import inlined
from scheduler_core.search.arrays import Plan
from scheduler_core.search.chance import draw, draw_below
from scheduler_core.search.decoding import ask
from scheduler_core.search.links import link, set_mode, take_off
from scheduler_core.simulator import ProblemArrays

PATIENCE = 0.7
"""Largest probability with which a family that moves lets one more task go first."""


@inlined
def change_mode(p: ProblemArrays, w: Plan, task: int) -> None:
    """Give a task another of its modes, and a place on its machine."""
    first, machines = p.tasks[task].first_mode, w.status[0].first_machine
    count = p.details[task].last_mode - first
    mode = first + (w.modes[task] - first + 1 + draw_below(w, count - 1)) % count
    before, low = w.nodes[task].before, 0
    if before < machines:
        low = w.nodes[before].position + 1
    high = w.nodes[w.nodes[task].behind].position
    left = w.nodes[task].next
    take_off(w, task)
    set_mode(p, w, task, mode)
    prev = _draw_place(w, w.nodes[task].machine, low, high, w.nodes[before].end, 0.5)
    link(w, task, prev)
    _order_between(w, task, prev)
    ask(w, left)
    ask(w, task)
    ask(w, w.nodes[task].next)


@inlined
def _draw_place(w: Plan, machine: int, low: int, high: int, ready: int, patience: float) -> int:
    """Return the node on a machine that a task, not on any, shall follow.

    Behind those that end before it is ``ready``, and with probability ``patience`` each some more;
    in the order its place must be from ``low`` to ``high``. Marked tasks always go first.
    """
    prev = w.status[0].first_machine + machine
    while True:
        other = w.nodes[prev].next
        position = w.nodes[other].position
        if other >= w.status[0].first_machine or position >= high:
            break
        is_later = position >= low and w.nodes[other].end > ready
        if is_later and w.marked[other] == 0 and draw(w) >= patience:
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


@inlined
def move_family(p: ProblemArrays, w: Plan, family: int) -> None:
    """Take all open tasks of a family off their machines, and give them new places.

    Where one task alone cannot gain, since it would only wait for the next machine, all may.
    """
    for task in range(p.families[family].first_open, p.families[family].last_task):
        take_off(w, task)
        w.marked[task] = 1
    num_kept = _close_ranks(w)
    _draw_places(p, w, family)
    _open_ranks(w, num_kept)
    for i in range(w.status[0].num_moved):
        task = w.moved[i].task
        ask(w, task)
        ask(w, w.nodes[task].next)
        ask(w, w.nodes[w.moved[i].prev].next)


@inlined
def _close_ranks(w: Plan) -> int:
    """Take marked tasks out of the order; return how many are left in it."""
    count = 0
    for i in range(w.status[0].num_tasks):
        task = w.order[i]
        w.old_order[i] = task
        if w.marked[task] == 0:
            w.order[count], w.nodes[task].position = task, count
            count += 1
    w.status[0].low, w.status[0].high = 0, w.status[0].num_tasks
    return count


@inlined
def _draw_places(p: ProblemArrays, w: Plan, family: int) -> None:
    """Link a family's tasks to new places, by times that do without the tasks behind them.

    Writes to ``path`` how many of the order, where they are missing, come before each of them.
    """
    ready, low = w.nodes[w.status[0].first_family + family].end, 0
    patience = PATIENCE * draw(w)
    for i in range(w.status[0].num_moved):
        task = w.moved[i].task
        first, count = (
            p.tasks[task].first_mode,
            p.details[task].last_mode - p.tasks[task].first_mode,
        )
        if count > 1 and draw(w) < 0.5:
            set_mode(p, w, task, first + draw_below(w, count))
        high = w.status[0].num_tasks
        prev = _draw_place(w, w.nodes[task].machine, low, high, ready, patience)
        link(w, task, prev)
        if w.marked[prev] == 0:  # else it is of the family, and has been counted
            ready = max(ready, w.nodes[prev].end)
            if prev < w.status[0].first_machine:
                low = max(low, w.nodes[prev].position + 1)
        ready += w.nodes[task].duration
        w.path[i] = low


@inlined
def _open_ranks(w: Plan, num_kept: int) -> None:
    """Put the moved tasks back into the order, and take their marks off."""
    kept, moved = num_kept - 1, w.status[0].num_moved - 1
    at = w.status[0].num_tasks - 1
    while moved >= 0:
        if w.path[moved] > kept:
            task = w.moved[moved].task
            w.marked[task] = 0
            moved -= 1
        else:
            task = w.order[kept]
            kept -= 1
        w.order[at], w.nodes[task].position = task, at
        at -= 1
