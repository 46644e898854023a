"""What is read from the lines of a run: in pieces, smoothed, marked, and warned of."""

from __future__ import annotations

import json
import os
import shlex
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scheduler_core.charts import training_curves
from scheduler_core.cli.main import build_parser
from scheduler_core.cli.training import config_path, overrides_of
from scheduler_core.errors import ConfigError
from scheduler_core.training import RunFolder, load_config
from scheduler_core.training.catalog import catalog, command_line
from scheduler_core.training.config import changes, config_yaml, flatten_config, read_flat
from scheduler_core.training.curves import (
    History,
    Line,
    best_validation,
    figure_at,
    passing,
    ppo_lines,
    reward_warning,
    sets_of,
    smooth,
)
from scheduler_core.training.panels import Look, loss_panels, phase_bands, progress_panels
from scheduler_core.training.settings import TrainingConfig

CONFIGS = Path(__file__).parents[1] / "configs"


def write(run: RunFolder, timestep: int, seconds: float = 1.0, **figures: float) -> None:
    """Append a line of PPO to a run."""
    where = {"phase": "ppo", "update": timestep, "timestep": timestep}
    run.append({**where, **figures}, {**where, "seconds": seconds, "per_second": 2.0})


def validated(timestep: int, ratio: float, phase: str = "ppo", **figures: float) -> Line:
    """Return a line with a validation."""
    return Line(phase, timestep, float(timestep), {"to_best_rule": ratio, **figures})


def test_history_reads_what_is_new_and_whole_only(tmp_path: Path) -> None:
    """Two lines, then nothing, then a third whose end comes later."""
    run = RunFolder(tmp_path)
    history = History(run)
    assert not history.update()
    write(run, 1, reward=-1.0)
    write(run, 2, reward=-0.5)
    assert history.update()
    assert [line.timestep for line in history.lines] == [1, 2]
    assert not history.update()
    with run.metrics.open("ab") as file:
        file.write(b'{"phase": "ppo", "update": 3, "timestep": 3')
    assert not history.update()
    with run.metrics.open("ab") as file:
        file.write(b', "reward": null}\n')
    assert not history.update()  # its timing is not there yet
    where = {"phase": "ppo", "update": 3, "timestep": 3}
    with run.timing.open("ab") as file:
        file.write(json.dumps({**where, "seconds": 3.0, "per_second": 2.0}).encode() + b"\n")
    assert history.update()
    assert history.lines[2] == Line("ppo", 3, 3.0, {"per_second": 2.0})


def test_history_of_a_run_that_was_cut_is_read_anew(tmp_path: Path) -> None:
    """A run that resumes cuts lines off and writes longer ones: none is there twice."""
    run = RunFolder(tmp_path)
    write(run, 1)
    sizes = run.sizes()
    write(run, 2, seconds=5.0)
    history = History(run)
    history.update()
    run.cut(sizes)
    for timestep in (2, 3):
        write(run, timestep, seconds=70.25)
    assert history.update()
    assert [(line.timestep, line.seconds) for line in history.lines] == [
        (1, 1.0),
        (2, 70.25),
        (3, 70.25),
    ]
    os.truncate(run.metrics, 0)
    os.truncate(run.timing, 0)
    assert history.update()
    assert history.lines == []


def test_ppo_begins_with_what_imitation_ended_with() -> None:
    """Without its loss, which is none of PPO's; a fine-tuned policy has a line of its own."""
    lines = [validated(50, 1.2, "imitation", cross_entropy=0.7), validated(30, 0.9)]
    start, end = ppo_lines(lines)
    assert (start.timestep, start.seconds, start.figures) == (0, 50.0, {"to_best_rule": 1.2})
    assert end is lines[1]
    tuned = [validated(0, 0.95), validated(30, 0.9)]
    assert ppo_lines(tuned) == tuned


def test_figure_over_all_sets_is_that_which_decides() -> None:
    """Own snapshots where there are any; ratios as a geometric mean, rates as a mean."""
    figures = {"to_edd/default/40": 0.25, "to_edd/any/20": 1.0, "on_time_rate/default/40": 0.5,
               "on_time_rate/any/20": 0.75}  # fmt: skip
    line = validated(1, 0.8, **figures)
    assert figure_at(line, "to_edd") == pytest.approx(0.5)  # the root of 0.25 x 1
    assert figure_at(line, "on_time_rate") == 0.625
    assert figure_at(line, "to_edd", "any/20") == 1.0
    assert figure_at(validated(1, 0.8, **figures, **{"to_edd/data/default": 0.3}), "to_edd") == (
        pytest.approx(0.3)
    )
    assert figure_at(Line("ppo", 1, 1.0, {"reward": 1.0}), "to_edd") is None


@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=30), st.floats(0, 0.99))
def test_smoothing_is_the_weighted_mean_of_what_came_before(
    values: list[float], smoothing: float
) -> None:
    """Beside the definition: weights fall by the factor for each step back, and sum to 1."""
    weights = [smoothing**back for back in range(len(values))][::-1]
    expected = sum(w * v for w, v in zip(weights, values, strict=True)) / sum(weights)
    assert smooth(values, smoothing)[-1] == pytest.approx(expected, rel=1e-6, abs=1e-3)


def test_passing_is_the_first_validation_below_one() -> None:
    """At 20 decisions here; what imitation does before PPO counts as 0."""
    lines = [validated(9, 1.1, "imitation"), validated(10, 1.0), validated(20, 0.99)]
    passed = passing([*lines, validated(30, 1.01)], "to_best_rule")
    assert passed is not None
    assert passed.timestep == 20
    at_once = passing([validated(9, 0.9, "imitation"), *lines[1:]], "to_best_rule")
    assert at_once is not None
    assert at_once.timestep == 0
    assert passing(lines[:2], "to_best_rule") is None


def run_of(costs: list[float], rewards: list[float]) -> list[Line]:
    """Return a run with a validation after every second update."""
    return [
        Line("ppo", i, float(i), {"reward": reward}
             | ({"to_best_rule": costs[i // 2]} if i % 2 else {}))
        for i, reward in enumerate(rewards)
    ]  # fmt: skip


RISING = [-1.2, -1.18, -1.21, -1.19, -1.2, -1.2, -1.0, -0.98, -1.01, -0.99, -1.0, -1.0]


def test_reward_that_rises_while_the_cost_rises_is_warned_of() -> None:
    """From a mean of 0.9 to one of 0.95: the sentence has both, the best policy and the way out."""
    lines = run_of([0.9, 0.89, 0.91, 0.94, 0.95, 0.96], RISING)
    warning = reward_warning(lines)
    assert warning is not None
    assert "from -1.20 to -1.00" in warning
    assert "from 90.0% to 95.0% of the best rule's" in warning
    assert "Stop the run; the best policy, from 3 decisions, is kept." in warning
    assert best_validation(lines) is lines[3]


@pytest.mark.parametrize(
    ("costs", "rewards"),
    [
        ([0.96, 0.95, 0.94, 0.91, 0.9, 0.89], RISING),  # all is well
        ([0.9, 0.9, 0.9, 0.905, 0.905, 0.905], RISING),  # less than a hundredth
        ([0.9, 0.9, 0.9, 0.95, 0.95, 0.95], RISING[::-1]),  # the reward falls, as it should
        ([0.9, 0.9, 0.9, 0.95, 0.95, 0.95], [-1.2, -0.8] * 5 + [-1.2, -0.79]),  # noise
        ([0.9, 0.9, 0.95, 0.95], RISING[:8]),  # too early to tell
    ],
)
def test_runs_without_that_fault_are_not_warned_of(
    costs: list[float], rewards: list[float]
) -> None:
    """A warning that cries wolf would not be read."""
    assert reward_warning(run_of(costs, rewards)) is None


def test_panels_mark_where_ppo_passes_and_draw_the_goal() -> None:
    """A line at 1, a star at the first validation below it, thin and thick lines."""
    lines = [
        validated(0, 1.2, **{"to_edd/default/40": 0.5, "on_time_rate/default/40": 0.6}),
        validated(40, 0.9, reward=-1.0, **{"to_edd/default/40": 0.4}),
    ]
    panels = progress_panels([("one", lines)], Look(smoothing=0.5))
    figure = training_curves(panels, "decisions")
    assert sets_of(lines) == []
    assert panels[0].curves[0].y == (1.2, 0.9)
    assert panels[0].curves[0].smooth == [1.2, pytest.approx((0.5 * 1.2 + 0.9) / 1.5)]
    assert panels[0].curves[0].mark == (40, 0.9, "passes the best rule at 40")
    assert panels[1].curves[0].mark == (0, 0.5, "ahead of EDD at once")
    goals = [(shape.name, shape.y0) for shape in figure.layout.shapes]
    assert goals == [("best rule", 1.0), ("EDD", 1.0)]
    stars = [trace for trace in figure.data if trace.marker.symbol == "star"]
    assert [list(star.x) for star in stars] == [[40], [0]]


def test_axis_of_minutes_has_the_phases_and_two_runs_a_legend() -> None:
    """Teachers for a minute, imitation until the second; each run has a dash of its own."""
    lines = [
        Line("teacher", 8, 60.0, {"cost_to_rule": 0.8}),
        validated(100, 1.1, "imitation", cross_entropy=0.9),
        Line("ppo", 10, 200.0, {"entropy": 1.0}),
    ]
    look = Look("minutes", smoothing=0.0)
    bands = phase_bands(lines, look)
    assert [(band.name, band.begin, band.end) for band in bands] == [
        ("teachers", 0.0, 1.0),
        ("imitation", 1.0, pytest.approx(100 / 60)),
        ("PPO", pytest.approx(100 / 60), pytest.approx(200 / 60)),
    ]
    panels = loss_panels([("one", lines), ("two", lines)], look)
    assert [panel.title for panel in panels] == [
        "Entropy of the choices",
        "Imitation: cross-entropy",
    ]
    figure = training_curves(panels, "minutes", bands=bands)
    assert figure.layout.showlegend
    assert {trace.line.dash for trace in figure.data} == {"solid", "dash"}


def test_catalog_has_every_setting_with_its_meaning() -> None:
    """From the settings themselves: no field is without a text, and kinds fit the values."""
    defaults = flatten_config(TrainingConfig())
    assert catalog().keys() == defaults.keys()
    assert [name for name, setting in catalog().items() if not setting.meaning] == []
    assert catalog()["ppo.clip_coef"].meaning == "How far the probability ratio may move, > 0."
    assert catalog()["device.name"].choices == ("auto", "cpu", "cuda", "mps")
    assert catalog()["ppo.learning_rate"].group == "ppo"
    assert catalog()["seed"].group == "run"


CHANGED = {
    "timesteps": 3000,
    "seed": 5,
    "validation_sizes": (10, 20),
    "validation_data": ("data/10_jobs.json",),
    "task.data": ("data/20_jobs.json", "my shop/$(x) y.json"),
    "task.shops": ("flow", "job_shop"),
    "ppo.learning_rate": 1e-05,
    "ppo.overlap": True,
    "device.name": "cpu",
    "device.mixed_precision": "on",
    "cluster.address": "ray://host:10001",
}


def test_command_line_asks_for_the_same_settings() -> None:
    """Read back by the command's own parser; a name with blanks and signs stays one word."""
    base = CONFIGS / "fast.yaml"
    config = load_config(base, CHANGED)
    changed = changes(load_config(base), config)
    assert changed == CHANGED
    words = shlex.split(command_line(changed, preset="fast", init=Path("a b.safetensors")))
    options = build_parser().parse_args(words[1:])
    assert load_config(config_path(options), overrides_of(options)) == config
    assert options.init == Path("a b.safetensors")
    assert command_line({}) == "scheduler train"


def test_settings_of_another_version_are_read_for_what_they_say(tmp_path: Path) -> None:
    """What is missing has its default, what is unknown stays; what is no YAML says so."""
    path = tmp_path / "config.yaml"
    path.write_text("seed: 7\nppo: {old_name: [1, 2]}\n")
    flat = read_flat(path)
    assert (flat["seed"], flat["ppo.old_name"], flat["timesteps"]) == (7, (1, 2), 2_000_000)
    path.write_text(config_yaml(TrainingConfig()))
    assert read_flat(path) == flatten_config(TrainingConfig())
    path.write_text("[")
    with pytest.raises(ConfigError, match="cannot be read"):
        read_flat(path)
