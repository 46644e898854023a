"""Priorities of the dispatching rules, compiled. The smallest goes first.

Notation: t is the earliest start on the deciding machine; p the seconds that the task works there,
and q those until it ends, pauses included; R is q and the work of all later tasks of its family;
D the due time; w the family's weight. Later work counts with the mean over its machines, each
stretched by the share of the week in which the machine works.
"""

from __future__ import annotations

import math
from enum import IntEnum

from scheduler_core.compiled import inlined, lean_kernel
from scheduler_core.problem import NEVER
from scheduler_core.simulator import Objective, ProblemArrays, State, conflict, place_inline, reset
from scheduler_core.simulator.arrays import Floats
from scheduler_core.simulator.queues import is_candidate, place_at, queue_of, times_at


class Rule(IntEnum):
    """Rules by the number that the compiled code knows them by."""

    FIFO = 0
    EDD = 1
    SPT = 2
    LPT = 3
    CR = 4
    MDD = 5
    SLACK = 6
    ATC = 7
    COVERT = 8
    MWKR = 9
    SRPT = 10
    ODD = 11
    PT_WINQ_SLACK = 12
    FEASIBLE_EDD = 13
    RANDOM = 14


ATC_LOOKAHEAD = 2.0
"""k of Vepsalainen and Morton, Management Science 33(8), 1987: slack counts in k mean times."""
ATC_LEAD = 1.5
"""Expected time through a later task, in multiples of its duration (their b, waiting included)."""
COVERT_WAIT = 2.0
"""Expected waiting of a family in multiples of its remaining work (Carroll, 1965; op. cit.)."""
GIVEN_UP = 1e15
"""Seconds added to the due time of families that can no longer be on time."""

# Plain integers: compiled code compares them faster than enum members, and caches them.
_FIFO, _EDD, _SPT, _LPT, _CR, _MDD, _SLACK, _ATC, _COVERT = (int(rule) for rule in range(9))
_MWKR, _SRPT, _ODD, _PT_WINQ_SLACK, _FEASIBLE_EDD, _RANDOM = (int(rule) for rule in range(9, 15))


@inlined
def _operation_due(p: ProblemArrays, family: int, later: float) -> float:
    """Return the operational due time: the allowance shared out by work content."""
    allowance = p.families[family].due - p.families[family].release
    return (
        p.families[family].release
        + allowance * (p.families[family].work - later) / p.families[family].work
    )


@lean_kernel
def work_in_next_queue(p: ProblemArrays, s: State, family: int) -> float:
    """Return the work that waits for the machine of the family's task after next, 0 at the end."""
    task = s.families[family].next_task + 1
    if task == s.families[family].last_task:
        return 0.0
    least = s.machines[p.modes[p.tasks[task].first_mode].machine].queue
    for k in range(p.tasks[task].first_mode + 1, p.details[task].last_mode):
        least = min(least, s.machines[p.modes[k].machine].queue)
    return float(least)


@inlined
def atc_index(weight: float, duration: float, slack: float, mean: float) -> float:
    """Return the apparent tardiness cost index, larger for more pressing families.

    ``slack`` is D - t - q - ATC_LEAD * later work, ``mean`` the mean duration of the candidates.
    """
    return weight / duration * math.exp(-max(0.0, slack) / (ATC_LOOKAHEAD * mean))


@inlined
def covert_index(weight: float, duration: float, slack: float, work: float) -> float:
    """Return cost over time: expected tardiness cost per second of work; slack is D - t - R."""
    share = 1.0 if slack <= 0 else max(0.0, 1.0 - slack / (COVERT_WAIT * work))
    return weight / duration * share


@inlined
def priority(
    p: ProblemArrays,
    o: Objective,
    s: State,
    rule: int,
    place: int,
    time: int,
    span: float,
    mean: float,
    best: float,
) -> float:
    """Return the priority of who has a place in a queue, under every rule but the random one.

    ``time`` is t, ``span`` is q, ``mean`` the candidates' mean duration. Where a lower bound is
    above ``best``, the bound will do.
    """
    if rule == _FIFO:
        return float(s.places[place].ready)
    duration, due = float(s.places[place].duration), s.places[place].due
    if rule == _SPT:
        return duration
    if rule == _LPT:
        return -duration
    if rule == _EDD:
        return float(due)
    family, later = s.places[place].family, s.places[place].after
    work = span + later
    if rule == _CR:
        return (due - time) / work
    if rule == _MDD:
        return max(float(due), time + work)
    if rule == _SLACK:
        return due - time - work
    if (rule == _ATC or rule == _COVERT) and -(o.weight[family] / duration) > best:  # noqa: SIM109
        return -(o.weight[family] / duration)
    if rule == _ATC:
        slack = due - time - span - ATC_LEAD * later
        return -atc_index(o.weight[family], duration, slack, mean)
    if rule == _COVERT:
        return -covert_index(o.weight[family], duration, due - time - work, work)
    if rule == _MWKR:
        return -work
    if rule == _SRPT:
        return work
    if rule == _ODD:
        return _operation_due(p, family, later)
    if rule == _PT_WINQ_SLACK:
        # Holthaus and Rajendran, International Journal of Production Economics 48(1), 1997.
        if duration + min(0.0, due - time - work) > best:
            return duration + min(0.0, due - time - work)
        machine, queued = s.places[place].next_machine, 0.0
        if machine < 0:
            queued = work_in_next_queue(p, s, family)
        elif machine < NEVER:
            queued = float(s.machines[machine].queue)
        return duration + queued + min(0.0, due - time - work)
    return float(due) if time + work <= due else due + GIVEN_UP


@inlined
def _mean_duration(p: ProblemArrays, s: State, e: int) -> float:
    """Return the mean duration of the candidates of the deciding machine."""
    machine = s.envs[e].machine
    first, own, pool = queue_of(s, e, machine)
    total, count = 0.0, 0
    for i in range(own + pool):
        place = place_at(p, e, first, own, i)
        if is_candidate(p, s, e, machine, place):
            total += s.places[place].duration
            count += 1
    return total / count


@inlined
def best_candidate(
    p: ProblemArrays, o: Objective, s: State, e: int, rule: int, keys: Floats
) -> int:
    """Return the candidate family that the rule puts first; ties go to the lower index.

    It looks through the queue of the deciding machine, without a list of candidates.
    """
    machine, time = s.envs[e].machine, s.envs[e].time
    first, own, pool = queue_of(s, e, machine)
    if own + pool == 1:
        return s.places[place_at(p, e, first, own, 0)].family
    mean = _mean_duration(p, s, e) if rule == _ATC else 0.0
    best, best_value, span = -1, math.inf, 0.0
    for i in range(own + pool):
        place = place_at(p, e, first, own, i)
        if not is_candidate(p, s, e, machine, place):
            continue
        family = s.places[place].family
        if rule == _RANDOM:
            value = keys[s.families[family].next_task]
        else:
            if rule > _LPT:  # the first four rules do not ask for it, and it may take a while
                est, ect = times_at(p, s, e, machine, place)
                span = float(ect - est)
            value = priority(p, o, s, rule, place, time, span, mean, best_value)
        if value < best_value or best < 0 or (value == best_value and family < best):
            best, best_value = family, value
    return best


@lean_kernel
def run_rule(p: ProblemArrays, o: Objective, s: State, e: int, rule: int, keys: Floats) -> None:
    """Schedule environment ``e`` from time zero to its end by one rule."""
    reset(p, o, s, e)
    while conflict(p, s, e) >= 0:
        place_inline(p, o, s, e, best_candidate(p, o, s, e, rule, keys))
