"""Candidates against each other: which of two had better go first, under the objective at hand.

The interchange argument behind most dispatching rules (Smith, Naval Research Logistics Quarterly
3, 1956): of two waiting tasks, put first the one with which the sum of both costs is smaller. Here
the costs are those of the objective, on completions estimated once around what is placed (busy)
and once behind all more pressing work (contended).
"""

from __future__ import annotations

from scheduler_core.compiled import lean_kernel
from scheduler_core.observation.outlook import cost_of_delay
from scheduler_core.simulator import Objective
from scheduler_core.simulator.arrays import Records

MOST_RIVALS = 48
"""In a crowd each candidate is compared with this many, evenly spread."""


@lean_kernel
def compare_pairs(o: Objective, e: int, mean: float, out: Records) -> None:
    """Write what the candidates of ``e`` have at stake, and how they do against each other.

    ``harm``: what it costs the rivals that this one goes first; ``wins``: share of them before
    which it had better go, ties half; ``gain``: what that saves, all added, / the same without
    signs; ``stake``: what a delay of ``mean`` costs itself.
    """
    count = len(out)
    step = max(1, (count + MOST_RIVALS - 1) // MOST_RIVALS)
    for i in range(count):
        weight, due = out[i].weight, float(out[i].due)
        out[i].stake = cost_of_delay(o, e, weight, due - out[i].busy, mean)
        out[i].stake_contended = cost_of_delay(o, e, weight, due - out[i].contended, mean)
        harm = wins = wins_contended = net = total = net_contended = total_contended = 0.0
        rivals = 0
        for j in range(i % step, count, step):
            if out[i].family == out[j].family:
                continue
            rivals += 1
            its_delay, own_delay = _delay(out, i, j), _delay(out, j, i)
            harm += cost_of_delay(o, e, out[j].weight, out[j].due - out[j].busy, its_delay)
            gain = _gain(o, e, out, i, j, own_delay, its_delay, out[i].busy, out[j].busy)
            net, total = net + gain, total + abs(gain)
            wins += 0.5 + 0.5 * ((gain > 0) - (gain < 0))
            gain = _gain(o, e, out, i, j, own_delay, its_delay, out[i].contended, out[j].contended)
            net_contended, total_contended = net_contended + gain, total_contended + abs(gain)
            wins_contended += 0.5 + 0.5 * ((gain > 0) - (gain < 0))
        out[i].harm = harm
        out[i].wins = wins / rivals if rivals else 0.5
        out[i].wins_contended = wins_contended / rivals if rivals else 0.5
        out[i].gain = net / total if total > 0 else 0.0
        out[i].gain_contended = net_contended / total_contended if total_contended > 0 else 0.0


@lean_kernel
def _delay(out: Records, first: int, second: int) -> float:
    """Return how much later one candidate starts if another goes first."""
    if out[first].elsewhere or out[second].elsewhere:
        return 0.0
    return float(max(0, out[first].ect - out[second].est))


@lean_kernel
def _gain(
    o: Objective,
    e: int,
    out: Records,
    i: int,
    j: int,
    own_delay: float,
    its_delay: float,
    own_end: float,
    its_end: float,
) -> float:
    """Return what is gained if candidate i goes before j, in points, by estimated completions."""
    own_loss = cost_of_delay(o, e, out[i].weight, out[i].due - own_end, own_delay)
    its_loss = cost_of_delay(o, e, out[j].weight, out[j].due - its_end, its_delay)
    longer = max(its_end, own_end + own_delay) - max(own_end, its_end + its_delay)
    return float(own_loss - its_loss - o.points[e].makespan * longer)
