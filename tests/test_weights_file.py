"""Reward weights as files: what is taken, and what is refused in a sentence."""

from __future__ import annotations

from pathlib import Path

import pytest

from scheduler_core.errors import ConfigError
from scheduler_core.objective import RewardWeights
from scheduler_core.weights_file import file_of, format_weights, parse_weights

BOMB = b"a: &a [x, x, x, x, x, x, x, x, x]\n" + b"".join(
    b"%c: &%c [%s]\n" % (98 + i, 98 + i, b", ".join([b"*%c" % (97 + i)] * 9)) for i in range(20)
)
"""Twenty levels of nine aliases each: 9 ** 20 values if anybody looks at them."""


def test_weights_written_are_the_weights_read() -> None:
    """The text of the download is a file for the upload."""
    weights = RewardWeights(on_time_reward=12.5, urgent_multiplier=3)
    assert parse_weights(format_weights(weights).encode(), "w") == weights


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (BOMB, "^w: 'a' must be a number, got more than one value$"),
        (b"on_time_reward: {a: 1}", "'on_time_reward' must be a number, got more than one value"),
        (b"\xff\xfe", "^w: must be YAML or JSON"),
        (b"", "^w: must be a mapping of names to numbers"),
        (b"!!python/object/apply:os.getcwd []", "^w: must be YAML or JSON"),
    ],
    ids=["bomb", "nested", "not text", "empty", "python"],
)
def test_weights_that_are_no_numbers_are_refused(content: bytes, message: str) -> None:
    """At once, however much the file would unfold to, and nothing in it is run."""
    with pytest.raises(ConfigError, match=message):
        parse_weights(content, "w")


@pytest.mark.parametrize(
    ("content", "found"),
    [
        (b"on_time_reward: 5\nlate_penalty_per_day: [3", "cannot be read as either near line 2"),
        (b"on_time_reward: 2025-13-45", "cannot be read as either"),
        (b"on_time_reward: \xe4", "is not text in UTF-8"),
        (b"\0", "is not text in UTF-8"),
    ],
    ids=["open bracket", "impossible date", "other encoding", "zero byte"],
)
def test_weights_that_are_no_yaml_are_refused_in_a_plain_sentence(
    content: bytes, found: str
) -> None:
    """Where it is and what to write, and nothing of what the parser says."""
    with pytest.raises(ConfigError) as caught:
        parse_weights(content, "w")
    assert str(caught.value) == (
        f"w: must be YAML or JSON, got what {found}; write a name and a number on each line, "
        "such as early_bonus_per_day: 0"
    )


def test_file_of_a_name_stays_in_its_folder(tmp_path: Path) -> None:
    """Letters of any script, digits, spaces, - and _."""
    for name in ("Summer rush", "plan-2_b", "Große Aufträge"):
        assert file_of(tmp_path, name) == tmp_path / f"{name}.yaml"


def test_file_of_a_name_in_other_case_is_the_one_there(tmp_path: Path) -> None:
    """Two files whose names differ in case alone are one on some disks."""
    (tmp_path / "Rush.yaml").touch()
    assert file_of(tmp_path, "RUSH") == tmp_path / "Rush.yaml"


@pytest.mark.parametrize(
    "name", ["", " x", "x ", "../x", "a/b", "a\\b", ".x", "_x", "x\n", "x" * 41]
)
def test_file_of_what_could_be_a_path_is_refused(tmp_path: Path, name: str) -> None:
    """No folder, no hidden file, no blank at the ends, no line break, and not too long."""
    with pytest.raises(ConfigError, match="must be 1 to 40 letters, digits, spaces, - and _"):
        file_of(tmp_path, name)
