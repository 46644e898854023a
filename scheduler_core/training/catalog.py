"""Every setting of a run with its group, kind and meaning, and settings as a command line."""

from __future__ import annotations

import ast
import dataclasses
import inspect
import json
import shlex
import textwrap
import typing
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal

import yaml

from scheduler_core.methods import DEVICES
from scheduler_core.training.settings import (
    MATMUL_PRECISIONS,
    MIXED_PRECISION,
    TASK_SHOPS,
    WEIGHT_SOURCES,
    TrainingConfig,
)

Kind = Literal["whole", "number", "switch", "text", "choice", "choices", "wholes", "texts"]

CHOICES = {
    "task.shops": TASK_SHOPS,
    "task.weights": WEIGHT_SOURCES,
    "device.name": DEVICES,
    "device.matmul_precision": MATMUL_PRECISIONS,
    "device.mixed_precision": MIXED_PRECISION,
}
"""What settings that are names may be."""

RUN = "run"
"""Group of the settings that are in no group of their own."""

_OPTIONS = {
    "task.data": "--data",
    "validation_data": "--validation-data",
    "timesteps": "--timesteps",
    "seed": "--seed",
    "device.name": "--device",
}
"""Settings that the command ``train`` has an option for."""


@dataclass(frozen=True, slots=True)
class Setting:
    """A setting: a field of `TrainingConfig` or of one of its groups."""

    name: str
    """Dotted, such as ``ppo.learning_rate``."""
    kind: Kind
    meaning: str
    """What the settings say of it, with its range."""
    choices: tuple[str, ...] = ()

    @property
    def group(self) -> str:
        """What comes before the dot."""
        return self.name.rpartition(".")[0] or RUN

    @property
    def label(self) -> str:
        """What comes after the dot, as words."""
        return self.name.rpartition(".")[2].replace("_", " ").capitalize()


@cache
def catalog() -> dict[str, Setting]:
    """Return every setting by its dotted name, group after group."""
    return {setting.name: setting for setting in _settings(TrainingConfig, "")}


def _settings(kind: type, place: str) -> Iterator[Setting]:
    hints, meanings = typing.get_type_hints(kind), _meanings(kind)
    groups = []
    for field in dataclasses.fields(kind):
        hint, name = hints[field.name], f"{place}{field.name}"
        if dataclasses.is_dataclass(hint):
            groups.append((typing.cast("type", hint), f"{name}."))
            continue
        choices = CHOICES.get(name, ())
        yield Setting(name, _kind(hint, choices), meanings.get(field.name, ""), choices)
    for hint, name in groups:
        yield from _settings(hint, name)


def _kind(hint: Any, choices: Sequence[str]) -> Kind:
    if typing.get_origin(hint) is tuple:
        if choices:
            return "choices"
        return "wholes" if typing.get_args(hint)[0] is int else "texts"
    if choices:
        return "choice"
    kinds: dict[type, Kind] = {int: "whole", float: "number", bool: "switch", str: "text"}
    return kinds[hint]


def _meanings(kind: type) -> dict[str, str]:
    """Return the text under each field of a dataclass, which only its source has."""
    (body,) = ast.parse(textwrap.dedent(inspect.getsource(kind))).body
    found: dict[str, str] = {}
    name = ""
    for statement in body.body:  # type: ignore[attr-defined]
        if isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name):
            name = statement.target.id
        elif isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant):
            found.setdefault(name, " ".join(str(statement.value.value).split()))
    found.pop("", None)
    return found


def command_line(
    changed: Mapping[str, Any],
    *,
    preset: str = "",
    init: Path | None = None,
) -> str:
    """Return the command that trains with a preset and some settings that differ from it.

    Parameters
    ----------
    changed
        Settings by dotted name.
    preset
        Name of the settings that ship; empty: the defaults.
    init
        Checkpoint to fine-tune.
    """
    words = ["scheduler", "train"]
    if preset:
        words += ["--preset", preset]
    if init:
        words += ["--init", str(init)]
    others = []
    for name, value in changed.items():
        if name not in _OPTIONS or value == () or value == "":
            others.append(f"{name}={_as_yaml(value)}")
            continue
        words += [_OPTIONS[name], *map(str, value if isinstance(value, tuple) else [value])]
    if others:
        words += ["--set", *others]
    return shlex.join(words)


def _as_yaml(value: Any) -> str:
    """Return a value as ``--set`` reads it: plain words stay plain."""
    if isinstance(value, str) and value.isidentifier() and yaml.safe_load(value) == value:
        return value
    return json.dumps(value)
