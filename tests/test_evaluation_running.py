"""Which schedules an evaluation makes, by which random numbers, and that nothing else matters."""

from __future__ import annotations

import pickle
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from scheduler_core.errors import ConfigError
from scheduler_core.evaluation import Case, Contender, Trial, run_study, run_trials
from scheduler_core.executors import Executor, LocalExecutor, never
from scheduler_core.generator import generate_problem
from scheduler_core.methods import Ensemble, load_policy, make_schedule
from scheduler_core.objective import Metrics, RewardWeights, measure
from tests.builders import untrained_scheduler

WEIGHTS = RewardWeights()
LATE = RewardWeights(early_bonus_per_day=0.0)


class Elsewhere:
    """Another machine, as far as a function can tell: all that comes and goes is pickled."""

    def map(
        self,
        function: Callable[[Any], Any],
        inputs: Iterable[Any],
        check: Callable[[], None] = never,
    ) -> list[Any]:
        """Return what the function makes of copies of the inputs, last input first."""
        check()
        copies = [pickle.loads(pickle.dumps(each)) for each in inputs]
        found = [pickle.dumps(function(each)) for each in reversed(copies)]
        return [pickle.loads(each) for each in reversed(found)]


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a checkpoint of an untrained policy, which draws something else nearly every time."""
    path = tmp_path_factory.mktemp("models") / "untrained.safetensors"
    untrained_scheduler().save(path)
    return path


@pytest.fixture(scope="module")
def cases() -> list[Case]:
    """Return two shops of 20 families."""
    rng = np.random.default_rng(11)
    return [Case(f"shop {i}", generate_problem(20, rng), WEIGHTS) for i in range(2)]


def results(trials: Sequence[Trial]) -> list[tuple[int, str, int, int, bool, Metrics]]:
    """Return everything of trials but the time that they took."""
    return [
        (t.snapshot, t.contender.name, t.seed, t.episode, t.drawn,
         replace(t.metrics, runtime_seconds=0.0))
        for t in trials
    ]  # fmt: skip


def test_one_schedule_of_each_snapshot_is_the_greedy_one(cases: list[Case], model: Path) -> None:
    """One seed, one episode: what `make_schedule` gives, whatever the seed."""
    contenders = [Contender("mine", "ppo", model), Contender("edd", "edd")]
    trials = run_trials(cases, contenders, seeds=[7])
    assert [(t.case.name, t.contender.name, t.drawn) for t in trials] == [
        ("shop 0", "mine", False), ("shop 0", "edd", False),
        ("shop 1", "mine", False), ("shop 1", "edd", False),
    ]  # fmt: skip
    for trial in trials:
        made = make_schedule(trial.case.problem, trial.contender.method, WEIGHTS, model=model)
        assert trial.metrics.score == measure(trial.case.problem, made, WEIGHTS).score


def test_only_the_first_schedule_of_the_first_seed_is_greedy(
    cases: list[Case], model: Path
) -> None:
    """Two seeds, three episodes: six schedules of each snapshot by the policy, one by EDD."""
    contenders = [Contender("ppo", "ppo", model), Contender("edd", "edd")]
    trials = run_trials(cases, contenders, seeds=[3, 8], episodes=3)
    own = [t for t in trials if t.contender.method == "ppo" and t.case is cases[0]]
    assert [(t.seed, t.episode, t.drawn) for t in own] == [
        (3, 0, False), (3, 1, True), (3, 2, True), (8, 0, True), (8, 1, True), (8, 2, True),
    ]  # fmt: skip
    assert len({t.metrics.score for t in own}) == 6
    edd = [t for t in trials if t.contender.method == "edd"]
    assert [(t.case.name, t.seed, t.episode) for t in edd] == [("shop 0", 3, 0), ("shop 1", 3, 0)]


def test_drawn_schedule_is_that_of_the_documented_stream(cases: list[Case], model: Path) -> None:
    """``SeedSequence(seed, spawn_key=(snapshot, episode))``, both counted from 0."""
    trials = run_trials(cases, [Contender("ppo", "ppo", model)], seeds=[3, 8], episodes=2)
    (last,) = [t for t in trials if (t.snapshot, t.seed, t.episode) == (1, 8, 1)]
    rng = np.random.default_rng(np.random.SeedSequence(8, spawn_key=(1, 1)))
    made = load_policy(model).schedule(cases[1].problem, WEIGHTS, rng)
    assert last.metrics.score == measure(cases[1].problem, made, WEIGHTS).score


def test_same_seeds_repeat_and_other_seeds_share_nothing(cases: list[Case], model: Path) -> None:
    """Neighbouring seeds too: 1 and 2, three schedules each, give six different ones."""
    contenders = [Contender("ppo", "ppo", model)]
    one, again, other = (
        run_trials(cases[:1], contenders, seeds=[99, seed], episodes=3) for seed in (1, 1, 2)
    )
    assert results(one) == results(again)
    drawn = [[t.metrics.score for t in trials if t.seed != 99] for trials in (one, other)]
    assert len({*drawn[0], *drawn[1]}) == 6


def test_schedules_of_a_seed_do_not_depend_on_other_seeds_and_episodes(
    cases: list[Case], model: Path
) -> None:
    """More of them only adds some."""
    contenders = [Contender("ppo", "ppo", model)]
    few = results(run_trials(cases, contenders, seeds=[1], episodes=2))
    many = results(run_trials(cases, contenders, seeds=[1, 2], episodes=4))
    assert set(few) < set(many)


def test_random_rule_draws_its_first_order_by_the_seed_itself(cases: list[Case]) -> None:
    """As `make_schedule` does; then an order for each seed and episode."""
    trials = run_trials(cases[:1], [Contender("random", "random")], seeds=[5, 6], episodes=2)
    made = make_schedule(cases[0].problem, "random", WEIGHTS, seed=5)
    assert trials[0].metrics.score == measure(cases[0].problem, made, WEIGHTS).score
    assert all(t.drawn for t in trials)
    assert len({t.metrics.score for t in trials}) == 4


@pytest.mark.parametrize("executor", [LocalExecutor(3), Elsewhere()], ids=["threads", "elsewhere"])
def test_results_do_not_depend_on_where_the_work_runs(
    cases: list[Case], model: Path, executor: Executor
) -> None:
    """Threads, or processes that get everything pickled, policies included."""
    contenders = [
        Contender("one", "ppo", model),
        Contender("all", "ppo", Ensemble((model, model), "vote")),
        Contender("random", "random"),
        Contender("best_rule", "best_rule"),
    ]
    here = run_trials(cases, contenders, seeds=[0, 1], episodes=2)
    there = run_trials(cases, contenders, seeds=[0, 1], episodes=2, executor=executor)
    assert results(here) == results(there)


def test_each_case_is_scheduled_and_judged_by_its_own_weights(
    cases: list[Case], model: Path
) -> None:
    """One problem twice, the second time without a bonus for early days."""
    two = [cases[0], replace(cases[0], weights=LATE)]
    trials = run_trials(two, [Contender("ppo", "ppo", model)])
    for trial, weights in zip(trials, (WEIGHTS, LATE), strict=True):
        made = make_schedule(cases[0].problem, "ppo", weights, model=model)
        assert trial.metrics.score == measure(cases[0].problem, made, weights).score


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"episodes": 0}, "episodes: must be >= 1, got 0"),
        ({"seeds": []}, r"seeds: must be whole numbers >= 0, got \[\]"),
        ({"seeds": [0, -1]}, r"seeds: must be whole numbers >= 0, got \[0, -1\]"),
        ({"seeds": [4, 4]}, "seeds: must be distinct, got 4 twice; leave one out"),
        ({"cases": []}, "evaluation: must have a snapshot and a method, got none"),
        ({"contenders": [Contender("a", "edd"), Contender("a", "spt")]},
         "names of methods: must be distinct, got 'a' twice"),
        ({"contenders": [Contender("a", "EDD")]}, "method 'EDD' is unknown"),
    ],
)  # fmt: skip
def test_run_trials_of_nothing_or_of_anything_twice_is_refused(
    cases: list[Case], change: dict[str, Any], message: str
) -> None:
    """One sentence with the value found."""
    arguments: dict[str, Any] = {"cases": cases, "contenders": [Contender("edd", "edd")], **change}
    with pytest.raises(ConfigError, match=message):
        run_trials(arguments.pop("cases"), arguments.pop("contenders"), **arguments)


def test_study_takes_the_mean_over_the_schedules_of_a_snapshot(
    cases: list[Case], model: Path
) -> None:
    """Ratio of a snapshot: mean of the drawn schedules' costs over EDD's; then the mean of both."""
    study = run_study(cases, [Contender("ppo", "ppo", model)], seeds=[0, 1], episodes=2)
    ratios = []
    for case in cases:
        own = [t for t in study.trials if t.case is case]
        (edd,) = [t.metrics.delay_cost for t in own if t.contender.name == "edd"]
        costs = [t.metrics.delay_cost for t in own if t.contender.name == "ppo"]
        ratios.append(np.mean(costs) / edd)
    assert study.ratios("ppo", "edd") == pytest.approx(np.array(ratios))
    found = study.results["ppo"].against("edd")
    assert found.mean_ratio == pytest.approx(np.mean(ratios))
    assert found.wins + found.ties + found.losses == 8
    assert study.results["ppo"].snapshots == 2


def test_study_against_a_rival_that_draws_takes_its_mean_cost(cases: list[Case]) -> None:
    """EDD against three random orders of each snapshot."""
    study = run_study(cases, [Contender("edd", "edd")], rivals=["random"], episodes=3)
    for i, case in enumerate(cases):
        costs = [
            t.metrics.delay_cost
            for t in study.trials
            if t.case is case and t.contender.name == "random"
        ]
        (edd,) = [
            t.metrics.delay_cost
            for t in study.trials
            if t.case is case and t.contender.name == "edd"
        ]
        assert study.ratios("edd", "random")[i] == pytest.approx(edd / np.mean(costs))
    assert len(costs) == 3


def test_study_always_knows_edd_and_judges_only_those_in_question(
    cases: list[Case], model: Path
) -> None:
    """The gate asks for EDD; it comes last where it was not named."""
    measured = [Contender("a", "ppo", model), Contender("b", "atc")]
    study = run_study(cases, measured, rivals=["spt"])
    assert study.rivals == ("spt", "edd")
    assert list(study.results) == ["a", "b", "spt", "edd"]
    assert list(study.verdicts) == ["a", "b"]
    assert study.passed == all(verdict.passed for verdict in study.verdicts.values())
    assert study.checkpoints == {str(model): load_policy(model).sha256}
