"""Reward weights as YAML files."""

from __future__ import annotations

from pathlib import Path

import yaml

from scheduler_core.errors import ConfigError, one_line
from scheduler_core.files import write_aside
from scheduler_core.objective import RewardWeights


def read_weights(path: Path) -> RewardWeights:
    """Return the weights in a file of YAML or JSON; names left out keep their default.

    Raises
    ------
    ConfigError
        If it is not a mapping of weights to numbers.
    OSError
        If the file cannot be read.
    """
    try:
        document = yaml.safe_load(path.read_text(encoding="utf-8"))
    # The YAML reader lets through what Python says of impossible dates and deep nesting.
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise ConfigError(f"weights {path}: must be YAML or JSON ({one_line(error)})") from error
    if not isinstance(document, dict):
        raise ConfigError(
            f"weights {path}: must be a mapping of names to numbers, such as early_bonus_per_day: 0"
        )
    return RewardWeights.from_mapping(document)


def write_weights(weights: RewardWeights, path: Path) -> None:
    """Write weights to a file, whole or not at all.

    Raises
    ------
    OSError
        If the file cannot be written; the old one is left as it was.
    """
    write_aside(path, yaml.safe_dump(weights.to_dict(), sort_keys=False).encode())
