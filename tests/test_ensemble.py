"""Several policies that make one schedule, and choices that are drawn."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from scheduler_core.errors import ConfigError
from scheduler_core.generator import generate_problem
from scheduler_core.methods import (
    ENSEMBLE_MODES,
    Ensemble,
    load_dispatcher,
    make_schedule,
    model_paths,
)
from scheduler_core.objective import RewardWeights, measure, score
from scheduler_core.observation import NUM_CANDIDATE_FEATURES, NUM_CONTEXT_FEATURES
from scheduler_core.policy import (
    DEFAULT_MODEL,
    MAKESPAN_MODEL,
    EnsembleScheduler,
    NetworkConfig,
    PPOScheduler,
)
from scheduler_core.policy.choosing import choose, log_softmax, member, pack
from scheduler_core.policy.ensemble import MODES
from scheduler_core.policy.forward import candidate_scores, forward_weights
from scheduler_core.problem import Problem
from scheduler_core.validation import validate
from tests.builders import untrained
from tests.properties.strategies import random_problem

SIZES = (
    NetworkConfig(hidden_sizes=(16, 16, 8)),
    NetworkConfig(hidden_sizes=(24, 8, 12)),
    NetworkConfig(hidden_sizes=(10, 20, 6), layer_norm=False),
)
MACHINES = {"config": {"task": {"choose_machines": True}}}
"""Record of a policy that has learned to choose machines."""


def policies(record: dict[str, object] | None = None) -> list[PPOScheduler]:
    """Return untrained policies of three sizes."""
    return [PPOScheduler(untrained(i, size), record) for i, size in enumerate(SIZES)]


def problems(count: int = 6) -> list[Problem]:
    """Return small shops, plain and with every constraint there is."""
    rng = np.random.default_rng(3)
    plain = [generate_problem(12, rng) for _ in range(count)]
    return plain + [random_problem(rng, min_families=4) for _ in range(count)]


def chances(*rows: tuple[float, ...]) -> np.ndarray:
    """Return log-probabilities, a row for each network."""
    return np.log(np.array(rows))


RNG = np.random.default_rng(0)
"""For choices that draw nothing."""


def test_vote_is_won_by_the_majority_and_mean_by_the_product() -> None:
    """Two members like the first, the third loathes it.

    Votes 2 to 1 for the first. Products: .6 * .6 * .01 = .0036 against .3 * .3 * .98 = .088.
    """
    three = chances((0.6, 0.3, 0.1), (0.6, 0.3, 0.1), (0.01, 0.98, 0.01))
    assert choose(three, RNG, True, False) == 0
    assert choose(three, RNG, False, False) == 1


def test_vote_with_as_many_votes_goes_to_the_larger_sum() -> None:
    """One vote each: .6 * .1 = .06 against .4 * .9 = .36; and of equals the first."""
    assert choose(chances((0.6, 0.4), (0.1, 0.9)), RNG, True, False) == 1
    assert choose(chances((0.4, 0.6), (0.6, 0.4)), RNG, True, False) == 0


def test_vote_never_goes_to_a_candidate_without_votes() -> None:
    """The middle one is everybody's second: the best mean, and no vote."""
    three = chances((0.55, 0.45, 0.001), (0.55, 0.45, 0.001), (0.001, 0.45, 0.55))
    assert choose(three, RNG, False, False) == 1
    assert choose(three, RNG, True, False) == 0


@pytest.mark.parametrize("vote", [False, True])
def test_drawn_choices_come_as_often_as_they_are_likely(vote: bool) -> None:
    """20,000 draws of one network: within four standard deviations of its probabilities."""
    wanted = np.array([0.5, 0.3, 0.2])
    rng = np.random.default_rng(1)
    drawn = [choose(chances((0.5, 0.3, 0.2)), rng, vote, True) for _ in range(20_000)]
    found = np.bincount(drawn, minlength=3) / len(drawn)
    assert found == pytest.approx(wanted, abs=4 * np.sqrt(0.25 / len(drawn)))


def test_log_softmax_of_huge_scores_sums_to_one() -> None:
    """Nothing overflows, and the differences stay."""
    found = log_softmax(np.array([1000, 999, -1000], np.float32))
    assert np.exp(found).sum() == pytest.approx(1)
    assert found[0] - found[1] == pytest.approx(1)


def test_packed_networks_of_any_size_score_as_they_do_alone() -> None:
    """To the bit: they are the same weights, laid out otherwise."""
    alone = [forward_weights(policy.network) for policy in policies()]
    packed = pack(alone)
    rng = np.random.default_rng(0)
    candidates = rng.normal(size=(5, NUM_CANDIDATE_FEATURES)).astype(np.float32)
    context = rng.normal(size=NUM_CONTEXT_FEATURES).astype(np.float32)
    for k, net in enumerate(alone):
        found = candidate_scores(member(packed, k), candidates, context)
        assert found.tolist() == candidate_scores(net, candidates, context).tolist()


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("copies", [1, 3])
def test_ensemble_of_equal_models_makes_the_schedule_of_that_model(mode: str, copies: int) -> None:
    """Nobody to disagree with."""
    one = policies(MACHINES)[0]
    together = EnsembleScheduler([one] * copies, mode)
    for problem in problems():
        assert together.schedule(problem).tasks == one.schedule(problem).tasks


@pytest.mark.parametrize("mode", MODES)
def test_ensemble_of_one_draws_what_that_model_draws(mode: str) -> None:
    """By the same random numbers."""
    one = policies()[0]
    problem = problems(1)[0]
    drawn = [
        each.schedule(problem, None, np.random.default_rng(5)).tasks
        for each in (one, EnsembleScheduler([one], mode))
    ]
    assert drawn[0] == drawn[1]


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("record", [None, MACHINES], ids=["tasks", "machines"])
def test_ensemble_makes_valid_and_complete_schedules(
    mode: str, record: dict[str, object] | None
) -> None:
    """By the independent judge, greedy and drawn, with and without a choice of machines."""
    together = EnsembleScheduler(policies(record), mode)
    for problem in problems():
        for rng in (None, np.random.default_rng(0)):
            made = together.schedule(problem, RewardWeights(), rng)
            assert validate(problem, made) == []
            assert measure(problem, made, RewardWeights()).completion_rate == 1
            assert made.method == "ppo"


def test_best_of_is_never_worse_than_a_member() -> None:
    """It is one of their schedules, the one with the highest score under the weights asked for."""
    members = policies(MACHINES)
    for weights in (RewardWeights(), RewardWeights(0.0, 0.0, -7.0)):
        for problem in problems():
            own = [score(problem, each.schedule(problem, weights), weights) for each in members]
            best = EnsembleScheduler(members, "best_of").schedule(problem, weights)
            assert score(problem, best, weights) == max(own)


def test_ensemble_chooses_machines_only_if_all_members_have_learned_to() -> None:
    """One that has not would be asked about rows it has never seen."""
    (able, *_), (unable, *_) = policies(MACHINES), policies()
    assert EnsembleScheduler([able, able], "vote").choose_machines
    assert not EnsembleScheduler([able, unable], "vote").choose_machines


@pytest.mark.parametrize("mode", ["mean", "vote"])
@pytest.mark.parametrize("drawn", [False, True], ids=["greedy", "drawn"])
def test_ensemble_without_the_compiled_pass_is_the_same(
    mode: str, drawn: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a GPU runs, from decision to decision, here on the CPU."""
    compiled, plain = (EnsembleScheduler(policies(), mode) for _ in range(2))
    monkeypatch.setattr(plain, "_packed", None)
    for problem in problems(3):
        made = [
            each.schedule(problem, None, np.random.default_rng(2) if drawn else None).tasks
            for each in (compiled, plain)
        ]
        assert made[0] == made[1]


def test_drawn_schedule_repeats_with_its_seed_and_differs_from_others() -> None:
    """Also from the greedy one; on a GPU, which goes from decision to decision, likewise."""
    policy, problem = policies()[0], generate_problem(20, np.random.default_rng(0))
    made = [policy.schedule(problem, rng=np.random.default_rng(seed)).tasks for seed in (1, 1, 2)]
    assert made[0] == made[1]
    assert len({made[0], made[2], policy.schedule(problem).tasks}) == 3


def test_drawn_schedule_without_the_compiled_pass_is_the_same(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The same random numbers lead PyTorch's network to the same choices."""
    compiled, plain = policies()[0], policies()[0]
    monkeypatch.setattr(plain, "_weights", None)
    for problem in problems(3):
        drawn = [
            each.schedule(problem, rng=np.random.default_rng(4)).tasks for each in (compiled, plain)
        ]
        assert drawn[0] == drawn[1]


def test_ensemble_modes_are_those_the_policy_knows() -> None:
    """The list that needs no torch says the same as the one that does."""
    assert tuple(ENSEMBLE_MODES) == MODES


def test_ensemble_of_nobody_or_of_an_unknown_mode_is_refused() -> None:
    """Before any checkpoint is read, and for policies in memory alike."""
    with pytest.raises(ConfigError, match="ensemble: must have at least one checkpoint, got none"):
        Ensemble(())
    with pytest.raises(ConfigError, match="ensemble: must have at least one checkpoint, got none"):
        EnsembleScheduler([])
    wrong = "ensemble: must be one of mean, vote, best_of, got 'sum'"
    with pytest.raises(ConfigError, match=wrong):
        Ensemble((DEFAULT_MODEL,), "sum")
    with pytest.raises(ConfigError, match=wrong):
        EnsembleScheduler(policies(), "sum")


def test_make_schedule_by_an_ensemble_is_that_of_its_checkpoints() -> None:
    """By name, as the command line and Python have it."""
    problem = generate_problem(10, np.random.default_rng(7))
    both = Ensemble((DEFAULT_MODEL, MAKESPAN_MODEL), "vote")
    made = make_schedule(problem, "ppo", model=both)
    members = [PPOScheduler.load(path) for path in (DEFAULT_MODEL, MAKESPAN_MODEL)]
    assert made.tasks == EnsembleScheduler(members, "vote").schedule(problem).tasks
    assert isinstance(load_dispatcher(both), EnsembleScheduler)
    assert model_paths(both) == (DEFAULT_MODEL, MAKESPAN_MODEL)
    assert model_paths(Path("one")) == (Path("one"),)
