"""Compiled code checks no index; here it runs uncompiled, where every index is checked."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

WALK = """
import numpy as np

from scheduler_core.objective import RewardWeights
from scheduler_core.rules import RULES
from scheduler_core.rules.priorities import run_rule
from scheduler_core.simulator import (
    advance, empty_state, join, make_objective, reset, take, to_arrays
)
from tests.properties.strategies import mixed_problem

rng = np.random.default_rng(11)
problems = [mixed_problem(rng) for _ in range(60)]
arrays = join([to_arrays(problem) for problem in problems])
objective = make_objective(arrays, [RewardWeights()] * len(problems))
keys = rng.random(len(arrays.tasks))
for rule in range(len(RULES)):
    state = empty_state(arrays, rng.random(len(problems)))
    for e in range(len(problems)):
        run_rule(arrays, objective, state, e, rule, keys)
state = empty_state(arrays, 1.0, choose_machines=True, track=True)
for e in range(len(problems)):
    reset(arrays, objective, state, e)
    while (count := advance(arrays, objective, state, e)) > 0:
        take(arrays, objective, state, e, int(rng.integers(count)))
assert (state.envs["remaining"] == 0).all()
"""


def test_kernels_on_many_problems_never_leave_their_arrays() -> None:
    """Every rule, and random choices of tasks and machines, side by side with other problems.

    Negative indices would pass unseen in Python, but a kernel that used one would not agree with
    its slow twin.
    """
    environment = {**os.environ, "NUMBA_DISABLE_JIT": "1"}
    run = subprocess.run(
        [sys.executable, "-c", WALK],
        env=environment,
        cwd=Path(__file__).parents[1],
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert run.returncode == 0, run.stderr[-2000:]
