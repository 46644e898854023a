"""What a sweep searches: settings by dotted name, each with a range or a few choices."""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from types import ModuleType
from typing import Any

import yaml

from scheduler_core.errors import ConfigError, one_line
from scheduler_core.training import load_config

FIXED = ("seed", "timesteps", "validation_problems", "validation_data", "cluster.address")
"""Settings that all trials share: with others they would be judged by different measures."""

_RANGE = re.compile(r"(?P<low>[^\s.].*?)\.\.(?P<high>\S+)(?: (?P<log>log)| step (?P<step>\S+))?")


@dataclass(frozen=True, slots=True)
class Range:
    """Numbers from low to high, both included."""

    low: float
    high: float
    log: bool = False
    """Whether as many are tried from 1 to 10 as from 10 to 100."""
    step: float | None = None
    """Only low, low + step, and so on."""

    def distribution(self, optuna: ModuleType) -> Any:
        """Return the same in Optuna's words."""
        high = self._numbers(self.step)[-1] if self.step else self.high
        if isinstance(self.low, int):
            return optuna.distributions.IntDistribution(self.low, high, self.log, self.step or 1)
        return optuna.distributions.FloatDistribution(self.low, high, self.log, self.step)

    def grid(self, name: str) -> list[Any]:
        """Return every number, if there is an end to them."""
        step = 1 if isinstance(self.low, int) and self.step is None else self.step
        if step is None:
            raise ConfigError(
                f"space: {name}: a grid needs choices, or a step; give choices such as "
                f"[{self.low}, {self.high}], or another sampler"
            )
        return self._numbers(step)

    def _numbers(self, step: float) -> list[Any]:
        """Return low, low + step, and so on, as they are written: 0.3, not 0.30000000000000004."""
        low, high, by = (Decimal(str(number)) for number in (self.low, self.high, step))
        kind = type(self.low)
        return [kind(low + i * by) for i in range(int((high - low) // by) + 1)]

    def value(self, found: Any) -> Any:
        """Return the value that Optuna means."""
        return found

    def ends(self) -> list[Any]:
        """Return values between which all others lie."""
        return [self.low, self.high]

    def to_document(self) -> object:
        """Return what `parse_space` reads back to the same."""
        return {"low": self.low, "high": self.high, "log": self.log, "step": self.step}


@dataclass(frozen=True, slots=True)
class Choices:
    """One of a few values."""

    values: tuple[Any, ...]

    def distribution(self, optuna: ModuleType) -> Any:
        """Return the same in Optuna's words."""
        return optuna.distributions.CategoricalDistribution(self._labels())

    def grid(self, name: str) -> list[Any]:  # noqa: ARG002
        """Return every value, as Optuna knows it."""
        return self._labels()

    def value(self, found: Any) -> Any:
        """Return the value that Optuna means."""
        return self.values[self._labels().index(found)]

    def ends(self) -> list[Any]:
        """Return every value."""
        return list(self.values)

    def to_document(self) -> object:
        """Return what `parse_space` reads back to the same."""
        return {"choices": list(self.values)}

    def _labels(self) -> list[Any]:
        """Return the values as a database can hold them: lists as text."""
        plain = (str, int, float, bool, type(None))
        return [each if isinstance(each, plain) else json.dumps(each) for each in self.values]


Space = dict[str, Range | Choices]


def load_space(path: Path, config: Path | None) -> Space:
    """Return the space in a YAML file; see `parse_space`.

    Raises
    ------
    ConfigError
        If the file cannot be read, or as `parse_space`.
    """
    try:
        document = yaml.safe_load(path.read_text(encoding="utf-8"))
    # The YAML reader lets through what Python says of impossible dates and deep nesting.
    except (OSError, ValueError, RecursionError, yaml.YAMLError) as error:
        why = getattr(error, "strerror", None) or one_line(error)
        raise ConfigError(f"space {path}: cannot be read ({why})") from error
    if not isinstance(document, dict):
        raise ConfigError(
            f"space {path}: must be a mapping of settings to ranges, such as "
            f"ppo.learning_rate: 1e-5..1e-3 log, got {document!r}"
        )
    return parse_space(document, config)


def parse_space(document: Mapping[str, Any], config: Path | None) -> Space:
    """Return a space, each setting checked against those of a training run.

    Parameters
    ----------
    document
        Settings by dotted name: a list of choices, a text such as ``1e-5..1e-3 log`` or
        ``0..1 step 0.25``, or the same as a mapping: ``{low, high, log, step}`` or ``{choices}``.
    config
        Settings that the others are taken from; None: the defaults.

    Raises
    ------
    ConfigError
        If a setting is unknown, or cannot have a value of its range.
    """
    space = {}
    for name, what in document.items():
        if name in FIXED:
            raise ConfigError(
                f"space: {name}: cannot be searched, for trials could not be compared; give it "
                "for all of them with --set, --seeds or --timesteps"
            )
        space[str(name)] = _parse(str(name), what, config)
    return space


def grid(space: Space) -> list[dict[str, Any]]:
    """Return every combination of the values of a space, as Optuna knows them.

    Raises
    ------
    ConfigError
        If a range has no end of values.
    """
    values = [what.grid(name) for name, what in space.items()]
    return [dict(zip(space, each, strict=True)) for each in itertools.product(*values)]


def settings_of(space: Space, found: Mapping[str, Any]) -> dict[str, Any]:
    """Return the settings that Optuna means by its parameters."""
    return {name: what.value(found[name]) for name, what in space.items()}


def _parse(name: str, what: object, config: Path | None) -> Range | Choices:
    if isinstance(what, list):
        what = {"choices": what}
    if isinstance(what, str):
        match = _RANGE.fullmatch(what.strip())
        what = match.groupdict() if match else what
    if not isinstance(what, dict) or not set(what) <= {"choices", "low", "high", "log", "step"}:
        raise ConfigError(
            f"space: {name}: must be a list of choices, or a range such as 1e-5..1e-3 log or "
            f"0..1 step 0.25, got {what!r}"
        )
    made = _choices(name, what) if "choices" in what else _range(name, what)
    current: object = None
    for value in made.ends():
        current = load_config(config, {name: value})
        for part in name.split("."):
            current = getattr(current, part)
    if isinstance(made, Choices) or isinstance(current, int):
        return made
    return Range(float(made.low), float(made.high), made.log, made.step)


def _choices(name: str, what: Mapping[str, Any]) -> Choices:
    values = what["choices"]
    if not isinstance(values, list) or not values or len(what) > 1:
        raise ConfigError(f"space: {name}: choices must be a list of values, got {dict(what)!r}")
    return Choices(tuple(_number(each) if _is_power(each) else each for each in values))


def _range(name: str, what: Mapping[str, Any]) -> Range:
    low, high, step = (_number(what.get(end)) for end in ("low", "high", "step"))
    log = bool(what.get("log"))
    if low is None or high is None or not low < high:
        raise ConfigError(
            f"space: {name}: low must be a number below high, got low {what.get('low')} and high "
            f"{what.get('high')}"
        )
    if what.get("step") is not None and (step is None or step <= 0 or log):
        raise ConfigError(
            f"space: {name}: step must be a number > 0, and has no meaning with log, got "
            f"{dict(what)!r}"
        )
    if log and low <= 0:
        raise ConfigError(f"space: {name}: low must be > 0 for log, got {low}")
    return Range(low, high, log, step)


def _is_power(value: object) -> bool:
    """Return whether a text is what YAML 1.1 reads 1e-4 as."""
    return isinstance(value, str) and re.fullmatch(r"[-+]?[\d.]+e[-+]?\d+", value) is not None


def _number(value: object) -> float | None:
    """Return a number, also where it is written as a text."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    if not isinstance(value, str):
        return value
    for kind in (int, float):
        try:
            return kind(value)
        except ValueError:
            continue
    return None
