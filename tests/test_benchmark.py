"""What measures speed runs, counts what it says, and fits what it should."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from scheduler_core import benchmark
from scheduler_core.benchmark import CONSTRAINTS, Growth, fresh_problems
from scheduler_core.cli import main
from scheduler_core.problem import TaskStatus
from scheduler_core.rules import ALL_RULES, RULES, dispatch
from scheduler_core.validation import validate

FT06 = Path(__file__).parents[1] / "data" / "instances" / "ft06.jsp"


@pytest.fixture(autouse=True)
def _once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Measure once: figures do not matter here."""
    monkeypatch.setattr(benchmark, "REPEATS", 1)


@pytest.mark.parametrize("power", [1.0, 1.15, 2.0])
def test_exponent_of_a_power_law_is_its_power(power: float) -> None:
    """A time of size ** power is a rate of size ** (1 - power); sizes below 500 do not count."""
    rates = {size: 1e9 * size ** (1 - power) for size in (500, 1000, 20_000, 50_000)}
    assert Growth("flat", "edd", {40: 1.0, **rates}).exponent == pytest.approx(power)


def test_rule_rates_name_every_rule() -> None:
    """Each with operations a second."""
    rates = benchmark.rule_rates(fresh_problems(5, CONSTRAINTS["one machine a task"], 2))
    assert tuple(rates) == RULES
    assert min(rates.values()) > 0


def test_growth_measures_each_size() -> None:
    """In shops whose number of machines grows along."""
    curve = benchmark.growth("flat", "edd", (5, 10))
    assert list(curve.rates) == [5, 10]
    assert min(curve.rates.values()) > 0


def test_environments_and_batches_are_measured() -> None:
    """Steps, and decisions in one thread and in two."""
    (problem,) = fresh_problems(5, CONSTRAINTS["one machine a task"], 1)
    assert benchmark.environment_rate(problem) > 0
    assert benchmark.dispatch_rate(problem, "edd") > 0
    assert min(benchmark.batch_rate(threads, 4, 5) for threads in (1, 2)) > 0


def test_shop_with_all_constraints_has_them_all() -> None:
    """Or the figure for it would mean nothing; and its schedule is valid."""
    (problem,) = fresh_problems(100, list(CONSTRAINTS.values())[-1], 1)
    tasks = [task for family in problem.families for task in family.tasks]
    assert any(machine.calendar for machine in problem.machines)
    assert any(machine.downtime for machine in problem.machines)
    assert any(1 < len(task.machines) < len(problem.machines) for task in tasks)
    assert any(task.status is TaskStatus.IN_PROGRESS for task in tasks)
    assert any(task.lock and task.status is TaskStatus.PENDING for task in tasks)
    assert validate(problem, dispatch(problem, "atc")) == []


def test_large_problem_is_measured_in_a_process_of_its_own() -> None:
    """Every rule, and the peak memory: more than a megabyte, if it is known."""
    run = benchmark.large(num_machines=12, num_families=20)
    assert tuple(run.seconds) == ALL_RULES
    assert run.tasks == 65
    assert run.peak_bytes == 0 or run.peak_bytes > 2**20


def test_bench_prints_a_table_and_writes_the_figures(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """For one part, on an instance of the user's own."""
    out = tmp_path / "figures.json"
    arguments = ["bench", "--only", "instance", "--instance", str(FT06), "--json", str(out)]
    assert main(arguments) == 0
    assert "| ft06, one core | operations or steps a second |" in capsys.readouterr().out
    assert len(json.loads(out.read_text())["instance"]) == 4
