"""How fast the simulator is: rules, batches, growth, what each constraint costs, and memory.

Small problems are never run twice in a row: a processor learns the branches of a short run by
heart, and the second one is faster than any that a planner will see. Many fresh problems lie side
by side instead, and each is run once.
"""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from time import perf_counter

import numpy as np
import numpy.typing as npt

from scheduler_core.compiled import lean_kernel
from scheduler_core.env import SchedulingEnv
from scheduler_core.generator import GeneratorConfig, generate_problem, problem_stream
from scheduler_core.objective import RewardWeights
from scheduler_core.problem import Problem
from scheduler_core.rules import ALL_RULES, RULE_DELTA, RULES, dispatch
from scheduler_core.rules.priorities import run_rule
from scheduler_core.simulator import (
    Batch,
    Objective,
    ProblemArrays,
    State,
    empty_state,
    join,
    make_objective,
    to_arrays,
)

REPEATS = 20
"""Runs of which the fastest counts: others had to share the processor."""
FAMILIES_AT_ONCE = 10_000
"""Families, at least, in the problems that lie side by side."""
GROWTH_SIZES = (40, 100, 200, 500, 1000, 2000, 5000, 10_000, 20_000, 50_000)
FITTED_FROM = 500
LARGE = 50_000
BATCH = 256

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Growth:
    """Operations a second by number of families, and how the time for a problem grows."""

    shop: str
    rule: str
    rates: Mapping[int, float]
    """Operations a second by number of families."""

    @property
    def exponent(self) -> float:
        """Slope of log(time for a problem) over log(families) from `FITTED_FROM` on."""
        sizes = [size for size in self.rates if size >= FITTED_FROM]
        times = [size / self.rates[size] for size in sizes]
        return float(np.polyfit(np.log(sizes), np.log(times), 1)[0])


@dataclass(frozen=True, slots=True)
class Large:
    """What a problem of `LARGE` families costs in a process of its own."""

    machines: int
    tasks: int
    seconds: Mapping[str, float]
    """From the problem to the last task placed, by rule."""
    peak_bytes: int
    """Most memory of the process, imports and the problem included; 0 where unknown."""


def rule_rates(problems: Sequence[Problem], rules: Sequence[str] = RULES) -> dict[str, float]:
    """Return operations a second by rule: whole runs on one thread, each choice included."""
    arrays = join([to_arrays(problem) for problem in problems])
    objective = make_objective(arrays, [RewardWeights()] * len(problems))
    state = empty_state(arrays, RULE_DELTA)
    keys = np.random.default_rng(0).random(len(arrays.tasks))
    tasks = int((arrays.locks["machine"] < 0).sum())
    rates = {}
    for rule in rules:
        run = partial(_run_all, arrays, objective, state, RULES.index(rule), keys)
        rates[rule] = tasks / _fastest(run)
    return rates


@lean_kernel
def _run_all(
    p: ProblemArrays, o: Objective, s: State, rule: int, keys: npt.NDArray[np.float64]
) -> None:
    for e in range(len(p.envs)):
        run_rule(p, o, s, e, rule, keys)


def dispatch_rate(problem: Problem, rule: str) -> float:
    """Return operations a second from a problem to a schedule, both Python objects."""
    return problem.num_tasks / _fastest(lambda: dispatch(problem, rule))


def environment_rate(problem: Problem, seed: int = 0) -> float:
    """Return steps a second of the Gymnasium environment under random legal actions.

    Whole episodes from Python, their reset and the choice of the actions included.
    """
    env, rng = SchedulingEnv(problem), np.random.default_rng(seed)

    def episode() -> int:
        env.reset()
        steps, done = 0, False
        while not done:
            action = rng.choice(np.flatnonzero(env.action_masks()))
            done = env.step(action)[2]
            steps += 1
        return steps

    episode()
    begin = perf_counter()
    steps = episode()
    return steps / (perf_counter() - begin)


def batch_rate(threads: int, num_envs: int = BATCH, num_families: int = 100) -> float:
    """Return decisions a second of environments that step together under random choices."""
    problems = fresh_problems(num_families, GeneratorConfig(), num_envs)
    arrays = join([to_arrays(problem) for problem in problems])
    objective = make_objective(arrays, [RewardWeights()] * num_envs)
    batch = Batch(arrays, objective, empty_state(arrays, 1.0, track=True), threads)
    rng = np.random.default_rng(0)

    def episode() -> int:
        decisions = 0
        batch.reset()
        while len(envs := batch.deciding()):
            batch.step(envs, rng.integers(batch.state.num_candidates[envs]))
            decisions += len(envs)
        return decisions

    episode()
    begin = perf_counter()
    decisions = episode()
    return decisions / (perf_counter() - begin)


def growth(shop: str, rule: str, sizes: Sequence[int] = GROWTH_SIZES) -> Growth:
    """Return how a rule's speed changes with the number of families.

    The shops grow as the generator's do up to 500 families: 0.3 machines for each family, all as
    loaded as before. In a ``flat`` one the queues keep their length; in a ``long_tailed`` one
    those of the busiest machines grow, and so does what there is to choose from.
    """
    rates = {}
    for size in sizes:
        machines = max(12, min(20_000, round(0.3 * size)))
        config = GeneratorConfig(shop=shop, num_machines=machines, any_machine_fraction=0.0)
        problems = fresh_problems(size, config, max(1, FAMILIES_AT_ONCE // size))
        rates[size] = rule_rates(problems, [rule])[rule]
    return Growth(shop, rule, rates)


CONSTRAINTS = {
    "one machine a task": GeneratorConfig(any_machine_fraction=0.0),
    "as generated: 6 % of the tasks on any machine": GeneratorConfig(),
    "and 20 % on 2 to 4 machines": GeneratorConfig(flexible_fraction=0.2),
    "shifts on 70 % of the machines": GeneratorConfig(shift_fraction=0.7, num_holidays=1),
    "all: shifts, downtime, running and locked tasks, alternatives": GeneratorConfig(
        flexible_fraction=0.2,
        shift_fraction=0.7,
        num_holidays=1,
        downtime_fraction=0.2,
        running_fraction=0.1,
        locked_fraction=0.02,
    ),
}
"""Shops with more and more constraints."""


def constraint_rates(num_families: int, rule: str) -> dict[str, float]:
    """Return a rule's operations a second in each of `CONSTRAINTS`."""
    return {
        name: rule_rates(fresh_problems(num_families, config, 20), [rule])[rule]
        for name, config in CONSTRAINTS.items()
    }


def large(num_machines: int, num_families: int = LARGE) -> Large:
    """Return what a large problem costs, measured in a process of its own.

    Its tasks that any machine can do are left out where there are too many machines for that.
    """
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, mp_context=context) as pool:
        return pool.submit(_measure_large, num_machines, num_families).result()


def _measure_large(num_machines: int, num_families: int) -> Large:
    any_machine = GeneratorConfig().any_machine_fraction if num_machines <= 1000 else 0.0
    config = GeneratorConfig(num_machines=num_machines, any_machine_fraction=any_machine)
    problem = generate_problem(num_families, problem_stream("test", 0), config)
    dispatch(fresh_problems(10, config, 1)[0], "edd")  # loads the compiled code
    seconds = {rule: dispatch(problem, rule).runtime_seconds for rule in ALL_RULES}
    return Large(num_machines, problem.num_tasks, seconds, peak_bytes())


def peak_bytes() -> int:
    """Return the most memory that this process has ever held; 0 where unknown."""
    try:
        import resource  # not on Windows
    except ImportError:
        return 0
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if os.uname().sysname == "Darwin" else peak * 1024


def fresh_problems(num_families: int, config: GeneratorConfig, count: int) -> list[Problem]:
    """Return problems that nothing was trained on."""
    return [
        generate_problem(num_families, problem_stream("test", seed), config)
        for seed in range(count)
    ]


def _fastest(run: Callable[[], object]) -> float:
    """Return the shortest of several times that a call takes, after one that does not count."""
    run()
    seconds = []
    for _ in range(REPEATS):
        begin = perf_counter()
        run()
        seconds.append(perf_counter() - begin)
    return min(seconds)
