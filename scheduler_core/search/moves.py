"""Random moves of a search, compiled.

A family completes when it does because of a chain of tasks, each of which starts when the one
before it, in the family or on the machine, has ended. Unless that chain changes it cannot complete
earlier, so moves are drawn from it (van Laarhoven, Aarts and Lenstra, Operations Research 40(1),
1992). Where a task waits for another one on its machine, one of them jumps over the other, perhaps
over more, or one of the two families is placed anew; a task with several modes may take another.
Arguments p, w: problem, plan.
"""

from __future__ import annotations

from scheduler_core.compiled import inlined
from scheduler_core.search.arrays import Plan
from scheduler_core.search.chance import draw, draw_below
from scheduler_core.search.jumps import jump_before, jump_behind
from scheduler_core.search.transfers import change_mode, move_family
from scheduler_core.simulator import ProblemArrays

FAMILY_SHARE = 0.1
"""Share of the moves that place a family anew, of those that are not to shorten the makespan."""
_TRIES = 50
"""Draws of a family before a move is given up."""
_NOTHING = 1 << 62


@inlined
def move(p: ProblemArrays, w: Plan) -> bool:
    """Change the plan at random; return whether that was possible.

    Asks for what is to be decoded again, and notes how to take it back.
    """
    w.status[0].num_moved = 0
    choice, possible = _choose(p, w), True
    family_share = FAMILY_SHARE * (1.0 - w.status[0].makespan_share)
    if choice == _NOTHING:
        possible = False
    elif draw(w) < family_share:
        move_family(p, w, _family_of(w, choice))
    elif choice < 0:
        change_mode(p, w, -1 - choice)
    elif draw(w) < 0.5:
        possible = jump_behind(w, w.nodes[choice].prev, choice)
    else:
        possible = jump_before(w, w.nodes[choice].prev, choice)
    return possible


@inlined
def _family_of(w: Plan, choice: int) -> int:
    """Return the family of a choice's task, or of the task that it waits for."""
    node = choice
    if choice < 0:
        node = -1 - choice
    elif draw(w) < 0.5:
        node = w.nodes[choice].prev
    while node < w.status[0].first_family:
        node = w.nodes[node].behind
    return node - w.status[0].first_family


@inlined
def _choose(p: ProblemArrays, w: Plan) -> int:
    """Draw a family and a change in the chain of tasks that lead to its completion.

    Returns a task that waits for the one before it on its machine, or -1 - a task with several
    modes, or `_NOTHING`.
    """
    family, count, choice = w.status[0].last_family, 0, _NOTHING
    if draw(w) >= w.status[0].makespan_share:
        family = _draw_family(w)
    if family >= 0:
        count = _list_choices(p, w, family)
    if count > 0:
        choice = w.path[draw_below(w, count)]
    return choice


@inlined
def _draw_family(w: Plan) -> int:
    """Return a family that would gain by completing earlier, -1 if none is found soon."""
    found = -1
    for _ in range(_TRIES):
        family = draw_below(w, len(w.targets))
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
