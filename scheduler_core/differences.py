"""In which settings configs differ, whatever the depth they lie at."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any


def differences(configs: Sequence[Mapping[str, Any]]) -> dict[str, tuple[Any, ...]]:
    """Return the settings that are not the same in all configs.

    Parameters
    ----------
    configs
        Nested mappings of settings, as YAML or JSON gives them.

    Returns
    -------
    dict
        Values in the order of the configs, by dotted name (``ppo.learning_rate``), in the order in
        which the names are met. None stands for a setting that a config lacks.
    """
    flat = [dict(_leaves(config, "")) for config in configs]
    found = {}
    for name in dict.fromkeys(name for each in flat for name in each):
        values = tuple(each.get(name) for each in flat)
        # True == 1, but one of them is a switch and the other a number.
        if any(value != values[0] or type(value) is not type(values[0]) for value in values):
            found[name] = values
    return found


def _leaves(config: Mapping[str, Any], place: str) -> Iterator[tuple[str, Any]]:
    for name, value in config.items():
        if isinstance(value, Mapping):
            yield from _leaves(value, f"{place}{name}.")
        else:
            yield f"{place}{name}", value
