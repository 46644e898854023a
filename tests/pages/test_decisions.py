"""Page Decisions answers what was chosen, why, and what another choice would have cost."""

from __future__ import annotations

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from scheduler_core.inspection import Change, Episode, walk
from scheduler_core.methods import load_policy, shipped_model
from scheduler_core.objective import RewardWeights
from scheduler_core.snapshot import read_snapshot
from tests.pages.steps import ROOT, open_page, snapshot, texts
from ui import policies
from ui.decisions import wording
from ui.decisions.walking import DECISION


def episode() -> Episode:
    """Return what the page shows of the small sample."""
    problem = read_snapshot(ROOT / "data" / "10_jobs.json").problem
    weights = RewardWeights()
    return walk(load_policy(shipped_model(weights)), problem, weights)


def headline(app: AppTest) -> str:
    """Return the sentence on the decision."""
    return app.subheader[0].value


def press(app: AppTest, key: str) -> AppTest:
    """Press a button of the page."""
    return app.button(key=f"decisions_{key}").click().run()


def test_decisions_page_tells_what_ppo_and_edd_would_take() -> None:
    """The headline has time, machine, number of tasks, and PPO's choice; the table has them all."""
    app = open_page("decisions")
    assert not app.exception
    first = episode().decision(0)
    assert f"{len(first.candidates)} tasks wait. PPO takes {first.taken.family_id}" in headline(app)
    assert "EDD would" in headline(app) or "so would EDD" in headline(app)
    table = app.dataframe[0].value
    assert len(table) == len(first.candidates)
    assert table["Probability"].sum() == pytest.approx(100)
    assert table["Taken by"].str.contains("EDD").sum() >= 1
    assert table["Points if taken"].notna().all()
    assert "All decisions before this one stay." in texts(app)
    assert "The independent validator finds no fault in it." in texts(app)


def test_decisions_page_opened_by_a_task_shows_the_decision_that_took_it() -> None:
    """As other pages link here: the address has the family and the step."""
    last = episode().decision(len(episode()) - 1).taken
    app = open_page("decisions", task_family=last.family_id, task_step=str(last.sequence))
    assert not app.exception
    assert app.session_state[DECISION] == len(episode())
    assert f"PPO takes {last.family_id} step {last.sequence}" in headline(app)


def test_decisions_page_opened_by_a_task_that_was_never_taken_by_choice_says_so() -> None:
    """It lost a decision, and was the only one left later: the decision shown is another task's."""
    shown, problem = episode(), episode().problem
    at, task, family = next(
        (at, task, family)
        for family in problem.families
        for task in family.tasks
        if (at := shown.find(family.id, task.sequence)) is not None
        and shown.decision(at).taken.family_id != family.id
    )
    app = open_page("decisions", task_family=family.id, task_step=str(task.sequence))
    assert app.session_state[DECISION] == at + 1
    assert "the last decision that it lost to another task" in app.info[0].value
    assert f"{family.id} step {task.sequence}" in [element.value for element in app.text]
    app.slider(key=DECISION).set_value(1).run()
    assert not app.info


def test_decisions_page_promises_no_order_of_time_where_times_go_back() -> None:
    """PPO may plan one machine ahead, so on the sample of 40 families the times go back."""
    problem = read_snapshot(ROOT / "data" / "40_jobs.json").problem
    weights = RewardWeights()
    times = walk(load_policy(shipped_model(weights)), problem, weights).times
    assert (times[1:] < times[:-1]).any()
    app = open_page("decisions", sample="Sample, 40 families")
    said = [*(element.value for element in app.caption), app.slider(key=DECISION).help]
    assert any("in the order PPO made them" in text for text in said)
    assert not any("order of time" in text for text in said)


def test_decisions_page_opened_by_a_task_that_does_not_exist_says_so() -> None:
    """A link from before another upload leads to a sentence, not to an error."""
    app = open_page("decisions", task_family="*nobody*", task_step="1")
    assert not app.exception
    assert "no such task" in app.warning[0].value
    assert "pick one under Task taken below" in app.warning[0].value
    assert "*nobody* step 1" in [element.value for element in app.text]


def test_decisions_page_steps_to_the_next_disagreement_with_a_rule() -> None:
    """The walk stops only where the rule would have chosen otherwise, in order."""
    stops = episode().disagreements("spt").tolist()
    app = open_page("decisions", rule="SPT")
    app.button_group(key="decisions_tour").set_value("Where the rule disagrees").run()
    assert not app.exception
    assert app.session_state[DECISION] == stops[0] + 1
    press(app, "next")
    assert app.session_state[DECISION] == stops[1] + 1
    assert "SPT would take" in headline(app)
    assert f"Stop 2 of {len(stops)}" in texts(app)


def test_decisions_page_walks_from_the_closest_call_on() -> None:
    """The order is by how little separates the two likeliest choices."""
    stops = episode().closest().tolist()
    app = open_page("decisions")
    app.button_group(key="decisions_tour").set_value("Closest calls").run()
    assert app.session_state[DECISION] == stops[0] + 1
    press(app, "next")
    assert app.session_state[DECISION] == stops[1] + 1


def test_decisions_page_begins_with_the_most_expensive_choice_of_the_rule() -> None:
    """No stop of the walk costs more points than the first."""
    app = open_page("decisions")
    app.button_group(key="decisions_tour").set_value("Most expensive for the rule").run()
    assert not app.exception
    first = price_of_rule(app)
    press(app, "next")
    assert price_of_rule(app) >= first


def price_of_rule(app: AppTest) -> float:
    """Return by how many points EDD's choice would change the score."""
    table = app.dataframe[0].value
    return float(
        table[table["Taken by"].str.contains(r"(?:^|, )EDD", regex=True)]["Points if taken"].iloc[0]
    )


def test_decisions_page_compares_with_another_choice() -> None:
    """Picking another candidate tells its price first, and redraws both plans."""
    app = open_page("decisions", decision="2")
    picker = next(box for box in app.selectbox if box.label == "Compare with taking instead")
    picker.select_index(len(picker.options) - 1).run()
    assert not app.exception
    chosen = app.selectbox(key=picker.key)
    name = chosen.options[-1].split(":")[0]
    bold = next(each.value for each in app.markdown if "here" in each.value)
    assert name in bold
    titles = str(app.get("plotly_chart")[2].proto.spec)
    assert f"As forced: {name} taken" in titles


def test_decisions_page_with_a_task_picked_goes_to_its_decision() -> None:
    """The picker of tasks shows the one taken, and another one leads to its decision."""
    one = episode().decision(4).taken
    app = open_page("decisions")
    app.selectbox(key="decisions_task").set_value((one.family_id, one.sequence)).run()
    assert not app.exception
    assert app.session_state[DECISION] == 5


@pytest.mark.parametrize("number", ["0", "100000", "x", "²"])
def test_decisions_page_with_a_number_out_of_range_opens_anyway(number: str) -> None:
    """An address from a larger snapshot, or one typed in."""
    app = open_page("decisions", decision=number)
    assert not app.exception
    assert 1 <= app.session_state[DECISION] <= len(episode())


def test_decisions_page_without_a_real_choice_says_so() -> None:
    """One task alone in its shop: nothing was decided, and the page says what to do."""
    app = open_page("decisions")
    app.file_uploader[0].set_value(("one.json", snapshot(), "application/json")).run()
    assert not app.exception
    assert "There is nothing to decide in this shop" in app.info[0].value


def test_decisions_page_without_a_usable_checkpoint_says_what_to_do(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A damaged file is named with what is wrong, beside the way out."""
    damaged = tmp_path / "damaged.safetensors"
    damaged.write_bytes(b"nothing")
    monkeypatch.setattr(policies, "default_model", lambda _: damaged)
    app = open_page("decisions")
    assert not app.exception
    assert "pick another model" in app.warning[0].value
    assert "is not a checkpoint of this program" in app.text[0].value


NOT_BEST = ": by the reward weights PPO's choice was not the best one here."
PRICES = {
    (3.2, -120.0): "cost 3.2 h of lateness and 120 points.",
    (-3.2, 9.0): "save 3.2 h of lateness and earn 9 points" + NOT_BEST,
    (-3.2, -9.0): "cost 9 points but save 3.2 h of lateness.",
    (3.2, 9.0): "cost 3.2 h of lateness but earn 9 points" + NOT_BEST,
    (0.0, 0.0): "come to the same points and lateness in the end.",
}


@pytest.mark.parametrize(
    ("hours", "points"), PRICES, ids=["worse", "better", "later", "earlier", "same"]
)
def test_price_of_a_choice_is_told_as_it_is(hours: float, points: float) -> None:
    """Also where the other choice would have been the better one."""
    change = Change(hours, late_families=0, points=points, makespan_hours=0.0)
    said = wording.price(change, "JOST7", "EDD")
    assert said == f"EDD's choice here, JOST7, would {PRICES[hours, points]}"


def test_names_from_a_file_are_no_markup() -> None:
    """A family named like Markdown is printed as it is."""
    assert wording.escaped("*A*[b](c) $d$ :e:") == r"\*A\*\[b\]\(c\) \$d\$ \:e\:"
