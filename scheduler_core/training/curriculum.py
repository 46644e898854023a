"""A curriculum: one policy carried through stages, each a run of its own.

The folder holds ``curriculum.yaml`` (the settings), ``curriculum.json`` (what came of each stage so
far) and the runs, which a curriculum that was stopped, or killed, goes on with.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from scheduler_core.errors import ConfigError
from scheduler_core.executors import Executor, LocalExecutor
from scheduler_core.files import write_aside
from scheduler_core.generator import problem_stream
from scheduler_core.policy import load_checkpoint
from scheduler_core.training.collector import REPEATS
from scheduler_core.training.config import config_yaml, first_difference, load_settings
from scheduler_core.training.ledger import Listener, TrainingResult
from scheduler_core.training.run import RunFolder
from scheduler_core.training.settings import CurriculumConfig, StageConfig, TrainingConfig
from scheduler_core.training.tasks import read_data
from scheduler_core.training.trainer import train
from scheduler_core.training.validation import Validation


@dataclass(frozen=True, slots=True)
class Attempt:
    """A stage, done once."""

    stage: str
    run: str
    """Folder of the run, within that of the curriculum."""
    timesteps: int
    """Decisions taken."""
    seconds: float
    completion_rate: float
    to_best_rule: float
    """Delay cost / the best rule's on the stage's problems."""
    passed: bool


@dataclass(frozen=True, slots=True)
class CurriculumResult:
    """What came of a curriculum."""

    state: str
    """``finished``; ``missed``: a threshold was, and the curriculum ended there; ``stopped``."""
    attempts: tuple[Attempt, ...]
    best: Path | None
    """Checkpoint of the policy carried last."""
    final: dict[str, dict[str, float]] = field(default_factory=dict)
    """Figures of that policy on the problems of each stage, by stage and figure."""

    def to_dict(self) -> dict[str, Any]:
        """Return the same as JSON can hold it."""
        return {**asdict(self), "best": self.best and str(self.best)}


def run_curriculum(
    config: CurriculumConfig,
    folder: Path,
    *,
    resume: bool = False,
    executor: Executor | None = None,
    listener: Listener = lambda _: None,
    stage_listener: Callable[[Attempt], None] = lambda _: None,
    should_stop: Callable[[], bool] = lambda: False,
) -> CurriculumResult:
    """Train a policy stage by stage.

    Parameters
    ----------
    config
        Stages, and the settings of all.
    folder
        Of the curriculum; made if missing.
    resume
        Go on with the curriculum in the folder.
    executor, listener, should_stop
        As of `scheduler_core.training.trainer.train`.
    stage_listener
        Told of every attempt at a stage, once it is over.

    Raises
    ------
    ConfigError
        If the folder holds a curriculum already, or to resume, none, or one of other settings.
    CheckpointError, DeviceError, ProblemError
        As `train`.
    """
    for path in (path for stage in config.stages for path in stage.data):
        read_data(path)  # a fault in the last stage's must not be found hours later
    _open(config, folder, resume)
    attempts: list[Attempt] = []
    best: Path | None = None
    for number, stage in enumerate(config.stages, 1):
        for repeat in range(config.max_repeats + 1):
            name = f"stage-{number}" + (f"-repeat-{repeat}" if repeat else "")
            settings = _settings(config, stage, (number, repeat))
            result = _train(settings, folder / name, best, executor, listener, should_stop)
            if result.state == "stopped":
                return _close(folder, CurriculumResult("stopped", tuple(attempts), best))
            best = result.best
            attempts.append(_judge(stage, name, result))
            stage_listener(attempts[-1])
            _close(folder, CurriculumResult("running", tuple(attempts), best))
            if attempts[-1].passed or config.on_miss != "repeat":
                break
        if not attempts[-1].passed and config.on_miss != "go_on":
            return _close(folder, CurriculumResult("missed", tuple(attempts), best))
    assert best is not None
    final = _measure(config, best)
    return _close(folder, CurriculumResult("finished", tuple(attempts), best, final))


def _open(config: CurriculumConfig, folder: Path, resume: bool) -> None:
    path = folder / "curriculum.yaml"
    if path.exists() and not resume:
        raise ConfigError(
            f"curriculum {folder}: is there already; name another folder, or resume it"
        )
    if resume:
        begun = load_settings(CurriculumConfig, path)
        training = replace(
            config.training, device=begun.training.device, cluster=begun.training.cluster
        )
        name = first_difference(begun, replace(config, training=training))
        if name:
            raise ConfigError(
                f"curriculum {folder}: began with another {name}; resume it with its own settings"
            )
        return
    write_aside(path, config_yaml(config).encode())


def _settings(
    config: CurriculumConfig, stage: StageConfig, attempt: tuple[int, int]
) -> TrainingConfig:
    """Return the settings of a run; its seed is its own."""
    base = config.training
    task = replace(
        base.task,
        data=stage.data,
        min_families=stage.min_families,
        max_families=stage.max_families,
    )
    sizes = sorted({stage.min_families, stage.max_families})
    rng = problem_stream("train", base.seed, REPEATS, *attempt)
    return replace(
        base,
        task=task,
        timesteps=stage.timesteps,
        seed=int(rng.integers(2**63)),
        validation_sizes=base.validation_sizes if stage.data else tuple(sizes),
    )


def _train(
    settings: TrainingConfig,
    run: Path,
    init: Path | None,
    executor: Executor | None,
    listener: Listener,
    should_stop: Callable[[], bool],
) -> TrainingResult:
    """Return the result of a stage's run: made now, gone on with, or there already."""
    resume = RunFolder(run).config.exists()
    return TrainingResult.read(run) or train(
        settings,
        run,
        init=None if resume else init,
        resume=resume,
        executor=executor,
        listener=listener,
        should_stop=should_stop,
    )


def _judge(stage: StageConfig, run: str, result: TrainingResult) -> Attempt:
    completion = result.metrics["completion_rate"]
    cheap = not stage.cost_threshold or result.ratio <= stage.cost_threshold
    return Attempt(
        stage=stage.name,
        run=run,
        timesteps=result.timestep,
        seconds=result.seconds,
        completion_rate=completion,
        to_best_rule=result.ratio,
        passed=completion >= stage.success_threshold and cheap,
    )


def _measure(config: CurriculumConfig, best: Path) -> dict[str, dict[str, float]]:
    """Return what the last policy does on the problems of every stage: also those it has left."""
    network, here = load_checkpoint(best).network, LocalExecutor()
    figures = {}
    for number, stage in enumerate(config.stages, 1):
        settings = _settings(config, stage, (number, 0))
        figures[stage.name] = Validation.of(settings, here).measure(network, here)
    return figures


def _close(folder: Path, result: CurriculumResult) -> CurriculumResult:
    """Write down how far the curriculum has come."""
    write_aside(folder / "curriculum.json", json.dumps(result.to_dict(), indent=1).encode())
    return result
