"""How good the shipped policy is on snapshots it has never seen, beside EDD and the best rule.

Every figure is a ratio of delay costs on the same snapshots in one run. The test problems come
from their own stream of seeds, which training and validation never draw from. ``best_rule`` tries
every rule, each at several values of delta, and takes the best on each snapshot with hindsight.

    python -m benchmarks.policy --json benchmarks/results/policy.json
"""

from __future__ import annotations

import argparse
import json
import platform
import sys
from collections.abc import Iterator
from pathlib import Path

import torch

from scheduler_core.benchmark import CONSTRAINTS, fresh_problems
from scheduler_core.evaluation import Evaluation, evaluate
from scheduler_core.files import write_aside
from scheduler_core.generator import SHOPS, GeneratorConfig
from scheduler_core.methods import load_policy
from scheduler_core.problem import Problem
from scheduler_core.snapshot import read_snapshot
from scheduler_core.training.trainer import VALIDATION_WEIGHTS

WEIGHTS = {name.replace("_", " "): weights for name, weights in VALIDATION_WEIGHTS.items()}
SAMPLES = ("40", "100", "200")
CONSTRAINED = {
    "20 % flexible": GeneratorConfig(flexible_fraction=0.2),
    "in shifts": GeneratorConfig(shift_fraction=0.7, num_holidays=1, downtime_fraction=0.2),
    "all constraints": list(CONSTRAINTS.values())[-1],
}
"""Shops of which the policy that ships has seen nothing in training."""


def main() -> int:
    """Measure, print a Markdown table, and write the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", type=Path)
    parser.add_argument("--sizes", type=int, nargs="+", default=[40, 100, 200])
    parser.add_argument("--count", type=int, default=20, help="unseen snapshots of each size")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    torch.set_num_threads(1)
    policy = load_policy(options.model)
    print(
        f"Checkpoint {policy.sha256[:12]}, {platform.processor() or platform.machine()}, 1 thread"
    )
    print("\n| snapshots | weights | to EDD | wins | to best rule | 95 % interval | wins | on time "
          "| violations | seconds |\n|---|---|---|---|---|---|---|---|---|---|")  # fmt: skip
    evaluate(_unseen(10, 1, SHOPS[0]), WEIGHTS["default"], model=options.model)  # loads, compiles
    rows = []
    for title, problems in _sets(options.sizes, options.count):
        for name, weights in WEIGHTS.items():
            result = evaluate(problems, weights, model=options.model)
            print(_row(title, name, result), flush=True)
            rows.append({"snapshots": title, "weights": name, **result.to_dict()})
    if options.json:
        document = {"checkpoint_sha256": policy.sha256, "rows": rows}
        write_aside(options.json, json.dumps(document, indent=1).encode())
    return 0


def _sets(sizes: list[int], count: int) -> Iterator[tuple[str, list[Problem]]]:
    """Yield the shipped samples, then unseen snapshots of each size, then of other shops."""
    for name in SAMPLES:
        path = Path(__file__).parents[1] / "data" / f"{name}_jobs.json"
        yield f"`data/{path.name}`", [read_snapshot(path).problem]
    for size in sizes:
        yield f"{count} unseen, {size} families", _unseen(size, count, SHOPS[0])
    for shop in SHOPS[1:]:
        yield f"{count} unseen, 100 families, {shop}", _unseen(100, count, shop)
    for name, config in CONSTRAINED.items():
        yield f"{count} unseen, 100 families, {name}", fresh_problems(100, config, count)


def _unseen(size: int, count: int, shop: str) -> list[Problem]:
    return fresh_problems(size, GeneratorConfig(shop=shop), count)


def _row(title: str, weights: str, result: Evaluation) -> str:
    edd, rule = result.comparisons
    cells = [
        title,
        weights,
        f"{edd.mean_ratio:.3f}",
        f"{edd.wins}/{result.snapshots}",
        f"{rule.mean_ratio:.3f}",
        f"{rule.interval[0]:.3f} to {rule.interval[1]:.3f}",
        f"{rule.wins}/{result.snapshots}",
        f"{result.on_time_rate:.1%}",
        str(result.constraint_violations),
        f"{result.runtime_seconds:.3f}",
    ]
    return f"| {' | '.join(cells)} |"


if __name__ == "__main__":
    sys.exit(main())
