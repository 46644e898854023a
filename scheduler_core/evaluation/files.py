"""Evaluations as data: everything as JSON, each schedule as a line of CSV."""

from __future__ import annotations

import csv
import io
import os
import platform
from collections.abc import Iterable
from dataclasses import fields
from importlib.metadata import version

from scheduler_core.evaluation.running import Trial
from scheduler_core.evaluation.statistics import BOOTSTRAP_SAMPLES
from scheduler_core.evaluation.study import Study
from scheduler_core.methods import Ensemble, model_paths, shipped_model
from scheduler_core.objective import Metrics
from scheduler_core.schedule_file import versions
from scheduler_core.spreadsheet import guarded

FIGURES = tuple(field.name for field in fields(Metrics))
COLUMNS = (
    "snapshot", "families", "tasks", "name", "method", "model", "ensemble",
    "seed", "episode", "drawn", *FIGURES,
)  # fmt: skip
"""Of the table of schedules."""


def study_document(study: Study) -> dict[str, object]:
    """Return all of a study as JSON can hold it: protocol, results, gate, schedules."""
    return {
        "protocol": protocol(study),
        "results": {name: found.to_dict() for name, found in study.results.items()},
        "gate": {name: verdict.to_dict() for name, verdict in study.verdicts.items()},
        "schedules": [dict(zip(COLUMNS, _row(trial), strict=True)) for trial in study.trials],
    }


def protocol(study: Study) -> dict[str, object]:
    """Return what was measured on what, by name."""
    weights = list(dict.fromkeys(case.weights for case in study.cases))
    return {
        "measured": list(study.verdicts),
        "rivals": list(study.rivals),
        "seeds": list(study.seeds),
        "episodes": study.episodes,
        "aggregate": study.aggregate,
        "bootstrap_samples": BOOTSTRAP_SAMPLES,
        "weights": [each.to_dict() for each in weights],
        "snapshots": [
            {
                "name": case.name,
                "sha256": case.sha256 or None,
                "families": len(case.problem.families),
                "tasks": case.problem.num_tasks,
                "weights": weights.index(case.weights),
            }
            for case in study.cases
        ],
        "checkpoints": dict(study.checkpoints),
        "gate": study.gate.to_dict(),
        "versions": package_versions(study),
        "machine": {"processor": processor(), "cores": os.cpu_count()},
    }


def package_versions(study: Study) -> dict[str, str | None]:
    """Return the versions of what made the schedules."""
    return versions() | ({"torch": version("torch")} if study.checkpoints else {})


def processor() -> str:
    """Return what this machine says of its processor."""
    return platform.processor() or platform.machine()


def trials_csv(trials: Iterable[Trial]) -> str:
    """Return a line for each schedule, for a spreadsheet; names can be no formulas there."""
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(COLUMNS)
    for trial in trials:
        cells = [guarded(cell) if isinstance(cell, str) else cell for cell in _row(trial)]
        writer.writerow(cells)
    return text.getvalue()


def _row(trial: Trial) -> list[object]:
    problem, who = trial.case.problem, trial.contender
    figures = [getattr(trial.metrics, name) for name in FIGURES]
    return [
        trial.case.name, len(problem.families), problem.num_tasks, who.name, who.method,
        _model(trial), who.model.mode if isinstance(who.model, Ensemble) else None,
        trial.seed, trial.episode, trial.drawn, *figures,
    ]  # fmt: skip


def _model(trial: Trial) -> str | None:
    """Return the checkpoints behind a schedule, None for a rule's."""
    if trial.contender.method != "ppo":
        return None
    model = trial.contender.model or shipped_model(trial.case.weights)
    return " ".join(map(str, model_paths(model)))
