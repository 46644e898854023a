"""Settings of a training run as YAML: one screen of it, checked by name and type."""

from __future__ import annotations

import dataclasses
import json
import sys
import typing
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from scheduler_core.errors import ConfigError, one_line
from scheduler_core.training.settings import TrainingConfig

Settings = typing.TypeVar("Settings")


def load_config(path: Path | None, overrides: Mapping[str, Any] | None = None) -> TrainingConfig:
    """Return the settings of a training run; see `load_settings`."""
    return load_settings(TrainingConfig, path, overrides)


def load_settings(
    kind: type[Settings], path: Path | None, overrides: Mapping[str, Any] | None = None
) -> Settings:
    """Return the settings of a YAML file; an empty file, or none, gives the defaults.

    Parameters
    ----------
    kind
        Dataclass of settings.
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
    return typing.cast("Settings", _build(kind, document, ""))


def config_yaml(config: Any) -> str:
    """Return settings as YAML that `load_settings` reads back to the same."""
    plain = json.loads(json.dumps(dataclasses.asdict(config)))
    return yaml.safe_dump(plain, sort_keys=False)


def flatten(settings: Mapping[str, Any], place: str = "") -> dict[str, Any]:
    """Return settings of all groups by dotted name (``ppo.learning_rate``)."""
    flat: dict[str, Any] = {}
    for name, value in settings.items():
        if isinstance(value, Mapping):
            flat |= flatten(value, f"{place}{name}.")
        else:
            flat[f"{place}{name}"] = value
    return flat


def flatten_config(config: TrainingConfig) -> dict[str, Any]:
    """Return the settings of a run by dotted name."""
    return flatten(dataclasses.asdict(config))


def changes(base: TrainingConfig, config: TrainingConfig) -> dict[str, Any]:
    """Return the settings by dotted name in which a config differs from another."""
    before, after = flatten_config(base), flatten_config(config)
    return {name: value for name, value in after.items() if before[name] != value}


def read_flat(path: Path) -> dict[str, Any]:
    """Return the settings in the file of a run by dotted name, whatever version wrote it.

    A setting that the file does not know has its default; lists are tuples.

    Raises
    ------
    ConfigError
        If the file cannot be read.
    """
    try:
        document = yaml.safe_load(path.read_text(encoding="utf-8")) or {}
        found = flatten(document)
    except (OSError, ValueError, AttributeError, RecursionError, yaml.YAMLError) as error:
        raise ConfigError(f"config {path}: cannot be read ({one_line(error)})") from error
    flat = flatten_config(TrainingConfig()) | found
    return {name: tuple(each) if isinstance(each, list) else each for name, each in flat.items()}


def first_difference(one: Any, other: Any, place: str = "") -> str | None:
    """Return the dotted name of the first setting in which two configs differ, if any does."""
    for field in dataclasses.fields(one):
        name = f"{place}{field.name}"
        ours, theirs = getattr(one, field.name), getattr(other, field.name)
        if ours == theirs:
            continue
        return (
            first_difference(ours, theirs, f"{name}.") if dataclasses.is_dataclass(ours) else name
        )
    return None


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
