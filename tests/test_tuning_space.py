"""What a sweep may search: read from texts, checked against the settings of a run."""

from __future__ import annotations

from pathlib import Path

import pytest

from scheduler_core.errors import ConfigError
from scheduler_core.tuning import load_space, parse_space


@pytest.mark.parametrize(
    ("given", "meant"),
    [
        ("1e-5..1e-3 log", {"low": 1e-5, "high": 1e-3, "log": True, "step": None}),
        ("0.1..0.5 step 0.2", {"low": 0.1, "high": 0.5, "log": False, "step": 0.2}),
        ({"low": "1e-4", "high": 1}, {"low": 1e-4, "high": 1.0, "log": False, "step": None}),
        ([0.5, 1], {"choices": [0.5, 1]}),
        (["1e-4", "2.5e-3"], {"choices": [0.0001, 0.0025]}),
    ],
)
def test_parse_space_takes_texts_lists_and_mappings(given: object, meant: object) -> None:
    """And gives what it reads back to the same."""
    space = parse_space({"ppo.entropy_coef": given}, None)
    document = {name: what.to_document() for name, what in space.items()}
    assert document == {"ppo.entropy_coef": meant}
    assert parse_space(document, None) == space


@pytest.mark.parametrize(
    ("name", "what", "message"),
    [
        ("ppo.learning_rat", [1], "ppo.learning_rat: is not a setting; the settings here are lea"),
        ("ppo.epochs", [1.5], "ppo.epochs: must be of type int, got 1.5"),
        ("ppo.epochs", "0..3", "ppo.epochs: must be > 0, got 0"),
        ("ppo.epochs", "1..2.5", "ppo.epochs: must be of type int, got 2.5"),
        ("ppo.gamma", "0.9..1.1", "ppo.gamma: must be <= 1, got 1.1"),
        ("ppo.overlap", "0..1", "ppo.overlap: must be of type bool, got 0"),
        ("ppo", [1], "ppo: must be a mapping of settings, got 1"),
        ("ppo.gamma", [], "ppo.gamma: choices must be a list of values"),
        ("ppo.gamma", "much", "ppo.gamma: must be a list of choices, or a range such as"),
        ("ppo.gamma", {"from": 1}, "ppo.gamma: must be a list of choices, or a range such as"),
        ("ppo.gamma", "0.5..0.5", "below high, got low 0.5 and high 0.5"),
        ("ppo.gamma", {"low": 0.5}, "ppo.gamma: low must be a number below high"),
        ("ppo.gamma", "0.1..1 step 0", "ppo.gamma: step must be a number > 0"),
        ("ppo.entropy_coef", "0..1 log", "ppo.entropy_coef: low must be > 0 for log, got 0"),
        ("seed", [1, 2], "seed: cannot be searched, for trials could not be compared"),
        ("timesteps", [1, 2], "timesteps: cannot be searched"),
    ],
)
def test_parse_space_of_a_faulty_setting_names_it_and_the_rule(
    name: str, what: object, message: str
) -> None:
    """Unknown, of another type, out of range, or what cannot be read."""
    with pytest.raises(ConfigError) as caught:
        parse_space({name: what}, None)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_load_space_reads_a_file_or_says_what_is_wrong(tmp_path: Path) -> None:
    """A file of two settings, none, and one that is no mapping."""
    path = tmp_path / "space.yaml"
    path.write_text("ppo.learning_rate: 1e-5..1e-1 log\nppo.epochs: [1, 2, 3]\n")
    document = {"ppo.learning_rate": "1e-5..1e-1 log", "ppo.epochs": [1, 2, 3]}
    assert load_space(path, None) == parse_space(document, None)
    with pytest.raises(ConfigError, match=r"absent\.yaml: cannot be read"):
        load_space(tmp_path / "absent.yaml", None)
    path.write_text("- 1")
    with pytest.raises(ConfigError, match="must be a mapping of settings to ranges"):
        load_space(path, None)
