"""PPO by arithmetic: ratios, rollouts, single updates, and one small world."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from scheduler_core.objective import RewardWeights, delay_cost
from scheduler_core.observation import NUM_CANDIDATE_FEATURES, NUM_CONTEXT_FEATURES
from scheduler_core.policy import CandidatePolicy
from scheduler_core.policy.forward import segment_argmax
from scheduler_core.policy.network import segment_log_softmax
from scheduler_core.problem import Problem
from scheduler_core.rules import dispatch
from scheduler_core.schedule import Schedule
from scheduler_core.simulator import bound_score, schedule_from
from scheduler_core.training.episodes import (
    Decisions,
    PolicyActor,
    Rollout,
    chosen_rows,
    collect_rollout,
)
from scheduler_core.training.gradients import take_step
from scheduler_core.training.ppo import Experience, UpdateStats, minibatches, update
from scheduler_core.training.settings import PPOConfig
from scheduler_core.training.tasks import Tasks, make_tasks
from scheduler_core.validation import validate
from tests.builders import HOUR, can_place, one_machine, untrained
from tests.properties.strategies import random_problem

DEFAULT = RewardWeights()
LATE_ONLY = RewardWeights(on_time_reward=0, early_bonus_per_day=0)
ONE_PASS = PPOConfig(epochs=1, minibatch_size=1_000_000, target_kl=1e9)


def some_decisions(counts: list[int]) -> Decisions:
    """Return decisions whose first candidate feature is the row's number."""
    rows = torch.arange(sum(counts), dtype=torch.float32)
    candidates = torch.zeros(sum(counts), NUM_CANDIDATE_FEATURES)
    candidates[:, 0] = rows
    context = torch.zeros(len(counts), NUM_CONTEXT_FEATURES)
    context[:, 0] = torch.arange(len(counts), dtype=torch.float32)
    return Decisions(candidates, context, torch.tensor(counts))


def test_decisions_select_keeps_each_with_its_candidates() -> None:
    """Rows 0-2, 3, 4-5, 6-9: the last, then the first, then the second."""
    chosen = some_decisions([3, 1, 2, 4]).select(torch.tensor([3, 0, 1]))
    assert chosen.counts.tolist() == [4, 3, 1]
    assert chosen.candidates[:, 0].tolist() == [6, 7, 8, 9, 0, 1, 2, 3]
    assert chosen.context[:, 0].tolist() == [3, 0, 1]


def test_chosen_rows_count_from_the_decision() -> None:
    """The third of three, the first of one, the second of two."""
    rows = chosen_rows(torch.tensor([3, 1, 2]), torch.tensor([2, 0, 1]))
    assert rows.tolist() == [2, 3, 5]


def test_segment_argmax_of_equal_keys_takes_the_first() -> None:
    """Within each segment, ties included."""
    keys = np.array([1.0, 3.0, 3.0, -np.inf, 2.0, 2.0], np.float32)
    assert segment_argmax(keys, np.array([3, 1, 2])).tolist() == [1, 0, 0]


def test_minibatches_show_every_decision_once_an_epoch() -> None:
    """Ten decisions in parts of about four: two parts, twice, each time shuffled."""
    parts = [part.tolist() for part in minibatches(10, 4, 2, np.random.default_rng(0))]
    assert [len(part) for part in parts] == [5, 5, 5, 5]
    assert sorted(parts[0] + parts[1]) == sorted(parts[2] + parts[3]) == list(range(10))
    assert parts[0] + parts[1] != parts[2] + parts[3]


def test_policy_actor_samples_as_often_as_the_policy_says() -> None:
    """5,000 draws of one decision: Pearson's chi-square with 4 degrees of freedom below 30."""
    torch.manual_seed(0)
    one = Decisions(
        torch.randn(5, NUM_CANDIDATE_FEATURES),
        torch.zeros(1, NUM_CONTEXT_FEATURES),
        torch.tensor([5]),
    )
    many = Decisions(
        one.candidates.repeat(5000, 1), one.context.repeat(5000, 1), one.counts.repeat(5000)
    )
    network = untrained()
    actions, log_probs, values = PolicyActor(network, np.random.default_rng(0))(
        many, np.arange(5000)
    )
    with torch.no_grad():
        scores, value = network(*one)
    probs = segment_log_softmax(scores, one.counts).exp().numpy()
    observed, expected = np.bincount(actions, minlength=5), 5000 * probs
    assert probs.min() > 0.005
    assert ((observed - expected) ** 2 / expected).sum() < 30
    assert np.exp(log_probs) == pytest.approx(probs[actions], abs=1e-5)
    assert values == pytest.approx(np.full(5000, value.item()), abs=1e-5)


def test_policy_actor_without_randomness_takes_the_likeliest() -> None:
    """Greedy means the largest score of each decision."""
    torch.manual_seed(1)
    counts = [4, 1, 7]
    decisions = Decisions(
        torch.randn(12, NUM_CANDIDATE_FEATURES),
        torch.randn(3, NUM_CONTEXT_FEATURES),
        torch.tensor(counts),
    )
    network = untrained()
    with torch.no_grad():
        scores = network(*decisions)[0]
    actions, _, _ = PolicyActor(network, None)(decisions, np.arange(3))
    assert actions.tolist() == [int(part.argmax()) for part in scores.split(counts)]


def shops(count: int, seed: int, **mix: object) -> list[Problem]:
    """Return random problems that have something to place."""
    rng, found = np.random.default_rng(seed), []
    while len(found) < count:
        problem = random_problem(rng, min_families=2, **mix)
        if can_place(problem):
            found.append(problem)
    return found


def schedules_of(tasks: Tasks, problems: list[Problem]) -> list[Schedule]:
    """Return what the last rollout has placed in each environment."""
    return [
        schedule_from(problem, tasks.batch.arrays, tasks.batch.state, "ppo", env=e)
        for e, problem in enumerate(problems)
    ]


def rolled_out(tasks: Tasks, seed: int = 0, network: CandidatePolicy | None = None) -> Rollout:
    """Return a sampled rollout of an untrained policy."""
    return collect_rollout(
        tasks, PolicyActor(network or untrained(seed), np.random.default_rng(seed))
    )


@pytest.mark.parametrize(
    "weights", [DEFAULT, LATE_ONLY, RewardWeights(makespan_penalty_per_day=-9)]
)
def test_rollout_returns_sum_to_minus_the_delay_cost(weights: RewardWeights) -> None:
    """In units of the task, for 60 shops without locks, judged by the objective's own formula."""
    problems = shops(60, 0, locks=False)
    tasks = make_tasks([(problem, weights) for problem in problems], rules=("spt",))
    returns = rolled_out(tasks).returns()
    for e, schedule in enumerate(schedules_of(tasks, problems)):
        assert validate(problems[e], schedule) == []
        cost = delay_cost(problems[e], schedule, weights)
        assert -returns[e] * tasks.unit[e] == pytest.approx(
            cost, rel=1e-4, abs=1e-4 * tasks.unit[e]
        )


def test_rollout_of_shops_with_locks_sums_to_the_change_of_the_bound() -> None:
    """Locks of others delay a family for sure, so the bound starts below the ideal score."""
    problems = shops(60, 1)
    tasks = make_tasks([(problem, DEFAULT) for problem in problems], rules=("spt",))
    before = tasks.batch.reset()
    returns = rolled_out(tasks).returns()
    for e, schedule in enumerate(schedules_of(tasks, problems)):
        assert validate(problems[e], schedule) == []
        after = bound_score(tasks.batch.arrays, tasks.batch.objective, tasks.batch.state, e)
        assert returns[e] * tasks.unit[e] == pytest.approx(
            after - before[e], rel=1e-4, abs=1e-4 * tasks.unit[e]
        )
        assert -returns[e] * tasks.unit[e] <= delay_cost(problems[e], schedule, DEFAULT) + 1e-3


def test_rollout_entries_are_ordered_by_step_then_environment() -> None:
    """Each environment lives from the first step to its own end, and its candidates are counted."""
    problems = shops(10, 2)
    rollout = rolled_out(make_tasks([(p, DEFAULT) for p in problems], rules=("spt",)))
    alive = rollout.alive
    assert alive[0].all()
    assert not (alive[1:] & ~alive[:-1]).any()
    assert len(rollout.actions) == len(rollout.log_probs) == alive.sum()
    assert len(rollout.decisions.candidates) == rollout.decisions.counts.sum()
    assert (rollout.actions < rollout.decisions.counts).all()
    assert (rollout.rewards <= 1e-6).all()  # no decision can raise the bound


def test_rollout_of_a_network_again_is_the_same() -> None:
    """Environments are reset, and chance has one source."""
    tasks = make_tasks([(p, DEFAULT) for p in shops(5, 3)], 2, rules=("spt",))
    one, other = rolled_out(tasks), rolled_out(tasks)
    assert torch.equal(one.actions, other.actions)
    assert np.array_equal(one.rewards, other.rewards)
    assert not np.array_equal(one.rewards, rolled_out(tasks, 1).rewards)


def learn(
    network: CandidatePolicy, rollout: Rollout, config: PPOConfig, rate: float = 1e-3
) -> UpdateStats:
    """Make one update without entropy bonus."""
    optimizer = torch.optim.Adam(network.parameters(), rate)
    experience = Experience.of(rollout, config)
    return update(network, optimizer, experience, config, 0.0, np.random.default_rng(0))


def test_update_before_its_first_step_has_ratio_one_and_no_divergence() -> None:
    """The network that sampled is the one that learns: nothing is clipped, KL is 0."""
    network = untrained()
    rollout = rolled_out(
        make_tasks([(p, DEFAULT) for p in shops(20, 4)], rules=("spt",)), 0, network
    )
    stats = learn(network, rollout, ONE_PASS)
    assert stats.approx_kl == pytest.approx(0, abs=1e-6)
    assert stats.clip_fraction == 0
    assert stats.policy_loss == pytest.approx(0, abs=1e-5)  # minus the mean advantage: normalised
    assert stats.entropy > 0


def hand_made(rewards: list[float], action: int = 1) -> Rollout:
    """Return decisions between three candidates, one step each, all choosing the same."""
    torch.manual_seed(3)
    count = len(rewards)
    one = torch.randn(3, NUM_CANDIDATE_FEATURES)
    decisions = Decisions(
        one.repeat(count, 1),
        torch.zeros(count, NUM_CONTEXT_FEATURES),
        torch.full((count,), 3),
    )
    network = untrained()
    with torch.no_grad():
        log_probs = segment_log_softmax(network(*decisions)[0], decisions.counts).view(count, 3)
    actions = torch.tensor([action if reward > 0 else 0 for reward in rewards])
    return Rollout(
        decisions,
        actions,
        log_probs.gather(1, actions[:, None])[:, 0],
        np.ones((1, count), np.bool_),
        np.array([rewards], np.float32),
        np.zeros((1, count), np.float32),
    )


@torch.no_grad()
def chances(network: CandidatePolicy, rollout: Rollout) -> list[float]:
    """Return the probabilities of the three candidates of the first decision."""
    first = rollout.decisions.select(torch.tensor([0]))
    return segment_log_softmax(network(*first)[0], first.counts).exp().tolist()


@pytest.mark.parametrize("action", [1, 2])
def test_update_makes_a_candidate_with_a_positive_advantage_likelier(action: int) -> None:
    """And the one with a negative advantage, candidate 0, less likely."""
    network, rollout = untrained(), hand_made([1, 1, -1, -1], action)
    before = chances(network, rollout)
    learn(network, rollout, ONE_PASS)
    after = chances(network, rollout)
    assert after[action] > before[action]
    assert after[0] < before[0]


def test_update_stops_when_the_policy_has_moved_too_far() -> None:
    """Large steps, no tolerance: after one step the second minibatch sees the divergence."""
    network, rollout = untrained(), hand_made([1, 1, -1, -1])
    stopped, single = untrained(), untrained()
    many = replace(ONE_PASS, epochs=20)
    learn(network, rollout, many, rate=0.05)
    learn(stopped, rollout, replace(many, target_kl=1e-9), rate=0.05)
    learn(single, rollout, ONE_PASS, rate=0.05)
    assert chances(stopped, rollout) == pytest.approx(chances(single, rollout), abs=1e-7)
    assert chances(network, rollout)[1] > chances(single, rollout)[1] + 0.01


def test_update_that_is_clipped_stays_nearer_to_the_old_policy() -> None:
    """Beyond a ratio of 1.2 there is nothing more to gain, without the clip there is."""
    clipped, free = untrained(), untrained()
    rollout, many = hand_made([1, 1, -1, -1]), replace(ONE_PASS, epochs=30)
    learn(clipped, rollout, many)
    learn(free, rollout, replace(many, clip_coef=1e9))
    assert chances(clipped, rollout)[1] < chances(free, rollout)[1] - 0.01


def test_update_with_an_entropy_bonus_makes_the_policy_less_sure() -> None:
    """Equal rewards leave nothing to learn but the bonus."""
    network, rollout = untrained(spread=10.0), hand_made([1, 1, 1, 1])
    optimizer = torch.optim.Adam(network.parameters(), 1e-3)
    config, rng = replace(ONE_PASS, value_coef=0.0), np.random.default_rng(0)
    seen = Experience.of(rollout, config)
    entropies = [update(network, optimizer, seen, config, 1.0, rng).entropy for _ in range(10)]
    assert entropies[-1] > entropies[0] + 0.01


def test_update_of_a_single_decision_leaves_the_network_whole() -> None:
    """One decision has no spread of advantages: nothing to learn, and nothing to divide by."""
    network, rollout = untrained(), hand_made([1])
    stats = learn(network, rollout, ONE_PASS)
    assert all(parameter.isfinite().all() for parameter in network.parameters())
    assert np.isfinite([stats.policy_loss, stats.value_loss, stats.explained_variance]).all()


def test_update_brings_the_values_towards_the_returns() -> None:
    """The value loss of the same rollout falls from update to update."""
    network, rollout = untrained(), hand_made([5, 5, 5, 5])
    losses = [learn(network, rollout, ONE_PASS, 1e-2).value_loss for _ in range(60)]
    assert losses[0] > 20
    assert losses[-1] < losses[0] / 4


def test_take_step_limits_the_gradient_but_keeps_its_direction() -> None:
    """A gradient of (300, 400) is cut to the norm 0.5: a step of (0.3, 0.4)."""
    layer = torch.nn.Linear(2, 1, bias=False)
    before = layer.weight.detach().clone()
    optimizer = torch.optim.SGD(layer.parameters(), 1.0)
    take_step(layer, optimizer, [torch.tensor([[300.0, 400.0]])], 0.5)
    step = before - layer.weight.detach()
    assert step[0].tolist() == pytest.approx([0.3, 0.4], abs=1e-5)


def toy_problem(rng: np.random.Generator) -> Problem:
    """Return 12 late orders for one machine: SPT has the least total delay (Smith, 1956)."""
    return one_machine([int(hours) * HOUR for hours in rng.choice(100, 12, replace=False) + 1])


def greedy_to_spt(network: CandidatePolicy, problems: list[Problem]) -> float:
    """Return the greedy policy's total delay cost over that of SPT."""
    tasks = make_tasks([(problem, LATE_ONLY) for problem in problems], rules=("spt",))
    own = -collect_rollout(tasks, PolicyActor(network, None)).returns() * tasks.unit
    best = [delay_cost(p, dispatch(p, "spt"), LATE_ONLY) for p in problems]
    return float(own.sum() / np.sum(best))


def test_ppo_from_random_weights_finds_spt_where_it_is_optimal() -> None:
    """A small network and a few updates come within 3 % of the optimum on unseen problems."""
    rng, network = np.random.default_rng(0), untrained(2, spread=0.01)
    unseen = [toy_problem(rng) for _ in range(20)]
    assert greedy_to_spt(network, unseen) > 1.05
    optimizer = torch.optim.Adam(network.parameters(), 1e-2)
    config = PPOConfig(epochs=3, minibatch_size=256, target_kl=0.1, max_grad_norm=1.0)
    for _ in range(12):
        tasks = make_tasks([(toy_problem(rng), LATE_ONLY) for _ in range(4)], 8, rules=("spt",))
        rollout = collect_rollout(tasks, PolicyActor(network, rng))
        update(network, optimizer, Experience.of(rollout, config), config, 0.0, rng)
    assert 1 - 1e-6 <= greedy_to_spt(network, unseen) < 1.03
