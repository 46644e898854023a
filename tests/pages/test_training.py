"""Page Training shows what is on the disk, and its form says what will be trained."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from scheduler_core.errors import ConfigError
from scheduler_core.snapshot import Shelf
from scheduler_core.training import RunFolder, TrainingConfig, train
from scheduler_core.training.standing import Standing
from tests.pages.steps import chart, open_page, snapshot, texts
from tests.test_training import TINY
from ui import state
from ui.training import form, memory, words


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of a run that has finished."""
    folder = tmp_path_factory.mktemp("trained") / "run"
    train(TINY, folder)
    return folder


@pytest.fixture
def runs(home: Path, trained: Path) -> Path:
    """Return the folder of two runs of different settings."""
    shutil.copytree(trained, home / "runs" / "one")
    shutil.copytree(trained, home / "runs" / "two")
    config = home / "runs" / "two" / "config.yaml"
    config.write_text(config.read_text().replace("clip_coef: 0.2", "clip_coef: 0.3"))
    return home / "runs"


def form_page(**query: str) -> AppTest:
    """Return the page with the form of a new run open."""
    app = open_page("training", **query)
    app.session_state[memory.TAB] = memory.NEW_RUN
    return app.run()


def line_up(run: RunFolder, costs: list[float], rewards: list[float]) -> None:
    """Give a run other lines: a validation after each update."""
    run.metrics.unlink()
    run.timing.unlink()
    for i, (cost, reward) in enumerate(zip(costs, rewards, strict=True)):
        where = {"phase": "ppo", "update": i, "timestep": i}
        run.append(
            {**where, "reward": reward, "to_best_rule": cost},
            {**where, "seconds": float(i), "per_second": 1.0},
        )


def test_training_page_without_a_run_says_what_to_do() -> None:
    """Open the other tab."""
    app = open_page("training")
    assert not app.exception
    assert "There is no run yet. Open the tab New run" in app.info[0].value


def test_training_page_shows_the_run_in_its_address(runs: Path) -> None:
    """State, figures and curves are those of the files."""
    app = open_page("training", run="one")
    assert not app.exception
    assert app.selectbox(key=memory.RUN).value == "one"
    best = json.loads((runs / "one" / "result.json").read_text())["ratio"]
    assert app.metric[0].value == f"{best * 100:.1f} %"
    titles = [note["text"] for note in chart(app)["layout"]["annotations"]]
    assert "<b>Families on time</b>" in titles
    assert list(app.dataframe[0].value["ppo.clip_coef"]) in (["0.2", "0.3"], ["0.3", "0.2"])


def test_training_page_with_runs_beside_each_other_names_what_differs(runs: Path) -> None:
    """In the legend; both are on the chart."""
    del runs
    app = open_page("training", run="one")
    app.multiselect(key=memory.BESIDE).set_value(["two"]).run()
    assert not app.exception
    names = {trace["name"] for trace in chart(app)["data"] if trace.get("showlegend")}
    assert names == {"one · clip_coef 0.2", "two · clip_coef 0.3"}


@pytest.mark.parametrize(("tab", "title"), [("Losses", "Entropy"), ("Speed and log", "Decisions")])
def test_training_page_has_more_tabs(runs: Path, tab: str, title: str) -> None:
    """Losses and entropy on the second; speed, log and settings on the third."""
    del runs
    app = open_page("training", run="one")
    app.session_state[memory.DETAIL_TAB] = tab
    app.run()
    assert not app.exception
    assert any(title in note["text"] for note in chart(app)["layout"]["annotations"])
    if tab == "Speed and log":
        said = "\n".join(code.value for code in app.code)
        assert "training begins in phase teacher" in said
        assert "clip_coef: 0.2" in said
        assert "tensorboard --logdir" in said


def test_training_page_warns_of_a_reward_that_rises_with_the_cost(runs: Path) -> None:
    """The sentence stands above the curves."""
    costs = [0.9, 0.9, 0.9, 0.95, 0.96, 0.97]
    line_up(RunFolder(runs / "one"), costs, [-1.2, -1.21, -1.2, -1.0, -1.01, -1.0])
    app = open_page("training", run="one")
    assert "The reward rises" in app.warning[0].value


@pytest.mark.parametrize(
    ("status", "buttons", "word"),
    [
        ({"state": "running"}, ["Pause", "Stop"], "Running"),
        ({"state": "paused"}, ["Continue", "Stop"], "Paused"),
    ],
)
def test_training_page_offers_what_a_live_run_can_do(
    runs: Path, status: dict[str, str], buttons: list[str], word: str
) -> None:
    """A press leaves its wish in the folder of the run."""
    run = RunFolder(runs / "one")
    with run.locked():
        run.write_status({**json.loads((run.path / "status.json").read_text()), **status})
        if status["state"] == "paused":
            run.ask_to_pause()
        app = open_page("training", run="one")
        assert [button.label for button in app.button] == buttons
        assert word in texts(app)
        app.button(key="training_go").click().run()
        assert run.asks_to_pause is (buttons[0] == "Pause")
        app.button(key="training_end").click().run()
        assert not app.exception
        assert run.asks_to_stop


def test_training_page_offers_to_resume_a_run_that_died(runs: Path) -> None:
    """Nobody holds its lock: what it says of itself does not count."""
    run = RunFolder(runs / "one")
    run.write_status({**json.loads((run.path / "status.json").read_text()), "state": "running"})
    app = open_page("training", run="one")
    assert "The process of this run ended without a word" in app.warning[0].value
    assert "Resume" in [button.label for button in app.button]


def test_table_of_runs_holds_the_longest_state(runs: Path) -> None:
    """Whatever the state that the table is first drawn with: it does not grow with the text."""
    del runs
    columns = json.loads(open_page("training").dataframe[0].proto.columns)
    longest = max(len(word) for word, _ in words.STATES.values())
    pixels_of_a_letter, pixels_around = 7, 16
    assert columns["State"]["width"] >= (longest + 2) * pixels_of_a_letter + pixels_around


def test_training_page_of_a_run_that_is_not_here_says_so_once(runs: Path) -> None:
    """Another run is shown instead, and the address follows."""
    del runs
    app = open_page("training", run="nothere")
    assert ["a run that is not here: nothere" in toast.value for toast in app.toast] == [True]
    assert app.query_params["run"] == app.selectbox(key=memory.RUN).value
    assert not app.run().toast


def test_training_page_names_a_run_deleted_elsewhere_by_its_folder(runs: Path) -> None:
    """The press on Resume came too late; the last run being gone, the sentence is shown too."""
    run = RunFolder(runs / "one")
    run.write_status({**json.loads((run.path / "status.json").read_text()), "state": "stopped"})
    shutil.rmtree(runs / "two")
    app = open_page("training", run="one")
    shutil.rmtree(run.path)
    app.button(key="training_go").click().run()
    assert not app.exception
    assert [error.value for error in app.error] == [
        "run one: is not here; it was deleted meanwhile, or never was; pick one from the list of "
        "runs"
    ]


def test_training_page_deletes_a_run_and_turns_to_another(runs: Path) -> None:
    """After a confirmation; the other stays."""
    app = open_page("training", run="one")
    app.button(key="training_delete").click().run()
    assert not app.exception
    assert not (runs / "one").exists()
    assert not app.toast
    app.run()
    assert app.selectbox(key=memory.RUN).value == "two"


def test_form_says_what_differs_from_the_preset_and_how_to_do_the_same() -> None:
    """Two settings are changed: both are named, and stand in the command."""
    app = form_page()
    assert "All settings are those of the preset fast." in texts(app)
    app.number_input(key="training_fast_timesteps").set_value(3000)
    app.number_input(key="training_fast_ppo.learning_rate").set_value(0.0001).run()
    assert not app.exception
    assert "`timesteps: 3000`, `ppo.learning_rate: 0.0001`" in texts(app)
    assert app.code[0].value == (
        "scheduler train --preset fast --timesteps 3000 --set ppo.learning_rate=0.0001"
    )


def test_form_with_a_setting_out_of_range_says_so_and_does_not_start() -> None:
    """One sentence, by the name of the setting; what was filled in stays."""
    app = form_page()
    app.number_input(key="training_fast_ppo.gamma").set_value(1.5).run()
    assert [error.value for error in app.error] == ["ppo.gamma: must be <= 1, got 1.5"]
    assert app.button[-1].disabled
    app.text_input(key="training_fast_validation_sizes").set_value("40, many").run()
    assert "must be whole numbers with commas between them" in app.error[0].value
    assert app.number_input(key="training_fast_ppo.gamma").value == 1.5


@pytest.mark.parametrize(
    ("name", "rule"),
    [
        ("timesteps", "must be <= 1,000,000,000,000, got 100,000,000,000,000,000,000"),
        ("seed", r"must be >= 0 and below 2**63, got 100000000000000000000"),
    ],
)
def test_form_with_a_number_beyond_what_browsers_count_to_says_so(name: str, rule: str) -> None:
    """A field of whole numbers would keep it to itself, and the run would take the value before."""
    app = form_page()
    field = app.number_input(key=f"training_fast_{name}")
    assert field.proto.data_type == field.proto.FLOAT
    field.set_value(1e20).run()
    assert not app.exception
    assert [error.value for error in app.error] == [f"{name}: {rule}"]
    assert app.button[-1].disabled


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch, trained: Path, home: Path) -> list[object]:
    """Return what is asked of the launcher, which starts nothing."""
    asked: list[object] = []

    def launch(runs: Path, config: TrainingConfig, **other: object) -> RunFolder:
        if config.seed == 13:
            raise ConfigError("training: 2 runs are live")
        asked.append((config, other))
        return RunFolder(shutil.copytree(trained, runs / "new"))

    del home
    monkeypatch.setattr(form, "launch", launch)
    return asked


def test_form_starts_a_run_on_snapshots_from_a_model(home: Path, started: list[object]) -> None:
    """A sample and an upload to train on, of which the run keeps a copy, from what ships."""
    kept = Shelf(home / "workspace" / "snapshots").put(snapshot(), "monday.json")
    upload, app = kept.path, form_page(sample=kept.title)
    app.segmented_control[0].set_value("Snapshots").run()
    app.multiselect(key="training_data").set_value(["data/10_jobs.json", str(upload)])
    app.selectbox(key="training_init").select("dispatch")
    app.text_input(key="training_name").set_value("mine").run()
    app.button[-1].click().run()
    assert not app.exception
    ((config, other),) = started  # type: ignore[misc]
    assert config.task.data == ("data/10_jobs.json", str(upload))
    assert other["snapshots"] == {str(upload): upload.read_bytes()}
    assert other["name"] == "mine"
    assert other["init"].name == "dispatch.safetensors"
    assert app.selectbox(key=memory.RUN).value == "new"


def test_form_without_a_snapshot_does_not_start_and_picks_the_one_that_comes(home: Path) -> None:
    """Shops that nobody asked for are no stand-in; what is taken out again stays out."""
    app = form_page()
    app.segmented_control[0].set_value("Snapshots").run()
    assert app.multiselect(key="training_data").value == []
    assert [info.value for info in app.info] == [
        "No snapshot is picked to train on: pick one or more under Train on, or choose Generated "
        "shops."
    ]
    assert app.button[-1].disabled
    upload = ("monday.json", snapshot(), "application/json")
    app.file_uploader[0].set_value(upload).run()
    assert not app.exception
    kept = Shelf(home / "workspace" / "snapshots").find(app.session_state[state.SAMPLE])
    assert kept is not None
    assert app.multiselect(key="training_data").value == [str(kept.path)]
    assert not app.button[-1].disabled
    app.segmented_control[0].set_value("Generated shops").run()
    app.segmented_control[0].set_value("Snapshots").run()
    assert app.multiselect(key="training_data").value == [str(kept.path)]
    app.multiselect(key="training_data").set_value([]).run()
    assert app.multiselect(key="training_data").value == []
    app.segmented_control[0].set_value("Generated shops").run()
    assert not app.button[-1].disabled


def test_form_that_cannot_start_says_why_and_keeps_what_was_filled_in(
    started: list[object],
) -> None:
    """Too many runs are live."""
    app = form_page()
    app.number_input(key="training_fast_seed").set_value(13).run()
    app.button[-1].click().run()
    assert [error.value for error in app.error] == ["training: 2 runs are live"]
    assert app.number_input(key="training_fast_seed").value == 13
    assert started == []


def test_settings_of_each_preset_keep_their_own_changes() -> None:
    """Another preset begins with its own values; back on the first, the change is still there."""
    app = form_page()
    app.number_input(key="training_fast_timesteps").set_value(3000).run()
    app.selectbox(key="training_preset").select("guide").run()
    assert app.number_input(key="training_guide_timesteps").value == 200_000
    app.selectbox(key="training_preset").select("fast").run()
    assert app.number_input(key="training_fast_timesteps").value == 3000


def test_progress_before_the_first_update_says_that_it_gets_ready() -> None:
    """Nothing is known yet of how many there will be: none of none would look broken."""
    assert words.progress(Standing("running", phase="ppo")) == "PPO: getting ready"
    begun = Standing("running", phase="ppo", timestep=1_000, timesteps=20_000)
    assert words.progress(begun) == "PPO: 1,000 of 20,000 decisions"
