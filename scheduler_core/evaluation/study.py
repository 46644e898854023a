"""Methods measured against rivals on many snapshots: everything from the question to the answer."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from scheduler_core.evaluation.gate import Gate, Verdict
from scheduler_core.evaluation.running import Case, Contender, Trial, run_trials
from scheduler_core.evaluation.statistics import Aggregate, Floats, cost_ratios
from scheduler_core.evaluation.summary import Evaluation, summarize
from scheduler_core.executors import Executor
from scheduler_core.methods import Model, load_policy, make_schedule, model_paths, shipped_model
from scheduler_core.objective import Metrics, RewardWeights, measure
from scheduler_core.problem import Problem

RIVALS = ("edd", "best_rule")
"""What a method is measured against unless others are named."""


@dataclass(frozen=True)
class Study:
    """What was measured, and what came out."""

    cases: tuple[Case, ...]
    contenders: tuple[Contender, ...]
    """Those in question first, then the rivals that are not among them."""
    rivals: tuple[str, ...]
    """Names of the contenders that all are compared with; ``edd`` is one of them."""
    seeds: tuple[int, ...]
    episodes: int
    gate: Gate
    aggregate: Aggregate
    """How the gate and the reports sum up; the results hold both ways."""
    checkpoints: Mapping[str, str]
    """SHA-256 of each checkpoint by its path."""
    trials: tuple[Trial, ...]
    results: Mapping[str, Evaluation]
    """Of each contender, by name."""
    verdicts: Mapping[str, Verdict]
    """How those in question stand at the gate, by name."""

    @property
    def passed(self) -> bool:
        """Whether all in question pass the gate."""
        return all(verdict.passed for verdict in self.verdicts.values())

    def by_snapshot(self, name: str, figure: str) -> Floats:
        """Return a figure of a contender's on each snapshot, the mean of its schedules there."""
        groups = _by_case(self.trials, name)
        return np.array([np.mean([getattr(one, figure) for one in group]) for group in groups])

    def ratios(self, name: str, rival: str) -> Floats:
        """Return a contender's delay cost / a rival's on each snapshot, the mean of schedules."""
        groups, costs = _by_case(self.trials, name), self.by_snapshot(rival, "delay_cost")
        own = np.array([[one.delay_cost for one in group] for group in groups])
        ratios: Floats = cost_ratios(own, np.repeat(costs[:, None], own.shape[1], 1)).mean(axis=1)
        return ratios


def run_study(
    cases: Sequence[Case],
    measured: Sequence[Contender],
    *,
    rivals: Sequence[str] = RIVALS,
    seeds: Sequence[int] = (0,),
    episodes: int = 1,
    aggregate: Aggregate = "mean",
    gate: Gate | None = None,
    device: str = "cpu",
    executor: Executor | None = None,
) -> Study:
    """Measure contenders against rivals on the same snapshots.

    Parameters
    ----------
    cases, seeds, episodes, device, executor
        See `run_trials`. The first seed is that of the bootstrap too.
    measured
        Who is in question.
    rivals
        Names of contenders in question, or of methods; ``edd`` is added, for the gate needs it.
    aggregate
        ``mean``, or ``iqm``: interquartile mean.
    gate
        The criteria; default: those of `Gate`.

    Raises
    ------
    ConfigError, CheckpointError, DeviceError
        As `run_trials`.
    """
    rivals = tuple(dict.fromkeys((*rivals, "edd")))
    names = [each.name for each in measured]
    others = [Contender(rival, rival) for rival in rivals if rival not in names]
    contenders = (*measured, *others)
    trials = run_trials(
        cases, contenders, seeds=seeds, episodes=episodes, device=device, executor=executor
    )
    results = _results(trials, [each.name for each in contenders], rivals, seeds[0])
    gate = gate or Gate()
    return Study(
        cases=tuple(cases),
        contenders=contenders,
        rivals=rivals,
        seeds=tuple(seeds),
        episodes=episodes,
        gate=gate,
        aggregate=aggregate,
        checkpoints=_checkpoints(cases, contenders, device),
        trials=tuple(trials),
        results=results,
        verdicts={name: gate.judge(results[name], results["edd"], aggregate) for name in names},
    )


def _results(
    trials: Sequence[Trial], names: Sequence[str], rivals: Sequence[str], seed: int
) -> dict[str, Evaluation]:
    """Sum up, by name; a rival's cost of a snapshot is the mean of its schedules' costs."""
    own: dict[str, list[list[Metrics]]] = {name: _by_case(trials, name) for name in names}
    costs = {
        rival: [float(np.mean([one.delay_cost for one in some])) for some in own[rival]]
        for rival in rivals
    }
    results = {}
    for name, groups in own.items():
        each = len(groups[0])
        aligned = {rival: np.repeat(costs[rival], each) for rival in rivals}
        figures = [one for group in groups for one in group]
        results[name] = summarize(name, figures, aligned, per_snapshot=each, seed=seed)
    return results


def _by_case(trials: Sequence[Trial], name: str) -> list[list[Metrics]]:
    """Return the figures of one contender, a list for each case, in order."""
    groups: dict[int, list[Metrics]] = {}
    for trial in trials:
        if trial.contender.name == name:
            groups.setdefault(trial.snapshot, []).append(trial.metrics)
    return list(groups.values())


def _checkpoints(
    cases: Iterable[Case], contenders: Iterable[Contender], device: str
) -> dict[str, str]:
    models: list[Model] = []
    for each in contenders:
        if each.method == "ppo":
            models += [each.model] if each.model else [shipped_model(c.weights) for c in cases]
    return {
        str(path): load_policy(path, device).sha256
        for model in models
        for path in model_paths(model)
    }


def evaluate(
    problems: Sequence[Problem],
    weights: RewardWeights,
    *,
    method: str = "ppo",
    rivals: Sequence[str] = RIVALS,
    model: Model | None = None,
    device: str = "cpu",
    seed: int = 0,
) -> Evaluation:
    """Return how one method does on some problems, by a schedule of each: the short way.

    Parameters
    ----------
    problems
        At least one.
    weights
        The objective.
    method, rivals
        Names of methods.
    model, device
        Checkpoint, or ensemble, and device of ``ppo``.
    seed
        Seed of the bootstrap, and of methods that draw at random.

    Raises
    ------
    ConfigError, CheckpointError, DeviceError
        As `run_study`.
    """
    cases = [Case(f"problem {i}", problem, weights) for i, problem in enumerate(problems)]
    measured = [Contender(method, method, model)]
    study = run_study(cases, measured, rivals=rivals, seeds=[seed], device=device)
    return study.results[method]


def compare(
    problem: Problem,
    methods: Iterable[str],
    weights: RewardWeights,
    *,
    model: Model | None = None,
    seed: int = 0,
    device: str = "cpu",
) -> dict[str, Metrics]:
    """Return the figures of each method's schedule of one problem.

    Raises
    ------
    ConfigError, CheckpointError, DeviceError
        As `scheduler_core.methods.make_schedule`.
    """
    return {
        method: measure(
            problem,
            make_schedule(problem, method, weights, model=model, seed=seed, device=device),
            weights,
        )
        for method in methods
    }
