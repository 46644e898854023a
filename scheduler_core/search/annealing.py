"""Simulated annealing: from a rule's schedule to one that costs less, in small random steps.

A step that makes the schedule worse by d points is taken with probability exp(-d / temperature)
(Kirkpatrick, Gelatt and Vecchi, Science 220, 1983), and the temperature falls geometrically. It
counts in what moves change on average in the start, so that any problem and any weights will do.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from scheduler_core.compiled import lean_kernel
from scheduler_core.errors import ConfigError
from scheduler_core.search.arrays import Plan, make_plan
from scheduler_core.search.chance import draw
from scheduler_core.search.decoding import decode, take_back_update, update, write_placed
from scheduler_core.search.links import relink, take_back_move
from scheduler_core.search.moves import move
from scheduler_core.simulator import Objective, ProblemArrays, State, empty_state
from scheduler_core.simulator.arrays import Records

_HOT, _HOT_MAKESPAN, _COLD = 0.15, 0.3, 0.02
"""First temperature, the same where only the makespan counts, and the last one; in mean sizes of
what a move changes in the start."""
_WIDE, _NARROW = 3.0, 0.1
"""First and last width of the slope towards being on time, in mean durations."""
_STAGES = 200
"""Steps in which temperature and width fall."""
_SAMPLE = 300
"""Moves whose mean change is taken."""
_IDLE = 1000
"""Moves in a row that may be impossible before the search ends: there is nothing to improve."""


@dataclass(frozen=True)
class Annealed:
    """The best schedule that a search has met."""

    score: float
    placed: Records
    """(T,) `simulator.arrays.PLACED`: start, end and machine of every task."""


def anneal(
    arrays: ProblemArrays, objective: Objective, start: State, *, swaps: int, seed: int
) -> Annealed:
    """Return the best schedule found from a start, which it is never worse than.

    Cost: about a microsecond a swap for 200 tasks. Several may run in threads.

    Parameters
    ----------
    arrays, objective
        One problem, and what is wanted.
    start
        A simulation of it that has come to its end.
    swaps
        Moves to try, >= 0; the search may end earlier if there is nothing to improve.
    seed
        Of the random choices, >= 0.

    Raises
    ------
    ConfigError
        If ``swaps`` or ``seed`` is negative.
    """
    if min(swaps, seed) < 0:
        raise ConfigError(f"swaps, seed: must be >= 0, got {swaps} and {seed}")
    clocks = empty_state(arrays, 1.0)
    clocks.machines["plain"] = arrays.machines["plain"]
    clocks.machines["shared"] = arrays.machines["shared"]
    plan = make_plan(arrays, objective, start)
    bits = np.random.SeedSequence(seed).generate_state(1, np.uint64).view(np.int64)
    plan.status["random"] = bits | 1  # zero would stay zero
    plan.status["makespan_share"] = _makespan_share(objective)
    relink(arrays, plan)
    _search(arrays, objective, clocks, plan, swaps if len(plan.order) else 0)
    placed = start.placed.copy()
    write_placed(arrays, clocks, plan, placed)
    return Annealed(float(plan.status["score"][0]), placed)


def _makespan_share(objective: Objective) -> float:
    """Return which share of the moves shall shorten the makespan."""
    points = objective.points[0]
    if points["makespan"] == 0:
        return 0.0
    return 0.5 if points["on_time"] or points["early"] or points["late"] else 1.0


@lean_kernel
def _search(p: ProblemArrays, o: Objective, s: State, w: Plan, swaps: int) -> None:
    """Anneal a plan, and leave the best one met, decoded."""
    w.status[0].width = _WIDE * p.envs[0].scale
    decode(p, o, s, w)
    start = w.status[0].score
    w.status[0].best = start
    _keep(w)
    unit = _mean_change(p, o, s, w) if swaps > 0 else 0.0
    hot = _HOT_MAKESPAN if w.status[0].makespan_share == 1.0 else _HOT
    done = idle = 0
    while done < swaps and idle < _IDLE:
        stage = done * _STAGES // swaps
        last = ((stage + 1) * swaps + _STAGES - 1) // _STAGES
        fallen = stage / (_STAGES - 1)
        temperature = unit * hot * (_COLD / hot) ** fallen
        w.status[0].width = _WIDE * (_NARROW / _WIDE) ** fallen * p.envs[0].scale
        decode(p, o, s, w)
        idle = _stage(p, o, s, w, temperature, last - done, idle)
        done = last
    _return_to_best(p, w)
    decode(p, o, s, w)


@lean_kernel
def _mean_change(p: ProblemArrays, o: Objective, s: State, w: Plan) -> float:
    """Return the mean size of what moves change, of those that do; each is taken back."""
    total, count = 0.0, 0
    for _ in range(_SAMPLE):
        if move(p, w):
            update(p, o, s, w)
            if w.status[0].guide_change != 0.0:
                total += abs(w.status[0].guide_change)
                count += 1
            take_back_update(o, w)
            take_back_move(p, w)
    return total / max(1, count)


@lean_kernel
def _stage(
    p: ProblemArrays, o: Objective, s: State, w: Plan, temperature: float, swaps: int, idle: int
) -> int:
    """Try moves at one temperature; return how many of the last in a row were impossible."""
    for _ in range(swaps):
        if not move(p, w):
            idle += 1
            if idle == _IDLE:
                break
            continue
        idle = 0
        update(p, o, s, w)
        if w.status[0].guide_change >= temperature * math.log(1.0 - draw(w)):
            w.status[0].score += w.status[0].score_change
            w.status[0].guide += w.status[0].guide_change
            if w.status[0].score > w.status[0].best + 1e-9 * abs(w.status[0].best):
                w.status[0].best = w.status[0].score
                _keep(w)
        else:
            take_back_update(o, w)
            take_back_move(p, w)
    return idle


@lean_kernel
def _keep(w: Plan) -> None:
    """Remember the plan as the best one."""
    for i in range(w.status[0].num_tasks):
        task = w.order[i]
        w.best_order[i], w.best_modes[task] = task, w.modes[task]


@lean_kernel
def _return_to_best(p: ProblemArrays, w: Plan) -> None:
    """Bring the best plan back."""
    for i in range(w.status[0].num_tasks):
        w.order[i] = w.best_order[i]
        w.modes[w.order[i]] = w.best_modes[w.order[i]]
    relink(p, w)
