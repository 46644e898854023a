"""Page What if: events lead to a new plan, and scenarios are kept, compared and undone."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from tests.pages.steps import chart, open_page, texts


def test_whatif_page_without_events_shows_the_plan_and_says_what_to_do_next() -> None:
    """An empty scenario and an empty list each name the next step; the chart is the plan's."""
    app = open_page("whatif")
    assert not app.exception
    assert "Say on the left what happens, and press Apply." in texts(app)
    assert "None is kept for this snapshot yet." in texts(app)
    assert len(app.get("plotly_chart")) == 1
    assert "The plan as it stands" in str(chart(app)["layout"]["annotations"])


def test_machine_down_applied_lists_what_moves_and_marks_the_downtime() -> None:
    """The defaults put the busiest machine down for 8 hours from now on."""
    app = open_page("whatif")
    app.button(key="whatif_apply").click().run()
    assert not app.exception
    assert "down for 8 h from" in texts(app)
    assert "All constraints satisfied" in texts(app)
    assert len(app.metric) == 7
    moved = app.dataframe[0].value
    assert {"Machine before", "Start before", "Moved by, h"} <= set(moved.columns)
    down = [trace for trace in chart(app)["data"] if trace["name"] == "Down"]
    assert [len(trace["y"]) for trace in down] == [1, 1]


def test_machine_down_counts_only_what_may_move_as_replanned() -> None:
    """Of the 196 tasks of the sample in shifts, 22 run already or have a fixed start."""
    app = open_page("whatif", sample="Sample, 60 families in shifts")
    app.button(key="whatif_apply").click().run()
    assert not app.exception
    assert "re-planned 174 tasks in" in texts(app)


def rush(app: AppTest) -> AppTest:
    """Apply a rush order like the first family."""
    app.segmented_control(key="whatif_kind").set_value("Rush order").run()
    return app.button(key="whatif_apply").click().run()


def test_scenarios_kept_stand_side_by_side_and_undo_takes_one_back(home: Path) -> None:
    """Two events in two scenarios; the second is undone; another session finds the first."""
    app = open_page("whatif")
    app.button(key="whatif_apply").click().run()
    app.button(key="whatif_keep").click().run()
    rush(app).button(key="whatif_keep").click().run()
    assert not app.exception
    table = app.dataframe[0].value
    assert list(table["Scenario"])[::2] == ["Old plan", "Rush order RUSH-1"]
    assert len(app.get("plotly_chart")) == 3  # the plan as it stands, and the two scenarios
    app.button(key="whatif_undo_button").click().run()
    assert r"Rush order RUSH\-1 like" in texts(app)
    other = open_page("whatif")
    assert len(other.dataframe[0].value) == 2
    assert len(list((home / "workspace" / "scenarios").glob("*/*.json"))) == 1


def test_event_that_does_not_fit_the_shop_is_refused_in_a_sentence() -> None:
    """A rush order with the name of a family: the scenario stays as it was."""
    app = open_page("whatif")
    app.segmented_control(key="whatif_kind").set_value("Rush order").run()
    name = app.selectbox(key="whatif_rush_like").value
    app.text_input(key="whatif_rush_name_RUSH-1").set_value(name).run()
    app.button(key="whatif_apply").click().run()
    assert not app.exception
    assert "its name must be new" in texts(app)
    assert not app.metric


@pytest.mark.parametrize(
    ("kind", "key", "number", "told"),
    [
        ("Machine down", "whatif_down_hours", -8.0, "got -8 h"),
        ("Machine down", "whatif_down_hours", 1e300, "h; type another number of hours"),
        ("Task overrun", "whatif_overrun_hours", 0.0, "must be > 0"),
        ("Rush order", "whatif_rush_weight", -1.0, "must count as 0.000001 to 1,000,000 families"),
    ],
)
def test_number_out_of_range_is_refused_and_not_replaced(
    kind: str, key: str, number: float, told: str
) -> None:
    """What was typed counts: the browser keeps nothing to itself."""
    app = open_page("whatif")
    app.segmented_control(key="whatif_kind").set_value(kind).run()
    app.number_input(key=key).set_value(number)
    app.button(key="whatif_apply").click().run()
    assert not app.exception
    assert told in texts(app)
    assert not app.metric


def test_event_applied_twice_counts_once() -> None:
    """A second click on Apply is answered; the scenario keeps one event."""
    app = open_page("whatif")
    app.button(key="whatif_apply").click().run()
    app.button(key="whatif_apply").click().run()
    assert "in the scenario already" in texts(app)
    assert [button.label for button in app.button].count("Remove") == 1


def test_overtime_where_all_machines_work_round_the_clock_names_the_way_out() -> None:
    """The form says why there is nothing to add, and Apply is off."""
    app = open_page("whatif")
    app.segmented_control(key="whatif_kind").set_value("Overtime").run()
    assert "Pick a snapshot with shifts" in app.info[0].value
    assert app.button(key="whatif_apply").disabled


def test_overrun_in_a_shop_in_shifts_is_planned_and_taken_as_the_new_shop(home: Path) -> None:
    """The shop of the scenario becomes the snapshot of all pages, with the longer task in it."""
    app = open_page("whatif", sample="Sample, 60 families in shifts", methods=["EDD"])
    app.segmented_control(key="whatif_kind").set_value("Task overrun").run()
    app.button(key="whatif_apply").click().run()
    assert "takes 4 h longer" in texts(app)
    app.button(key="whatif_adopt").click().run()
    assert not app.exception
    assert "takes longer" in str(app.selectbox(key="sample").value)
    kept = next((home / "workspace" / "snapshots").rglob("*.json"))
    assert json.loads(kept.read_text())["metadata"]["created_at"].startswith("2025-08-06")


def test_moment_behind_a_shorter_plan_is_drawn_back_to_its_end() -> None:
    """Another method may be done before the moment that was picked."""
    app = open_page("whatif")
    app.button(key="whatif_apply").click().run()
    [(sha256, draft)] = app.session_state["whatif_drafts"].items()
    app.session_state["whatif_drafts"] = {sha256: replace(draft, now=10**9, events=())}
    app.run()
    assert not app.exception
    assert 0 < app.session_state["whatif_drafts"][sha256].now < 10**9
