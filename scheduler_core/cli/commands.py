"""The commands: each reads its inputs, calls the core, prints, and returns an exit code."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

from scheduler_core import methods
from scheduler_core.cli import tables
from scheduler_core.cli.inputs import (
    announce_compiling,
    checkpoint_certificate,
    one_model,
    read_problem,
    read_weights,
)
from scheduler_core.cli.outputs import write_record
from scheduler_core.errors import ScheduleFileError
from scheduler_core.export import Record
from scheduler_core.generator import GeneratorConfig, generate_snapshot, write_samples
from scheduler_core.objective import measure
from scheduler_core.schedule import Schedule
from scheduler_core.schedule_file import (
    read_schedule,
    replay_command,
)
from scheduler_core.snapshot import write_snapshot
from scheduler_core.validation import validate as find_violations


def schedule(options: argparse.Namespace) -> int:
    """Make a schedule, write it, print its figures."""
    snapshot = read_problem(options.snapshot)
    weights = read_weights(options.weights, [options.snapshot])
    model = one_model(options.model, options.ensemble)
    announce_compiling([options.method], together=isinstance(model, methods.Ensemble))
    made = methods.make_schedule(
        snapshot.problem,
        options.method,
        weights,
        model=model,
        seed=options.seed,
        device=options.device,
    )
    metrics = measure(snapshot.problem, made, weights)
    replay = replay_command(
        options.snapshot,
        options.method,
        options.seed,
        options.out,
        model=options.model,
        ensemble=options.ensemble,
        weights=options.weights,
    )
    certificate: dict[str, Any] = {"replay": replay}
    if options.method == "ppo":
        certificate |= checkpoint_certificate(
            model or methods.shipped_model(weights), options.device
        )
    label = options.method.upper()
    write_record(Record(snapshot, made, weights, metrics, label, certificate), options.out)
    print(tables.figures({options.method: metrics}))
    print(f"written to {options.out}")
    return 1 if metrics.constraint_violations else 0


def validate(options: argparse.Namespace) -> int:
    """Print every fault of a snapshot, and every violation of a schedule of it."""
    snapshot = read_problem(options.snapshot)
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


def _schedule(path: Path) -> Schedule:
    """Return the schedule in a file; every fault names the file."""
    try:
        return read_schedule(path)
    except ScheduleFileError as error:
        lines = (line.removeprefix("file: ") for line in str(error).splitlines())
        named = (line if line.startswith(f"{path}: ") else f"{path}: {line}" for line in lines)
        raise ScheduleFileError("\n".join(named)) from None
