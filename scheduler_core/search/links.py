"""The machines' lists and the order of a plan, compiled, and how to take a change back.

Arguments p, w: problem, plan.
"""

from __future__ import annotations

from scheduler_core.compiled import inlined, lean_kernel
from scheduler_core.search.arrays import Plan
from scheduler_core.simulator import ProblemArrays


@inlined
def set_mode(p: ProblemArrays, w: Plan, task: int, mode: int) -> None:
    """Give a task, which is on no machine's list, a mode."""
    w.modes[task] = mode
    w.nodes[task].machine, w.nodes[task].duration = p.modes[mode].machine, p.modes[mode].duration


@inlined
def unlink(w: Plan, task: int) -> None:
    """Take a task off its machine's list."""
    before, behind = w.nodes[task].prev, w.nodes[task].next
    w.nodes[before].next, w.nodes[behind].prev = behind, before


@inlined
def link(w: Plan, task: int, prev: int) -> None:
    """Put a task on its machine's list, behind a node of it."""
    behind = w.nodes[prev].next
    w.nodes[task].prev, w.nodes[task].next = prev, behind
    w.nodes[prev].next = w.nodes[behind].prev = task


@lean_kernel
def relink(p: ProblemArrays, w: Plan) -> None:
    """Make the machines' lists from the order and the modes."""
    first = w.status[0].first_machine
    for node in range(first, w.status[0].first_family):
        w.nodes[node].prev = w.nodes[node].next = node
    for i in range(w.status[0].num_tasks):
        task = w.order[i]
        w.nodes[task].position = i
        set_mode(p, w, task, w.modes[task])
        link(w, task, w.nodes[first + w.nodes[task].machine].prev)


@inlined
def take_off(w: Plan, task: int) -> None:
    """Take a task off its machine's list, and note where it was."""
    i = w.status[0].num_moved
    w.moved[i].task, w.moved[i].prev, w.moved[i].mode = task, w.nodes[task].prev, w.modes[task]
    w.status[0].num_moved = i + 1
    unlink(w, task)


@inlined
def take_back_move(p: ProblemArrays, w: Plan) -> None:
    """Bring the plan back to what it was before some tasks were taken off and put elsewhere."""
    count = w.status[0].num_moved
    for i in range(count):
        unlink(w, w.moved[i].task)
    for i in range(count - 1, -1, -1):
        task = w.moved[i].task
        set_mode(p, w, task, w.moved[i].mode)
        link(w, task, w.moved[i].prev)
    take_back_order(w)


@inlined
def take_back_order(w: Plan) -> None:
    """Bring the stretch of the order that a move has changed back."""
    low = w.status[0].low
    for i in range(low, w.status[0].high):
        task = w.old_order[i - low]
        w.order[i], w.nodes[task].position = task, i
