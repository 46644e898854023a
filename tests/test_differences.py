"""What differs between configs, by hand."""

from __future__ import annotations

from scheduler_core.differences import differences


def test_differences_of_nested_configs_are_named_by_their_place() -> None:
    """Only what differs is left, with a value for each config."""
    one = {"seed": 1, "ppo": {"learning_rate": 0.1, "epochs": 2}, "data": ["a"]}
    other = {"seed": 1, "ppo": {"learning_rate": 0.3, "epochs": 2}, "data": ["a", "b"]}
    assert differences([one, other, one]) == {
        "ppo.learning_rate": (0.1, 0.3, 0.1),
        "data": (["a"], ["a", "b"], ["a"]),
    }


def test_differences_where_a_config_lacks_a_setting_have_none_there() -> None:
    """An older config knows fewer settings."""
    found = differences([{"seed": 1}, {"seed": 1, "ppo": {"averaging": 0.5}}])
    assert found == {"ppo.averaging": (None, 0.5)}


def test_differences_between_a_switch_and_a_number_count() -> None:
    """In Python True equals 1; a setting that is a switch is no number."""
    assert differences([{"a": True}, {"a": 1}]) == {"a": (True, 1)}


def test_differences_of_equal_or_no_configs_are_none() -> None:
    """Nothing differs from itself."""
    assert differences([]) == {}
    assert differences([{"a": {"b": 1}}, {"a": {"b": 1}}]) == {}
