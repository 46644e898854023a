"""Synthetic snapshot files, and the samples that ship."""

from __future__ import annotations

import os
from dataclasses import asdict, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np

from scheduler_core.generator.config import GeneratorConfig
from scheduler_core.generator.problems import CREATED_AT, generate_problem
from scheduler_core.generator.streams import Purpose, problem_stream
from scheduler_core.snapshot import (
    Snapshot,
    encode,
    parse_snapshot,
    snapshot_from_problem,
    write_snapshot,
)

VERSION = 1
"""Raised when the same seed gives another problem than before."""


SAMPLE_SEED = 2025
SAMPLE_SIZES = {10: 33, 20: 65, 40: 127, 60: 196, 100: 327, 200: 654, 500: 1635}
"""Families and tasks of the plain samples in ``data/``."""
SAMPLES: dict[str, tuple[int, GeneratorConfig]] = {
    f"{num_families}_jobs": (num_families, GeneratorConfig(num_tasks=num_tasks))
    for num_families, num_tasks in SAMPLE_SIZES.items()
} | {
    "60_shifts": (
        60,
        GeneratorConfig(
            num_tasks=SAMPLE_SIZES[60],
            num_machines=40,
            flexible_fraction=0.2,
            shift_fraction=0.7,
            num_holidays=1,
            downtime_fraction=0.15,
            running_fraction=0.2,
            locked_fraction=0.05,
        ),
    )
}
"""Families and shop of each file in ``data/``, by its name without the suffix."""


def generate_snapshot(
    num_families: int,
    seed: int,
    config: GeneratorConfig | None = None,
    created_at: datetime = CREATED_AT,
    purpose: Purpose = "sample",
) -> Snapshot:
    """Return a synthetic snapshot whose metadata says so, and by which seed.

    Raises
    ------
    ConfigError
        If an argument is outside its legal range.
    """
    config = config or GeneratorConfig()
    rng = problem_stream(purpose, seed)
    problem = generate_problem(num_families, rng, config, created_at)
    metadata = {
        "created_at": created_at.isoformat(),
        "planning_horizon_days": config.due_range_days,
        "synthetic": True,
        "description": "Synthetic data, made by a generator; no real shop, order or customer",
        "generator": {
            "version": VERSION,
            "seed": seed,
            "purpose": purpose,
            "num_families": num_families,
            "config": asdict(config),
        },
        "total_families": num_families,
        "total_tasks": problem.num_tasks,
    }
    name = f"{num_families}_jobs"
    document = dict(snapshot_from_problem(problem, metadata, name).document)
    _decorate(document, created_at, rng.spawn(1)[0])
    return parse_snapshot(encode(document), name)


def sample_snapshot(name: str) -> Snapshot:
    """Return the snapshot that ships as ``data/<name>.json``."""
    num_families, config = SAMPLES[name]
    return replace(generate_snapshot(num_families, SAMPLE_SEED, config), name=name)


def write_samples(folder: str | os.PathLike[str]) -> list[Path]:
    """Write the sample files into a folder and return their paths; the same bytes every time."""
    paths = []
    for name in SAMPLES:
        paths.append(Path(folder) / f"{name}.json")
        write_snapshot(sample_snapshot(name), paths[-1])
    return paths


def _decorate(document: dict[str, Any], created_at: datetime, rng: np.random.Generator) -> None:
    """Add what a real file has and no schedule depends on: material long there, quantities."""
    for family in document["families"].values():
        if family["material_arrival"] is None and rng.random() < 0.6:
            arrived = created_at - timedelta(days=int(rng.integers(0, 15)))
            family["material_arrival"] = arrived.date().isoformat()
        quantity = int(rng.integers(1, 41)) * 250
        for task in family["tasks"]:
            task["balance_quantity"] = quantity
            task["original_quantity"] = quantity
