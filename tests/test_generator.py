"""Synthetic shops: calibrated, reproducible, and never shared between training and test."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scheduler_core.errors import ConfigError
from scheduler_core.generator import (
    CREATED_AT,
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
from scheduler_core.objective import RewardWeights
from scheduler_core.problem import SECONDS_PER_DAY, SECONDS_PER_HOUR, Problem, Task, TaskStatus
from scheduler_core.rules import RULES, dispatch
from scheduler_core.snapshot import (
    parse_snapshot,
    read_snapshot,
    snapshot_bytes,
    snapshot_from_problem,
)
from scheduler_core.validation import validate
from scheduler_core.working_time import working_time
from tests.builders import untrained_scheduler

DATA = Path(__file__).parent.parent / "data"
SCHEDULER = untrained_scheduler()
EVERYTHING: dict[str, Any] = {
    "shift_fraction": 0.7,
    "num_holidays": 1,
    "downtime_fraction": 0.3,
    "running_fraction": 0.3,
    "locked_fraction": 0.1,
}
"""What machines and tasks may have beside times and routes, all of it."""


def made(num_families: int, seed: int = 0, **config: Any) -> Problem:
    """Return a problem of the validation stream."""
    return generate_problem(
        num_families, problem_stream("validation", seed), GeneratorConfig(**config)
    )


def tasks_of(problem: Problem) -> list[Task]:
    """Return all tasks."""
    return [task for family in problem.families for task in family.tasks]


def is_planned(task: Task) -> bool:
    """Return whether a planner has locked the task; one that runs is not meant."""
    return task.lock is not None and task.status is TaskStatus.PENDING


def task_without_lock(task: Task) -> Task:
    """Return the task as it was before it ran or was locked."""
    return replace(task, status=TaskStatus.PENDING, lock=None)


def test_write_samples_gives_the_files_that_ship(tmp_path: Path) -> None:
    """Byte for byte: whoever doubts a figure makes the data again from the seed."""
    paths = write_samples(tmp_path)

    assert [path.stem for path in paths] == [
        *(f"{size}_jobs" for size in SAMPLE_SIZES),
        "60_shifts",
    ]
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


def test_sample_in_shifts_has_some_of_everything() -> None:
    """Of 40 machines 28 work in shifts and 6 are down at times; 12 families run, some wait."""
    problem = read_snapshot(DATA / "60_shifts.json").problem
    tasks = tasks_of(problem)

    assert (len(problem.families), problem.num_tasks, len(problem.machines)) == (60, 196, 40)
    assert sum(machine.calendar is not None for machine in problem.machines) == 28
    assert sum(bool(machine.downtime) for machine in problem.machines) == 6
    assert sum(task.status is TaskStatus.IN_PROGRESS for task in tasks) == 12
    assert sum(is_planned(task) for task in tasks) == 10
    assert 0.15 < sum(1 < len(task.machines) < 40 for task in tasks) / 196 < 0.25


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


def test_generate_problem_with_shifts_leaves_the_rest_as_it_was() -> None:
    """Hours of machines and locks come from streams of their own; who runs has its material."""
    plain, whole = made(40), made(40, **EVERYTHING)

    assert [task_without_lock(task) for task in tasks_of(whole)] == tasks_of(plain)
    for before, after in zip(plain.families, whole.families, strict=True):
        release = 0 if after.tasks[0].status is TaskStatus.IN_PROGRESS else before.release
        assert replace(after, tasks=before.tasks) == replace(before, release=release)


def test_generate_problem_gives_a_share_of_machines_a_usual_week() -> None:
    """70 of 100 machines have one of four calendars; a larger share leaves these as they are."""
    some = made(10, num_machines=100, shift_fraction=0.7).machines
    all_ = made(10, num_machines=100, shift_fraction=1).machines
    calendars = {machine.calendar.name: machine.calendar for machine in all_ if machine.calendar}

    assert sum(machine.calendar is not None for machine in some) == 70
    assert all(a.calendar in (None, b.calendar) for a, b in zip(some, all_, strict=True))
    hours = {
        name: working_time(calendar).week_work / SECONDS_PER_HOUR
        for name, calendar in calendars.items()
    }
    assert hours == {
        "day shift": 40,
        "two shifts": 80,
        "two shifts and Saturday morning": 88,
        "three shifts": 120,
    }


def test_generate_problem_shifts_begin_by_the_clock_of_time_zero() -> None:
    """Time zero is Wednesday 08:00: the day shift is on, and is over at 14:00."""
    machines = made(10, num_machines=100, shift_fraction=1).machines
    day = next(m for m in machines if m.calendar and m.calendar.name == "day shift").working_time

    assert day.next_working(0) == 0
    assert day.work_between(0, SECONDS_PER_DAY) == 8 * SECONDS_PER_HOUR
    assert day.next_working(6 * SECONDS_PER_HOUR) == 22 * SECONDS_PER_HOUR


def test_generate_problem_holidays_are_weekdays_of_the_due_range() -> None:
    """Two holidays: no shift begins on them, on any machine."""
    problem = made(10, shift_fraction=1, num_holidays=2, due_range_days=9)
    (days,) = {machine.calendar.special_days for machine in problem.machines if machine.calendar}
    dates = [CREATED_AT + timedelta(seconds=day.midnight) for day in days]

    assert len(set(dates)) == 2
    assert all(day.shifts == () for day in days)
    assert all(date.weekday() < 5 and 0 < (date - CREATED_AT).days < 9 for date in dates)


def test_generate_problem_downtime_is_hours_to_days_within_the_due_range() -> None:
    """A tenth of the machines, once or twice each, for 2 to 72 hours, with a reason."""
    machines = made(10, num_machines=200, downtime_fraction=0.1).machines
    down = [machine.downtime for machine in machines if machine.downtime]
    stretches = [each for downtime in down for each in downtime]

    assert len(down) == 20
    assert {len(downtime) for downtime in down} == {1, 2}
    assert all(0 < each.start < each.end <= 30 * SECONDS_PER_DAY for each in stretches)
    hours = [(each.end - each.start) / SECONDS_PER_HOUR for each in stretches]
    assert min(hours) >= 2
    assert max(hours) <= 72
    assert all(each.reason for each in stretches)


def test_generate_problem_running_tasks_run_at_time_zero_on_machines_of_their_own() -> None:
    """A fifth of the families; those are the first tasks, and none would be over by now."""
    problem = made(100, shift_fraction=0.5, running_fraction=0.2)
    running = [task for task in tasks_of(problem) if task.status is TaskStatus.IN_PROGRESS]
    ends = problem.lock_ends().values()

    assert len(running) == len(ends) == 20
    assert len({task.lock.machine for task in running if task.lock}) == 20
    assert all(task.lock and task.lock.start <= 0 for task in running)
    assert min(ends) > 0


def test_generate_problem_wants_more_running_tasks_than_machines_and_fills_these() -> None:
    """Twenty families on three machines: three tasks run."""
    problem = made(20, num_machines=3, running_fraction=1, any_machine_fraction=1)

    assert sum(task.status is TaskStatus.IN_PROGRESS for task in tasks_of(problem)) == 3


def test_generate_problem_locked_tasks_are_next_in_their_families() -> None:
    """A tenth of all tasks; none starts before its material is there."""
    options = {"shift_fraction": 0.5, "running_fraction": 0.2, "locked_fraction": 0.1}
    problem = made(100, due_range_days=60, **options)
    planned = [task for task in tasks_of(problem) if is_planned(task)]

    assert len(planned) == round(0.1 * problem.num_tasks)
    for family in problem.families:
        locks = [task.lock for task in family.tasks[: family.num_locked]]
        assert all(lock and lock.start >= family.release for lock in locks if lock.start > 0)


def test_generate_problem_with_every_task_locked_locks_what_fits_the_due_range() -> None:
    """A planner does not plan beyond the horizon, and so leaves some tasks to the scheduler."""
    problem = made(30, locked_fraction=1, due_range_days=5)
    starts = [task.lock.start for task in tasks_of(problem) if task.lock]

    assert 20 < len(starts) < problem.num_tasks
    assert max(starts) <= 5 * SECONDS_PER_DAY


@st.composite
def generated(draw: Any) -> Problem:
    """Return problems of small shops of every kind, at any hour of the week."""
    shares = st.sampled_from([0.0, 0.3, 1.0])
    config = GeneratorConfig(
        shop=draw(st.sampled_from(SHOPS)),
        num_machines=draw(st.integers(1, 8)),
        due_range_days=draw(st.integers(1, 20)),
        num_holidays=draw(st.integers(0, 3)),
        any_machine_fraction=draw(shares),
        flexible_fraction=draw(shares),
        **{name: draw(shares) for name in EVERYTHING if name.endswith("_fraction")},
    )
    hour = draw(st.integers(0, 7 * 24 - 1))
    created_at = CREATED_AT + timedelta(hours=hour)
    rng = problem_stream("validation", draw(st.integers(0, 2**32)))
    return generate_problem(draw(st.integers(1, 8)), rng, config, created_at)


@settings(max_examples=100)
@given(generated())
def test_generated_problem_survives_its_file_and_every_method(problem: Problem) -> None:
    """It is a valid problem, is read back as it was, and every schedule of it is valid."""
    assert snapshot_from_problem(problem).problem == problem
    for rule in RULES:
        assert validate(problem, dispatch(problem, rule)) == []
    assert validate(problem, SCHEDULER.schedule(problem, RewardWeights())) == []


def test_generate_problem_one_machine_still_works() -> None:
    """The smallest shop: nothing else to choose from."""
    problem = made(3, num_machines=1, flexible_fraction=1)

    assert {task.machines for task in tasks_of(problem)} == {(problem.machines[0].name,)}


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ({"shop": "open"}, "shop: must be one of long_tailed, flat, flow, reentrant, got 'open'"),
        ({"num_machines": 0}, "num_machines: must be from 1 to 20000, got 0"),
        ({"num_machines": 1.5}, "num_machines: must be a whole number, got 1.5"),
        ({"late_fraction": 1.2}, "late_fraction: must be from 0 to 1, got 1.2"),
        ({"late_fraction": float("nan")}, "late_fraction: must be from 0 to 1, got nan"),
        ({"urgent_fraction": "0.1"}, "urgent_fraction: must be a number, got '0.1'"),
        ({"min_hours": 5.0, "max_hours": 1.0}, r"max_hours: must be >= min_hours \(5.0\), got 1.0"),
        ({"shift_fraction": -0.1}, "shift_fraction: must be from 0 to 1, got -0.1"),
        ({"num_holidays": 31}, "num_holidays: must be from 0 to 30, got 31"),
        ({"num_tasks": 250_001}, "num_tasks: must be from 1 to 250000, got 250001"),
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
    with pytest.raises(ConfigError, match="num_families: must be from 1 to 60000, got 0"):
        made(0)


def test_problem_stream_bad_arguments_are_refused() -> None:
    """Purpose and seed are checked by name."""
    with pytest.raises(ConfigError, match="purpose: must be one of sample, train"):
        problem_stream("exam", 1)  # type: ignore[arg-type]
    # A seed of five words would meet the stream of another purpose: 3 is the key of "test".
    for seed in (-1, 3 << 128):
        with pytest.raises(ConfigError, match=f"seed: must be >= 0 and below 2.*63, got {seed}"):
            problem_stream("train", seed)
