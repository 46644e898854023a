"""Page Rewards: what a planner sets there reaches the schedule, the sidebar and the files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from scheduler_core.objective import RewardWeights
from scheduler_core.weights_file import read_weights
from tests.pages.steps import chart, open_page, snapshot, texts
from ui import objective, state
from ui.rewards import stored
from ui.rewards.controls import CONTROLS

PLACES = {control.name: place for place, control in enumerate(CONTROLS)}
URGENCY = PLACES["urgent_multiplier"]


def slider(app: AppTest, name: str) -> Any:
    """Return the slider of a weight."""
    sliders = [*app.slider[:URGENCY], app.select_slider[0], *app.slider[URGENCY:]]
    return sliders[PLACES[name]]


def exact(app: AppTest, name: str) -> Any:
    """Return the field for the exact figure of a weight."""
    return app.number_input[PLACES[name]]


def rewards_page(**query: str) -> AppTest:
    """Return page Rewards on the small sample, run once without an exception."""
    app = open_page("rewards", **query)
    assert not app.exception
    return app


def picked(app: AppTest) -> RewardWeights | None:
    """Return the weights that the sidebar shows."""
    return objective.weights_of(app.selectbox(key=state.WEIGHTS).value)


def tries(app: AppTest) -> list[stored.Stored]:
    """Return what was tried in the session, in order."""
    (tried,) = app.session_state["rewards_tried"].values()
    return tried


def test_rewards_page_at_first_shows_every_method_in_the_trade_off() -> None:
    """PPO under these weights, and the sixteen other methods; the presets are at hand."""
    app = rewards_page()
    points = {trace["name"]: len(trace["x"]) for trace in chart(app)["data"][1:]}
    assert points == {"Rules": 16, "PPO, other settings tried": 0, "These weights": 1}
    assert len(app.metric) == 5
    assert app.button_group(key="rewards_preset").value == "Balanced"


def test_slider_moved_reschedules_under_the_new_weights() -> None:
    """The sidebar has the weights, their schedule is another one, and the change is said."""
    app = rewards_page()
    slider(app, "early_bonus_per_day").set_value(0.0).run()
    assert not app.exception
    assert picked(app) == RewardWeights(early_bonus_per_day=0)
    assert app.selectbox(key=state.WEIGHTS).value.startswith("Custom: ")
    before, now = tries(app)
    assert now.weights == RewardWeights(early_bonus_per_day=0)
    assert now.outcome.moved(before.outcome) > 0
    assert "Since **Balanced**" in texts(app)


def test_preset_picked_moves_the_sliders() -> None:
    """Urgent first counts urgent families five times; the slider and the field say so."""
    app = rewards_page()
    app.button_group(key="rewards_preset").set_value("Urgent first").run()
    assert not app.exception
    assert slider(app, "urgent_multiplier").value == 5
    assert exact(app, "urgent_multiplier").value == 5
    assert app.selectbox(key=state.WEIGHTS).value == "Urgent first"


def test_weights_of_the_address_beyond_the_slider_are_kept_exactly() -> None:
    """The slider stops at its end, the field does not, and the page says what it means."""
    app = rewards_page(weights="Custom: 9000, 50, -30, 1, 0, -100, 15")
    assert slider(app, "on_time_reward").value == 200
    assert exact(app, "on_time_reward").value == 9000
    assert picked(app) == RewardWeights(on_time_reward=9000)
    assert "**Outside training.** The dispatcher was trained with up to 200 times" in texts(app)


def test_weight_that_cannot_matter_says_so() -> None:
    """The only family is not urgent, so that a factor for urgent ones changes nothing."""
    app = rewards_page()
    shop = ("shop.json", snapshot(), "application/json")
    app.file_uploader(key=state.UPLOADER).set_value(shop).run()
    assert not app.exception
    assert "**Cannot matter here.** No family that can still move is urgent." in texts(app)


def test_weights_that_are_all_zero_make_no_schedule_better() -> None:
    """Every delay cost is 0; the page says so and divides by none."""
    app = rewards_page(weights="Custom: 0, 0, 0, 1, 0, -100, 15")
    assert "All weights are 0" in texts(app)
    app.button_group(key="rewards_view").set_value("Stored schedules").run()
    assert not app.exception
    assert set(app.dataframe[0].value["Delay cost"]) == {0}


def test_setting_tried_before_that_is_better_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """A dispatcher that does worst when it is asked for what counts is found out by its past."""
    made = stored.plans.make_schedule

    def perverse(problem, method, weights=None, *, model=None):  # noqa: ARG001
        reverse = method == "ppo" and weights.early_bonus_per_day == 0
        return made(problem, "lpt" if reverse else "spt" if method == "ppo" else method, weights)

    monkeypatch.setattr(stored.plans, "make_schedule", perverse)
    monkeypatch.setattr(stored, "_rules", lambda *_: ())
    app = rewards_page()
    slider(app, "early_bonus_per_day").set_value(0.0).run()
    assert not app.exception
    assert "**PPO, Balanced** is better] under these weights" in texts(app)


def test_save_by_name_asks_before_it_replaces(home: Path) -> None:
    """The name is in the sidebar; a second time under it the old weights stay until confirmed."""
    app = rewards_page(weights="Early as possible")
    app.text_input(key="rewards_name").set_value("Summer rush").run()
    button(app, "Save these weights").click().run()
    assert app.selectbox(key=state.WEIGHTS).value == "Summer rush"
    file = home / "workspace" / "rewards" / "Summer rush.yaml"
    assert read_weights(file).on_time_reward == 0
    slider(app, "on_time_reward").set_value(80.0).run()
    app.text_input(key="rewards_name").set_value("summer rush").run()
    button(app, "Save these weights").click().run()
    assert read_weights(file).on_time_reward == 0
    button(app, "Replace them").click().run()
    assert not app.exception
    assert read_weights(file).on_time_reward == 80
    assert app.selectbox(key=state.WEIGHTS).value == "Summer rush"


def test_saved_weights_deleted_stay_in_force_without_the_name(home: Path) -> None:
    """The file is gone, the figures are not."""
    objective.save("Rush", RewardWeights(on_time_reward=70))
    app = rewards_page(weights="Rush")
    button(app, "Delete for good").click().run()
    assert not app.exception
    assert not (home / "workspace" / "rewards" / "Rush.yaml").exists()
    assert picked(app) == RewardWeights(on_time_reward=70)


@pytest.mark.parametrize("name", ["../../evil", "Balanced", ""])
def test_save_by_a_name_that_cannot_be_is_refused_in_a_sentence(home: Path, name: str) -> None:
    """A path, a preset's name, no name: nothing is written."""
    app = rewards_page()
    app.text_input(key="rewards_name").set_value(name).run()
    button(app, "Save these weights").click().run()
    assert not app.exception
    assert "The weights were not saved: " in texts(app)
    assert list(home.rglob("*.yaml")) == []


def test_weights_uploaded_are_taken_or_refused_in_a_sentence() -> None:
    """A good file moves the sliders; a faulty one changes nothing and says what is wrong."""
    app = rewards_page()
    upload(app, b"on_time_reward: 40")
    assert picked(app) == RewardWeights(on_time_reward=40)
    upload(app, b"on_time_reward: -1")
    assert not app.exception
    assert "not loaded: weight on_time_reward: must be >= 0, got -1." in texts(app)
    assert picked(app) == RewardWeights(on_time_reward=40)


def test_views_draw_terms_and_table_of_the_same_schedules() -> None:
    """The stack of the schedule in force adds up to its score; the table has all seventeen."""
    app = rewards_page()
    app.button_group(key="rewards_view").set_value("Points by weight").run()
    bars = [trace for trace in chart(app)["data"] if trace["type"] == "bar"]
    (total,) = (trace for trace in chart(app)["data"] if trace["name"] == "Score")
    assert sum(bar["x"][3] for bar in bars) == pytest.approx(total["x"][3])
    app.button_group(key="rewards_view").set_value("Stored schedules").run()
    assert not app.exception
    frame = app.dataframe[0].value
    assert len(frame) == 17
    assert frame["Delay cost"].is_monotonic_increasing
    assert frame[""].str.contains("now").sum() == 1


def upload(app: AppTest, content: bytes) -> None:
    """Give a file of weights to the uploader."""
    app.file_uploader(key="rewards_file").set_value(("w.yaml", content, "text/yaml")).run()


def button(app: AppTest, label: str):
    """Return a button by its label."""
    return next(each for each in app.button if each.label == label)
