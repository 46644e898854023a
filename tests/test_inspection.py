"""Decisions are recorded as made, explained without a remainder, and changed one alone."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import permutations
from math import factorial

import numpy as np
import pytest
from hypothesis import assume, given, settings

from scheduler_core.inspection import FACTORS, Episode, costs_of, force, reasons, walk
from scheduler_core.inspection.reasons import shapley_values
from scheduler_core.objective import RewardWeights, measure
from scheduler_core.observation.names import CANDIDATE_FEATURES
from scheduler_core.policy import PPOScheduler
from scheduler_core.policy.scheduler import step_through
from scheduler_core.problem import Problem
from scheduler_core.rules import ALL_RULES
from scheduler_core.schedule import Schedule
from scheduler_core.validation import validate
from tests.builders import HOUR, can_place, one_machine, untrained, untrained_scheduler
from tests.naive import Decision, NaiveShop, Option, priority
from tests.properties.strategies import problems, random_problem

WEIGHTS = RewardWeights(urgent_multiplier=2.0)


def naive_decisions(
    problem: Problem, episode: Episode, choose: bool
) -> Iterator[tuple[Decision, NaiveShop]]:
    """Yield the slow twin's real decisions and its shop there; it takes what the policy took."""
    shop, picks = NaiveShop(problem, 1.0, choose), iter(episode.picks.tolist())
    while (decision := shop.decision()) is not None:
        if len(decision.candidates) == 1:
            shop.take(decision.candidates[0])
            continue
        yield decision, shop
        shop.take(decision.candidates[next(picks)])


def naive_pick(shop: NaiveShop, decision: Decision, rule: str) -> Option:
    """Return what a rule takes by its definition: of the families, each on its chosen machine."""
    own = tuple(one for one in decision.candidates if one.machine == decision.machine)
    own_decision = replace(decision, candidates=own)
    keys = np.zeros(0)
    return min(
        own,
        key=lambda one: (priority(shop, own_decision, one, rule, WEIGHTS, keys), one.family),
    )


@pytest.mark.parametrize("choose", [False, True], ids=["families", "machines too"])
@settings(max_examples=40)
@given(problem=problems(own_times=90))
def test_walk_of_any_problem_is_the_schedule_and_the_decisions_of_the_definition(
    choose: bool, problem: Problem
) -> None:
    """Same tasks as `schedule`; time, candidates and every rule's pick as the slow twin's."""
    assume(can_place(problem))
    record = {"config": {"task": {"choose_machines": choose}}}
    policy = PPOScheduler(untrained(1), record)
    episode = walk(policy, problem, WEIGHTS)
    assert episode.schedule.tasks == policy.schedule(problem, WEIGHTS).tasks
    seen = 0
    for index, (expected, shop) in enumerate(naive_decisions(problem, episode, choose)):
        decision, names = episode.decision(index), [each.name for each in problem.machines]
        assert decision.time == expected.time
        assert decision.machine == names[expected.machine]
        assert [
            (one.family_id, one.machine, one.start, one.end, one.work)
            for one in decision.candidates
        ] == [
            (problem.families[one.family].id, names[one.machine], one.est, one.ect, one.work)
            for one in expected.candidates
        ]
        for rule in ALL_RULES:
            best = naive_pick(shop, expected, rule)
            assert expected.candidates[decision.pick_of(rule)] == best, rule
        seen += 1
    assert seen == len(episode)


def test_decision_by_hand_tells_slack_work_and_probability() -> None:
    """Two tasks of 1 h and 3 h, due in 2 h: to spare are 1 h and -1 h, and chances add up to 1."""
    episode = walk(
        untrained_scheduler(), one_machine([HOUR, 3 * HOUR], [2 * HOUR, 2 * HOUR]), WEIGHTS
    )
    (decision,) = [episode.decision(index) for index in range(len(episode))]
    assert [one.slack for one in decision.candidates] == [HOUR, -HOUR]
    assert [one.work_left for one in decision.candidates] == [HOUR, 3 * HOUR]
    assert sum(one.probability for one in decision.candidates) == pytest.approx(1)
    scores = [one.score for one in decision.candidates]
    odds = decision.taken.probability / decision.candidates[decision.runner_up].probability
    assert np.log(odds) == pytest.approx(max(scores) - min(scores), abs=1e-5)
    assert decision.pick_of("spt") == 0
    assert decision.pick_of("lpt") == 1


def test_episode_of_one_task_has_no_decision() -> None:
    """Where only one task could be next nothing is decided, and the schedule is whole."""
    episode = walk(untrained_scheduler(), one_machine([HOUR]), WEIGHTS)
    assert len(episode) == 0
    assert len(episode.schedule) == 1
    assert episode.tasks_decided() == []
    assert episode.find("F0", 1) is None
    assert episode.closest().tolist() == []


def crowd() -> tuple[PPOScheduler, Episode]:
    """Return the episode of a random policy on twelve families."""
    policy = untrained_scheduler(4)
    problem = random_problem(
        np.random.default_rng(3), min_families=12, max_families=12, max_machines=3
    )
    return policy, walk(policy, problem, WEIGHTS)


def test_find_goes_to_the_decision_that_took_a_task() -> None:
    """Every task taken by a choice is found there; tasks never chosen where they last lost."""
    _, episode = crowd()
    for index in range(len(episode)):
        taken = episode.decision(index).taken
        assert episode.find(taken.family_id, taken.sequence) == index
    for family_id, sequence in episode.tasks_decided():
        index = episode.find(family_id, sequence)
        ids = [(one.family_id, one.sequence) for one in episode.decision(index).candidates]
        assert (family_id, sequence) in ids
    assert episode.find("nobody", 1) is None


def test_closest_begins_with_the_smallest_margin() -> None:
    """The difference of the two largest probabilities never falls along the order."""
    _, episode = crowd()
    margins = [
        np.diff(np.sort(episode.probabilities(index))[-2:])[0] for index in episode.closest()
    ]
    assert margins == sorted(margins)
    assert len(margins) == len(episode) > 5


def slow_forced(policy: PPOScheduler, episode: Episode, index: int, position: int) -> Schedule:
    """Return a forced schedule, stepped from the beginning with one decision changed."""
    simulator = policy.simulator(episode.problem, episode.weights)
    seen: list[int] = []

    def prefer(candidates: np.ndarray, context: np.ndarray) -> int:
        seen.append(0)
        if len(seen) == index + 1:
            return position
        return int(policy.scores(candidates, context).argmax())

    step_through(simulator, prefer)
    return simulator.schedule("ppo")


def test_force_equals_the_slow_replay_and_breaks_no_rule() -> None:
    """For every candidate of every decision; forcing what was taken changes nothing."""
    policy, episode = crowd()
    made = measure(episode.problem, episode.schedule, WEIGHTS)
    for index in range(len(episode)):
        decision = episode.decision(index)
        for each in force(policy, episode, index, range(len(decision.candidates))):
            assert each.schedule.tasks == slow_forced(policy, episode, index, each.position).tasks
            figures = measure(episode.problem, each.schedule, WEIGHTS)
            change = each.change
            assert figures.score - made.score == pytest.approx(change.points, abs=1e-6)
            assert figures.late_families - made.late_families == change.late_families
            assert figures.total_tardiness_hours - made.total_tardiness_hours == pytest.approx(
                change.tardiness_hours
            )
            assert figures.makespan_hours - made.makespan_hours == pytest.approx(
                change.makespan_hours
            )
            assert validate(episode.problem, each.schedule) == []
            if each.position == decision.pick:
                assert each.schedule.tasks == episode.schedule.tasks
                assert each.schedule.moved_from(episode.schedule) == frozenset()


def test_costs_of_a_rule_are_those_of_forcing_its_choices_one_by_one() -> None:
    """One walk through the episode gives what `force` gives at each disagreement."""
    policy, episode = crowd()
    costs = costs_of(policy, episode, "edd")
    assert list(costs) == episode.disagreements("edd").tolist() != []
    assert list(costs_of(policy, episode, "edd", threads=3).items()) == list(costs.items())
    for index, change in costs.items():
        at = episode.decision(index).pick_of("edd")
        assert force(policy, episode, index, [at])[0].change == change


def test_costs_of_some_are_those_the_policy_thought_least_of() -> None:
    """Limited to two, the two with the largest lead of the policy's own choice are tried."""
    policy, episode = crowd()

    def lead(index: int) -> float:
        decision = episode.decision(index)
        return decision.taken.score - decision.candidates[decision.pick_of("edd")].score

    leads = sorted(map(lead, episode.disagreements("edd").tolist()))
    some = costs_of(policy, episode, "edd", most=2)
    assert sorted(map(lead, some)) == leads[-2:]
    every = costs_of(policy, episode, "edd")
    assert all(every[index] == change for index, change in some.items())


def test_moved_names_the_tasks_at_another_time_or_machine() -> None:
    """Of two families that change places on a machine, both; a third one stays."""
    problem = one_machine([HOUR, HOUR, HOUR])
    policy = untrained_scheduler()
    made = policy.schedule(problem)
    first, second, third = made.tasks
    swapped = (
        replace(first, start=second.start, end=second.end),
        replace(second, start=first.start, end=first.end),
        third,
    )
    assert replace(made, tasks=swapped).moved_from(made) == {
        (first.family_id, 1), (second.family_id, 1)
    }  # fmt: skip


def test_shapley_values_of_the_glove_game_are_those_of_the_textbook() -> None:
    """One left and two right gloves: a pair is worth 1, so 2/3 for the left and 1/6 for a right."""
    worth = np.array([1.0 if i & 1 and i & 6 else 0.0 for i in range(8)])
    assert shapley_values(worth).tolist() == pytest.approx([2 / 3, 1 / 6, 1 / 6])


def test_reasons_add_up_to_the_difference_of_scores_and_turn_with_the_order() -> None:
    """For every pair of candidates of every decision: no remainder, and swapped all signs turn."""
    policy, episode = crowd()
    for index in range(0, len(episode), 3):
        decision = episode.decision(index)
        one, other = decision.pick, decision.runner_up
        found = reasons(policy, episode, index, one, other)
        difference = decision.candidates[one].score - decision.candidates[other].score
        assert sum(each.value for each in found) == pytest.approx(difference, abs=1e-4)
        back = {each.factor: each.value for each in reasons(policy, episode, index, other, one)}
        assert back == pytest.approx({each.factor: -each.value for each in found}, abs=1e-6)
        sizes = [abs(each.value) for each in found]
        assert sizes == sorted(sizes, reverse=True)


def slow_reasons(policy: PPOScheduler, episode: Episode, index: int) -> dict[str, float]:
    """Return what four factors add, averaged over all orders in which candidate 0 may get them.

    Half is seen from candidate 0, which begins as a copy of candidate 1, half the other way.
    """
    rows, context = episode.features[episode.span(index)], episode.contexts[index]
    total = dict.fromkeys((factor.name for factor in FACTORS[:4]), 0.0)
    for mixed, model, sign in ((0, 1, 0.5), (1, 0, -0.5)):
        for order in permutations(FACTORS[:4]):
            now = rows.copy()
            now[mixed] = rows[model]
            scores = policy.scores(now, context)
            for factor in order:
                before = scores[mixed] - scores[model]
                now[mixed, factor.columns] = rows[mixed, factor.columns]
                scores = policy.scores(now, context)
                gain = scores[mixed] - scores[model] - before
                total[factor.name] += sign * gain / factorial(4)
    return total


def test_reasons_equal_the_average_over_all_orders_of_the_factors() -> None:
    """On two candidates that differ in four factors; the others get no share."""
    policy, episode = crowd()
    index = next(i for i in range(len(episode)) if len(episode.decision(i).candidates) > 2)
    first = int(episode.first[index])
    features = episode.features.copy()
    kept = [column for factor in FACTORS[4:] for column in factor.columns]
    features[first + 1, kept] = features[first, kept]
    wanted = [column for factor in FACTORS[:4] for column in factor.columns]
    features[first, wanted] = features[first + 1, wanted] + 1
    changed = replace(episode, features=features)
    found = reasons(policy, changed, index, 0, 1)
    assert {each.factor.name: each.value for each in found} == pytest.approx(
        slow_reasons(policy, changed, index), abs=1e-4
    )


def test_factors_hold_every_feature_of_a_candidate_once() -> None:
    """A feature without words would move choices unseen."""
    named = [feature for factor in FACTORS for feature in factor.features]
    assert sorted(named) == sorted(CANDIDATE_FEATURES)
