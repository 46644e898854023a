"""What the lines of a run say, made ready to be looked at: curves, marks, and a warning."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import fmean, stdev
from typing import Any

import numpy as np

from scheduler_core.training.run import RunFolder
from scheduler_core.training.validation import OWN

LOSSES = (
    "policy_loss",
    "value_loss",
    "entropy",
    "approx_kl",
    "clip_fraction",
    "explained_variance",
    "learning_rate",
)
"""Figures of each update of PPO that tell how the learning goes."""

WARNING_VALIDATIONS = 6
"""Validations that a warning looks at, and as many updates as lie between them."""

WORSE = 0.01
"""By how much of itself the delay cost must rise to be called worse."""

_SURELY = 2.0  # standard errors
_VALIDATED = ("to_best_rule", "to_edd", "on_time_rate", "completion_rate")


@dataclass(frozen=True, slots=True)
class Line:
    """An update of a run: where it stood and what it measured."""

    phase: str
    timestep: int
    """Decisions of the phase; of the teacher, problems."""
    seconds: float
    """Since the run began, pauses left out."""
    figures: dict[str, float]

    @property
    def is_validation(self) -> bool:
        """Whether the policy was validated then."""
        return "to_best_rule" in self.figures


@dataclass
class History:
    """The lines of a run, read as they are written: each look reads what is new only."""

    run: RunFolder
    lines: list[Line] = field(default_factory=list)
    _seen: list[int] = field(default_factory=lambda: [0, 0])
    _ends: list[bytes] = field(default_factory=lambda: [b"", b""])

    def update(self) -> bool:
        """Read what is new; return whether there is anything.

        A run that resumes cuts off what its checkpoint does not know: then all is read again.
        """
        paths = (self.run.metrics, self.run.timing)
        cut = any(map(_is_cut, paths, self._seen, self._ends))
        if cut:
            self.lines.clear()
            self._seen, self._ends = [0, 0], [b"", b""]
        fresh = [_whole_lines(path, seen) for path, seen in zip(paths, self._seen, strict=True)]
        count = min(map(len, fresh))
        for i, lines in enumerate(fresh):
            self._seen[i] += sum(len(line) for line in lines[:count])
            self._ends[i] = lines[count - 1] if count else self._ends[i]
        self.lines += [_line(*map(json.loads, pair)) for pair in zip(*fresh, strict=False)]
        return cut or count > 0


def _is_cut(path: Path, seen: int, end: bytes) -> bool:
    """Return whether a file no longer has what was read of it last."""
    if not seen:
        return False
    if not path.exists():
        return True
    with path.open("rb") as file:
        file.seek(seen - len(end))
        return file.read(len(end)) != end


def _whole_lines(path: Path, begin: int) -> list[bytes]:
    """Return the whole lines of a file from a place on."""
    if not path.exists():
        return []
    with path.open("rb") as file:
        file.seek(begin)
        data = file.read()
    return data[: data.rfind(b"\n") + 1].splitlines(keepends=True)


def _line(metrics: dict[str, Any], timing: dict[str, Any]) -> Line:
    where = ("phase", "update", "timestep")
    figures = {
        name: value
        for name, value in {**metrics, "per_second": timing["per_second"]}.items()
        if name not in where and value is not None
    }
    return Line(metrics["phase"], metrics["timestep"], timing["seconds"], figures)


def ppo_lines(lines: Sequence[Line]) -> list[Line]:
    """Return the lines of PPO, with where it began: what imitation ended with, at 0 decisions."""
    ppo = [line for line in lines if line.phase == "ppo"]
    if ppo and ppo[0].timestep == 0:
        return ppo
    before = [line for line in lines if line.phase == "imitation" and line.is_validation]
    return [_as_start(line) for line in before[-1:]] + ppo


def _as_start(line: Line) -> Line:
    """Return the last line of imitation as the start of PPO: with what was validated only."""
    figures = {name: value for name, value in line.figures.items() if name.startswith(_VALIDATED)}
    return Line("ppo", 0, line.seconds, figures)


def sets_of(lines: Sequence[Line]) -> list[str]:
    """Return the sets of problems that a run is validated on, in its order."""
    validated = next((line for line in lines if line.is_validation), None)
    names = validated.figures if validated else {}
    return [each.partition("/")[2] for each in names if each.startswith("to_best_rule/")]


def figure_at(line: Line, name: str, of_set: str = "") -> float | None:
    """Return a figure of a validation, None where there was none.

    Parameters
    ----------
    line
        An update.
    name
        ``to_best_rule``, ``to_edd`` or ``on_time_rate``.
    of_set
        Set of problems; empty: all that decide which policy is best, ratios as a geometric mean
        in which none counts for less than 0.1, rates as a mean.
    """
    if not line.is_validation:
        return None
    if of_set:
        return line.figures.get(f"{name}/{of_set}")
    if name == "to_best_rule":
        return line.figures[name]
    found = {
        each.partition("/")[2]: value
        for each, value in line.figures.items()
        if each.startswith(f"{name}/")
    }
    own = [value for each, value in found.items() if each.startswith(f"{OWN}/")]
    values = own or list(found.values())
    if not values:
        return None
    if name == "on_time_rate":
        return fmean(values)
    return float(np.exp(np.log(np.maximum(values, 0.1)).mean()))


def smooth(values: Sequence[float], smoothing: float) -> list[float]:
    """Return an exponential moving average that does not lean towards 0 at its beginning.

    Parameters
    ----------
    values
        What to smooth.
    smoothing
        Weight of what came before, in [0, 1); 0 changes nothing.
    """
    smoothed, mean, weight = [], 0.0, 0.0
    for value in values:
        mean = smoothing * mean + (1 - smoothing) * value
        weight = smoothing * weight + (1 - smoothing)
        smoothed.append(mean / weight)
    return smoothed


def passing(lines: Sequence[Line], name: str, of_set: str = "") -> Line | None:
    """Return the validation of PPO at which a ratio first was below 1, None where none was.

    Parameters
    ----------
    lines
        Of a run.
    name
        ``to_best_rule`` or ``to_edd``.
    of_set
        See `figure_at`.
    """
    for line in ppo_lines(lines):
        value = figure_at(line, name, of_set)
        if value is not None and value < 1:
            return line
    return None


def best_validation(lines: Sequence[Line]) -> Line | None:
    """Return the validation whose policy is kept as the best, None before any."""
    validated = [line for line in lines if line.is_validation]
    return min(validated, key=lambda line: line.figures["to_best_rule"], default=None)


def reward_warning(lines: Sequence[Line]) -> str | None:
    """Return a warning if the reward rises while the delay cost rises too, None if all is well.

    The later half of the last validations is compared with the earlier half, and so are the
    rewards of the updates up to each; a rise within the noise of the rewards is none.
    """
    ppo = ppo_lines(lines)
    marks = [i for i, line in enumerate(ppo) if line.is_validation][-WARNING_VALIDATIONS:]
    if len(marks) < WARNING_VALIDATIONS:
        return None
    half = len(marks) // 2
    costs = [ppo[i].figures["to_best_rule"] for i in marks]
    before, after = fmean(costs[:half]), fmean(costs[half:])
    first = _rewards(ppo[marks[0] : marks[half - 1] + 1])
    second = _rewards(ppo[marks[half - 1] + 1 : marks[-1] + 1])
    if after <= before * (1 + WORSE) or not _rises(first, second):
        return None
    best = best_validation(ppo)
    assert best is not None
    return (
        f"The reward rises, from {fmean(first):.2f} to {fmean(second):.2f}, while the delay cost "
        f"on validation problems rises too, from {before:.1%} to {after:.1%} of the best rule's: "
        "what the policy learns now helps only where it trains. Stop the run; the best policy, "
        f"from {best.timestep:,} decisions, is kept. Then train on more or other snapshots, or "
        "with a smaller learning rate."
    )


def _rewards(lines: Sequence[Line]) -> list[float]:
    return [line.figures["reward"] for line in lines if "reward" in line.figures]


def _rises(before: Sequence[float], after: Sequence[float]) -> bool:
    """Return whether the mean rises by more than chance would let it."""
    if min(len(before), len(after)) < 2:
        return False
    error = math.sqrt(stdev(before) ** 2 / len(before) + stdev(after) ** 2 / len(after))
    return fmean(after) - fmean(before) > _SURELY * error
