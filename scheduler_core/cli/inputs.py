"""What commands read: snapshots, weights, checkpoints, and settings given as text."""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import yaml

from scheduler_core import methods, weights_file
from scheduler_core.errors import ConfigError, ProblemError, one_line
from scheduler_core.instances import MAKESPAN_WEIGHTS, parse_instance
from scheduler_core.methods import Ensemble, Model
from scheduler_core.objective import RewardWeights
from scheduler_core.snapshot import Snapshot, read_bytes
from scheduler_core.tabular import read_file

INSTANCE_SUFFIXES = (".jsp", ".txt", ".fjs")
"""Files that are read as published instances, not as snapshots."""

# The YAML reader lets through what Python says of impossible dates and deep nesting.
_NOT_YAML = (yaml.YAMLError, ValueError, RecursionError)


def read_problem(path: Path) -> Snapshot:
    """Return the snapshot, the table or the instance in a file.

    Every fault names the file, for there may be several.
    """
    try:
        return _instance(path) if _is_instance(path) else read_file(path)
    except ProblemError as error:
        raise ProblemError(fault.of_file(path) for fault in error.faults) from None


def _is_instance(path: Path) -> bool:
    return path.suffix.lower() in INSTANCE_SUFFIXES


def _instance(path: Path) -> Snapshot:
    """Return an instance as a snapshot, for its problem and its hash: a document it has none."""
    data = read_bytes(path)
    problem = parse_instance(data, path.name)
    return Snapshot(problem, {}, hashlib.sha256(data).hexdigest(), path.stem)


def read_weights(path: Path | None, judged: Sequence[Path]) -> RewardWeights:
    """Return the weights in a file, else those that the kind of problem is usually judged by."""
    if path is None:
        instances = [each for each in judged if _is_instance(each)]
        if instances and len(instances) < len(judged):
            raise ConfigError(
                f"--data: snapshots and instances such as {instances[0]} are judged by different "
                "weights unless --weights is given; give it, or evaluate them one kind at a time"
            )
        return MAKESPAN_WEIGHTS if instances else RewardWeights()
    return weights_file.read_weights(path)


def setting(text: str, option: str = "--set") -> tuple[str, object]:
    """Return the name and the value of a setting given as NAME=VALUE."""
    name, equals, value = text.partition("=")
    if not equals:
        raise ConfigError(f"{option} {text!r}: must be NAME=VALUE")
    # YAML 1.1 reads 1e-4 as text; a number written that way is meant as one.
    if "e" in value.lower():
        with suppress(ValueError):
            return name, float(value)
    try:
        return name, yaml.safe_load(value)
    except _NOT_YAML as error:
        why = one_line(error)
        raise ConfigError(f"{option} {text!r}: the value must be YAML ({why})") from error


def one_model(paths: Sequence[Path] | None, mode: str | None) -> Model | None:
    """Return what ``--model`` and ``--ensemble`` name; of several files the best schedule counts.

    Raises
    ------
    ConfigError
        If there is a mode, but nothing that it could be meant for.
    """
    if not paths:
        if mode is not None:
            raise ConfigError(f"--ensemble {mode}: needs checkpoints; name them with --model")
        return None
    if mode is None:
        return paths[0] if len(paths) == 1 else Ensemble(tuple(paths))
    return Ensemble(tuple(paths), mode)


def checkpoint_certificate(model: Model, device: str) -> dict[str, object]:
    """Return what a schedule file says of its checkpoint, or of all that made it together."""
    hashes = [methods.load_policy(path, device).sha256 for path in methods.model_paths(model)]
    if isinstance(model, Ensemble):
        return {"checkpoint_sha256": hashes, "ensemble": model.mode}
    return {"checkpoint_sha256": hashes[0]}


def announce_compiling(names: Sequence[str], *, together: bool = False) -> None:
    """Say why the first use takes so long: kernels are compiled when they are first called."""
    if methods.need_compiling(names, together=together):
        print("compiling the simulator, once; this takes about a minute", file=sys.stderr)
