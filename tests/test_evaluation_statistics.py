"""How ratios of many snapshots become one figure with an interval."""

from __future__ import annotations

import numpy as np
import pytest

from scheduler_core.evaluation import compare_costs, interquartile_mean


@pytest.mark.parametrize(
    ("values", "mean"),
    [
        ([5.0], 5.0),
        ([1.0, 2.0, 6.0], 3.0),  # a quarter of three, rounded down, is nobody
        ([100.0, 1.0, 2.0, 3.0], 2.5),  # without 1 and 100
        ([8.0, 1.0, 7.0, 2.0, 6.0, 3.0, 5.0, 4.0], 4.5),  # of 3, 4, 5, 6
        ([1.0, 2.0, 3.0, 4.0, np.inf], 3.0),  # of 2, 3, 4
    ],
)
def test_interquartile_mean_leaves_out_a_quarter_at_each_end(
    values: list[float], mean: float
) -> None:
    """Rounded down, in any order; infinite ratios too."""
    assert interquartile_mean(np.array(values)) == mean


def test_interquartile_mean_goes_along_the_last_axis() -> None:
    """Each bootstrap draw is a row."""
    table = np.array([[0.0, 1.0, 3.0, 9.0], [4.0, 4.0, 4.0, 4.0]])
    assert interquartile_mean(table).tolist() == [2.0, 4.0]


def test_interquartile_ratio_is_not_moved_by_one_lost_snapshot() -> None:
    """Seven ratios of 1/2 and one of 100: the mean says a loss, the interquartile mean does not."""
    found = compare_costs(
        "edd", np.array([0.5] * 7 + [100.0]), np.ones(8), 1, np.random.default_rng(0)
    )
    assert found.mean_ratio == pytest.approx((7 * 0.5 + 100) / 8)
    assert (found.iqm_ratio, found.ratio("iqm")) == (0.5, 0.5)
    assert found.interval_of("mean") == found.interval
    assert found.iqm_interval[0] == 0.5
    assert (found.wins, found.losses) == (7, 1)


def test_intervals_of_equal_ratios_are_points() -> None:
    """Whatever is drawn, it is the same."""
    found = compare_costs("edd", np.full(9, 3.0), np.full(9, 4.0), 1, np.random.default_rng(0))
    assert (found.interval, found.iqm_interval) == ((0.75, 0.75), (0.75, 0.75))


def test_intervals_lie_within_the_ratios_and_hold_the_estimate() -> None:
    """For both means; and another seed moves them by little."""
    rng = np.random.default_rng(1)
    own, rival = rng.uniform(1, 2, 60), rng.uniform(1, 2, 60)
    one, other = (compare_costs("edd", own, rival, 1, np.random.default_rng(s)) for s in (0, 1))
    for aggregate in ("mean", "iqm"):
        low, high = one.interval_of(aggregate)
        assert (own / rival).min() <= low < one.ratio(aggregate) < high <= (own / rival).max()
        assert other.interval_of(aggregate) == pytest.approx((low, high), abs=0.02)


def test_interval_narrows_with_the_root_of_the_number_of_snapshots() -> None:
    """16 times as many snapshots of the same kinds: a quarter of the width."""
    few, many = np.array([0.5, 1.0] * 8), np.array([0.5, 1.0] * 128)
    widths = []
    for own in (few, many):
        found = compare_costs("edd", own, np.ones(len(own)), 1, np.random.default_rng(0))
        widths.append(found.interval[1] - found.interval[0])
    assert widths[0] / widths[1] == pytest.approx(4, rel=0.1)


def test_schedules_of_one_snapshot_are_no_further_evidence() -> None:
    """Each snapshot's four schedules are drawn together: as wide as with their means alone."""
    means = [0.4, 0.6, 0.8, 1.0]
    spread = [mean + shift for mean in means for shift in (-0.1, 0.1, -0.1, 0.1)]
    four = compare_costs("edd", np.array(spread), np.ones(16), 4, np.random.default_rng(0))
    alone = compare_costs("edd", np.array(means), np.ones(4), 1, np.random.default_rng(0))
    assert four.interval == pytest.approx(alone.interval)
    assert four.mean_ratio == pytest.approx(alone.mean_ratio)
