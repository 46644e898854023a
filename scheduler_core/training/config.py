"""Settings of a training run: one screen of YAML, checked by name and type."""

from __future__ import annotations

import dataclasses
import json
import sys
import typing
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from scheduler_core.errors import ConfigError, one_line
from scheduler_core.generator import SHOPS
from scheduler_core.policy import NetworkConfig


@dataclass(frozen=True, slots=True)
class PPOConfig:
    """Proximal policy optimisation (Schulman et al., arXiv:1707.06347).

    Raises
    ------
    ConfigError
        If a field is outside its range.
    """

    learning_rate: float = 3e-4
    """Step size of Adam at the start, > 0; it falls linearly to a tenth."""
    problems_per_update: int = 16
    """Problems in each rollout, >= 1."""
    rollouts_per_problem: int = 8
    """Rollouts of each problem under the same weights, >= 1: each other's baseline."""
    epochs: int = 3
    """Passes over a rollout, >= 1."""
    minibatch_size: int = 1024
    """Decisions in each step of Adam, >= 2."""
    gamma: float = 1.0
    """Discount, in (0, 1]; 1 because the score does not discount."""
    gae_lambda: float = 0.99
    """Weight of longer returns in the advantage, in [0, 1]."""
    clip_coef: float = 0.2
    """How far the probability ratio may move, > 0."""
    entropy_coef: float = 0.01
    """Weight of the entropy bonus at the start, >= 0; it falls linearly to 0."""
    value_coef: float = 0.5
    """Weight of the value loss, >= 0."""
    max_grad_norm: float = 0.5
    """Gradients are scaled down to this norm, > 0."""
    averaging: float = 0.98
    """How much of the mean of parameters stays at each update, in [0, 1); 0 takes the last ones.
    The mean is what is validated and kept (Polyak and Juditsky, SIAM Journal on Control and
    Optimization 30(4), 1992): it is free of most of the noise that single updates leave."""
    target_kl: float = 0.03
    """An update stops when the approximate KL divergence passes this, > 0."""

    def __post_init__(self) -> None:
        positive = (
            "learning_rate problems_per_update rollouts_per_problem epochs clip_coef "
            "max_grad_norm target_kl gamma"
        )
        for name in positive.split():
            if getattr(self, name) <= 0:
                raise ConfigError(f"ppo.{name}: must be > 0, got {getattr(self, name)}")
        for name in ("entropy_coef", "value_coef", "gae_lambda"):
            if getattr(self, name) < 0:
                raise ConfigError(f"ppo.{name}: must be >= 0, got {getattr(self, name)}")
        for name in ("gamma", "gae_lambda"):
            if getattr(self, name) > 1:
                raise ConfigError(f"ppo.{name}: must be <= 1, got {getattr(self, name)}")
        if not 0 <= self.averaging < 1:
            raise ConfigError(f"ppo.averaging: must be in [0, 1), got {self.averaging}")
        if self.minibatch_size < 2:
            raise ConfigError(f"ppo.minibatch_size: must be >= 2, got {self.minibatch_size}")


@dataclass(frozen=True, slots=True)
class ImitationConfig:
    """Warm start: imitate good schedules of small problems.

    The teacher of a problem is the best of a few rules under the problem's weights, improved by
    simulated annealing.

    Raises
    ------
    ConfigError
        If a field is outside its range.
    """

    problems: int = 300
    """Problems with a teacher, >= 0; 0 skips the warm start."""
    max_families: int = 60
    """Largest of them, >= 1, as far as ``task`` allows: on larger ones annealing gets less far."""
    swaps: int = 150_000
    """Moves that annealing tries on each, >= 0; 0 leaves the rule's schedule as it is."""
    epochs: int = 6
    """Passes over all of their decisions, >= 1."""
    learning_rate: float = 1e-3
    """Step size of Adam at the start, > 0; it falls linearly to a tenth."""

    def __post_init__(self) -> None:
        for name in ("problems", "swaps"):
            if getattr(self, name) < 0:
                raise ConfigError(f"imitation.{name}: must be >= 0, got {getattr(self, name)}")
        for name in ("epochs", "learning_rate", "max_families"):
            if getattr(self, name) <= 0:
                raise ConfigError(f"imitation.{name}: must be > 0, got {getattr(self, name)}")


WEIGHT_SOURCES = ("sliders", "makespan")

TASK_SHOPS = (*SHOPS, "job_shop", "flexible_job_shop")
"""Types of shop to train on: the generator's, and those of the standard instances."""


@dataclass(frozen=True, slots=True)
class TaskConfig:
    """Problems and weights to train on: generated ones, or ``data``.

    Raises
    ------
    ConfigError
        If a field is outside its range.
    """

    min_families: int = 20
    """Smallest generated problem, >= 1."""
    max_families: int = 80
    """Largest generated problem, >= min_families."""
    data: tuple[str, ...] = ()
    """Snapshot files to train on instead of generated problems."""
    shops: tuple[str, ...] = SHOPS
    """Types of shop generated, of `TASK_SHOPS`, drawn with equal probability."""
    weights: str = "sliders"
    """``sliders``: each problem drawn gets weights of its own, with probability ``fixed_share``
    one of three settings of interest (default, late only, on time only), otherwise random ones
    over the whole range of the sliders. ``makespan``: nothing but the makespan counts."""
    fixed_share: float = 0.5
    """See ``weights``, in [0, 1]."""
    varied_share: float = 0.5
    """Share of generated problems from a shop with parameters drawn over wide ranges (due dates,
    arrivals, processing times, load, weights of families), in [0, 1]."""
    constrained_share: float = 0.25
    """Share of generated problems with shifts, downtime, running and locked tasks and alternative
    machines, in [0, 1]."""
    choose_machines: bool = True
    """Whether the policy chooses between machines where more than one is sensible."""

    def __post_init__(self) -> None:
        if not 1 <= self.min_families <= self.max_families:
            raise ConfigError(
                "task.min_families: must be >= 1 and <= task.max_families, got "
                f"{self.min_families} and {self.max_families}"
            )
        for name in ("fixed_share", "varied_share", "constrained_share"):
            if not 0 <= getattr(self, name) <= 1:
                raise ConfigError(f"task.{name}: must be in [0, 1], got {getattr(self, name)}")
        if not self.shops:
            raise ConfigError("task.shops: must name at least one type of shop")
        for shop in self.shops:
            if shop not in TASK_SHOPS:
                known = ", ".join(TASK_SHOPS)
                raise ConfigError(f"task.shops: must be among {known}, got {shop!r}")
        if self.weights not in WEIGHT_SOURCES:
            known = " or ".join(WEIGHT_SOURCES)
            raise ConfigError(f"task.weights: must be {known}, got {self.weights!r}")


@dataclass(frozen=True, slots=True)
class TrainingConfig:
    """Everything that decides the outcome of a training run.

    Raises
    ------
    ConfigError
        If a field is outside its range.
    """

    timesteps: int = 2_000_000
    """Decisions of PPO rollouts, >= 1."""
    seed: int = 0
    """Seed of everything random, >= 0 and below 2**63."""
    validate_every: int = 10
    """Updates between two validations, >= 1."""
    validation_problems: int = 64
    """Problems of each size validated on, >= 1."""
    task: TaskConfig = field(default_factory=TaskConfig)
    network: NetworkConfig = field(default_factory=NetworkConfig)
    imitation: ImitationConfig = field(default_factory=ImitationConfig)
    ppo: PPOConfig = field(default_factory=PPOConfig)

    def __post_init__(self) -> None:
        for name in ("timesteps", "validate_every", "validation_problems"):
            if getattr(self, name) < 1:
                raise ConfigError(f"{name}: must be >= 1, got {getattr(self, name)}")
        if not 0 <= self.seed < 2**63:
            raise ConfigError(f"seed: must be >= 0 and below 2**63, got {self.seed}")


def load_config(path: Path | None, overrides: Mapping[str, Any] | None = None) -> TrainingConfig:
    """Return the settings of a YAML file; an empty file, or none, gives the defaults.

    Parameters
    ----------
    path
        The file, or None.
    overrides
        Settings by dotted name (``ppo.learning_rate``) that replace the file's.

    Raises
    ------
    ConfigError
        If the file cannot be read, or a setting is unknown, of another type or out of range.
    """
    document: Any = None
    if path is not None:
        try:
            document = yaml.safe_load(path.read_text(encoding="utf-8"))
        # The YAML reader lets through what Python says of impossible dates and deep nesting.
        except (OSError, ValueError, RecursionError, yaml.YAMLError) as error:
            why = getattr(error, "strerror", None) or one_line(error)
            raise ConfigError(f"config {path}: cannot be read ({why})") from error
    document = {} if document is None else document
    if not isinstance(document, dict):
        raise ConfigError(f"config {path}: must be a mapping of settings, got {document!r}")
    for name, value in (overrides or {}).items():
        _put(document, name.split("."), value)
    return typing.cast("TrainingConfig", _build(TrainingConfig, document, ""))


def config_yaml(config: TrainingConfig) -> str:
    """Return the settings as YAML that `load_config` reads back to the same."""
    plain = json.loads(json.dumps(dataclasses.asdict(config)))
    return yaml.safe_dump(plain, sort_keys=False)


def _put(document: dict[str, Any], names: list[str], value: object) -> None:
    for depth, name in enumerate(names[:-1], start=1):
        document = document.setdefault(name, {})
        if not isinstance(document, dict):
            place = ".".join(names[:depth])
            raise ConfigError(f"{place}: must be a mapping of settings, got {document!r}")
    document[names[-1]] = value


def _build(kind: type, values: object, place: str) -> object:
    """Return a config dataclass from a mapping, checking names and types on the way."""
    if not isinstance(values, dict):
        raise ConfigError(f"{place}: must be a mapping of settings, got {values!r}")
    hints = typing.get_type_hints(kind)
    arguments = {}
    for name, value in values.items():
        path = f"{place}.{name}" if place else str(name)
        if name not in hints:
            known = ", ".join(hints)
            raise ConfigError(f"{path}: is not a setting; the settings here are {known}")
        arguments[name] = _convert(hints[name], value, path)
    return kind(**arguments)


def _convert(hint: Any, value: Any, path: str) -> Any:
    if dataclasses.is_dataclass(hint):
        return _build(typing.cast("type", hint), value, path)
    if typing.get_origin(hint) is tuple:
        kind = typing.get_args(hint)[0]
        if not isinstance(value, list | tuple):
            raise ConfigError(f"{path}: must be a list, got {value!r}")
        return tuple(_convert(kind, each, f"{path}[{i}]") for i, each in enumerate(value))
    allowed = (int, float) if hint is float else (hint,)
    if not isinstance(value, allowed) or (isinstance(value, bool) and hint is not bool):
        raise ConfigError(f"{path}: must be of type {hint.__name__}, got {value!r}")
    if hint is float and not abs(value) <= sys.float_info.max:  # NaN passes every other check
        raise ConfigError(f"{path}: must be finite, got {value}")
    return hint(value)
