"""The reward weights at hand: presets, those saved by name, and any others, in the URL too."""

from __future__ import annotations

import re
from pathlib import Path

import streamlit as st

from scheduler_core.errors import ConfigError
from scheduler_core.objective import RewardWeights
from scheduler_core.weights_file import file_of, read_weights, write_weights
from ui import home, links, state

PRESETS = home.ROOT / "configs" / "rewards"
BALANCED = "Balanced"
_CUSTOM = "Custom: "
_OTHERS = "other_weights"
_MAX_OTHERS = 20
_NUMBER = re.compile(r"[+-]?\d+(?:\.\d+)?(?:e[+-]?\d+)?")


def presets() -> dict[str, RewardWeights]:
    """Return the weights that ship, by name, the default ones first."""
    names = sorted(PRESETS.glob("*.yaml"), key=lambda path: (title(path) != BALANCED, path.stem))
    return {title(path): read_weights(path) for path in names}


def saved() -> dict[str, RewardWeights]:
    """Return the weights that users saved, by name; a file that is damaged is left out."""
    found = {}
    for path in sorted(home.rewards().glob("*.yaml")):
        try:
            found[path.stem] = read_weights(path)
        except (ConfigError, OSError):
            continue
    return found


def save(name: str, weights: RewardWeights, *, replace: bool = False) -> str | None:
    """Save weights by a name, and return it as it is kept: the case of a file there is stays.

    Where other weights have the name, nothing is done and the answer is None, but for ``replace``.

    Raises
    ------
    ConfigError
        If it is no name to save by, or that of a preset.
    OSError
        If the file cannot be written.
    """
    if name.casefold() in map(str.casefold, presets()):
        raise ConfigError(f"name {name!r}: is that of a preset, which stays; choose another name")
    path = file_of(home.rewards(), name)
    if path.exists() and not replace:
        return None
    write_weights(weights, path)
    return path.stem


def delete(name: str) -> None:
    """Delete weights that were saved by a name, where they are still there.

    Raises
    ------
    ConfigError, OSError
        As `save`.
    """
    file_of(home.rewards(), name).unlink(missing_ok=True)


def short_text(weights: RewardWeights) -> str:
    """Return the name of weights, else the figures that count, in little room."""
    text = text_of(weights)
    if not text.startswith(_CUSTOM):
        return text
    points = (
        weights.on_time_reward,
        weights.early_bonus_per_day,
        weights.late_penalty_per_day,
    )
    parts = [f"{value:g}" for value in points]
    if weights.urgent_multiplier != 1:
        parts.append(f"urgent x{weights.urgent_multiplier:g}")
    if weights.makespan_penalty_per_day:
        parts.append(f"makespan {weights.makespan_penalty_per_day:g}")
    return " / ".join(parts)


def title(path: Path) -> str:
    """Return the name of a preset as a title: ``deadlines_first`` is Deadlines first."""
    return path.stem.replace("_", " ").capitalize()


def named() -> dict[str, RewardWeights]:
    """Return all weights that have a name: the presets first, then those that users saved."""
    known = presets()
    return known | {name: weights for name, weights in saved().items() if name not in known}


def text_of(weights: RewardWeights) -> str:
    """Return the name of weights, else all figures as one text that `weights_of` reads back."""
    for name, known in named().items():
        if known == weights:
            return name
    return _CUSTOM + ", ".join(f"{value:.12g}" for value in weights.to_dict().values())


def weights_of(text: str) -> RewardWeights | None:
    """Return the weights of a name or of a text of `text_of`, None where it is neither."""
    if text in (known := named()):
        return known[text]
    if not text.startswith(_CUSTOM):
        return None
    numbers = text.removeprefix(_CUSTOM).split(", ")
    names = list(RewardWeights().to_dict())
    if len(numbers) != len(names) or not all(map(_NUMBER.fullmatch, numbers)):
        return None
    try:
        return RewardWeights.from_mapping(dict(zip(names, map(float, numbers), strict=True)))
    except ConfigError:
        return None


def choose_weights() -> RewardWeights:
    """Draw the picker of reward weights and return those chosen."""
    state.bring_along(state.WEIGHTS)
    options = _options()
    links.tell_unknown(state.WEIGHTS, "reward weights that are not here", options)
    chosen = st.selectbox(
        "Reward weights",
        options,
        key=state.WEIGHTS,
        bind="query-params",
        help="What the business wants. The learned dispatcher is told, and every schedule is "
        "scored by it. Page Rewards has a slider for each weight.",
    )
    state.take_along(state.WEIGHTS)
    return weights_of(chosen or BALANCED) or RewardWeights()


def _options() -> list[str]:
    """Return the names of all weights, and others once they are chosen, here or by the address.

    They stay options: of a slider that is moved quickly the browser still holds the last value but
    one, and would fall back on the first option were that gone.
    """
    names, others = named(), st.session_state.setdefault(_OTHERS, [])
    for text in (st.session_state.get(state.WEIGHTS), st.query_params.get(state.WEIGHTS)):
        if text and text not in names and text not in others and weights_of(text) is not None:
            others.append(text)
    del others[:-_MAX_OTHERS]
    return [*names, *others]


def current() -> RewardWeights:
    """Return the weights that were chosen last; for callbacks, where the picker's may be older."""
    return weights_of(state.taken_along(state.WEIGHTS) or BALANCED) or RewardWeights()


def choose(name: str) -> None:
    """Choose weights by name; call it from a callback, before the picker is drawn."""
    st.session_state[state.WEIGHTS] = name
    state.take_along(state.WEIGHTS)


def set_weights(weights: RewardWeights) -> None:
    """Choose other weights; call it from a callback, before the picker is drawn."""
    choose(text_of(weights))
