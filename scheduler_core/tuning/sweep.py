"""Sweeps: trials of settings, so many at a time, each ended as soon as it shows no promise."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from statistics import fmean
from typing import Any

from scheduler_core.errors import ConfigError
from scheduler_core.executors import Executor, count_cores
from scheduler_core.files import finite_or_none, write_aside
from scheduler_core.policy import load_checkpoint
from scheduler_core.training import TrainingConfig, load_config
from scheduler_core.training.config import config_yaml
from scheduler_core.tuning.settings import SweepFolder, SweepSettings
from scheduler_core.tuning.study import Study
from scheduler_core.tuning.trials import (
    INIT,
    TrialReport,
    TrialWork,
    read_files,
    run_trial,
    write_files,
)


@dataclass(frozen=True, slots=True)
class Trial:
    """How a trial went, or goes."""

    number: int
    state: str
    """``running``, ``complete``, ``pruned`` or ``fail``."""
    value: float | None
    """Mean over the seeds of the delay cost / the best rule's on the validation set, of the best
    policy so far; None before the first rung, and where it is infinite."""
    settings: dict[str, Any]
    """By dotted name."""
    rungs: dict[int, float | None]
    """What it was judged by after so many decisions: `TrialReport.learned`, in the mean."""
    seeds: dict[int, float | None]
    """The value for each seed."""
    seconds: float
    """Training time of all its runs."""
    error: str
    """Why it failed, if it did."""


@dataclass(frozen=True, slots=True)
class SweepResult:
    """What a sweep has found."""

    folder: SweepFolder
    state: str
    """``finished``, or ``stopped`` and able to go on."""
    trials: tuple[Trial, ...]
    best: Trial | None
    """The complete trial with the lowest value."""
    importances: dict[str, float]
    """How much of the differences each setting explains; empty where that cannot be told yet."""


Listener = Callable[[Trial], None]


class _StopRequested(Exception):
    """Somebody asked to stop."""


def start_sweep(
    config: TrainingConfig, settings: SweepSettings, folder: Path, init: Path | None = None
) -> None:
    """Make the folder of a new sweep; `run_sweep` runs it.

    Parameters
    ----------
    config
        What all trials share, the number of timesteps included.
    settings
        What is searched, and how.
    folder
        Made if missing.
    init
        Checkpoint that every run starts from, in place of a warm start of its own.

    Raises
    ------
    ConfigError
        If the folder holds a sweep already, or what is searched decides nothing after ``init``.
    CheckpointError
        If ``init`` cannot be read.
    """
    for name in settings.space if init else ():
        if name.startswith(("network.", "imitation.")):
            raise ConfigError(
                f"space: {name}: is settled by the checkpoint to start from; search other "
                "settings, or let every trial begin anew"
            )
    if init:
        load_checkpoint(init)
    SweepFolder(folder).begin(config, settings, init)


def run_sweep(
    folder: Path,
    executor: Executor,
    *,
    trials: int | None = None,
    carry: bool = False,
    listener: Listener = lambda _: None,
    should_stop: Callable[[], bool] = lambda: False,
    run: Callable[[TrialWork], TrialReport] = run_trial,
) -> SweepResult:
    """Run a sweep from where it stands: at its start, or where it was stopped or killed.

    Which trials there are, and when they end, depends on its settings alone.

    Parameters
    ----------
    folder
        Of the sweep.
    executor
        Where runs are trained.
    trials
        Trials there are to be in the end, if not as many as the settings say.
    carry
        Whether the executor's machines know the folders of runs by the files that are sent to
        them, and send back.
    listener
        Told of every trial at every rung.
    should_stop
        Asked ten times a second.
    run
        What trains a run.

    Raises
    ------
    ConfigError
        If there is no sweep in the folder, or another process runs it; if Optuna is missing, or
        its database cannot be opened.
    ExecutorError
        If the executor fails.
    """
    place = SweepFolder(folder)
    settings = place.load()
    if trials is not None:
        settings = replace(settings, trials=trials)
        place.save(settings)
    with place.locked():
        sweep = _Sweep(place, settings, executor, carry, run)
        sweep.listener, sweep.should_stop = listener, should_stop
        return sweep.go_on()


class _Sweep:
    """The loop: ask for some trials, train them side by side from rung to rung, ask for more."""

    def __init__(
        self,
        folder: SweepFolder,
        settings: SweepSettings,
        executor: Executor,
        carry: bool,
        run: Callable[[TrialWork], TrialReport],
    ) -> None:
        self.folder, self.settings = folder, settings
        self.executor, self.carry, self.run = executor, carry, run
        self.listener: Listener = lambda _: None
        self.should_stop: Callable[[], bool] = lambda: False
        self.config = load_config(folder.config)
        self.rungs = settings.steps(self.config.timesteps)
        self.study = Study(
            folder.path.resolve().name,
            folder.storage(settings),
            settings.space,
            settings.sampler,
            settings.pruner,
            self.rungs,
            settings.seed,
            exists=folder.trials.exists() or not settings.storage,
        )

    def go_on(self) -> SweepResult:
        """Run what is left."""
        self._result("running")
        try:
            while self._ask():
                self._train_to_the_end()
        except _StopRequested:
            return self._result("stopped")
        return self._result("finished")

    def _ask(self) -> bool:
        """Begin the trials of a batch that have not begun; return whether any is there."""
        begun, size = len(self.study.trials()), self.settings.parallel
        if self.study.alive() and begun % size == 0:
            return True
        while begun < self.settings.count:
            self._check()
            number, settings = self.study.ask()
            try:
                load_config(self.folder.config, settings)
            except ConfigError as error:  # each is legal, together they are not
                self.study.fail(number, str(error))
                self._tell(number)
            begun += 1
            if begun % size == 0 and self.study.alive():
                break
        return bool(self.study.alive())

    def _train_to_the_end(self) -> None:
        """Train trials side by side, and judge them at each rung in the order of their numbers."""
        while True:
            for number in self.study.alive():
                self._judge(number)
            self._result("running")
            if not (alive := self.study.alive()):
                return
            reached = {number: len(self.study.reached(number)) for number in alive}
            lowest = min(reached.values())  # a kill may have left some reports unwritten
            due = [number for number in alive if reached[number] == lowest]
            self._train(due, self.rungs[lowest])

    def _judge(self, number: int) -> None:
        """End a trial that has come to the end, or is not worth going on with."""
        reached = len(self.study.reached(number))
        if reached == len(self.rungs):
            self.study.complete(number)
        elif reached:
            self.study.prune(number)
        if reached:
            self._tell(number)

    def _train(self, numbers: Sequence[int], until: int) -> None:
        """Train the runs of some trials up to a rung, and report what came of it."""
        seeds = self.settings.seeds
        works = [self._work(number, seed, until) for number in numbers for seed in seeds]
        reports = self.executor.map(self.run, works, self._check)
        for work, report in zip(works, reports, strict=True):
            write_files(work.folder, report.files or {})
        for i, number in enumerate(numbers):
            own = reports[i * len(seeds) : (i + 1) * len(seeds)]
            self.study.report(number, until, dict(zip(seeds, own, strict=True)))

    def _work(self, number: int, seed: int, until: int) -> TrialWork:
        folder = self.folder.run(number, seed, self.settings)
        if self.folder.init.exists() and not (folder / INIT).exists():
            write_aside(folder / INIT, self.folder.init.read_bytes())
        overrides = self.study.settings(self.study.trials()[number]) | {
            "seed": seed,
            "cluster.address": "",
        }
        if not self.config.device.threads:
            share = count_cores() // (self.settings.parallel * len(self.settings.seeds))
            overrides["device.threads"] = 1 if self.carry else max(1, share)
        config = load_config(self.folder.config, overrides)
        if not self.carry:
            return TrialWork(number, config, folder, until)
        return TrialWork(number, _with_whole_paths(config), folder, until, read_files(folder))

    def _check(self) -> None:
        if self.should_stop():
            raise _StopRequested

    def _tell(self, number: int) -> None:
        self.listener(_trial(self.study, self.study.trials()[number]))

    def _result(self, state: str) -> SweepResult:
        """Return what has been found so far, and write it down."""
        trials = tuple(_trial(self.study, each) for each in self.study.trials())
        complete = [each for each in trials if each.state == "complete" and each.value is not None]
        best = min(complete, key=lambda each: (each.value, each.number), default=None)
        importances = self.study.importances() if state != "running" else {}
        document = {
            "state": state,
            "trials": [asdict(each) for each in trials],
            "best": best.number if best else None,
            "importances": importances,
        }
        write_aside(self.folder.trials, json.dumps(document, indent=1, allow_nan=False).encode())
        if best:
            overrides = best.settings | {"seed": self.settings.seeds[0]}
            text = config_yaml(load_config(self.folder.config, overrides))
            write_aside(self.folder.best, text.encode())
        return SweepResult(self.folder, state, trials, best, importances)


def _with_whole_paths(config: TrainingConfig) -> TrainingConfig:
    """Return the settings for a machine where another folder is the current one."""
    data, validation_data = (
        tuple(str(Path(path).resolve()) for path in paths)
        for paths in (config.task.data, config.validation_data)
    )
    return replace(config, task=replace(config.task, data=data), validation_data=validation_data)


def _trial(study: Study, found: Any) -> Trial:
    """Return a trial from Optuna's record of it."""
    rungs = {step: finite_or_none(value) for step, value in found.intermediate_values.items()}
    seeds = {int(seed): value for seed, value in found.user_attrs.get("seeds", {}).items()}
    return Trial(
        number=found.number,
        state=found.state.name.lower(),
        value=finite_or_none(fmean(seeds.values())) if seeds else None,
        settings=study.settings(found),
        rungs=rungs,
        seeds={seed: finite_or_none(value) for seed, value in seeds.items()},
        seconds=found.user_attrs.get("seconds", 0.0),
        error=found.user_attrs.get("error", ""),
    )
