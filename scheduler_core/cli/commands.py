"""The commands: each reads its inputs, calls the core, prints, and returns an exit code."""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import yaml

from scheduler_core import evaluation, methods
from scheduler_core.cli import tables
from scheduler_core.errors import ConfigError, ProblemError, ScheduleFileError, one_line
from scheduler_core.files import write_aside
from scheduler_core.generator import GeneratorConfig, generate_snapshot, write_samples
from scheduler_core.instances import MAKESPAN_WEIGHTS, parse_instance
from scheduler_core.objective import RewardWeights, measure
from scheduler_core.schedule import Schedule
from scheduler_core.schedule_file import (
    read_schedule,
    replay_command,
    schedule_document,
    write_schedule,
)
from scheduler_core.snapshot import Snapshot, read_bytes, read_snapshot, write_snapshot
from scheduler_core.validation import validate as find_violations

INSTANCE_SUFFIXES = (".jsp", ".txt", ".fjs")
"""Files that are read as published instances, not as snapshots."""

# The YAML reader lets through what Python says of impossible dates and deep nesting.
_NOT_YAML = (yaml.YAMLError, ValueError, RecursionError)


def schedule(options: argparse.Namespace) -> int:
    """Make a schedule, write it, print its figures."""
    snapshot = _snapshot(options.snapshot)
    weights = _weights(options.weights, [options.snapshot])
    _announce_compiling([options.method])
    made = methods.make_schedule(
        snapshot.problem,
        options.method,
        weights,
        model=options.model,
        seed=options.seed,
        device=options.device,
    )
    metrics = measure(snapshot.problem, made, weights)
    certificate: dict[str, Any] = {
        "replay": replay_command(
            options.snapshot,
            options.method,
            options.seed,
            options.out,
            model=options.model,
            weights=options.weights,
        )
    }
    if options.method == "ppo":
        model = options.model or methods.shipped_model(weights)
        policy = methods.load_policy(model, options.device)
        certificate["checkpoint_sha256"] = policy.sha256
    write_schedule(schedule_document(snapshot, made, weights, metrics, certificate), options.out)
    print(tables.figures({options.method: metrics}))
    print(f"written to {options.out}")
    return 1 if metrics.constraint_violations else 0


def validate(options: argparse.Namespace) -> int:
    """Print every fault of a snapshot, and every violation of a schedule of it."""
    snapshot = _snapshot(options.snapshot)
    problem = snapshot.problem
    print(
        f"{options.snapshot}: valid, {tables.families_and_tasks(problem)}, "
        f"{tables.count(len(problem.machines), 'machine', 'machines')}"
    )
    if options.schedule is None:
        return 0
    made = _schedule(options.schedule)
    violations = find_violations(problem, made)
    for violation in violations:
        print(violation, file=sys.stderr)
    if not violations:
        tasks = tables.count(len(made), "task", "tasks")
        print(f"{options.schedule}: valid and complete, {tasks}")
    return 1 if violations else 0


def compare(options: argparse.Namespace) -> int:
    """Print the figures of several methods on each snapshot."""
    results = {}
    for path in options.snapshots:
        weights = _weights(options.weights, [path])
        snapshot = _snapshot(path)
        _announce_compiling(options.methods)
        results[str(path)] = evaluation.compare(
            snapshot.problem,
            options.methods,
            weights,
            model=options.model,
            seed=options.seed,
            device=options.device,
        )
        print(f"{path}\n{tables.figures(results[str(path)])}\n")
    if options.json:
        document = {
            path: {name: metrics.to_dict() for name, metrics in table.items()}
            for path, table in results.items()
        }
        write_aside(options.json, json.dumps(document, indent=1).encode())
    return 0


def evaluate(options: argparse.Namespace) -> int:
    """Print how a policy does on snapshots against EDD and the best rule."""
    weights = _weights(options.weights, options.data)
    problems = [_snapshot(path).problem for path in options.data]
    _announce_compiling(["ppo"])
    result = evaluation.evaluate(
        problems,
        weights,
        model=options.model,
        device=options.device,
        seed=options.seed,
    )
    print(tables.evaluation(result))
    if options.json:
        write_aside(options.json, json.dumps(result.to_dict(), indent=1).encode())
    return 1 if result.constraint_violations else 0


def generate(options: argparse.Namespace) -> int:
    """Write a synthetic snapshot, or the samples."""
    if options.samples:
        for path in write_samples(options.samples):
            print(path)
        return 0
    config = GeneratorConfig(
        shop=options.shop,
        num_machines=options.machines,
        flexible_fraction=options.flexible,
        shift_fraction=options.shifts,
        num_holidays=options.holidays,
        downtime_fraction=options.downtime,
        running_fraction=options.running,
        locked_fraction=options.locked,
    )
    snapshot = generate_snapshot(options.families, options.seed, config)
    write_snapshot(snapshot, options.out)
    print(f"{options.out}: {tables.families_and_tasks(snapshot.problem)}")
    return 0


def _announce_compiling(names: Sequence[str]) -> None:
    """Say why the first use takes so long: kernels are compiled when they are first called."""
    if methods.need_compiling(names):
        print("compiling the simulator, once; this takes about a minute", file=sys.stderr)


def _snapshot(path: Path) -> Snapshot:
    """Return the snapshot, or the instance, in a file.

    Every fault names the file, for there may be several.
    """
    try:
        return _instance(path) if _is_instance(path) else read_snapshot(path)
    except ProblemError as error:
        raise ProblemError(fault.of_file(path) for fault in error.faults) from None


def _is_instance(path: Path) -> bool:
    return path.suffix.lower() in INSTANCE_SUFFIXES


def _instance(path: Path) -> Snapshot:
    """Return an instance as a snapshot, for its problem and its hash: a document it has none."""
    data = read_bytes(path)
    problem = parse_instance(data, path.name)
    return Snapshot(problem, {}, hashlib.sha256(data).hexdigest(), path.stem)


def _schedule(path: Path) -> Schedule:
    """Return the schedule in a file; every fault names the file."""
    try:
        return read_schedule(path)
    except ScheduleFileError as error:
        lines = (line.removeprefix("file: ") for line in str(error).splitlines())
        named = (line if line.startswith(f"{path}: ") else f"{path}: {line}" for line in lines)
        raise ScheduleFileError("\n".join(named)) from None


def _weights(path: Path | None, judged: Sequence[Path]) -> RewardWeights:
    """Return the weights in a file, else those that the kind of problem is usually judged by."""
    if path is None:
        instances = [each for each in judged if _is_instance(each)]
        if instances and len(instances) < len(judged):
            raise ConfigError(
                f"--data: snapshots and instances such as {instances[0]} are judged by different "
                "weights unless --weights is given; give it, or evaluate them one kind at a time"
            )
        return MAKESPAN_WEIGHTS if instances else RewardWeights()
    try:
        document = yaml.safe_load(path.read_text(encoding="utf-8"))
    except _NOT_YAML as error:
        raise ConfigError(f"weights {path}: must be YAML or JSON ({one_line(error)})") from error
    if not isinstance(document, dict):
        raise ConfigError(
            f"weights {path}: must be a mapping of names to numbers, such as early_bonus_per_day: 0"
        )
    return RewardWeights.from_mapping(document)
