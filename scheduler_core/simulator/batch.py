"""Many environments side by side, stepped together across the cores."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import lru_cache

import numpy as np

from scheduler_core.compiled import lean_kernel
from scheduler_core.simulator.arrays import Floats, Ints, Objective, ProblemArrays, State
from scheduler_core.simulator.kernel import advance, reset, take


@lean_kernel
def _reset_some(p: ProblemArrays, o: Objective, s: State, first: int, last: int) -> None:
    for e in range(first, last):
        reset(p, o, s, e)


@lean_kernel
def _advance_some(p: ProblemArrays, o: Objective, s: State, first: int, last: int) -> None:
    for e in range(first, last):
        advance(p, o, s, e)


@lean_kernel
def _step_some(
    p: ProblemArrays,
    o: Objective,
    s: State,
    envs: Ints,
    choices: Ints,
    told: Floats,
    change: Floats,
) -> None:
    for i in range(len(envs)):
        e = envs[i]
        take(p, o, s, e, choices[i])
        advance(p, o, s, e)
        change[i] = s.envs[e].bound - told[e]
        told[e] = s.envs[e].bound


@dataclass(frozen=True)
class Batch:
    """Environments side by side, each with its problem, weights, delta and state.

    They share no memory that a step changes, and compiled code releases the interpreter lock: each
    thread takes a share of them.
    """

    arrays: ProblemArrays
    objective: Objective
    state: State
    threads: int = 1
    """Most threads that step at once, >= 1."""
    told: Floats = field(init=False)
    """(E,) the bound scores up to which changes have been told."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "told", np.zeros(self.arrays.num_envs))

    @property
    def parts(self) -> tuple[ProblemArrays, Objective, State]:
        """What kernels take."""
        return self.arrays, self.objective, self.state

    def reset(self) -> Floats:
        """Bring every environment to its first decision; return the bounds at time zero, (E,)."""
        envs = self.arrays.num_envs
        self.share_out(envs, lambda first, last: _reset_some(*self.parts, first, last))
        self.told[:] = self.state.envs["bound"]
        self.share_out(envs, lambda first, last: _advance_some(*self.parts, first, last))
        return self.told.copy()

    def deciding(self) -> Ints:
        """Return the environments that have a decision to make."""
        return np.flatnonzero(self.state.num_candidates > 0)

    def step(self, envs: Ints, choices: Ints) -> Floats:
        """Take a candidate in each of some environments and go on to their next decisions.

        Parameters
        ----------
        envs
            (B,) distinct environments that have a decision to make.
        choices
            (B,) positions among the candidates of each.

        Returns
        -------
        How much the bound score of each has changed since its last step, or since time zero, (B,).
        """
        change = np.empty(len(envs))

        def some(first: int, last: int) -> None:
            part = slice(first, last)
            _step_some(*self.parts, envs[part], choices[part], self.told, change[part])

        self.share_out(len(envs), some)
        return change

    def share_out(self, size: int, work: Callable[[int, int], object]) -> None:
        """Call ``work(first, last)`` for parts of 0 .. size - 1, each in a thread."""
        parts = min(self.threads, size)
        if parts <= 1:
            work(0, size)
            return
        edges = [size * part // parts for part in range(parts + 1)]
        list(_pool(self.threads).map(work, edges[:-1], edges[1:]))


@lru_cache
def _pool(threads: int) -> ThreadPoolExecutor:
    return ThreadPoolExecutor(threads, thread_name_prefix="simulator")
