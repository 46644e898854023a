"""Methods by name, and how one is measured against others."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from scheduler_core.errors import CheckpointError, ConfigError
from scheduler_core.evaluation import compare, cost_ratios, evaluate, running, summarize
from scheduler_core.generator import generate_job_shop, generate_problem
from scheduler_core.instances import MAKESPAN_WEIGHTS
from scheduler_core.methods import DEVICES, METHODS, load_policy, make_schedule, shipped_model
from scheduler_core.objective import RewardWeights, measure
from scheduler_core.policy import DEFAULT_MODEL, MAKESPAN_MODEL, PPOScheduler, choose_device
from scheduler_core.schedule import Schedule
from scheduler_core.validation import validate
from tests.builders import HOUR, one_machine, untrained_scheduler
from tests.properties.strategies import random_problem

LATE_ONLY = RewardWeights(on_time_reward=0, early_bonus_per_day=0, late_penalty_per_day=-24)
"""A point for each hour late."""


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a checkpoint of an untrained policy."""
    path = tmp_path_factory.mktemp("models") / "untrained.safetensors"
    untrained_scheduler().save(path)
    return path


def test_methods_are_those_of_the_command_line() -> None:
    """The learned dispatcher, the best rule, each rule by its name, random."""
    rules = (
        "fifo edd spt lpt cr mdd slack atc covert mwkr srpt odd pt_winq_slack feasible_edd random"
    )
    assert list(METHODS) == ["ppo", "best_rule", *rules.split()]


@pytest.mark.parametrize("method", METHODS)
def test_make_schedule_by_every_method_is_complete_and_valid(method: str, model: Path) -> None:
    """On a generated shop and on one with locks; the schedule says what made it."""
    rng = np.random.default_rng(0)
    for problem in (generate_problem(15, rng), random_problem(rng, min_families=5)):
        made = make_schedule(problem, method, model=model, seed=3)
        assert validate(problem, made) == []
        assert made.method == method
        assert measure(problem, made, RewardWeights()).completion_rate == 1


def test_make_schedule_of_best_rule_is_no_worse_than_any_rule() -> None:
    """It is chosen with hindsight, so nothing but the policy can beat it."""
    problem = generate_problem(30, np.random.default_rng(1))
    rules = [name for name in METHODS if name not in ("ppo", "random")]
    table = compare(problem, rules, RewardWeights())
    assert table["best_rule"].score == max(metrics.score for metrics in table.values())


def test_make_schedule_by_an_unknown_method_is_refused_with_the_known_ones() -> None:
    """A misspelt name."""
    with pytest.raises(ConfigError, match="method 'EDD' is unknown; the methods are ppo, best_ru"):
        make_schedule(one_machine([HOUR]), "EDD")


def test_make_schedule_with_a_negative_seed_is_refused() -> None:
    """A seed is a whole number from 0 on."""
    with pytest.raises(ConfigError, match="seed: must be >= 0, got -1"):
        make_schedule(one_machine([HOUR]), "random", seed=-1)


def test_load_policy_is_kept_until_its_file_changes(tmp_path: Path) -> None:
    """Another policy under the same name is seen; the same one is not read twice."""
    path = tmp_path / "policy.safetensors"
    first, second = untrained_scheduler(1), untrained_scheduler(2)
    first.save(path)
    loaded = load_policy(path)
    assert load_policy(path) is loaded
    second.save(path)
    assert loaded.sha256 == first.sha256
    assert load_policy(path).sha256 == second.sha256


def test_load_policy_that_is_missing_is_refused(tmp_path: Path) -> None:
    """By the name of the file."""
    with pytest.raises(CheckpointError, match=r"absent\.safetensors: cannot be read"):
        load_policy(tmp_path / "absent.safetensors")


def test_devices_are_those_the_policy_knows() -> None:
    """The list that needs no torch says the same as the one that does."""
    with pytest.raises(ConfigError) as caught:
        choose_device("none of them")
    assert str(caught.value).endswith(f"the devices are {', '.join(DEVICES)}")


def test_cost_ratios_of_zero_costs_mean_no_difference_or_a_lost_cause() -> None:
    """2/4, 0/0 = 1, 3/0 = infinity, 0/5."""
    ratios = cost_ratios(np.array([2.0, 0.0, 3.0, 0.0]), np.array([4.0, 0.0, 0.0, 5.0]))
    assert ratios.tolist() == [0.5, 1.0, np.inf, 0.0]


# Late hours of two one-hour and two-hour jobs, both due at 0, above the 1 + 2 alone:
# short first 1 + 3, a delay of 1; long first 2 + 3, a delay of 2.
SHORT_FIRST = one_machine([HOUR, 2 * HOUR])
FIGURES = compare(SHORT_FIRST, ["spt"], LATE_ONLY)["spt"]
"""Of any schedule."""


def test_compare_gives_the_figures_of_each_method() -> None:
    """SPT delays one job by an hour, LPT one by two."""
    table = compare(SHORT_FIRST, ["spt", "lpt"], LATE_ONLY)
    assert list(table) == ["spt", "lpt"]
    assert table["spt"].delay_cost == pytest.approx(1)
    assert table["lpt"].delay_cost == pytest.approx(2)


def test_evaluate_counts_wins_ties_and_losses_per_snapshot() -> None:
    """SPT against EDD, which takes equal due dates in the order of the file.

    Short first: both delay 1. Long first: 1 against 2. Due 0 and -1 h with the short one due
    later: EDD takes the long one first, so 1 against 2 again. The ratios are 1, 1/2, 1/2.
    """
    problems = [
        SHORT_FIRST,
        one_machine([2 * HOUR, HOUR]),
        one_machine([HOUR, 2 * HOUR], [0, -HOUR]),
    ]
    found = evaluate(problems, LATE_ONLY, method="spt", rivals=["edd", "spt", "lpt"])
    edd, same, lpt = found.comparisons
    assert (edd.rival, edd.wins, edd.ties, edd.losses) == ("edd", 2, 1, 0)
    assert edd.mean_ratio == pytest.approx(2 / 3)
    assert edd.interval == pytest.approx((0.5, 1.0))
    assert (same.wins, same.ties, same.losses) == (0, 3, 0)
    assert (same.mean_ratio, *same.interval) == pytest.approx((1, 1, 1))
    assert (lpt.wins, lpt.ties, lpt.losses) == (3, 0, 0)
    assert (lpt.mean_ratio, *lpt.interval) == pytest.approx((0.5, 0.5, 0.5))
    reverse = evaluate(problems, LATE_ONLY, method="edd", rivals=["spt"]).comparisons[0]
    assert (reverse.wins, reverse.ties, reverse.losses) == (0, 1, 2)
    assert reverse.mean_ratio == pytest.approx(5 / 3)


def test_evaluate_interval_of_two_ratios_covers_the_three_possible_means() -> None:
    """Of 1 and 1/2, drawn twice: 1, 3/4 and 1/2 with chances 1/4, 1/2, 1/4, so 95 % need all."""
    problems = [SHORT_FIRST, one_machine([2 * HOUR, HOUR])]
    found = evaluate(problems, LATE_ONLY, method="spt", rivals=["edd"]).comparisons[0]
    assert found.mean_ratio == pytest.approx(3 / 4)
    assert found.interval == pytest.approx((0.5, 1.0))


def test_evaluate_interval_narrows_with_more_snapshots() -> None:
    """40 snapshots of the same two kinds: the interval is well inside, and the seed repeats it."""
    problems = [SHORT_FIRST, one_machine([2 * HOUR, HOUR])] * 20
    one, other = (
        evaluate(problems, LATE_ONLY, method="spt", rivals=["edd"], seed=1) for _ in range(2)
    )
    low, high = one.comparisons[0].interval
    # The mean of 40 has a standard deviation of 1/4 / sqrt(40) = 0.04: 3/4 +- 0.08.
    assert low == pytest.approx(0.67, abs=0.02)
    assert high == pytest.approx(0.83, abs=0.02)
    assert one.comparisons == other.comparisons


def test_evaluate_against_a_rival_without_any_cost_has_no_finite_ratio() -> None:
    """SPT delays nobody enough to matter; LPT makes the short job late."""
    problem = one_machine([HOUR, 2 * HOUR], [HOUR, 3 * HOUR])
    found = evaluate([problem], LATE_ONLY, method="lpt", rivals=["spt"]).comparisons[0]
    assert (found.mean_ratio, *found.interval) == (np.inf, np.inf, np.inf)
    assert found.total_ratio == np.inf
    assert found.to_dict()["total_ratio"] is None
    assert (found.wins, found.ties, found.losses) == (0, 0, 1)


def test_summarize_draws_snapshots_with_all_their_settings() -> None:
    """Two snapshots under two weights each: ratios (1, 3) and (4, 0) have means of 2 both.

    So there is nothing to draw, though each ratio alone would vary; totals are 8 to 4.
    """
    own = [replace(FIGURES, delay_cost=cost, runtime_seconds=cost) for cost in (1.0, 3.0, 4.0, 0.0)]
    found = summarize("ppo", own, {"edd": np.ones(4)}, per_snapshot=2)
    (edd,) = found.comparisons
    assert found.snapshots == 2
    assert (edd.mean_ratio, *edd.interval, edd.total_ratio) == (2, 2, 2, 2)
    assert (edd.wins, edd.ties, edd.losses) == (1, 1, 2)
    assert (found.runtime_seconds, found.median_runtime_seconds) == (2, 2)
    assert found.max_runtime_seconds == 4


def test_evaluate_of_a_policy_sums_up_its_schedules(model: Path) -> None:
    """Lowest completion, all violations, mean on-time rate; and the figures can be written."""
    rng = np.random.default_rng(2)
    problems = [generate_problem(8, rng) for _ in range(3)]
    found = evaluate(problems, RewardWeights(), model=model)
    own = [measure(p, make_schedule(p, "ppo", model=model), RewardWeights()) for p in problems]
    assert (found.method, found.snapshots) == ("ppo", 3)
    assert (found.completion_rate, found.constraint_violations) == (1.0, 0)
    assert found.on_time_rate == pytest.approx(np.mean([each.on_time_rate for each in own]))
    assert [each.rival for each in found.comparisons] == ["edd", "best_rule"]
    assert json.loads(json.dumps(found.to_dict()))["comparisons"][0]["rival"] == "edd"


def test_evaluate_reports_what_the_validator_finds(monkeypatch: pytest.MonkeyPatch) -> None:
    """A method that leaves everything out is caught, on every snapshot."""

    class Nothing:
        def schedule(self, *_: object) -> Schedule:
            return Schedule((), "ppo")

    monkeypatch.setattr(running, "load_dispatcher", lambda *_: Nothing())
    found = evaluate([SHORT_FIRST, SHORT_FIRST], LATE_ONLY, rivals=["edd"])
    assert found.completion_rate == 0
    assert found.constraint_violations == 4  # two missing tasks on each of two snapshots


def test_shipped_model_is_that_of_the_makespan_where_nothing_else_counts() -> None:
    """And it makes the schedule, unless another one is named."""
    assert shipped_model(MAKESPAN_WEIGHTS) == MAKESPAN_MODEL
    assert shipped_model(replace(MAKESPAN_WEIGHTS, late_penalty_per_day=-1.0)) == DEFAULT_MODEL
    assert shipped_model(replace(MAKESPAN_WEIGHTS, makespan_penalty_per_day=0.0)) == DEFAULT_MODEL
    problem = generate_job_shop(10, 5, np.random.default_rng(0))
    made = make_schedule(problem, "ppo", MAKESPAN_WEIGHTS)
    expected = PPOScheduler.load(MAKESPAN_MODEL).schedule(problem, MAKESPAN_WEIGHTS)
    assert made.tasks == expected.tasks
    other = make_schedule(problem, "ppo", MAKESPAN_WEIGHTS, model=DEFAULT_MODEL)
    assert other.tasks != made.tasks
