"""Random numbers of a search, compiled: each search has its own, whatever others run."""

from __future__ import annotations

from scheduler_core.compiled import inlined
from scheduler_core.search.arrays import Plan


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
def draw_below(w: Plan, count: int) -> int:
    """Return a random integer from 0 to ``count`` - 1."""
    return int(draw(w) * count)
