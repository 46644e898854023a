"""The check of one model, and the cost curve of a run's checkpoints."""

from __future__ import annotations

import shlex
from pathlib import Path

import pytest

from scheduler_core.charts import cost_curve
from scheduler_core.cli.main import main
from scheduler_core.evaluation import Case, Contender, check_model, evaluate_command, run_study
from scheduler_core.generator import generate_snapshot
from scheduler_core.objective import RewardWeights
from scheduler_core.policy import save_checkpoint
from scheduler_core.schedule import Schedule, ScheduledTask
from tests.builders import untrained


def cases(count: int) -> list[Case]:
    """Return some generated snapshots of six families."""
    made = [generate_snapshot(6, seed, purpose="test") for seed in range(count)]
    return [Case(f"seed {i}", each.problem, RewardWeights()) for i, each in enumerate(made)]


def test_check_model_equals_the_study_of_the_command_line(tmp_path: Path) -> None:
    """Same figures and verdict, and word after each snapshot."""
    path = tmp_path / "model.safetensors"
    save_checkpoint(untrained(3), {}, path)
    told: list[tuple[int, int]] = []
    check = check_model(path, cases(3), lambda done, total: told.append((done, total)))
    study = run_study(cases(3), [Contender("ppo", "ppo", path)])
    assert told == [(1, 3), (2, 3), (3, 3)]
    assert check.found.comparisons == study.results["ppo"].comparisons
    passed = [each.passed for each in check.verdict.checks]
    assert passed == [each.passed for each in study.verdicts["ppo"].checks]
    assert [each.ratio_to_edd for each in check.snapshots] == list(study.ratios("ppo", "edd"))
    assert [each.name for each in check.snapshots] == ["seed 0", "seed 1", "seed 2"]


def test_check_model_ends_where_the_listener_raises(tmp_path: Path) -> None:
    """Whoever waits may go away."""
    path = tmp_path / "model.safetensors"
    save_checkpoint(untrained(3), {}, path)
    told: list[int] = []

    def leave(done: int, total: int) -> None:  # noqa: ARG001
        told.append(done)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        check_model(path, cases(3), leave)
    assert told == [1]


def test_evaluate_command_is_one_that_the_command_line_takes(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Names with blanks are quoted; what it prints is a study."""
    path = tmp_path / "my model.safetensors"
    save_checkpoint(untrained(3), {}, path)
    program, *words = shlex.split(evaluate_command(path, [], (5, 2)))
    assert program == "scheduler"
    assert main(words) in (0, 1)
    assert "ppo on 2 snapshots" in capsys.readouterr().out


def test_evaluate_command_names_files_and_weights_where_there_are_any() -> None:
    """Options that say nothing are left out."""
    assert evaluate_command("m", ["a b.json"], None, "w.yaml") == (
        "scheduler evaluate --model m --data 'a b.json' --weights w.yaml --gate"
    )


def test_cost_curve_marks_the_picked_and_the_best_checkpoint() -> None:
    """By shape as well as by colour; rivals are lines with their names."""
    figure = cost_curve(["a", "b", "c"], [9.0, 5.0, 7.0], {"EDD": 12.0}, 0, best=1)
    (curve,) = figure.data
    assert list(curve.y) == [9.0, 5.0, 7.0]
    assert list(curve.marker.symbol) == ["diamond", "star", "circle"]
    assert [note.text for note in figure.layout.annotations] == ["EDD"]
    low, high = figure.layout.yaxis.range
    assert low < 5.0
    assert high > 12.0


def test_cost_curve_of_one_checkpoint_without_rivals_has_an_axis() -> None:
    """Nothing to span: the axis still has a length."""
    low, high = cost_curve(["a"], [0.0], {}, 0).layout.yaxis.range
    assert low < 0.0 < high


def test_moved_from_finds_other_starts_and_other_machines() -> None:
    """One starts later, one is on another machine, one stays, one is missing there."""

    def placed(family: str, machine: str, start: int) -> ScheduledTask:
        return ScheduledTask(family, 1, "turn", machine, start, start + 5)

    one = Schedule(tuple(placed(name, "M", i) for i, name in enumerate("abcd")), "edd")
    moved = (placed("a", "M", 1), placed("b", "N", 1), placed("c", "M", 2))
    assert len(one.moved_from(Schedule(moved, "edd"))) == 3
    assert one.moved_from(one) == frozenset()
