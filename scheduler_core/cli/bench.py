"""The command ``bench``: how fast the simulator is, as tables in Markdown."""

from __future__ import annotations

import argparse
import importlib.util
import json
import os
import platform
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from scheduler_core import benchmark
from scheduler_core.errors import ConfigError
from scheduler_core.files import write_aside
from scheduler_core.generator import GeneratorConfig
from scheduler_core.instances import read_instance

_ROOT = Path(__file__).parents[2]
INSTANCE = _ROOT / "data" / "instances" / "ta41.txt"
"""Taillard's ta41: 30 jobs on 20 machines."""
RIVALS = {
    "job_shop_lib_spt": "job-shop-lib 1.7.2, `DispatchingRuleSolver`, SPT",
    "jssenv_random": "JSSEnv 1.1.0, random legal actions",
}


def bench(options: argparse.Namespace) -> int:
    """Measure what was asked for, print tables, and write the figures."""
    print(f"{platform.processor() or platform.machine()}, {os.cpu_count()} cores; one thread "
          "where no other number is named")  # fmt: skip
    figures = {}
    for name in options.only or PARTS:
        print(flush=True)
        figures[name] = PARTS[name](options)
    if options.json:
        write_aside(options.json, json.dumps(figures, indent=1).encode())
    return 0


def _instance(options: argparse.Namespace) -> dict[str, Any]:
    """Print the speed on one standard instance, beside the rivals' if asked for."""
    problem = read_instance(options.instance)
    rates = benchmark.rule_rates([problem], ["spt", "random"])
    rivals = _measure_rivals()(options.instance) if options.rivals else {}
    rows = [
        ("this simulator, SPT, whole runs", rates["spt"]),
        ("this simulator, random choices, whole runs", rates["random"]),
        ("`dispatch`, SPT, from `Problem` to `Schedule`", benchmark.dispatch_rate(problem, "spt")),
        ("`SchedulingEnv`, random legal actions, from Python", benchmark.environment_rate(problem)),
        *((RIVALS[name], rate) for name, rate in rivals.items()),
    ]
    heads = [RIVALS[name].split(" ")[0] for name in rivals]
    _table(
        [f"{options.instance.stem}, one core", "operations or steps a second",
         *(f"x {head}" for head in heads)],
        ([name, f"{rate:,.0f}", *(f"{rate / rival:,.1f}" for rival in rivals.values())]
         for name, rate in rows),
    )  # fmt: skip
    return {name: round(rate) for name, rate in rows}


def _measure_rivals() -> Callable[[Path], dict[str, float]]:
    """Return the function that measures the rivals, which is not part of the package."""
    spec = importlib.util.spec_from_file_location("rivals", _ROOT / "benchmarks" / "rivals.py")
    if spec is None or spec.loader is None or not Path(str(spec.origin)).is_file():
        raise ConfigError(
            f"--rivals: needs benchmarks/rivals.py, which is not in {_ROOT}; "
            "install the repository with 'pip install -e'"
        )
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    measure: Callable[[Path], dict[str, float]] = module.measure_rivals
    return measure


def _rules(options: argparse.Namespace) -> dict[str, Any]:  # noqa: ARG001
    shops = {
        "40 families": benchmark.fresh_problems(40, GeneratorConfig(), 200),
        "200 families": benchmark.fresh_problems(200, GeneratorConfig(), 50),
        "500 families": benchmark.fresh_problems(500, GeneratorConfig(), 20),
    }
    rates = {name: benchmark.rule_rates(problems) for name, problems in shops.items()}
    rules = next(iter(rates.values()))
    _table(
        ["rule, million operations a second", *shops],
        ([f"`{rule}`", *(_millions(table[rule]) for table in rates.values())] for rule in rules),
    )
    return {name: _rounded(table) for name, table in rates.items()}


def _batch(options: argparse.Namespace) -> dict[str, Any]:  # noqa: ARG001
    counts = sorted({1, os.cpu_count() or 1})
    rates = {str(threads): benchmark.batch_rate(threads) for threads in counts}
    _table(
        [f"{benchmark.BATCH} environments of 100 families, threads", "million decisions a second"],
        ([threads, _millions(rate)] for threads, rate in rates.items()),
    )
    return _rounded(rates)


def _constraints(options: argparse.Namespace) -> dict[str, Any]:  # noqa: ARG001
    rates = {rule: benchmark.constraint_rates(200, rule) for rule in ("edd", "atc")}
    _table(
        ["200 families, million operations a second", *(f"`{rule}`" for rule in rates)],
        ([name, *(_millions(table[name]) for table in rates.values())]
         for name in benchmark.CONSTRAINTS),
    )  # fmt: skip
    return {rule: _rounded(table) for rule, table in rates.items()}


def _growth(options: argparse.Namespace) -> dict[str, Any]:  # noqa: ARG001
    curves = [
        benchmark.growth(shop, rule)
        for shop, rule in (("flat", "edd"), ("flat", "atc"), ("long_tailed", "edd"))
    ]
    heads = [f"{curve.shop}, `{curve.rule}`" for curve in curves]
    rows = [
        [f"{size:,}", *(_millions(curve.rates[size]) for curve in curves)]
        for size in benchmark.GROWTH_SIZES
    ]
    last = f"exponent from {benchmark.FITTED_FROM}"
    rows.append([last, *(f"{curve.exponent:.2f}" for curve in curves)])
    _table(["families, million operations a second", *heads], rows)
    return {
        head: {"rates": _rounded(curve.rates), "exponent": round(curve.exponent, 3)}
        for head, curve in zip(heads, curves, strict=True)
    }


def _large(options: argparse.Namespace) -> dict[str, Any]:  # noqa: ARG001
    runs = [benchmark.large(machines) for machines in (15_000, 145)]
    heads = [f"{run.tasks:,} tasks on {run.machines:,} machines" for run in runs]
    rows = [
        [f"`{rule}`", *(f"{run.seconds[rule]:.2f}" for run in runs)] for rule in runs[0].seconds
    ]
    rows.append(["peak memory, GB", *(f"{run.peak_bytes / 1e9:.2f}" for run in runs)])
    _table([f"{benchmark.LARGE:,} families, seconds", *heads], rows)
    return {head: asdict(run) for head, run in zip(heads, runs, strict=True)}


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    print(f"| {' | '.join(head)} |")
    print(f"|{'---|' * len(head)}")
    for row in rows:
        print(f"| {' | '.join(row)} |", flush=True)


def _millions(rate: float) -> str:
    return f"{rate / 1e6:.2f}"


def _rounded(rates: Any) -> dict[str, int]:
    return {str(name): round(rate) for name, rate in rates.items()}


PARTS: dict[str, Callable[[argparse.Namespace], dict[str, Any]]] = {
    "instance": _instance,
    "rules": _rules,
    "batch": _batch,
    "constraints": _constraints,
    "growth": _growth,
    "large": _large,
}
"""What is measured, by the name that chooses it."""
