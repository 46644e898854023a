"""How good a policy is on snapshots it has never seen, beside EDD and the best rule.

Every figure is a ratio of delay costs on the same snapshots in one run. The test problems come
from their own stream of seeds, which training and validation never draw from. ``best_rule`` tries
every rule, each at several values of delta, and takes the best on each snapshot with hindsight.

    python -m benchmarks.policy --json benchmarks/results/policy.json

Long annealing shows what is left to gain; 10 million swaps take a quarter of a minute a snapshot.

    python -m benchmarks.policy --anneal 10000000 --only 'families$' --sizes 40 100 200 --count 10
"""

from __future__ import annotations

import argparse
import json
import math
import platform
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from benchmarks.reporting import add_common_options, model_name, table_head, table_line
from scheduler_core.benchmark import CONSTRAINTS, fresh_problems, peak_bytes
from scheduler_core.evaluation import Evaluation, Floats, compare, cost_ratios, summarize
from scheduler_core.files import finite_or_none, write_aside
from scheduler_core.generator import SHOPS, GeneratorConfig, generate_problem, problem_stream
from scheduler_core.methods import load_policy
from scheduler_core.objective import Metrics, RewardWeights, ideal_score
from scheduler_core.policy import DEFAULT_MODEL
from scheduler_core.problem import Problem
from scheduler_core.rules import RULE_DELTA, try_rules
from scheduler_core.search import anneal
from scheduler_core.simulator import make_objective, to_arrays
from scheduler_core.training.tasks import Job, constrained, sample_weights
from scheduler_core.training.validation import VALIDATION_WEIGHTS

WEIGHTS = {name.replace("_", " "): weights for name, weights in VALIDATION_WEIGHTS.items()}
_rng = np.random.default_rng(20)
RANDOM_WEIGHTS = [sample_weights(_rng, fixed_share=0.0) for _ in range(10)]
"""Drawn once, as training draws them: what a planner might ask for."""
LARGE, LARGE_COUNT = 5000, 3
"""Families of a snapshot that takes seconds, and how many of these are measured."""
CONSTRAINED = {
    "20 % flexible": GeneratorConfig(flexible_fraction=0.2),
    "in shifts": GeneratorConfig(shift_fraction=0.7, num_holidays=1, downtime_fraction=0.2),
    "all constraints": list(CONSTRAINTS.values())[-1],
}
HEADINGS = ("snapshots", "weights", "model", "to EDD", "better", "worse", "to best rule",
            "95 % interval", "of totals", "better", "on time", "violations",
            "median s", "max s")  # fmt: skip
ANNEALED = ("annealed to best rule", "gap closed")


@dataclass(frozen=True, slots=True)
class Row:
    """What a row of the table is measured on."""

    snapshots: str
    weights: str
    jobs: Sequence[Job]
    """``per_snapshot`` for the first snapshot, then for the next."""
    per_snapshot: int = 1


def main() -> int:
    """Measure, print a Markdown table, and write the figures."""
    options = _options()
    torch.set_num_threads(1)
    checkpoints = {path: load_policy(path).sha256 for path in options.models}
    for path, sha256 in checkpoints.items():
        print(f"{model_name(path)}: checkpoint {sha256[:12]}")
    print(f"{platform.processor() or platform.machine()}, 1 thread\n")
    headings = HEADINGS + ANNEALED * (options.anneal > 0)
    print(table_head(headings))
    rows = [figures for row in _rows(options) for figures in _measure(row, options)]
    print(f"\nPeak memory {peak_bytes() / 2**20:.0f} MiB. The random weights:\n")
    for weights in RANDOM_WEIGHTS:
        print(f"- {', '.join(f'{name} {value:.4g}' for name, value in _aims(weights).items())}")
    if options.json:
        document = {
            "checkpoints": {model_name(path): sha256 for path, sha256 in checkpoints.items()},
            "swaps": options.anneal,
            "peak_bytes": peak_bytes(),
            "random_weights": [weights.to_dict() for weights in RANDOM_WEIGHTS],
            "rows": rows,
        }
        write_aside(options.json, json.dumps(document, indent=1).encode())
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    add_common_options(parser, DEFAULT_MODEL)
    parser.add_argument("--sizes", type=int, nargs="+", default=[40, 100, 200, 500, LARGE])
    parser.add_argument("--count", type=int, default=30, help="snapshots of each kind")
    parser.add_argument("--random", type=int, default=200, help="random shops")
    parser.add_argument("--only", default="", help="regular expression: rows whose title has it")
    parser.add_argument("--anneal", type=int, default=0, metavar="SWAPS",
                        help="also anneal the best rule's schedules for so long")  # fmt: skip
    return parser.parse_args()


def _rows(options: argparse.Namespace) -> Iterator[Row]:
    """Yield snapshots of each size, then of other shops, each with all weights; random shops."""
    shops = [(f"{size} families", size, GeneratorConfig()) for size in options.sizes]
    shops += [(f"100 families, {shop}", 100, GeneratorConfig(shop=shop)) for shop in SHOPS[1:]]
    shops += [(f"100 families, {name}", 100, config) for name, config in CONSTRAINED.items()]
    for title, size, config in shops:
        if re.search(options.only, title):
            count = LARGE_COUNT if size >= LARGE else options.count
            yield from _by_weights(title, fresh_problems(size, config, count))
    if re.search(options.only, "random shops") and options.random:
        yield Row("random shops", "random", [_random_job(seed) for seed in range(options.random)])


def _by_weights(title: str, problems: Sequence[Problem]) -> Iterator[Row]:
    title = f"{len(problems)} x {title}"
    for name, weights in WEIGHTS.items():
        yield Row(title, name, [(problem, weights) for problem in problems])
    if len(problems[0].families) < LARGE:
        jobs = [(problem, weights) for problem in problems for weights in RANDOM_WEIGHTS]
        yield Row(title, f"{len(RANDOM_WEIGHTS)} random", jobs, len(RANDOM_WEIGHTS))


def _random_job(seed: int) -> Job:
    rng = problem_stream("test", seed)
    shop, size = random_shop(rng), int(rng.integers(20, 301))
    return generate_problem(size, rng, shop), sample_weights(rng, fixed_share=0.0)


def random_shop(rng: np.random.Generator) -> GeneratorConfig:
    """Return a shop of any kind, far beyond those that the defaults are calibrated to."""
    shop = GeneratorConfig(
        shop=SHOPS[rng.integers(len(SHOPS))],
        machines_per_family=math.exp(rng.uniform(math.log(0.1), math.log(1))),
        zipf_exponent=rng.uniform(0, 1.5),
        mean_tasks=rng.uniform(1.5, 8),
        any_machine_fraction=rng.uniform(0, 0.15),
        median_hours=math.exp(rng.uniform(math.log(2), math.log(30))),
        hours_sigma=rng.uniform(0.2, 1.5),
        due_range_days=int(rng.integers(5, 91)),
        late_fraction=rng.uniform(0, 0.3),
        urgent_fraction=rng.uniform(0, 0.4),
        weighted_fraction=rng.uniform(0, 1),
        arriving_fraction=rng.uniform(0, 0.6),
        arrival_range_days=int(rng.integers(3, 31)),
    )
    return constrained(shop, rng) if rng.random() < 0.5 else shop


def _measure(row: Row, options: argparse.Namespace) -> list[dict[str, object]]:
    """Print a line for each checkpoint, and one for all; return the figures of each."""
    # Under as many random weights, annealing would take most of a day.
    swaps = options.anneal if row.per_snapshot == 1 else 0
    costs = [_rival_costs(*job, swaps) for job in row.jobs]
    rivals = {name: np.array([each[name] for each in costs]) for name in costs[0]}
    annealed = rivals.pop("annealed", None)
    found, documents = [], []
    for model in options.models:
        own = [_figures(*job, model) for job in row.jobs]
        found.append(summarize("ppo", own, rivals, per_snapshot=row.per_snapshot))
        document: dict[str, object] = {"snapshots": row.snapshots, "weights": row.weights}
        document |= {"model": model_name(model), "figures": found[-1].to_dict()}
        if row.per_snapshot > 1:
            document["mean_ratio_by_weights"] = _by_setting(own, rivals, row.per_snapshot)
        left = None
        if annealed is not None:
            left = _left(found[-1], annealed, rivals["best_rule"])
            document |= left
        documents.append(document)
        print(table_line(_cells(row, model_name(model), found[-1], left)), flush=True)
    if len(found) > 1:
        print(table_line(_spread(row, found)), flush=True)
    return documents


def _rival_costs(problem: Problem, weights: RewardWeights, swaps: int) -> dict[str, float]:
    """Return the delay costs of EDD, of the best rule and, for any swaps, after annealing it."""
    arrays = to_arrays(problem)
    objective = make_objective(arrays, [weights])
    (edd,) = try_rules(arrays, objective, ("edd",), (RULE_DELTA,))
    best = max(try_rules(arrays, objective), key=lambda run: run.score)
    scores = {"edd": edd.score, "best_rule": best.score}
    if swaps:
        scores["annealed"] = anneal(arrays, objective, best.state, swaps=swaps, seed=0).score
    ideal = ideal_score(problem, weights)
    # Compiled sums differ in the last digit: no cost must not become a tiny one to divide by.
    return {
        name: 0.0 if math.isclose(score, ideal, rel_tol=1e-9, abs_tol=1e-9) else ideal - score
        for name, score in scores.items()
    }


def _figures(problem: Problem, weights: RewardWeights, model: Path) -> Metrics:
    return compare(problem, ["ppo"], weights, model=model)["ppo"]


def _by_setting(
    own: Sequence[Metrics], rivals: Mapping[str, Floats], settings: int
) -> dict[str, list[float | None]]:
    """Return the mean ratio to each rival under each setting of the weights."""
    costs = np.array([each.delay_cost for each in own])
    means = {
        name: cost_ratios(costs, theirs).reshape(-1, settings).mean(axis=0).tolist()
        for name, theirs in rivals.items()
    }
    return {name: [finite_or_none(mean) for mean in column] for name, column in means.items()}


def _left(result: Evaluation, annealed: Floats, best_rule: Floats) -> dict[str, float | None]:
    """Return how far annealing gets, and the policy's share of that way from the best rule."""
    ratio = float(cost_ratios(annealed, best_rule).mean())
    gained = 1 - result.comparisons[1].mean_ratio
    closed = gained / (1 - ratio) if ratio < 1 else math.nan
    return {"annealed_to_best_rule": ratio, "gap_closed": finite_or_none(closed)}


def _cells(
    row: Row, model: str, result: Evaluation, left: Mapping[str, float | None] | None
) -> list[str]:
    edd, rule = result.comparisons
    cells = [
        row.snapshots,
        row.weights,
        model,
        f"{edd.mean_ratio:.3f}",
        f"{edd.wins}/{len(row.jobs)}",
        str(edd.losses),
        f"{rule.mean_ratio:.3f}",
        f"{rule.interval[0]:.3f} to {rule.interval[1]:.3f}",
        f"{rule.total_ratio:.3f}",
        f"{rule.wins}/{len(row.jobs)}",
        f"{result.on_time_rate:.1%}",
        str(result.constraint_violations),
        f"{result.median_runtime_seconds:.3f}",
        f"{result.max_runtime_seconds:.3f}",
    ]
    for name, form in zip(left or (), (".3f", ".0%"), strict=False):
        figure = left[name] if left else None
        cells.append("" if figure is None else format(figure, form))
    return cells


def _spread(row: Row, found: Sequence[Evaluation]) -> list[str]:
    """Return the mean of some checkpoints and their standard deviation, for the same columns."""
    ratios = np.array([[each.mean_ratio for each in result.comparisons] for result in found])
    edd, rule = (
        f"{mean:.3f} +- {spread:.3f}"
        for mean, spread in zip(ratios.mean(axis=0), ratios.std(axis=0, ddof=1), strict=True)
    )
    cells = [row.snapshots, row.weights, f"mean of {len(found)}", edd, "", "", rule]
    return cells + [""] * (len(HEADINGS) - len(cells))


def _aims(weights: RewardWeights) -> dict[str, float]:
    """Return the weights that say what schedules are for."""
    training_only = ("sequence_violation", "action_taken_bonus")
    return {
        name: value or 0.0  # not -0
        for name, value in weights.to_dict().items()
        if name not in training_only
    }


if __name__ == "__main__":
    sys.exit(main())
