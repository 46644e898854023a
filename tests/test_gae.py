"""Generalized advantage estimates against hand arithmetic and a naive twin."""

from __future__ import annotations

import numpy as np
import pytest

from scheduler_core.training.ppo import compute_gae


def column(*values: float) -> np.ndarray:
    """Return one environment's values, (steps, 1)."""
    return np.array(values, np.float32)[:, None]


def gae(
    rewards: np.ndarray, values: np.ndarray, gamma: float, gae_lambda: float
) -> tuple[list[float], list[float]]:
    """Return advantages and returns of one environment that lives to the end."""
    pair = compute_gae(rewards, values, np.ones(rewards.shape, np.bool_), gamma, gae_lambda)
    return pair[0][:, 0].tolist(), pair[1][:, 0].tolist()


def test_gae_of_constant_values_equals_hand_arithmetic() -> None:
    """Rewards 1, values 2, gamma 1/2, lambda 1/2: deltas 0, 0, -1, each weighed by 1/4."""
    advantages, returns = gae(column(1, 1, 1), column(2, 2, 2), 0.5, 0.5)
    assert advantages == [-1 / 16, -1 / 4, -1]
    assert returns == [2 - 1 / 16, 2 - 1 / 4, 1]


def test_gae_with_lambda_one_is_the_rewards_to_come_less_the_value() -> None:
    """Without discount: 1 + 2 + 4, 2 + 4, 4."""
    advantages, returns = gae(column(1, 2, 4), column(3, 5, 7), 1.0, 1.0)
    assert returns == [7, 6, 4]
    assert advantages == [4, 1, -3]


def test_gae_with_lambda_zero_is_the_error_of_one_step() -> None:
    """1 + 5 - 3, 2 + 7 - 5, 4 + 0 - 7."""
    assert gae(column(1, 2, 4), column(3, 5, 7), 1.0, 0.0)[0] == [3, 4, -3]


def test_gae_of_a_right_value_function_is_zero() -> None:
    """A reward of 1 for ever is worth 1 / (1 - gamma); at the end of a long episode, near that."""
    values = [(1 - 0.5**k) / (1 - 0.5) for k in range(20, 0, -1)]
    advantages, returns = gae(column(*[1] * 20), column(*values), 0.5, 0.9)
    assert advantages == pytest.approx([0] * 20, abs=1e-6)
    assert returns[0] == pytest.approx(2, abs=1e-5)


def naive_gae(
    rewards: np.ndarray, values: np.ndarray, length: int, gamma: float, gae_lambda: float
) -> list[float]:
    """Return advantages of one episode by the sum of equation 16, without recursion."""
    padded = [*values[:length], 0.0]
    deltas = [rewards[t] + gamma * padded[t + 1] - padded[t] for t in range(length)]
    return [
        sum((gamma * gae_lambda) ** k * deltas[t + k] for k in range(length - t))
        for t in range(length)
    ]


def test_gae_of_episodes_of_any_length_equals_the_naive_sum() -> None:
    """What lies behind an episode's end, such as garbage in the arrays, has no part in it."""
    rng = np.random.default_rng(0)
    lengths = np.array([1, 2, 5, 9, 12])
    rewards, values = rng.normal(size=(2, 12, 5)).astype(np.float32)
    alive = np.arange(12)[:, None] < lengths
    advantages, returns = compute_gae(rewards, values, alive, 0.9, 0.8)
    for e, length in enumerate(lengths):
        expected = naive_gae(rewards[:, e], values[:, e], length, 0.9, 0.8)
        assert advantages[:length, e].tolist() == pytest.approx(expected, abs=1e-5)
    assert not advantages[~alive].any()
    assert not returns[~alive].any()
    assert returns[alive] == pytest.approx((advantages + values)[alive])
