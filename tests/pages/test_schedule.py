"""Page Schedule runs without an exception, and what planners do on it has the outcome promised."""

from __future__ import annotations

import tomllib
from dataclasses import replace
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from scheduler_core.errors import CheckpointError
from scheduler_core.methods import make_schedule
from scheduler_core.schedule import Schedule
from scheduler_core.snapshot import parse_snapshot, read_snapshot
from scheduler_core.snapshot.json_text import MAX_BYTES
from tests.pages.steps import ROOT, TIMEOUT, chart, open_page, snapshot, texts
from ui import plans, snapshots, state, tables

SHIFTS = {
    "calendars": {"days": {"shifts": {"wednesday": [["06:00", "12:00"]]}}},
    "machine_calendars": {"M1": "days"},
    "downtime": [{"machine": "M1", "start": 1, "end": 3, "reason": "repair"}],
}
"""M1 works on Wednesdays from 6 to 12, and is down for two hours of the first, from 9 to 11."""


def schedule_page(**query: str | list[str]) -> AppTest:
    """Return page Schedule on the small sample with two rules, run once."""
    return open_page("schedule", **query)


def test_app_on_its_first_run_shows_the_schedule_page() -> None:
    """The router leads to page Schedule, whose first screen is a schedule, not an empty form."""
    app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=TIMEOUT).run()
    assert not app.exception
    assert app.header[0].value == "Schedule"
    assert len(app.get("plotly_chart")) == 1
    assert len(app.metric) == 8


@pytest.mark.parametrize(
    ("key", "name", "what"),
    [
        (state.MODEL, "imported/gone", r"a model that is not here: imported\/gone."),
        (state.WEIGHTS, "Summer rush", "reward weights that are not here: Summer rush."),
    ],
)
def test_address_of_what_is_not_here_says_so(key: str, name: str, what: str) -> None:
    """A link of a colleague must not show another plan without a word."""
    app = schedule_page(**{key: name})
    assert not app.exception
    assert [what in toast.value for toast in app.toast] == [True]


def test_address_of_what_is_here_says_nothing() -> None:
    """Weights without a name, a model that ships."""
    weights = "Custom: 100, 12.5, -35, 1, 0, -100, 15"
    assert not schedule_page(model="dispatch", weights=weights).toast


def test_schedule_page_with_methods_in_its_address_compares_these() -> None:
    """The tiles are about the first method, and the chart has a panel for each."""
    app = schedule_page()
    assert not app.exception
    assert "The tiles show SPT, and the difference to EDD." in texts(app)
    titles = [note["text"] for note in chart(app)["layout"]["annotations"]]
    assert [title.split(" · ")[0] for title in titles[:2]] == ["<b>SPT", "<b>EDD"]


def test_schedule_page_with_edd_alone_shows_no_difference() -> None:
    """There is nothing to compare EDD with."""
    app = schedule_page(methods=["EDD"])
    assert not app.exception
    assert {metric.delta for metric in app.metric} == {""}


def test_schedule_page_without_a_method_says_whose_plan_it_shows() -> None:
    """The picker is empty, and EDD's plan stands in."""
    app = schedule_page()
    app.multiselect(key=state.METHODS).set_value([]).run()
    assert not app.exception
    assert "No method is picked, so EDD is shown." in texts(app)


def test_schedule_page_after_a_change_of_methods_shows_the_new_leader() -> None:
    """Picking FIFO instead draws its schedule; more than two may be compared."""
    app = schedule_page()
    app.multiselect(key=state.METHODS).set_value(["fifo", "atc", "edd"]).run()
    assert not app.exception
    assert "The tiles show FIFO, and the difference to EDD." in texts(app)


def test_schedule_page_with_no_method_picked_falls_back_on_edd() -> None:
    """An empty picker is a state on the way to another choice, not an error."""
    app = schedule_page()
    app.multiselect(key=state.METHODS).set_value([]).run()
    assert not app.exception
    assert "The tiles show EDD." in texts(app)


def test_schedule_page_by_family_draws_due_marks() -> None:
    """The toggle reaches the chart."""
    app = schedule_page(view="By family")
    assert "Due date" in [trace.get("name") for trace in chart(app)["data"]]


def test_schedule_page_with_a_family_followed_dims_the_others() -> None:
    """The chart gets the family as its highlight, and shows at least one bar of it."""
    app = schedule_page()
    family = app.selectbox(key=state.FAMILY).options[0]
    app.selectbox(key=state.FAMILY).select(family).run()
    assert not app.exception
    chosen = {
        trace["customdata"][i][0]
        for trace in chart(app)["data"]
        for i in trace.get("selectedpoints") or []
    }
    assert chosen == {family}


def test_schedule_page_with_a_family_in_its_address_tells_why_it_is_late() -> None:
    """The panel has the sentences of the leading plan, and a table of the family's steps."""
    family = schedule_page(show="Late").dataframe[0].value["Family"][0]
    app = schedule_page(family=family)
    assert not app.exception
    assert app.subheader[0].value == family
    assert "late: it was due" in texts(app).replace("\\", "")
    assert any("Waited" in table.value for table in app.dataframe)


def test_schedule_page_with_late_only_leaves_late_bars() -> None:
    """The way from the tile to the tasks: no bar of a family on time is left."""
    app = schedule_page()
    app.button(key="show_late").click().run()
    assert app.segmented_control(key=state.SHOWN).value == "Late"
    counts = {trace["name"]: len(trace["customdata"]) for trace in chart(app)["data"]}
    assert counts["Late"] > 0
    assert counts["Fine"] == 0


def test_schedule_page_with_machines_picked_shows_their_rows_only() -> None:
    """The filter holds for the charts and for the table of all tasks."""
    app = schedule_page()
    before = statuses(app)
    machine = app.multiselect(key=state.MACHINES).options[0]
    app.multiselect(key=state.MACHINES).set_value([machine]).run()
    assert chart(app)["layout"]["yaxis"]["categoryarray"] == [machine]
    # A family with steps on other machines is no later for their not being shown.
    assert statuses(app).items() <= before.items()
    assert set(statuses(app).values()) > {"Late"}


def statuses(app: AppTest) -> dict[tuple[str, int], str]:
    """Return the colour in the legend of each task of the first panel."""
    found = (trace for trace in chart(app)["data"] if trace.get("xaxis", "x") == "x")
    return {
        (facts[0], facts[1]): trace["name"]
        for trace in found
        for facts in trace.get("customdata") or ()
    }


def test_filters_that_nothing_passes_say_what_to_do() -> None:
    """A machine without a late task, with late only: the way out is named."""
    app = open_page("schedule", show="Late")
    late = set(app.dataframe[0].value["Family"])
    problem = read_snapshot(ROOT / "data" / "10_jobs.json").problem
    busy = {m for f in problem.families if f.id in late for t in f.tasks for m in t.machines}
    idle = [m for m in app.multiselect(key=state.MACHINES).options if m not in busy]
    app.multiselect(key=state.MACHINES).set_value(idle[:1]).run()
    assert not app.exception
    assert "No task passes these filters: show All" in app.info[0].value


def test_upload_without_a_fault_becomes_the_snapshot_on_the_screen() -> None:
    """One family with one task, named by the file's name in the picker."""
    app = schedule_page()
    app.file_uploader[0].set_value(("shop.json", snapshot(), "application/json")).run()
    assert not app.exception
    assert "1 family · 1 task · 1 machine" in texts(app)
    assert app.selectbox(key=state.SAMPLE).value.startswith("Upload, shop.json (")


def test_upload_with_shifts_and_downtime_is_scheduled_around_them() -> None:
    """Five hours from 8, less the downtime: two are left for the Wednesday after, at 6."""
    app = schedule_page()
    shop = ("shop.json", snapshot(shop=SHIFTS), "application/json")
    app.file_uploader[0].set_value(shop).run()
    assert not app.exception
    assert "1 machine, 1 in shifts, 1 with downtime" in texts(app)
    assert "All constraints satisfied" in texts(app)
    assert "Tasks pause while their machine is closed or down." in texts(app)
    assert "Down" in [trace.get("name") for trace in chart(app)["data"]]
    assert "Closed" in [shape.get("name") for shape in chart(app)["layout"]["shapes"]]


def test_upload_of_a_long_plan_says_which_pauses_are_too_narrow_to_show() -> None:
    """Over 42 weeks the days from Wednesday to Tuesday are seen, but no night between them."""
    week = {"tuesday": [["06:00", "12:00"]], "wednesday": [["06:00", "12:00"]]}
    shop = SHIFTS | {"calendars": {"days": {"shifts": week}}}
    app = schedule_page()
    long = snapshot(shop=shop, processing_time=500)
    app.file_uploader[0].set_value(("shop.json", long, "application/json")).run()
    assert not app.exception
    assert "Closed time of up to 18.0 h is left out; zoom in to see it." in texts(app)


def test_upload_of_a_plan_beyond_all_dates_is_shown_in_hours() -> None:
    """At ten minutes a week, 100,000 hours take 600,000 weeks: the year 9999 comes before."""
    week = {"wednesday": [["08:00", "08:10"]]}
    shop = SHIFTS | {"calendars": {"days": {"shifts": week}}}
    app = schedule_page()
    far = snapshot(shop=shop, processing_time=100_000)
    app.file_uploader[0].set_value(("far.json", far, "application/json")).run()
    assert not app.exception
    assert chart(app)["layout"]["xaxis"]["type"] == "linear"


def test_sample_in_shifts_is_offered_by_a_name_that_says_so() -> None:
    """It stands beside the plain sample of the same size."""
    app = schedule_page(sample="Sample, 60 families in shifts")
    assert not app.exception
    assert "60 families · 196 tasks · 40 machines, 28 in shifts, 6 with downtime" in texts(app)
    samples = app.selectbox(key=state.SAMPLE).options
    place = samples.index("Sample, 60 families")
    assert samples[place + 1] == "Sample, 60 families in shifts"


def test_upload_may_be_as_large_as_the_reader_takes() -> None:
    """The server's limit and the widget's are the reader's, in whole megabytes."""
    config = tomllib.loads((ROOT / ".streamlit" / "config.toml").read_text("utf-8"))
    assert config["server"]["maxUploadSize"] == snapshots.MAX_UPLOAD_MB == MAX_BYTES / 2**20


def test_table_of_tasks_tells_work_from_pauses() -> None:
    """Five hours of work; from Wednesday 8 to the next Wednesday, with the rest as a pause."""
    problem = parse_snapshot(snapshot(shop=SHIFTS)).problem
    frame = tables.all_tasks(problem, make_schedule(problem, "edd"))
    assert frame["Hours"].tolist() == [5]
    assert frame["Waited"].tolist() == [0]
    assert frame["Paused"].tolist() == [7 * 24 - 2 + 3 - 5]
    always = parse_snapshot(snapshot()).problem
    assert "Paused" not in tables.all_tasks(always, make_schedule(always, "edd"))


def test_upload_with_a_fault_lists_it_and_keeps_the_schedule() -> None:
    """The place and the rule are named, and all that was on the screen is still there."""
    app = schedule_page()
    before = app.get("plotly_chart")[0].proto.spec
    bad = ("bad.json", snapshot(processing_time=-5), "application/json")
    app.file_uploader[0].set_value(bad).run()
    assert not app.exception
    faults = app.dataframe[0].value
    assert faults["Place"].tolist() == ["families.JOST1.tasks[0].processing_time"]
    assert "must be > 0" in faults["What is wrong"][0]
    assert app.get("plotly_chart")[0].proto.spec == before
    app.button[0].click().run()
    assert "This file was not loaded" not in texts(app)


def test_upload_after_a_refused_one_clears_the_list_of_faults() -> None:
    """The corrected file takes the place of the fault list."""
    app = schedule_page()
    bad = ("shop.json", snapshot(processing_time=-5), "application/json")
    app.file_uploader[0].set_value(bad).run()
    assert "This file was not loaded: 1 fault found." in texts(app)
    app.file_uploader[0].set_value(("shop.json", snapshot(), "application/json")).run()
    assert "This file was not loaded" not in texts(app)


def test_upload_of_a_shop_where_all_is_done_says_so() -> None:
    """A snapshot whose only task is done has nothing to schedule, which is no error."""
    app = schedule_page()
    done = ("done.json", snapshot(status="done"), "application/json")
    app.file_uploader[0].set_value(done).run()
    assert not app.exception
    assert "nothing left to schedule" in app.info[0].value


def test_schedule_page_without_a_checkpoint_goes_on_with_the_best_rule(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """PPO is shown as unavailable with the way out; the chart has the best rule and EDD."""

    def no_model(problem, method, weights=None, *, model=None):
        if method == "ppo":
            raise CheckpointError("checkpoint x: cannot be read; train one")
        return make_schedule(problem, method, weights, model=model)

    monkeypatch.setattr(plans, "make_schedule", no_model)
    app = schedule_page(methods=["PPO", "EDD"])
    assert not app.exception
    assert "PPO is not available here" in texts(app)
    assert "scheduler train" in texts(app)
    assert any("cannot be read" in element.help for element in app.markdown if element.help)
    assert "The tiles show Best rule, and the difference to EDD." in texts(app)


def test_schedule_page_with_an_invalid_schedule_lists_its_violations(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A method that forgets a task is found out by the validator, on the screen."""

    def forgetful(problem, method, weights=None, *, model=None) -> Schedule:
        whole = make_schedule(problem, method, weights, model=model)
        return replace(whole, tasks=whole.tasks[1:]) if method == "spt" else whole

    monkeypatch.setattr(plans, "make_schedule", forgetful)
    app = schedule_page()
    assert not app.exception
    assert "SPT breaks 1 constraint" in app.expander[0].label
    assert "All constraints satisfied" not in texts(app)


def test_schedule_page_without_samples_asks_for_an_upload(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The empty state says what to do."""
    monkeypatch.setattr(snapshots, "SAMPLES", tmp_path)
    app = schedule_page()
    assert not app.exception
    assert "Upload a snapshot" in app.info[0].value


def test_schedule_page_with_a_damaged_sample_lists_its_faults(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A sample that somebody has edited is refused as an upload would be."""
    (tmp_path / "10_jobs.json").write_bytes(snapshot(processing_time=0))
    monkeypatch.setattr(snapshots, "SAMPLES", tmp_path)
    app = schedule_page()
    assert not app.exception
    assert "This file was not loaded: 1 fault found." in texts(app)
