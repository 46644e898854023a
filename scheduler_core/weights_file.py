"""Reward weights as YAML files."""

from __future__ import annotations

import re
from pathlib import Path

import yaml
from yaml.reader import ReaderError

from scheduler_core.errors import ConfigError
from scheduler_core.files import write_aside
from scheduler_core.objective import RewardWeights

MAX_NAME = 40
"""Most letters of a name that weights are saved by."""
_EXAMPLE = "early_bonus_per_day: 0"
_WAY_OUT = f"write a name and a number on each line, such as {_EXAMPLE}"
_NAME = re.compile(r"[^\W_][\w -]*")


def read_weights(path: Path) -> RewardWeights:
    """Return the weights in a file of YAML or JSON; names left out keep their default.

    Raises
    ------
    ConfigError
        If it is not a mapping of weights to numbers.
    OSError
        If the file cannot be read.
    """
    return parse_weights(path.read_bytes(), f"weights {path}")


def parse_weights(content: bytes, place: str) -> RewardWeights:
    """Return the weights in YAML or JSON; names left out keep their default.

    Parameters
    ----------
    content
        UTF-8, such as a file that was uploaded.
    place
        What the text is called in errors.

    Raises
    ------
    ConfigError
        If it is not a mapping of weights to numbers.
    """
    try:
        document = yaml.safe_load(content.decode("utf-8"))
    # The YAML reader lets through what Python says of impossible dates and deep nesting.
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise ConfigError(f"{place}: must be YAML or JSON, {_got(error)}; {_WAY_OUT}") from error
    if not isinstance(document, dict):
        raise ConfigError(f"{place}: must be a mapping of names to numbers, such as {_EXAMPLE}")
    for name, value in document.items():
        # Refused unseen: a few nested aliases are enough for a value of more text than memory.
        if isinstance(value, list | dict):
            raise ConfigError(f"{place}: {name!r} must be a number, got more than one value")
    return RewardWeights.from_mapping(document)


def _got(error: Exception) -> str:
    """Return what was found, in the words of people who edit files, not of those who parse them."""
    if isinstance(error, UnicodeDecodeError | ReaderError):
        return "got what is not text in UTF-8"
    mark = error.problem_mark if isinstance(error, yaml.MarkedYAMLError) else None
    where = f" near line {mark.line + 1}" if mark else ""
    return f"got what cannot be read as either{where}"


def format_weights(weights: RewardWeights) -> str:
    """Return weights as the text of a YAML file."""
    text: str = yaml.safe_dump(weights.to_dict(), sort_keys=False)
    return text


def file_of(folder: Path, name: str) -> Path:
    """Return the file in which weights of a name are kept; one that exists, if case alone differs.

    Raises
    ------
    ConfigError
        If it is not a name of 1 to 40 letters, digits, spaces, ``-`` and ``_``, which no folder
        and no path can be made of.
    """
    if not _NAME.fullmatch(name) or len(name) > MAX_NAME or name != name.strip():
        raise ConfigError(
            f"name {name!r}: must be 1 to {MAX_NAME} letters, digits, spaces, - and _, "
            "and begin with a letter or digit"
        )
    same = (path for path in folder.glob("*.yaml") if path.stem.casefold() == name.casefold())
    return next(same, folder / f"{name}.yaml")


def write_weights(weights: RewardWeights, path: Path) -> None:
    """Write weights to a file, whole or not at all.

    Raises
    ------
    OSError
        If the file cannot be written; the old one is left as it was.
    """
    write_aside(path, format_weights(weights).encode())
