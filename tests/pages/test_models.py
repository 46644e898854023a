"""Page Models: what is listed, judged, promoted, imported and deleted."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from scheduler_core.library import read_record
from scheduler_core.policy import save_checkpoint
from scheduler_core.policy.checkpoint import encode_checkpoint
from tests.builders import untrained
from tests.pages.steps import chart, open_page, texts
from ui import home as places
from ui import policies, state
from ui.models import entries

STAGES = ((2, 400), (3, 1200), (4, 1600))
"""Seed and decisions of each checkpoint of the run; the second is the best."""


def record(timestep: int, **others: Any) -> dict[str, Any]:
    """Return the record of a checkpoint of PPO."""
    config = {"seed": 7, "timesteps": 2000, "ppo": {"learning_rate": 0.1}}
    metrics = {"to_best_rule": 1.25}
    return {"phase": "ppo", "timestep": timestep, "config": config, "metrics": metrics, **others}


@pytest.fixture
def run(home: Path) -> Path:
    """Return the checkpoints of a run of three, the second of them its best."""
    folder = home / "runs" / "monday" / "checkpoints"
    for seed, timestep in STAGES:
        path = folder / f"step-{timestep:010d}.safetensors"
        save_checkpoint(untrained(seed), record(timestep), path)
    save_checkpoint(untrained(3), record(1200), folder / "best.safetensors")
    return folder


def models_page(tab: str = "Card", **query: str) -> AppTest:
    """Return page Models on a tab, run once without an exception."""
    app = open_page("models", models_tab=tab, **query)
    assert not app.exception
    return app


def press(app: AppTest, label: str) -> AppTest:
    """Press a button by its label."""
    (button,) = (each for each in app.button if each.label == label)
    button.click().run()
    assert not app.exception
    return app


@pytest.mark.parametrize("tab", ["Card", "Fit for use?", "Compare", "Through its training"])
def test_models_page_of_a_new_workbench_says_what_to_do_next(tab: str) -> None:
    """There are the models that ship, and no run."""
    app = models_page(tab)
    assert "The default of all pages is **dispatch**" in texts(app)
    if tab == "Through its training":
        assert "There is no training run here yet. Start one on page Training." in app.info[0].value


@pytest.mark.usefixtures("run")
def test_models_page_lists_the_best_of_a_run_with_its_facts() -> None:
    """The table is sorted by origin; the card below tells the rest, and the settings."""
    app = models_page(picked="runs/monday")
    table = app.dataframe[0].value
    assert list(table["Model"]) == ["dispatch", "makespan", "runs/monday"]
    assert table["Decisions learned from"][2] == 1200
    assert table["In use"][0] == "default · on the bench"
    facts = dict(app.table[0].value.itertuples(index=False))
    assert facts["Trained"] == r"1,200 decisions of trial and error \(PPO\)"
    assert "learning_rate: 0.1" in app.code[0].value


def test_models_page_leads_from_a_model_to_its_parent(run: Path) -> None:
    """The lineage is a chain of buttons, the oldest first."""
    parent = read_record(run / "step-0000000400.safetensors").sha256
    child = places.models() / "child.safetensors"
    save_checkpoint(untrained(9), record(50, init_sha256=parent), child)
    app = models_page(picked="imported/child")
    press(app, r"runs\/monday\/step\-0000000400")
    assert app.selectbox(key=entries.PICKED).value == "runs/monday/step-0000000400"
    assert r"imported\/child" in [button.label for button in app.button]


@pytest.mark.usefixtures("run")
def test_promoted_model_is_what_every_page_uses_until_taken_back() -> None:
    """Promote, look at the default; go back, look again."""
    app = press(models_page(picked="runs/monday"), "Promote to default")
    assert r"The default of all pages is **runs\/monday**, promoted here." in texts(app)
    assert r"The default is runs\/monday." in texts(open_page("schedule"))
    press(app, "Back to those that ship")
    assert "The default of all pages is **dispatch**" in texts(app)


@pytest.mark.parametrize("is_used", [False, True])
def test_promoted_model_whose_file_is_gone_is_told_of_once(run: Path, is_used: bool) -> None:
    """Picked and on the bench, it is asked for twice; that it is the default is not said on."""
    app = press(models_page(picked="runs/monday"), "Promote to default")
    assert "is the default of all pages now" in app.success[0].value
    if is_used:
        press(app, "Use on the bench now")
    (run / "best.safetensors").unlink()
    app.run()
    assert not app.exception
    assert [toast.value for toast in app.toast] == [
        r"The address asks for a model that is not here: runs\/monday. What is usual is chosen "
        "instead."
    ]
    assert "The default of all pages is **dispatch**" in texts(app)
    assert not app.success


@pytest.mark.usefixtures("run")
def test_model_used_on_the_bench_is_chosen_in_the_sidebar() -> None:
    """Any checkpoint of a run will do, and the table says so."""
    app = models_page(picked="runs/monday/step-0000000400")
    press(app, "Use on the bench now")
    assert app.selectbox(key=state.MODEL).value == "runs/monday/step-0000000400"
    table = app.dataframe[0].value.set_index("Model")
    assert table["In use"]["runs/monday/step-0000000400"] == "on the bench"


def test_imported_model_is_picked_and_kept() -> None:
    """What the uploader is given is checked, kept under its name, and looked at."""
    app = models_page()
    data = encode_checkpoint(untrained(8), record(10))
    upload = ("mine.safetensors", data, "application/octet-stream")
    app.file_uploader(key="models_upload_0").set_value(upload).run()
    assert not app.exception
    assert r"imported\/mine is imported\." in app.success[0].value
    assert app.selectbox(key=entries.PICKED).value == "imported/mine"
    assert (places.models() / "mine.safetensors").read_bytes() == data


def test_file_that_is_here_already_is_picked(run: Path) -> None:
    """A checkpoint on the way of a run too, which the table does not list until it is looked at."""
    app = models_page()
    stage = run / "step-0000000400.safetensors"
    upload = ("again.safetensors", stage.read_bytes(), "application/octet-stream")
    app.file_uploader(key="models_upload_0").set_value(upload).run()
    assert not app.exception
    assert "is here already" in app.success[0].value
    assert app.selectbox(key=entries.PICKED).value == f"runs/monday/{stage.stem}"
    assert not places.models().exists()


def test_import_of_a_pickle_is_refused_in_a_sentence() -> None:
    """Nothing is kept, and the page stays as it was."""
    app = models_page()
    upload = ("mine.safetensors", b"\x80\x04N.", "application/octet-stream")
    app.file_uploader(key="models_upload_0").set_value(upload).run()
    assert not app.exception
    assert "is a pickle or an archive" in app.error[0].value
    assert not places.models().exists()


def test_deletion_asks_and_then_resets_the_default(run: Path) -> None:
    """The dialog names the model and says that it is the default; then both are gone."""
    app = press(models_page(picked="runs/monday"), "Promote to default")
    press(app, "Delete …")
    assert r"The file of **runs\/monday** is deleted for good" in texts(app)
    assert "default of all pages" in app.warning[0].value
    assert (run / "best.safetensors").exists()
    press(app, r"Delete runs\/monday")
    assert not (run / "best.safetensors").exists()
    assert policies.library().default() is None
    assert app.selectbox(key=entries.PICKED).value == "dispatch"


def test_model_that_ships_has_no_way_to_be_deleted() -> None:
    """The button is there, says why not, and does nothing."""
    app = models_page(picked="dispatch")
    (button,) = (each for each in app.button if each.label == "Delete …")
    assert button.disabled
    assert button.help == "Models that ship with the program stay."


def test_model_of_other_features_is_listed_but_of_no_use() -> None:
    """The reason stands in the table, and every tab says it again."""
    path = places.models() / "old.safetensors"
    save_checkpoint(untrained(8), record(10, feature_version=1), path)
    app = models_page("Fit for use?", picked="imported/old")
    assert app.dataframe[0].value["Usable here"][2].startswith("no: it sees the shop by features")
    disabled = {button.label for button in app.button if button.disabled}
    assert {"Promote to default", "Use on the bench now"} <= disabled
    assert "cannot make schedules here" in app.info[0].value


@pytest.mark.usefixtures("run")
def test_evaluation_shows_ratios_and_the_verdict_of_the_gate() -> None:
    """Two small generated snapshots and the one on the bench; random weights are no good."""
    app = models_page("Fit for use?", picked="runs/monday")
    app.number_input(key="models_count").set_value(2).run()
    app.selectbox(key="models_size").set_value(10).run()
    app.multiselect(key="models_files").set_value(["bench"]).run()
    press(app, "Evaluate")
    tiles = {metric.label: metric.value for metric in app.metric}
    assert tiles["Beats the best rule"].endswith(" of 3")
    assert tiles["Violations"] == "0"
    assert "**Not fit for use**" in texts(app)
    gate = app.dataframe[1].value.set_index("Limit")
    assert gate.loc["delay cost / EDD's, mean", ""] == "NOT KEPT"
    command = app.code[0].value
    assert "--data data/10_jobs.json --generate 10 2 --gate" in command


@pytest.mark.usefixtures("run")
def test_evaluation_of_too_much_is_left_to_the_command_line() -> None:
    """The button is off, and the sentence names the figure and the limit."""
    app = models_page("Fit for use?", picked="runs/monday")
    app.number_input(key="models_count").set_value(30).run()
    app.selectbox(key="models_size").set_value(200).run()
    assert "6,000 families; this page evaluates at most 3,000 at once" in texts(app)
    (button,) = (each for each in app.button if each.label == "Evaluate")
    assert button.disabled


@pytest.mark.usefixtures("run")
def test_comparison_draws_both_schedules_and_what_differs() -> None:
    """Figures side by side, settings that differ, and two charts on one axis."""
    app = models_page("Compare", picked="runs/monday")
    assert "on this snapshot." in texts(app)
    figures, settings = app.dataframe[1].value, app.dataframe[2].value
    assert list(figures.columns[:3]) == ["Figure", "runs/monday", "dispatch"]
    assert ["0.1", "0.0003"] in settings.iloc[:, 1:].to_numpy().tolist()
    titles = [note["text"] for note in chart(app)["layout"]["annotations"]]
    assert [title.split(" · ")[0] for title in titles[:2]] == ["<b>runs/monday", "<b>dispatch"]


@pytest.mark.usefixtures("run")
def test_slider_over_a_run_starts_at_the_best_and_redraws() -> None:
    """A move to the first checkpoint shows its schedule, on the same rows and time axis."""
    app = models_page("Through its training", picked="runs/monday")
    slider = app.select_slider[0]
    assert list(slider.options) == ["400", "1,200 (best)", "1,600"]
    assert slider.value == "ppo 1200"
    before = gantt_of(app)
    app.select_slider[0].set_value("ppo 400").run()
    assert not app.exception
    after = gantt_of(app)
    assert after["layout"]["yaxis"]["categoryarray"] == before["layout"]["yaxis"]["categoryarray"]
    assert after["layout"]["xaxis"]["range"] == before["layout"]["xaxis"]["range"]
    assert after["data"] != before["data"]
    assert after["layout"]["annotations"][0]["text"].startswith("<b>400 · ")


def gantt_of(app: AppTest) -> Any:
    """Return the Gantt chart beside the curve."""
    return json.loads(app.get("plotly_chart")[1].proto.spec)


def test_choices_that_are_gone_meanwhile_fall_back(run: Path) -> None:
    """Another tab deleted the model on the bench and the checkpoint that the slider was on."""
    app = models_page("Through its training", picked="runs/monday/step-0000000400")
    press(app, "Use on the bench now")
    app.select_slider[0].set_value("ppo 400").run()
    (run / "step-0000000400.safetensors").unlink()
    app.run()
    assert not app.exception
    assert app.selectbox(key=state.MODEL).value == policies.DEFAULT
    assert app.select_slider[0].value == "ppo 1200"
