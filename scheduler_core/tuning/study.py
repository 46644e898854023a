"""The trials of a sweep as an Optuna study: asked for, reported, told, and found again."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from types import ModuleType
from typing import Any

import numpy as np

from scheduler_core.errors import ConfigError, one_line
from scheduler_core.tuning.space import Space, grid, settings_of
from scheduler_core.tuning.trials import TrialReport

SAMPLERS = ("tpe", "random", "grid")
PRUNERS = ("median", "halving", "none")
REDUCTION = 3
"""Each rung takes so many times the decisions of the one before."""


def load_optuna() -> ModuleType:
    """Return the module ``optuna``.

    Raises
    ------
    ConfigError
        If it is not installed.
    """
    try:
        optuna = importlib.import_module("optuna")
    except ImportError as error:
        raise ConfigError(
            "sweep: needs Optuna, which is not installed; install the extra with "
            "pip install -e '.[tuning]'"
        ) from error
    optuna.logging.set_verbosity(optuna.logging.ERROR)  # what there is to say the sweep says
    return optuna


class Study:
    """An Optuna study, in which trials can be gone on with after the process has died.

    Each trial is sampled with random numbers of its own, which depend on the seed and its number,
    so that a sweep that was killed asks for the trials that it would have asked for.

    Parameters
    ----------
    name
        Of the study.
    storage
        Address of its database, such as ``sqlite:///study.db``.
    space
        What is searched.
    sampler, pruner
        Of `SAMPLERS` and `PRUNERS`.
    rungs
        Decisions after which a trial is judged, ascending.
    seed
        Seed of the sampler.
    exists
        Whether it may be in the database already.

    Raises
    ------
    ConfigError
        If the database cannot be opened, or Optuna is not installed.
    """

    def __init__(
        self,
        name: str,
        storage: str,
        space: Space,
        sampler: str,
        pruner: str,
        rungs: tuple[int, ...],
        seed: int,
        *,
        exists: bool,
    ) -> None:
        self._optuna = load_optuna()
        self._space = {key: space[key] for key in sorted(space)}
        self._grid = grid(self._space) if sampler == "grid" else []
        self._sampler, self._seed = sampler, seed
        storing = importlib.import_module("sqlalchemy.exc").SQLAlchemyError
        try:
            self._storage = self._optuna.storages.RDBStorage(storage)
            self._study = self._optuna.create_study(
                study_name=name,
                storage=self._storage,
                pruner=self._pruner(pruner, rungs),
                load_if_exists=exists,
            )
        except (storing, self._optuna.exceptions.OptunaError, ImportError) as error:
            why = one_line(error).split(" (Background on this error")[0]
            raise ConfigError(
                f"storage {storage}: cannot be opened ({why}); give the address of a database "
                "in which no other sweep has this name, such as sqlite:///study.db"
            ) from error

    def trials(self) -> list[Any]:
        """Return every trial that was begun, as Optuna's records, by number."""
        waiting = self._optuna.trial.TrialState.WAITING
        return [each for each in self._study.get_trials(deepcopy=False) if each.state != waiting]

    def alive(self) -> list[int]:
        """Return the numbers of the trials that have neither ended nor been pruned."""
        running = self._optuna.trial.TrialState.RUNNING
        return [each.number for each in self.trials() if each.state == running]

    def ask(self) -> tuple[int, dict[str, Any]]:
        """Begin a trial and return its number and settings."""
        number = len(self.trials())
        if self._grid and len(self._study.get_trials(deepcopy=False)) == number:
            self._study.enqueue_trial(self._grid[number])
        self._study.sampler = self._sampler_of(number)
        distributions = {
            name: what.distribution(self._optuna) for name, what in self._space.items()
        }
        trial = self._study.ask(distributions)
        return trial.number, settings_of(self._space, trial.params)

    def settings(self, found: Any) -> dict[str, Any]:
        """Return the settings of a trial from its record."""
        return settings_of(self._space, found.params)

    def report(self, number: int, step: int, reports: Mapping[int, TrialReport]) -> None:
        """Say how a trial stands at a rung, by the reports of its runs for each seed."""
        trial = self._live(number)
        values = {str(seed): report.value for seed, report in reports.items()}
        trial.set_user_attr("seeds", values)
        trial.set_user_attr("seconds", sum(report.seconds for report in reports.values()))
        trial.report(float(np.mean([report.learned for report in reports.values()])), step)

    def prune(self, number: int) -> bool:
        """Return whether a trial is not worth going on with; it has ended then."""
        if not self._live(number).should_prune():
            return False
        self._study.tell(number, state=self._optuna.trial.TrialState.PRUNED)
        return True

    def reached(self, number: int) -> dict[int, float]:
        """Return the value of a trial at each rung that it has reached."""
        return dict(self.trials()[number].intermediate_values)

    def complete(self, number: int) -> None:
        """End a trial with its value: the mean over the seeds."""
        values = self.trials()[number].user_attrs["seeds"].values()
        self._study.tell(number, float(np.mean(list(values))))

    def fail(self, number: int, why: str) -> None:
        """End a trial that cannot be."""
        self._live(number).set_user_attr("error", why)
        self._study.tell(number, state=self._optuna.trial.TrialState.FAIL)

    def importances(self) -> dict[str, float]:
        """Return how much each setting matters, if enough trials have ended to tell.

        PED-ANOVA (Watanabe, Bansal and Hutter, IJCAI 2023) of the best quarter; it takes
        milliseconds.
        """
        done = self._study.get_trials(
            deepcopy=False, states=(self._optuna.trial.TrialState.COMPLETE,)
        )
        varied = [name for name in self._space if len({str(t.params[name]) for t in done}) > 1]
        if len(done) < 12 or len(varied) < 2:
            return {}
        importance = self._optuna.importance
        found = importance.get_param_importances(
            self._study, evaluator=importance.PedAnovaImportanceEvaluator(target_quantile=0.25)
        )
        return {name: float(value) for name, value in found.items()}

    def _live(self, number: int) -> Any:
        """Return a trial that can still be reported to, whoever has asked for it."""
        study = self._storage.get_study_id_from_name(self._study.study_name)
        found = self._storage.get_trial_id_from_study_id_trial_number(study, number)
        return self._optuna.trial.Trial(self._study, found)

    def _sampler_of(self, number: int) -> Any:
        samplers = self._optuna.samplers
        seed = int(np.random.SeedSequence([self._seed, number]).generate_state(1)[0])
        if self._sampler == "tpe":  # the liar keeps trials that run side by side apart
            return samplers.TPESampler(seed=seed, constant_liar=True)
        return samplers.RandomSampler(seed=seed)

    def _pruner(self, name: str, rungs: tuple[int, ...]) -> Any:
        pruners = self._optuna.pruners
        if name == "halving":
            return pruners.SuccessiveHalvingPruner(rungs[0], REDUCTION)
        return pruners.MedianPruner() if name == "median" else pruners.NopPruner()
