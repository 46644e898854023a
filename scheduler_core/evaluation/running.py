"""Schedules to measure methods by: some of each snapshot, greedy and drawn, wherever they run."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from scheduler_core.errors import ConfigError
from scheduler_core.executors import Executor, LocalExecutor
from scheduler_core.methods import (
    Dispatcher,
    Model,
    load_dispatcher,
    make_schedule,
    shipped_model,
    tiny_problem,
)
from scheduler_core.objective import Metrics, RewardWeights, measure
from scheduler_core.problem import Problem
from scheduler_core.schedule import Schedule

RANDOM = ("ppo", "random")
"""Methods whose schedules can be drawn; all others have one schedule of a snapshot."""


@dataclass(frozen=True, slots=True)
class Case:
    """A snapshot and the objective under which it is scheduled and judged."""

    name: str
    problem: Problem
    weights: RewardWeights
    sha256: str = ""
    """Of the snapshot's file; empty for a problem that has none."""


@dataclass(frozen=True, slots=True)
class Contender:
    """A method that is measured, or that others are measured against."""

    name: str
    """What results call it; distinct."""
    method: str
    """One of `scheduler_core.methods.METHODS`."""
    model: Model | None = None
    """Checkpoint or ensemble of ``ppo``; None: the one that ships for the weights."""


@dataclass(frozen=True, slots=True)
class Trial:
    """One schedule, judged."""

    snapshot: int
    """Number of its case, from 0."""
    case: Case
    contender: Contender
    seed: int
    episode: int
    """Number of the schedule among those of its snapshot and seed, from 0."""
    drawn: bool
    """Whether its choices were drawn at random."""
    metrics: Metrics


@dataclass(frozen=True)
class _Entry:
    """A contender ready to run anywhere: its policy travels with it."""

    number: int
    method: str
    dispatcher: Dispatcher | None


@dataclass(frozen=True)
class _Work:
    """All schedules of one snapshot and one seed."""

    number: int
    case: Case
    entries: tuple[_Entry, ...]
    seed: int
    episodes: int
    first: bool
    """Whether this is the first seed, with the greedy schedules and those that have no seed."""


@dataclass(frozen=True)
class _Outcome:
    entry: int
    episode: int
    drawn: bool
    metrics: Metrics


def run_trials(
    cases: Sequence[Case],
    contenders: Sequence[Contender],
    *,
    seeds: Sequence[int] = (0,),
    episodes: int = 1,
    device: str = "cpu",
    executor: Executor | None = None,
) -> list[Trial]:
    """Return the judged schedules of some contenders, by snapshot, seed, contender and episode.

    The first schedule of the first seed is a policy's greedy one. All others are drawn, with random
    numbers from ``SeedSequence(seed, spawn_key=(i, k))`` for snapshot i and episode k, both counted
    from 0: no two share any, and every contender meets the same. ``random`` draws its first order
    by the seed itself. Methods without chance make one schedule of each snapshot.

    Parameters
    ----------
    cases
        What is scheduled.
    contenders
        Who schedules it, each by another name.
    seeds, episodes
        ``episodes`` schedules of each snapshot for each of the seeds, which are distinct.
    device
        Where policies run.
    executor
        Where snapshots are worked on; default: one after the other, here.

    Raises
    ------
    ConfigError, CheckpointError, DeviceError
        If there is nothing to run, seeds repeat, or as `scheduler_core.methods.make_schedule`.
    """
    check_trials(cases, contenders, seeds, episodes)
    entries = {
        weights: _entries(contenders, weights, device)
        for weights in dict.fromkeys(case.weights for case in cases)
    }
    works = [
        _Work(number, case, entries[case.weights], seed, episodes, i == 0)
        for number, case in enumerate(cases)
        for i, seed in enumerate(seeds)
    ]
    outcomes = (executor or LocalExecutor()).map(_carry_out, works)
    return [
        Trial(
            work.number,
            work.case,
            contenders[one.entry],
            work.seed,
            one.episode,
            one.drawn,
            one.metrics,
        )
        for work, found in zip(works, outcomes, strict=True)
        for one in found
    ]


def check_trials(
    cases: Sequence[Case], contenders: Sequence[Contender], seeds: Sequence[int], episodes: int
) -> None:
    """Raise what `run_trials` would raise of what it is asked for, before any work.

    Raises
    ------
    ConfigError
        If there is nothing to do, or a name, a seed or a number of schedules cannot be.
    """
    if not cases or not contenders:
        raise ConfigError("evaluation: must have a snapshot and a method, got none")
    if episodes < 1:
        raise ConfigError(f"episodes: must be >= 1, got {episodes}")
    if not seeds or min(seeds) < 0:
        raise ConfigError(f"seeds: must be whole numbers >= 0, got {list(seeds)}")
    _check_distinct("seeds", seeds)
    _check_distinct("names of methods", [each.name for each in contenders])


def _check_distinct(what: str, values: Sequence[object]) -> None:
    twice = [value for i, value in enumerate(values) if value in values[:i]]
    if twice:
        raise ConfigError(f"{what}: must be distinct, got {twice[0]!r} twice; leave one out")


def _entries(
    contenders: Iterable[Contender], weights: RewardWeights, device: str
) -> tuple[_Entry, ...]:
    return tuple(
        _Entry(number, each.method, _dispatcher(each, weights, device))
        for number, each in enumerate(contenders)
    )


def _dispatcher(contender: Contender, weights: RewardWeights, device: str) -> Dispatcher | None:
    if contender.method != "ppo":
        return None
    return load_dispatcher(contender.model or shipped_model(weights), device)


def _carry_out(work: _Work) -> list[_Outcome]:
    outcomes = []
    for entry in work.entries:
        random = entry.method in RANDOM
        if not random and not work.first:
            continue
        _warm_up(entry, work)
        for episode in range(work.episodes if random else 1):
            drawn = random and (entry.method == "random" or not work.first or episode > 0)
            made = _make(entry, work, episode)
            metrics = measure(work.case.problem, made, work.case.weights)
            outcomes.append(_Outcome(entry.number, episode, drawn, metrics))
    return outcomes


def _make(entry: _Entry, work: _Work, episode: int) -> Schedule:
    problem, weights = work.case.problem, work.case.weights
    plain = work.first and episode == 0
    stream = np.random.SeedSequence(work.seed, spawn_key=(work.number, episode))
    if entry.dispatcher is not None:
        rng = None if plain else np.random.default_rng(stream)
        return entry.dispatcher.schedule(problem, weights, rng)
    seed = work.seed if plain else int(stream.generate_state(1, np.uint64)[0] >> 1)
    return make_schedule(problem, entry.method, weights, seed=seed)


def _warm_up(entry: _Entry, work: _Work) -> None:
    """Have a policy compile what it needs where it runs, as `make_schedule` does for the rules."""
    if entry.dispatcher is None:
        return
    if work.first:
        entry.dispatcher.schedule(tiny_problem(), work.case.weights)
    if not work.first or work.episodes > 1:
        rng = np.random.default_rng(0)
        entry.dispatcher.schedule(tiny_problem(), work.case.weights, rng)
