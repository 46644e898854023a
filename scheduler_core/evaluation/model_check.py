"""Whether one model is fit for use: the study of `scheduler evaluate`, with word of how far it is.

For work that somebody waits for: snapshot by snapshot, in the thread that asks.
"""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from scheduler_core.evaluation.gate import Verdict
from scheduler_core.evaluation.running import Case, Contender
from scheduler_core.evaluation.study import run_study
from scheduler_core.evaluation.summary import Evaluation
from scheduler_core.executors import Input, Output, never

Told = Callable[[int, int], None]
"""Is told after each snapshot how many are done, and of how many."""


@dataclass(frozen=True, slots=True)
class SnapshotFigures:
    """A model on one snapshot."""

    name: str
    ratio_to_edd: float
    """Its delay cost / EDD's."""
    ratio_to_best_rule: float
    on_time_rate: float
    edd_on_time_rate: float


@dataclass(frozen=True, slots=True)
class ModelCheck:
    """What a check found."""

    found: Evaluation
    """Of the model, against ``edd`` and ``best_rule``."""
    edd: Evaluation
    verdict: Verdict
    snapshots: tuple[SnapshotFigures, ...]


def check_model(model: Path, cases: Sequence[Case], told: Told = lambda *_: None) -> ModelCheck:
    """Measure a model against EDD and the best rule, and hold it against the usual gate.

    Parameters
    ----------
    model
        Its file.
    cases
        At least one.
    told
        Called in this thread; what it raises ends the check.

    Raises
    ------
    ConfigError, CheckpointError
        As `scheduler_core.evaluation.study.run_study`.
    """
    study = run_study(cases, [Contender("ppo", "ppo", model)], executor=_OneByOne(told))
    rows = zip(
        (case.name for case in cases),
        study.ratios("ppo", "edd").tolist(),
        study.ratios("ppo", "best_rule").tolist(),
        study.by_snapshot("ppo", "on_time_rate").tolist(),
        study.by_snapshot("edd", "on_time_rate").tolist(),
        strict=True,
    )
    return ModelCheck(
        found=study.results["ppo"],
        edd=study.results["edd"],
        verdict=study.verdicts["ppo"],
        snapshots=tuple(SnapshotFigures(*row) for row in rows),
    )


def evaluate_command(
    model: Path | str,
    data: Iterable[Path | str],
    generate: tuple[int, int] | None = None,
    weights: Path | str | None = None,
) -> str:
    """Return the command that measures a model the same way.

    Parameters
    ----------
    model, data, weights
        Files; weights are left out where they are the default ones.
    generate
        Families of each generated snapshot, and how many of these.
    """
    words = ["scheduler", "evaluate", "--model", str(model)]
    if files := [str(each) for each in data]:
        words += ["--data", *files]
    if generate:
        words += ["--generate", *map(str, generate)]
    if weights is not None:
        words += ["--weights", str(weights)]
    return shlex.join([*words, "--gate"])


class _OneByOne:
    """An executor that tells of each piece of work when it is done."""

    def __init__(self, told: Told) -> None:
        self.told = told

    def map(
        self,
        function: Callable[[Input], Output],
        inputs: Iterable[Input],
        check: Callable[[], None] = never,
    ) -> list[Output]:
        """See `scheduler_core.executors.Executor`."""
        work = list(inputs)
        results = []
        for number, each in enumerate(work, start=1):
            check()
            results.append(function(each))
            self.told(number, len(work))
        return results
