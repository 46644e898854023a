"""Synthetic shops: calibrated, reproducible, and never shared between training and test."""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from scheduler_core.errors import ConfigError
from scheduler_core.generator import (
    SAMPLE_SEED,
    SAMPLE_SIZES,
    SHOPS,
    TEST_SEEDS,
    GeneratorConfig,
    Purpose,
    generate_problem,
    generate_snapshot,
    problem_stream,
    write_samples,
)
from scheduler_core.problem import SECONDS_PER_DAY, SECONDS_PER_HOUR, Problem, Task
from scheduler_core.snapshot import parse_snapshot, read_snapshot, snapshot_bytes

DATA = Path(__file__).parent.parent / "data"


def made(num_families: int, seed: int = 0, **config: Any) -> Problem:
    """Return a problem of the validation stream."""
    return generate_problem(
        num_families, problem_stream("validation", seed), GeneratorConfig(**config)
    )


def tasks_of(problem: Problem) -> list[Task]:
    """Return all tasks."""
    return [task for family in problem.families for task in family.tasks]


def test_write_samples_gives_the_files_that_ship(tmp_path: Path) -> None:
    """Byte for byte: whoever doubts a figure makes the data again from the seed."""
    paths = write_samples(tmp_path)

    assert [path.name for path in paths] == [f"{size}_jobs.json" for size in SAMPLE_SIZES]
    for path in paths:
        assert path.read_bytes() == (DATA / path.name).read_bytes(), path.name


@pytest.mark.parametrize(("size", "num_tasks"), SAMPLE_SIZES.items())
def test_sample_has_the_agreed_size_and_says_it_is_synthetic(size: int, num_tasks: int) -> None:
    """40 families are 127 tasks, 100 are 327, 200 over 650, 500 over 1,600."""
    snapshot = read_snapshot(DATA / f"{size}_jobs.json")

    metadata: Any = snapshot.document["metadata"]
    assert len(snapshot.problem.families) == size
    assert snapshot.problem.num_tasks == num_tasks
    assert len(snapshot.problem.machines) == 145
    assert metadata["synthetic"] is True
    assert metadata["generator"]["seed"] == SAMPLE_SEED


def test_generated_tasks_have_the_calibrated_hours_and_machines() -> None:
    """3.27 tasks a family, 94 % assigned, 0.25 to 120 h in steps of 0.01 h."""
    problem = made(500)
    tasks = tasks_of(problem)
    hours = np.array([task.shortest for task in tasks]) / SECONDS_PER_HOUR

    assert problem.num_tasks == round(500 * 3.27)
    assert sum(len(task.machines) == 1 for task in tasks) / len(tasks) == pytest.approx(
        0.94, abs=0.001
    )
    assert hours.min() >= 0.25
    assert hours.max() <= 120
    assert all(task.shortest % 36 == 0 for task in tasks)


def test_generated_load_is_long_tailed() -> None:
    """The busiest tenth of the machines in use has over three times its even share of tasks."""
    counts = Counter(task.machines[0] for task in tasks_of(made(500)) if len(task.machines) == 1)
    loads = sorted(counts.values(), reverse=True)

    busiest = sum(loads[: len(loads) // 10])

    assert busiest > 0.3 * sum(loads)
    assert len(loads) > 100


def test_generated_dates_have_the_calibrated_mix() -> None:
    """Whole days up to 30, some past, some urgent, some material on its way."""
    families = made(500).families
    days = np.array([family.due for family in families]) / SECONDS_PER_DAY

    assert np.array_equal(days, np.rint(days))
    assert days.max() == 30
    assert 0.02 < np.mean(days < 0) < 0.12
    assert 0.05 < np.mean([family.is_urgent for family in families]) < 0.16
    assert 0.15 < np.mean([family.release > 0 for family in families]) < 0.35


def test_generated_snapshot_file_agrees_with_itself() -> None:
    """Days and dates say the same; material is there, on its way, or not named."""
    snapshot = generate_snapshot(100, 5)
    families: Any = snapshot.document["families"]
    created = datetime(2025, 8, 6, 8)

    for family in families.values():
        due = datetime.fromisoformat(family["lcd_date"])
        assert (due.date() - created.date()).days == family["lcd_days_remaining"]
    arrivals = [family["material_arrival"] for family in families.values()]
    assert None in arrivals
    assert any(arrival and arrival < "2025-08-06" for arrival in arrivals)
    assert any(arrival and arrival > "2025-08-06" for arrival in arrivals)


def test_generate_snapshot_problem_is_that_of_its_stream() -> None:
    """The file holds what `generate_problem` makes of the same stream, to the second."""
    problem = generate_problem(30, problem_stream("test", 4))

    snapshot = generate_snapshot(30, 4, purpose="test")

    assert snapshot.problem == problem
    assert parse_snapshot(snapshot_bytes(snapshot)).problem == problem


def test_generate_problem_other_due_dates_leave_routes_alone() -> None:
    """Each aspect has a stream of its own."""
    near, far = made(20, due_range_days=5), made(20, due_range_days=60)

    assert tasks_of(near) == tasks_of(far)
    assert [family.due for family in near.families] != [family.due for family in far.families]


def test_generate_problem_same_generator_twice_gives_two_problems() -> None:
    """A training loop draws one problem after another from its stream."""
    rng = problem_stream("train", 0)

    assert generate_problem(5, rng) != generate_problem(5, rng)


def test_problem_stream_purposes_never_meet() -> None:
    """With the same seeds, no problem of one purpose is one of another."""
    purposes: tuple[Purpose, ...] = ("sample", "train", "validation", "test")
    seen = {
        repr(generate_problem(3, problem_stream(purpose, seed)).families)
        for purpose in purposes
        for seed in TEST_SEEDS
    }

    assert len(seen) == 4 * len(TEST_SEEDS)


@pytest.mark.parametrize("shop", SHOPS)
def test_generate_problem_every_shop_gives_a_whole_problem(shop: str) -> None:
    """Problem checks itself; here only that the size is right in each."""
    problem = made(40, shop=shop)

    assert problem.num_tasks == round(40 * 3.27)


def test_generate_problem_flat_shop_has_even_load() -> None:
    """The busiest of ten machines has under twice the mean, where Zipf's has over three times."""
    counts = Counter(
        task.machines[0] for task in tasks_of(made(100, shop="flat")) if len(task.machines) == 1
    )

    assert max(counts.values()) < 2 * np.mean(list(counts.values()))


def test_generate_problem_flow_shop_has_one_order_of_machines() -> None:
    """Before and after never change places: the pairs seen have no cycle of two."""
    routes = [
        [task.machines[0] for task in family.tasks]
        for family in made(60, shop="flow", any_machine_fraction=0).families
    ]

    pairs = {(a, b) for route in routes for a, b in pairwise(route) if a != b}

    assert pairs
    assert not any((b, a) in pairs for a, b in pairs)


def test_generate_problem_reentrant_shop_returns_at_every_second_task() -> None:
    """Tasks one, three, five are on one machine."""
    for family in made(60, shop="reentrant", any_machine_fraction=0).families:
        assert len({task.machines[0] for task in family.tasks[::2]}) == 1


def test_generate_problem_options_give_flexible_and_weighted_families() -> None:
    """What training may vary: several capable machines with own times, and weights."""
    problem = made(50, flexible_fraction=1, any_machine_fraction=0, weighted_fraction=1)

    assert all(2 <= len(task.machines) <= 4 for task in tasks_of(problem))
    assert any(len(set(task.durations)) > 1 for task in tasks_of(problem))
    assert {family.weight for family in problem.families} == {0.5, 2.0, 5.0}


def test_generate_problem_one_machine_still_works() -> None:
    """The smallest shop: nothing else to choose from."""
    problem = made(3, num_machines=1, flexible_fraction=1)

    assert {task.machines for task in tasks_of(problem)} == {(problem.machines[0].name,)}


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ({"shop": "open"}, "shop: must be one of long_tailed, flat, flow, reentrant, got 'open'"),
        ({"num_machines": 0}, "num_machines: must be from 1 to 10000, got 0"),
        ({"num_machines": 1.5}, "num_machines: must be a whole number, got 1.5"),
        ({"late_fraction": 1.2}, "late_fraction: must be from 0 to 1, got 1.2"),
        ({"late_fraction": float("nan")}, "late_fraction: must be from 0 to 1, got nan"),
        ({"urgent_fraction": "0.1"}, "urgent_fraction: must be a number, got '0.1'"),
        ({"min_hours": 5.0, "max_hours": 1.0}, r"max_hours: must be >= min_hours \(5.0\), got 1.0"),
        ({"due_range_days": True}, "due_range_days: must be a whole number, got True"),
    ],
)
def test_generator_config_out_of_range_is_refused(config: dict[str, Any], message: str) -> None:
    """Name, rule and value found."""
    with pytest.raises(ConfigError, match=message):
        GeneratorConfig(**config)


def test_generate_problem_impossible_sizes_are_refused() -> None:
    """A family has at least one task, and there is at least one family."""
    with pytest.raises(ConfigError, match=r"at least one a family \(10\), got 9"):
        made(10, num_tasks=9)
    with pytest.raises(ConfigError, match="num_families: must be from 1 to 20000, got 0"):
        made(0)


def test_problem_stream_bad_arguments_are_refused() -> None:
    """Purpose and seed are checked by name."""
    with pytest.raises(ConfigError, match="purpose: must be one of sample, train"):
        problem_stream("exam", 1)  # type: ignore[arg-type]
    # A seed of five words would meet the stream of another purpose: 3 is the key of "test".
    for seed in (-1, 3 << 128):
        with pytest.raises(ConfigError, match=f"seed: must be >= 0 and below 2.*63, got {seed}"):
            problem_stream("train", seed)
