"""Synthetic snapshot files, and the samples that ship."""

from __future__ import annotations

import os
from dataclasses import asdict
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
"""Families and tasks of the files in ``data/``."""


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


def sample_snapshot(num_families: int) -> Snapshot:
    """Return the snapshot that ships as ``data/<num_families>_jobs.json``."""
    config = GeneratorConfig(num_tasks=SAMPLE_SIZES[num_families])
    return generate_snapshot(num_families, SAMPLE_SEED, config)


def write_samples(folder: str | os.PathLike[str]) -> list[Path]:
    """Write the sample files into a folder and return their paths; the same bytes every time."""
    paths = []
    for num_families in SAMPLE_SIZES:
        paths.append(Path(folder) / f"{num_families}_jobs.json")
        write_snapshot(sample_snapshot(num_families), paths[-1])
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
