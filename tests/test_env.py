"""The environment keeps its docstring: masks, rewards, ends, and what it shows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from itertools import islice
from typing import Any

import gymnasium
import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env
from hypothesis import assume, given
from hypothesis import strategies as st

from scheduler_core.env import Observation, SchedulingEnv
from scheduler_core.errors import ConfigError, ProblemError
from scheduler_core.objective import RewardWeights, score
from scheduler_core.problem import Family, Lock, Machine, Problem, Task
from scheduler_core.snapshot import parse_snapshot
from scheduler_core.validation import validate
from tests.builders import DAY, HOUR, can_place, one_machine, random_walk, scaled
from tests.properties.strategies import problems, random_problem
from tests.snapshots.documents import dumped

seeds = st.integers(0, 2**32 - 1)
weight_settings = st.builds(
    RewardWeights,
    on_time_reward=st.floats(0, 200),
    early_bonus_per_day=st.floats(0, 100),
    late_penalty_per_day=st.floats(-100, 0),
    urgent_multiplier=st.floats(0.1, 5),
    makespan_penalty_per_day=st.floats(-2000, 0),
)


@pytest.fixture
def two() -> Problem:
    """Return two one-hour families for one machine: a first choice, then the last task."""
    return one_machine([HOUR, HOUR])


def same(one: Observation, other: Observation) -> bool:
    """Return whether two observations are equal to the bit."""
    return all(np.array_equal(one[key], other[key]) for key in one)  # type: ignore[literal-required]


def episode(env: SchedulingEnv, rng: np.random.Generator, illegal_percent: int = 0) -> list[Any]:
    """Run a random episode and return its rewards, the number of illegal actions and the info."""
    env.reset()
    rewards, illegal, info = [], 0, {}
    for action in random_walk(env, rng):
        refused = np.flatnonzero(~env.action_masks())
        while refused.size and rng.integers(100) < illegal_percent:
            illegal += 1
            rewards.append(env.step(rng.choice(refused))[1])
        _, reward, _, _, info = env.step(action)
        rewards.append(reward)
    return [rewards, illegal, info]


def num_to_place(problem: Problem) -> int:
    """Return how many tasks are not locked."""
    return sum(len(family.tasks) - family.num_locked for family in problem.families)


@pytest.mark.parametrize("seed", range(3))
def test_made_by_its_id_the_environment_passes_the_checker(seed: int) -> None:
    """Gymnasium's own checker finds nothing to say, not even a warning."""
    problem = random_problem(np.random.default_rng(seed), min_families=3)
    env = gymnasium.make("scheduler_core/Scheduling-v1", snapshot_or_problem=problem)
    check_env(env.unwrapped)
    assert isinstance(env.unwrapped, SchedulingEnv)


def test_env_takes_a_snapshot_and_numbers_all_of_its_tasks() -> None:
    """The good document has three tasks, so three actions."""
    snapshot = parse_snapshot(dumped())
    env = SchedulingEnv(snapshot)
    assert env.action_space == gymnasium.spaces.Discrete(3)
    assert env.problem is snapshot.problem


def test_env_with_nothing_to_place_is_refused() -> None:
    """Neither an empty shop nor one where every task is locked holds a decision."""
    locked = Task(1, "turn", ("M",), (HOUR,), lock=Lock("M", 0))
    for families in ((), (Family("F", (locked,), due=0),)):
        with pytest.raises(ProblemError, match="at least one task that is not locked"):
            SchedulingEnv(Problem(families, (Machine("M"),)))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"max_steps": 0}, "max_steps: must be >= 1, got 0"),
        ({"delta": 1.5}, "delta: must be between 0 and 1, got 1.5"),
    ],
)
def test_env_option_out_of_range_is_refused(
    two: Problem, arguments: dict[str, Any], message: str
) -> None:
    """An episode of no steps could never be told from one without a limit."""
    with pytest.raises(ConfigError, match=message):
        SchedulingEnv(two, **arguments)


@given(problem=problems(), seed=seeds, delta=st.sampled_from([0.0, 0.5, 1.0]))
def test_mask_is_the_same_in_all_three_places_and_shows_rows_of_legal_tasks_only(
    problem: Problem, seed: int, delta: float
) -> None:
    """Observation, info and method agree at every step; other rows are 0."""
    assume(can_place(problem))
    env = SchedulingEnv(problem, delta=delta)
    observation, info = env.reset()
    for action in random_walk(env, np.random.default_rng(seed)):
        mask = env.action_masks()
        assert mask.dtype == np.bool_
        assert np.array_equal(observation["action_mask"], mask)
        assert np.array_equal(info["action_mask"], mask)
        assert not observation["candidates"][~mask].any()
        assert env.observation_space.contains(observation)
        observation, _, _, _, info = env.step(action)
    assert not info["action_mask"].any()
    assert not observation["context"].any()


@given(problem=problems(), seed=seeds)
def test_mask_is_true_exactly_where_a_step_is_accepted(problem: Problem, seed: int) -> None:
    """A legal action places its task; each illegal one costs its penalty and changes nothing."""
    assume(can_place(problem))
    env = SchedulingEnv(problem)
    observation, _ = env.reset()
    names = [(family.id, task.sequence) for family in problem.families for task in family.tasks]
    for action in random_walk(env, np.random.default_rng(seed)):
        before = env.schedule()
        for refused in np.flatnonzero(~env.action_masks()):
            after, reward, terminated, truncated, _ = env.step(refused)
            assert reward == env.weights.sequence_violation
            assert not terminated
            assert not truncated
            assert same(after, observation)
            assert env.schedule() == before
        placed = {(task.family_id, task.sequence) for task in before}
        observation = env.step(action)[0]
        assert names[action] not in placed
        assert names[action] in {(task.family_id, task.sequence) for task in env.schedule()}


@given(problem=problems(), seed=seeds, weights=weight_settings)
def test_rewards_of_any_episode_sum_to_the_score(
    problem: Problem, seed: int, weights: RewardWeights
) -> None:
    """Sum = score + bonus x tasks placed + penalty x illegal actions, and the schedule is valid."""
    assume(can_place(problem))
    rewards, illegal, info = episode(
        SchedulingEnv(problem, weights=weights), np.random.default_rng(seed), illegal_percent=20
    )
    reached = score(problem, info["schedule"], weights)
    agent = weights.action_taken_bonus * num_to_place(problem)
    agent += weights.sequence_violation * illegal
    assert validate(problem, info["schedule"]) == []
    assert info["score"] == pytest.approx(reached, rel=1e-9, abs=1e-9)
    largest = max(abs(reached), *(abs(reward) for reward in rewards))
    assert sum(rewards) == pytest.approx(reached + agent, abs=1e-9 * max(1.0, largest))


@pytest.mark.parametrize("seed", range(20))
def test_rewards_without_rounding_sum_to_the_score_exactly(seed: int) -> None:
    """With times of 1/128 day and dyadic points every sum is exact, so nothing is "almost"."""
    rng = np.random.default_rng(seed)
    problem = random_problem(rng, min_families=2, calendars=False)
    families = [replace(f, weight=2.0 ** round(np.log2(f.weight))) for f in problem.families]
    problem = scaled(replace(problem, families=tuple(families)), DAY // 128)
    weights = RewardWeights(
        on_time_reward=64,
        early_bonus_per_day=DAY / 2,
        late_penalty_per_day=-DAY / 4,
        urgent_multiplier=2,
        makespan_penalty_per_day=-DAY,
        sequence_violation=-32,
        action_taken_bonus=16,
    )
    rewards, illegal, info = episode(SchedulingEnv(problem, weights=weights), rng, 30)
    reached = score(problem, info["schedule"], weights)
    assert info["score"] == reached
    assert sum(rewards) == reached + 16 * num_to_place(problem) - 32 * illegal


def test_reward_of_two_families_equals_hand_arithmetic(two: Problem) -> None:
    """Due at 0, one hour late costs 30/24, two hours 60/24; each task brings 15."""
    env = SchedulingEnv(two)
    env.reset()
    first = env.step(1)
    second = env.step(0)
    assert first[1] == pytest.approx(15 - 30 / 24)
    assert second[1] == pytest.approx(15 - 60 / 24)
    assert [task.family_id for task in second[4]["schedule"]] == ["F1", "F0"]


def test_forced_placements_are_paid_with_the_step_before_them() -> None:
    """F0 needs A then B, F1 only A: once A is decided, both later tasks have no rival."""
    tasks = (Task(1, "cut", ("A",), (HOUR,)), Task(2, "pack", ("B",), (HOUR,)))
    families = (Family("F0", tasks, due=0), Family("F1", tasks[:1], due=0))
    env = SchedulingEnv(Problem(families, (Machine("A"), Machine("B"))))
    env.reset()
    # F0 on A until 1 h; then F1 on A and F0 on B until 2 h: one of them is placed unasked.
    _, reward, terminated, _, info = env.step(0)
    assert not terminated
    assert reward == pytest.approx(2 * 15 - 60 / 24)
    assert info["action_mask"].sum() == 1


def test_truncation_at_the_limit_is_not_termination(two: Problem) -> None:
    """One step of two: tasks remain, so the episode is cut off, with what there is as schedule."""
    env = SchedulingEnv(two, max_steps=1)
    env.reset()
    _, _, terminated, truncated, info = env.step(0)
    assert (terminated, truncated) == (False, True)
    assert len(info["schedule"]) == 1


def test_termination_on_the_last_allowed_step_is_not_truncation(two: Problem) -> None:
    """Two steps of two: everything is placed, and nothing was cut off."""
    env = SchedulingEnv(two, max_steps=2)
    env.reset()
    assert env.step(0)[2:4] == (False, False)
    assert env.step(1)[2:4] == (True, False)


def test_illegal_steps_count_towards_the_limit() -> None:
    """An agent that only errs is cut off too, with nothing placed."""
    family = Family("F", tuple(Task(i, "turn", ("M",), (HOUR,)) for i in (1, 2)), due=0)
    other = Family("G", family.tasks[:1], due=0)
    env = SchedulingEnv(Problem((family, other), (Machine("M"),)), max_steps=2)
    env.reset()
    assert env.step(1)[2:4] == (False, False)  # the second task of F must wait for its first
    _, _, terminated, truncated, info = env.step(1)
    assert (terminated, truncated) == (False, True)
    assert len(info["schedule"]) == 0


def finish(env: SchedulingEnv) -> None:
    """Place everything."""
    for action in random_walk(env, np.random.default_rng(0)):
        env.step(action)


def cut_off(env: SchedulingEnv) -> None:
    """Use up a limit of one step."""
    env.step(0)


@pytest.mark.parametrize(("max_steps", "end"), [(None, finish), (1, cut_off)])
def test_step_after_the_end_asks_for_a_reset(
    two: Problem, max_steps: int | None, end: Callable[[SchedulingEnv], None]
) -> None:
    """Terminated or truncated: nothing goes on behind the end."""
    env = SchedulingEnv(two, max_steps=max_steps)
    env.reset()
    end(env)
    with pytest.raises(gymnasium.error.ResetNeeded, match=r"call reset\(\)"):
        env.step(0)


@given(problem=problems(), seed=seeds, steps=st.integers(0, 5))
def test_reset_after_any_number_of_steps_is_clean(problem: Problem, seed: int, steps: int) -> None:
    """An episode after a reset is that of a new environment; a second reset changes nothing."""
    assume(can_place(problem))
    used, new = SchedulingEnv(problem), SchedulingEnv(problem)
    used.reset()
    for action in islice(random_walk(used, np.random.default_rng(seed)), steps):
        used.step(action)
    used.reset()
    assert same(used.reset()[0], new.reset()[0])
    for action in random_walk(new, np.random.default_rng(seed + 1)):
        one, other = used.step(action), new.step(action)
        assert same(one[0], other[0])
        assert one[1:4] == other[1:4]
    assert used.schedule() == new.schedule()


def test_env_numbers_locked_tasks_but_never_offers_them() -> None:
    """The first of three tasks is locked; actions 1 and 2 are the others."""
    locked = Task(1, "turn", ("M",), (HOUR,), lock=Lock("M", 0))
    after = Task(2, "turn", ("M",), (HOUR,))
    families = (Family("F", (locked, after), due=0), Family("G", (after,), due=0))
    env = SchedulingEnv(Problem(families, (Machine("M"),)))
    _, info = env.reset()
    assert info["action_mask"].tolist() == [False, True, True]
    finish(env)
    assert validate(env.problem, env.schedule()) == []


@pytest.mark.parametrize("weight", [1e-6, 1.0, 1e6])
@pytest.mark.parametrize("due", [-3650 * DAY, 0, 3650 * DAY])
@pytest.mark.parametrize("duration", [1, 100_000 * HOUR])
def test_features_of_extreme_problems_lie_in_the_observation_space(
    weight: float, due: int, duration: int
) -> None:
    """Ten years late, 100,000 hours, a millionfold weight beside a plain family of one second."""
    problem = one_machine([1, duration, 36], [0, due, HOUR], [1.0, weight, 1.0])
    env = SchedulingEnv(problem)
    observation, _ = env.reset()
    for action in random_walk(env, np.random.default_rng(0)):
        assert env.observation_space.contains(observation)
        observation, reward, _, _, _ = env.step(action)
        assert np.isfinite(reward)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"snapshot_or_problem": "shop.json"}, "must be Problem, got 'shop.json'; read_snapshot"),
        ({"weights": {"on_time_reward": 1}}, r"weights: must be .*RewardWeights.* got \{"),
        ({"max_steps": "many"}, "max_steps: must be .*int.* got 'many'; None is no limit"),
    ],
)
def test_env_given_another_kind_of_thing_says_what_it_takes(
    arguments: dict[str, Any], message: str
) -> None:
    """A path, a mapping of weights: what a newcomer hands over first."""
    with pytest.raises(ConfigError, match=message):
        SchedulingEnv(**{"snapshot_or_problem": one_machine([1]), **arguments})
