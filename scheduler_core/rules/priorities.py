"""Priorities of the dispatching rules, compiled. The smallest goes first.

Notation: t is the earliest start on the deciding machine; p the task's duration there; R the
work of the task and all later ones of its family; D the due time; w the family's weight.
Work on alternative machines counts with its mean duration.
"""

from __future__ import annotations

import math
from enum import IntEnum

from scheduler_core.compiled import kernel
from scheduler_core.simulator import Objective, ProblemArrays, State, conflict, place, reset
from scheduler_core.simulator.arrays import Floats


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


@kernel
def tail_after(p: ProblemArrays, family: int, task: int) -> float:
    """Return the work of the tasks behind ``task``."""
    return p.tail[task + 1] if task + 1 < p.family_task[family + 1] else 0.0


@kernel
def _operation_due(p: ProblemArrays, family: int, later: float) -> float:
    """Return the operational due time: the allowance shared out by work content."""
    total = p.tail[p.family_task[family]]
    allowance = p.due[family] - p.release[family]
    return p.release[family] + allowance * (total - later) / total


@kernel
def work_in_next_queue(p: ProblemArrays, s: State, family: int) -> float:
    """Return the work that waits for the machine of the family's task after next, 0 at the end."""
    task = s.next_task[family] + 1
    if task == p.family_task[family + 1]:
        return 0.0
    least = s.queue[p.mode_machine[p.task_mode[task]]]
    for k in range(p.task_mode[task] + 1, p.task_mode[task + 1]):
        least = min(least, s.queue[p.mode_machine[k]])
    return float(least)


@kernel
def mean_duration(p: ProblemArrays, s: State, e: int) -> float:
    """Return the mean duration of the candidates on the deciding machine."""
    first = p.env_family[e]
    total = 0.0
    for i in range(first, first + s.num_candidates[e]):
        total += p.mode_duration[s.mode[s.candidate[i]]]
    return total / s.num_candidates[e]


@kernel
def atc_index(
    p: ProblemArrays, o: Objective, s: State, family: int, time: int, mean: float
) -> float:
    """Return the apparent tardiness cost index, larger for more pressing families."""
    duration = float(p.mode_duration[s.mode[family]])
    lead = ATC_LEAD * tail_after(p, family, s.next_task[family])
    slack = p.due[family] - time - duration - lead
    return o.weight[family] / duration * math.exp(-max(0.0, slack) / (ATC_LOOKAHEAD * mean))


@kernel
def covert_index(p: ProblemArrays, o: Objective, s: State, family: int, time: int) -> float:
    """Return cost over time: expected tardiness cost per second of duration."""
    duration = float(p.mode_duration[s.mode[family]])
    work = duration + tail_after(p, family, s.next_task[family])
    slack = p.due[family] - time - work
    share = 1.0 if slack <= 0 else max(0.0, 1.0 - slack / (COVERT_WAIT * work))
    return o.weight[family] / duration * share


@kernel
def priority(
    p: ProblemArrays, o: Objective, s: State, rule: int, family: int, time: int, mean: float
) -> float:
    """Return the priority of a candidate family under every rule but the random one."""
    due, duration = p.due[family], float(p.mode_duration[s.mode[family]])
    later = tail_after(p, family, s.next_task[family])
    work = duration + later
    if rule == _FIFO:
        return float(s.ready[family])
    if rule == _EDD:
        return float(due)
    if rule == _SPT:
        return duration
    if rule == _LPT:
        return -duration
    if rule == _CR:
        return (due - time) / work
    if rule == _MDD:
        return max(float(due), time + work)
    if rule == _SLACK:
        return due - time - work
    if rule == _ATC:
        return -atc_index(p, o, s, family, time, mean)
    if rule == _COVERT:
        return -covert_index(p, o, s, family, time)
    if rule == _MWKR:
        return -work
    if rule == _SRPT:
        return work
    if rule == _ODD:
        return _operation_due(p, family, later)
    if rule == _PT_WINQ_SLACK:
        # Holthaus and Rajendran, International Journal of Production Economics 48(1), 1997.
        return duration + work_in_next_queue(p, s, family) + min(0.0, due - time - work)
    return float(due) if time + work <= due else due + GIVEN_UP


@kernel
def best_candidate(
    p: ProblemArrays, o: Objective, s: State, e: int, rule: int, keys: Floats
) -> int:
    """Return the candidate family that the rule puts first; ties go to the lower index."""
    first = p.env_family[e]
    best, best_value = -1, math.inf
    mean = mean_duration(p, s, e)
    for i in range(first, first + s.num_candidates[e]):
        family = s.candidate[i]
        if rule == _RANDOM:
            value = keys[s.next_task[family]]
        else:
            value = priority(p, o, s, rule, family, s.time[e], mean)
        if best < 0 or value < best_value:
            best, best_value = family, value
    return best


@kernel
def run_rule(p: ProblemArrays, o: Objective, s: State, e: int, rule: int, keys: Floats) -> None:
    """Schedule environment ``e`` from time zero to its end by one rule."""
    reset(p, s, e)
    while conflict(p, s, e) > 0:
        place(p, s, e, best_candidate(p, o, s, e, rule, keys))
