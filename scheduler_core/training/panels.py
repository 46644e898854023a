"""The charts of runs: which figures they show, on which axis, with which marks."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from scheduler_core.charts import Band, Curve, Panel
from scheduler_core.training.curves import Line, figure_at, passing, ppo_lines, smooth

Axis = Literal["decisions", "minutes"]

X_TITLES: dict[Axis, str] = {"decisions": "decisions of PPO", "minutes": "minutes of training"}

_ROOM = 0.15  # of the axis, for the name of a phase
_PHASES = {"teacher": "teachers", "imitation": "imitation", "ppo": "PPO"}
_LOSSES = {
    "policy_loss": ("Policy loss", ",.3~g"),
    "value_loss": ("Value loss", ",.3~g"),
    "entropy": ("Entropy of the choices", ",.3~g"),
    "approx_kl": ("KL divergence of an update", ",.2~g"),
    "clip_fraction": ("Share of choices clipped", ".1~%"),
    "explained_variance": ("Variance explained by the value", ".1~%"),
    "learning_rate": ("Learning rate", ",.2~g"),
    "cross_entropy": ("Imitation: cross-entropy", ",.3~g"),
}


@dataclass(frozen=True, slots=True)
class Look:
    """How the curves of runs are to be looked at."""

    axis: Axis = "decisions"
    smoothing: float = 0.6
    """Weight of what came before, in [0, 1)."""
    of_set: str = ""
    """Problems that validations are shown of; empty: all that decide which policy is best."""


def progress_panels(runs: Sequence[tuple[str, Sequence[Line]]], look: Look) -> list[Panel]:
    """Return what planners look at: delay cost against two rivals, families on time, the reward.

    Parameters
    ----------
    runs
        What the legend calls each run, and its lines.
    look
        How they are to be looked at.
    """

    def of(name: str) -> Callable[[Line], float | None]:
        return lambda line: figure_at(line, name, look.of_set)

    def marked(name: str, rival: str) -> list[Curve]:
        return _curves(runs, look, of(name), lambda lines: _mark(lines, name, rival, look))

    return [
        Panel(
            "Delay cost, the best rule's being 100 %",
            marked("to_best_rule", "the best rule"),
            format=".1~%",
            goal=(1.0, "best rule"),
        ),
        Panel(
            "Delay cost, EDD's being 100 %",
            marked("to_edd", "EDD"),
            format=".1~%",
            goal=(1.0, "EDD"),
        ),
        Panel("Families on time", _curves(runs, look, of("on_time_rate")), format=".1~%"),
        Panel(
            "Reward of an episode",
            _curves(runs, look, lambda line: line.figures.get("reward")),
            format=",.2f",
        ),
    ]


def loss_panels(runs: Sequence[tuple[str, Sequence[Line]]], look: Look) -> list[Panel]:
    """Return the figures of the learning itself; what a run has not measured yet is left out."""
    panels = []
    for name, (title, form) in _LOSSES.items():
        curves = _curves(runs, look, lambda line, name=name: line.figures.get(name))  # type: ignore[misc]
        if curves:
            panels.append(Panel(title, curves, format=form))
    return panels


def speed_panels(runs: Sequence[tuple[str, Sequence[Line]]], look: Look) -> list[Panel]:
    """Return how fast the runs train: decisions a second."""

    def of_ppo(line: Line) -> float | None:
        return line.figures.get("per_second") if "reward" in line.figures else None

    curves = _curves(runs, look, of_ppo)
    return [Panel("Decisions a second, updates of PPO", curves, format=",.3~s")]


def phase_bands(lines: Sequence[Line], look: Look) -> list[Band]:
    """Return the phases of a run on an axis of minutes; PPO alone is on one of decisions."""
    if look.axis == "decisions":
        return []
    bands, begin = [], 0.0
    for phase, name in _PHASES.items():
        of_phase = [line.seconds / 60 for line in lines if line.phase == phase]
        if of_phase:
            room = (of_phase[-1] - begin) / (lines[-1].seconds / 60)
            bands.append(Band(begin, of_phase[-1], name, is_named=room >= _ROOM))
            begin = of_phase[-1]
    return bands


def _on_axis(lines: Sequence[Line], axis: Axis) -> Sequence[Line]:
    return ppo_lines(lines) if axis == "decisions" else lines


def _x(line: Line, axis: Axis) -> float:
    return line.timestep if axis == "decisions" else line.seconds / 60


def _curves(
    runs: Sequence[tuple[str, Sequence[Line]]],
    look: Look,
    value_of: Callable[[Line], float | None],
    mark_of: Callable[[Sequence[Line]], tuple[float, float, str] | None] = lambda _: None,
) -> list[Curve]:
    """Return a curve for each run that has measured the figure."""
    curves = []
    for number, (label, lines) in enumerate(runs):
        points = [
            (_x(line, look.axis), value)
            for line in _on_axis(lines, look.axis)
            if (value := value_of(line)) is not None
        ]
        if not points:
            continue
        x, y = zip(*points, strict=True)
        smoothed = smooth(y, look.smoothing) if look.smoothing and len(y) > 1 else ()
        curves.append(Curve(number, label, x, y, smoothed, mark_of(lines)))
    return curves


def _mark(
    lines: Sequence[Line], name: str, rival: str, look: Look
) -> tuple[float, float, str] | None:
    """Return where PPO passes a rival, and what to call that."""
    line = passing(lines, name, look.of_set)
    if line is None:
        return None
    value = figure_at(line, name, look.of_set)
    assert value is not None
    text = f"passes {rival} at {line.timestep:,}" if line.timestep else f"ahead of {rival} at once"
    return _x(line, look.axis), value, text
