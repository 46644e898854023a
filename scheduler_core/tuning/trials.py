"""One training run of a trial, up to a rung: a piece of work that runs anywhere."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory

from scheduler_core.files import write_aside
from scheduler_core.training import RunFolder, TrainingConfig, train

INIT = "init.safetensors"
"""Checkpoint in the folder of a run that it starts from, if there is one."""


@dataclass(frozen=True, slots=True)
class TrialWork:
    """A run to be trained, from where it stands."""

    number: int
    """Of the trial."""
    config: TrainingConfig
    folder: Path
    """Of the run."""
    until: int
    """Decisions of PPO to stop at."""
    files: Mapping[str, bytes] | None = None
    """What is in the folder, for a machine that does not have it; None: it does."""


@dataclass(frozen=True, slots=True)
class TrialReport:
    """Where a run stands now."""

    value: float
    """Delay cost / the best rule's on the validation set, of the best policy so far."""
    learned: float
    """The same of the best policy after an update of PPO, where one was validated: what trials
    are told apart by before the end, for their warm starts may be the same."""
    seconds: float
    """Wall time of the run so far."""
    files: Mapping[str, bytes] | None = None
    """What is in the folder now, if the work came with files."""


def run_trial(work: TrialWork) -> TrialReport:
    """Train a run up to a rung, going on from where it was stopped or killed."""
    if work.files is None:
        return _train(work)
    with TemporaryDirectory(prefix="trial") as name:
        folder = Path(name)
        write_files(folder, work.files)
        report = _train(replace(work, folder=folder))
        return replace(report, files=read_files(folder))


def read_files(folder: Path) -> dict[str, bytes]:
    """Return the contents of all files under a folder by relative path, those with a dot apart."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not path.name.startswith(".")
    }


def write_files(folder: Path, files: Mapping[str, bytes]) -> None:
    """Write what `read_files` has read."""
    for name, data in files.items():
        write_aside(folder / name, data)


def _train(work: TrialWork) -> TrialReport:
    run = RunFolder(work.folder)
    begun = run.config.exists()
    if not begun or run.read_status()["state"] != "finished":
        start = work.folder / INIT
        init = start if start.exists() and not begun else None
        train(work.config, work.folder, init=init, resume=begun, until=work.until)
    status = run.read_status()
    value = status["best_to_best_rule"]
    value = float("inf") if value is None else float(value)
    learned = (
        metrics["to_best_rule"]
        for metrics, _ in run.lines()
        if metrics["phase"] == "ppo" and metrics["timestep"] and metrics.get("to_best_rule")
    )
    return TrialReport(value, min(learned, default=value), float(status["seconds"]))
