"""How fast job-shop-lib and JSSEnv are on one job shop, on one core. Run by `benchmarks.rivals`.

Runs in the environment of requirements.txt, which knows nothing of this project.

    python measure.py INSTANCE

INSTANCE is a file in the standard form, without comments. Printed is a JSON object of figures:

- ``job_shop_lib_spt``: operations a second of its `DispatchingRuleSolver` with the rule SPT, whole
  solves from the instance to the schedule, choosing by the rule included.
- ``jssenv_random``: steps a second of its environment under random legal actions, whole episodes,
  their reset and the choice of the actions included.

Each figure is the median over several runs, after one that is not counted.
"""

from __future__ import annotations

import json
import os
import statistics
import sys
from collections.abc import Callable
from time import perf_counter

import numpy as np
from job_shop_lib import JobShopInstance
from job_shop_lib.dispatching.rules import DispatchingRuleSolver
from JSSEnv.envs import JssEnv

RUNS = 15


def main(path: str) -> int:
    """Measure and print."""
    if hasattr(os, "sched_setaffinity"):  # not on macOS and Windows
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    figures = {"job_shop_lib_spt": rate(solves(path)), "jssenv_random": rate(episodes(path))}
    print(json.dumps(figures))
    return 0


def rate(run: Callable[[], int]) -> float:
    """Return how many of what a run counts are done in a second: the median over the runs."""
    run()
    rates = []
    for _ in range(RUNS):
        begin = perf_counter()
        count = run()
        rates.append(count / (perf_counter() - begin))
    return statistics.median(rates)


def solves(path: str) -> Callable[[], int]:
    """Return a function that makes a schedule by SPT and returns its number of operations."""
    # The name notwithstanding, this reads the standard form.
    instance = JobShopInstance.from_taillard_file(path)
    solver = DispatchingRuleSolver("shortest_processing_time")

    def run() -> int:
        schedule = solver.solve(instance)
        assert schedule.is_complete()
        return instance.num_operations

    return run


def episodes(path: str) -> Callable[[], int]:
    """Return a function that acts at random for an episode and returns its number of steps."""
    env = JssEnv({"instance_path": path})
    rng = np.random.default_rng(0)

    def run() -> int:
        legal = env.reset()["action_mask"]
        done, steps = False, 0
        while not done:
            actions = legal.nonzero()[0]
            observation, _, done, _, _ = env.step(actions[int(rng.random() * len(actions))])
            legal = observation["action_mask"]
            steps += 1
        assert (env.solution >= 0).all()
        return steps

    return run


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
