"""How long the schedules of a policy are on the instances of the literature, beside the rules'.

Each figure is a gap: makespan / best known makespan - 1, as a mean over instances. The policy is
told that the makespan alone counts, and runs once, greedily. Rules run without delay (delta 0),
as the literature has them; the best rule is the best of all on each instance, with hindsight,
over several values of delta.

    python -m benchmarks.makespan --json benchmarks/results/makespan.json
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import torch

from benchmarks.reporting import add_common_options, model_name, table_head, table_line
from scheduler_core.files import write_aside
from scheduler_core.generator import taillard_job_shop
from scheduler_core.instances import MAKESPAN_WEIGHTS, read_instance
from scheduler_core.methods import load_policy, make_schedule
from scheduler_core.objective import measure
from scheduler_core.policy import MAKESPAN_MODEL
from scheduler_core.problem import Problem
from scheduler_core.rules import ALL_RULES, BEST_RULE_DELTAS, try_rules
from scheduler_core.simulator import make_objective, to_arrays

INSTANCES = Path(__file__).parents[1] / "data" / "instances"
TAILLARD, BRANDIMARTE, BRANDIMARTE_10 = "ta01-ta80", "mk01-mk15", "mk01-mk10"
LITERATURE: tuple[tuple[str, str, float], ...] = (
    ("FDD/MWKR, the best rule of Sels, Gheysen and Vanhoucke 2012", TAILLARD, 0.180),
    ("L2D, greedy (Zhang et al. 2020)", TAILLARD, 0.255),
    ("ScheduleNet, greedy (Park, Bakhtiyar and Park 2021)", TAILLARD, 0.161),
    ("SLIM, greedy (Corsini et al. 2024)", TAILLARD, 0.134),
    ("DANIEL, greedy (Wang et al. 2023)", BRANDIMARTE_10, 0.132),
    ("ReSched, greedy (Xiao et al. 2026)", BRANDIMARTE_10, 0.091),
)
"""Published mean gaps of schedules that are made in one go, by the group of instances."""


@dataclass(frozen=True, slots=True)
class Instance:
    """A published instance, with the shortest makespan ever found."""

    name: str
    problem: Problem
    best_known: int
    """In units of time, which are hours of the problem."""
    groups: tuple[str, ...]
    """Where it counts: its size and its family, or whether it is one of the first ten."""


def main() -> int:
    """Measure, print a Markdown table, and write the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    add_common_options(parser, MAKESPAN_MODEL)
    options = parser.parse_args()
    torch.set_num_threads(1)
    instances = [_instance(entry) for entry in json.loads((INSTANCES / "known.json").read_text())]
    instances = [instance for instance in instances if instance.groups]
    rules = _gaps_of_rules(instances)
    policies = {model_name(model): _gaps_of_policy(instances, model) for model in options.models}
    _print(instances, policies, rules)
    if options.json:
        document = {
            "checkpoints": {
                model_name(model): load_policy(model).sha256 for model in options.models
            },
            "best_known": {instance.name: instance.best_known for instance in instances},
            "gaps": {
                method: {
                    each.name: round(gap, 5) for each, gap in zip(instances, gaps, strict=True)
                }
                for method, gaps in (policies | rules).items()
            },
            "literature": [
                {"method": method, "instances": group, "mean_gap": gap}
                for method, group, gap in LITERATURE
            ],
        }
        write_aside(options.json, json.dumps(document, indent=1).encode())
    return 0


def _instance(entry: Mapping[str, Any]) -> Instance:
    """Return an instance of `known.json`: in a file of its own, or as seeds."""
    name, jobs, machines = entry["name"], entry["jobs"], entry["machines"]
    if "seeds" in entry:
        problem = taillard_job_shop(jobs, machines, *entry["seeds"])
        groups: tuple[str, ...] = (f"{jobs}x{machines}", TAILLARD)
    else:
        problem = read_instance(INSTANCES / entry["path"])
        groups = _brandimarte_groups(name)
    return Instance(name, problem, entry["bounds"]["upper"], groups)


def _brandimarte_groups(name: str) -> tuple[str, ...]:
    if not name.startswith("mk"):
        return ()
    # The last five are in few collections, and most papers leave them out.
    return (BRANDIMARTE_10, BRANDIMARTE) if name <= "mk10" else (BRANDIMARTE,)


def _gaps_of_policy(instances: Sequence[Instance], model: Path) -> list[float]:
    gaps = []
    for instance in instances:
        schedule = make_schedule(instance.problem, "ppo", MAKESPAN_WEIGHTS, model=model)
        figures = measure(instance.problem, schedule, MAKESPAN_WEIGHTS)
        if figures.constraint_violations or figures.completion_rate < 1:
            raise SystemExit(f"{instance.name}: the schedule is not valid")
        gaps.append(figures.makespan_hours / instance.best_known - 1)
    return gaps


def _gaps_of_rules(instances: Sequence[Instance]) -> dict[str, list[float]]:
    """Return the gaps of the best rule, and of each without delay."""
    runs = list(product(ALL_RULES, BEST_RULE_DELTAS))
    gaps = np.array([_gaps_on(instance) for instance in instances])
    undelayed = {rule: runs.index((rule, 0.0)) for rule in ALL_RULES}
    by_rule = {rule: gaps[:, index].tolist() for rule, index in undelayed.items()}
    return {"best rule": gaps.min(axis=1).tolist()} | by_rule


def _gaps_on(instance: Instance) -> list[float]:
    """Return the gap of each rule with each delta."""
    arrays = to_arrays(instance.problem)
    objective = make_objective(arrays, [MAKESPAN_WEIGHTS])
    return [-run.score / instance.best_known - 1 for run in try_rules(arrays, objective)]


def _print(
    instances: Sequence[Instance],
    policies: Mapping[str, Sequence[float]],
    rules: Mapping[str, Sequence[float]],
) -> None:
    sizes = dict.fromkeys(each.groups[0] for each in instances if TAILLARD in each.groups)
    groups = [*sizes, TAILLARD, BRANDIMARTE_10, BRANDIMARTE]
    print(table_head(["method", *groups]))
    means = {method: _means(instances, gaps, groups) for method, gaps in policies.items()}
    for method, row in means.items():
        print(table_line([f"policy, {method}", *map(_percent, row)]))
    if len(means) > 1:
        table = np.array(list(means.values()))
        spread = zip(table.mean(axis=0), table.std(axis=0, ddof=1), strict=True)
        cells = [f"{_percent(mean)} +- {_percent(deviation)}" for mean, deviation in spread]
        print(table_line([f"mean of {len(means)}", *cells]))
    for method, gaps in rules.items():
        print(table_line([method, *map(_percent, _means(instances, gaps, groups))]))
    for method, where, gap in LITERATURE:
        print(table_line([method, *(_percent(gap) if group == where else "" for group in groups)]))


def _means(
    instances: Sequence[Instance], gaps: Sequence[float], groups: Sequence[str]
) -> list[float]:
    """Return the mean gap in each group."""
    pairs = list(zip(instances, gaps, strict=True))
    return [
        float(np.mean([gap for each, gap in pairs if group in each.groups])) for group in groups
    ]


def _percent(gap: float) -> str:
    return f"{100 * gap:.1f}"


if __name__ == "__main__":
    sys.exit(main())
