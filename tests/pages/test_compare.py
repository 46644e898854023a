"""Page Compare sets two plans against each other and walks through where they part."""

from __future__ import annotations

import json
from typing import Any

from streamlit.testing.v1 import AppTest

from scheduler_core.comparison import differing_decisions
from scheduler_core.methods import make_schedule
from scheduler_core.objective import RewardWeights, measure
from scheduler_core.schedule_file import schedule_document
from scheduler_core.snapshot import read_snapshot
from tests.pages.steps import ROOT, open_page, snapshot, texts
from ui import state
from ui.compare import following, pair, upload

SNAPSHOT = read_snapshot(ROOT / "data" / "10_jobs.json")


def compare_page(**query: str | list[str]) -> AppTest:
    """Return page Compare on the small sample with two rules, run once."""
    return open_page("compare", **query)


def document(method: str = "edd") -> dict[str, Any]:
    """Return the document of a schedule file of the small sample."""
    schedule = make_schedule(SNAPSHOT.problem, method)
    weights = RewardWeights()
    metrics = measure(SNAPSHOT.problem, schedule, weights)
    return json.loads(json.dumps(schedule_document(SNAPSHOT, schedule, weights, metrics)))


def give(app: AppTest, content: object) -> AppTest:
    """Upload a schedule file."""
    uploader = next(each for each in app.file_uploader if "Schedule file" in each.label)
    return uploader.set_value(("shop.json", json.dumps(content).encode(), "application/json")).run()


def charts(app: AppTest) -> dict[str, Any]:
    """Return the figures of the page by the start of what they are said to show."""
    found = app.get("plotly_chart")
    return {each.proto.alt.split(" ")[0]: json.loads(each.proto.spec) for each in found}


def test_compare_page_says_which_plan_is_better_and_where_they_first_part() -> None:
    """The verdict, the first decision that differs, and its two frames in the charts."""
    app = compare_page()
    assert not app.exception
    assert "late families" in app.markdown[0].value
    old, new = (make_schedule(SNAPSHOT.problem, method) for method in ("edd", "spt"))
    first = differing_decisions(SNAPSHOT.problem, old, new)[0]
    assert f"SPT takes **{first.new.family_id}**" in texts(app)
    frames = [s for s in charts(app)["Gantt"]["layout"]["shapes"] if s.get("name") == "Taken"]
    assert [frame["xref"] for frame in frames] == ["x", "x2"]
    assert charts(app)["Gantt"]["layout"]["xaxis2"]["matches"] == "x"


def test_compare_page_steps_to_the_next_decision_and_to_the_last() -> None:
    """Next and Last move the slider and the text; at the end there is nowhere further to go."""
    app = compare_page()
    first = texts(app)
    app.button(key="compare_next").click().run()
    assert app.slider(key=following.STEP).value == 2
    assert texts(app) != first
    app.button(key="compare_last").click().run()
    assert app.slider(key=following.STEP).value == app.slider(key=following.STEP).max
    assert app.button(key="compare_next").disabled


def test_compare_page_with_a_step_beyond_the_last_in_its_address_goes_on() -> None:
    """An old address whose plans differed more often opens without an error."""
    app = compare_page(step="9999")
    assert not app.exception
    assert app.slider(key=following.STEP).value >= 1


def test_compare_page_with_a_family_in_its_address_steps_through_its_decisions() -> None:
    """Each of them takes the family, or passes it over."""
    old, new = (make_schedule(SNAPSHOT.problem, method) for method in ("edd", "spt"))
    found = differing_decisions(SNAPSHOT.problem, old, new)
    family = found[-1].families[0]
    app = compare_page(family=family)
    assert not app.exception
    assert app.selectbox(key=state.FAMILY).value == family
    assert f"**{family}**" in texts(app)
    count = sum(family in each.families for each in found)
    assert (app.slider(key=following.STEP).max if count > 1 else 1) == count


def test_compare_page_with_another_plan_to_compare_with_measures_against_that() -> None:
    """Of three methods the table has all, with a column each for the difference to the chosen."""
    app = compare_page(methods=["SPT", "EDD", "ATC"])
    app.selectbox(key=pair.AGAINST).select("atc").run()
    assert not app.exception
    columns = list(app.dataframe[0].value.columns)
    assert columns == ["Figure", "SPT", "ATC", "SPT vs ATC", "EDD", "EDD vs ATC"]
    assert "late families as ATC" in app.markdown[0].value


def test_compare_page_with_edd_alone_says_how_to_get_a_second_plan() -> None:
    """There is nothing to compare EDD with, which is no error."""
    app = compare_page(methods=["EDD"])
    assert not app.exception
    assert "Pick a second method" in app.info[0].value


def test_compare_page_with_a_plan_uploaded_compares_with_that() -> None:
    """EDD's own schedule as a file: the two plans are the same."""
    app = give(compare_page(methods=["EDD"]), document())
    assert not app.exception
    assert "as many late families as Uploaded plan" in app.markdown[0].value
    assert any("The two plans are the same" in each.value for each in app.success)
    assert not app.warning


def test_compare_page_with_a_broken_plan_uploaded_lists_what_it_breaks() -> None:
    """An unknown machine, a family of another shop, times out of sight, a task left out."""
    broken = document() | {"snapshot_sha256": "0" * 64}
    tasks = broken["schedule"]
    tasks[0]["machine"] = "NOWHERE"
    tasks[1]["family_id"] = "STRANGER"
    tasks[2] |= {"start_time": -1e11, "end_time": -1e12}
    tasks[3] |= {"start_time": 1e11, "end_time": 1e12}
    del tasks[4]
    app = give(compare_page(), broken)
    assert not app.exception
    assert "made for another snapshot" in app.warning[0].value
    wrong = next(e.value for e in app.dataframe if "What is wrong" in e.value)
    assert wrong["What is wrong"].str.contains("NOWHERE").any()
    assert wrong["Place"].str.contains("STRANGER").any()
    assert "leaves tasks out" in app.markdown[0].value


def test_compare_page_with_a_file_that_is_no_schedule_says_why() -> None:
    """The snapshot itself, given by mistake, is refused in a sentence; the page stays."""
    app = give(compare_page(), {"families": {}})
    assert not app.exception
    assert "no schedule that can be read" in texts(app)
    assert any("What is wrong" in each.value for each in app.dataframe)
    assert upload._UPLOADED not in app.session_state  # noqa: SLF001
    assert "late families as EDD" in texts(app)


def test_compare_page_without_any_delay_does_not_set_none_against_none() -> None:
    """One family on time under both plans: neither costs anything, and the verdict says so."""
    app = compare_page()
    app.file_uploader(key=state.UPLOADER).set_value(
        ("one.json", snapshot(), "application/json")
    ).run()
    assert "as many late families as EDD, and neither has a delay cost.**" in texts(app)
