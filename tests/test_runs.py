"""Runs outlive what happens to them: stopped, killed, resumed, on any number of threads."""

from __future__ import annotations

import json
import multiprocessing
import signal
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from scheduler_core.errors import CheckpointError, ConfigError
from scheduler_core.policy import load_checkpoint
from scheduler_core.snapshot import read_snapshot
from scheduler_core.training import Progress, RunFolder, TrainingConfig, list_runs, train
from scheduler_core.training.settings import DeviceConfig, PPOConfig
from tests import test_training
from tests.builders import untrained_scheduler

TINY = replace(
    test_training.TINY,
    checkpoint_every=2,
    save_seconds=0.0,
    imitation=replace(test_training.TINY.imitation, problems=40),
)

pytestmark = pytest.mark.usefixtures("checking_all_the_time")


def with_ppo(**settings: Any) -> TrainingConfig:
    """Return a tiny run with other settings of PPO."""
    return replace(TINY, ppo=replace(TINY.ppo, **settings))


VARIANTS = {
    "usual": TINY,
    "overlap": with_ppo(overlap=True),
    "dropout": replace(TINY, network=replace(TINY.network, dropout=0.2)),
    "last": with_ppo(averaging=0.0),
}


class StopAfter:
    """Asks to stop once it has been asked a number of times."""

    def __init__(self, asked: int) -> None:
        self.left = asked

    def __call__(self) -> bool:
        """Return whether to stop."""
        self.left -= 1
        return self.left < 0


@pytest.fixture(scope="module", params=VARIANTS, ids=str)
def whole(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> tuple[TrainingConfig, RunFolder, int]:
    """Return settings, a run that never stopped, and how often it asked whether to."""
    config, folder = VARIANTS[request.param], tmp_path_factory.mktemp(request.param) / "whole"
    never = StopAfter(10**9)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("scheduler_core.training.watch.BETWEEN_CHECKS", 0.0)
        train(config, folder, should_stop=never)
    return config, RunFolder(folder), 10**9 - never.left


def same_outcome(one: RunFolder, other: RunFolder) -> bool:
    """Return whether two runs left the same metrics and weights, to the bit."""
    names = {path.name for path in (one.path / "checkpoints").iterdir()}
    assert names == {path.name for path in (other.path / "checkpoints").iterdir()}
    same_weights = all(
        torch.equal(tensor, load_checkpoint(other.path / "checkpoints" / name).training[key])
        for name in names
        for key, tensor in load_checkpoint(one.path / "checkpoints" / name).training.items()
    )
    policies = [
        torch.cat(
            [each.ravel() for each in load_checkpoint(run.checkpoint(name)).network.parameters()]
        )
        for name in ("best", "last")
        for run in (one, other)
    ]
    same_policies = torch.equal(*policies[:2]) and torch.equal(*policies[2:])
    return same_weights and same_policies and one.metrics.read_bytes() == other.metrics.read_bytes()


def stopped_once(config: TrainingConfig, folder: Path, asked: int) -> Path:
    """Return the folder of a run that stopped; sooner than wished where it was over by then.

    While it waits for threads, a run asks by the clock: a quick one asks fewer times than a slow
    one.
    """
    while True:
        each = folder / str(asked)
        if train(config, each, should_stop=StopAfter(asked)).state == "stopped":
            return each
        assert asked > 0, "a run that is asked to stop at once stops"
        asked //= 2


def test_a_run_stopped_anywhere_and_resumed_equals_one_never_stopped(
    tmp_path: Path, whole: tuple[TrainingConfig, RunFolder, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Five times in each of some runs, wherever that happens to be, to the bit."""
    config, never_stopped, asked = whole
    # As the whole run was: how often a run asks must not depend on how fast it is.
    monkeypatch.setattr("scheduler_core.training.watch.BETWEEN_CHECKS", 0.0)
    rng = np.random.default_rng(0)
    for trial in range(3):
        folder = stopped_once(config, tmp_path / str(trial), int(rng.integers(1, asked)))
        for _ in range(4):
            status, last = RunFolder(folder).read_status(), RunFolder(folder).checkpoint("last")
            assert status["state"] == "stopped"
            assert status["timestep"] == load_checkpoint(last).record["training"]["timestep"]
            limit = StopAfter(int(rng.integers(1, asked)))
            if train(config, folder, resume=True, should_stop=limit).state == "finished":
                break
        else:
            assert train(config, folder, resume=True).state == "finished"
        assert same_outcome(never_stopped, RunFolder(folder))


@pytest.mark.parametrize("threads", [1, 2, 3])
def test_threads_change_nothing_but_speed(tmp_path: Path, threads: int) -> None:
    """Same seed, same metrics file; another seed, another one."""
    on_threads = replace(TINY, device=DeviceConfig(name="cpu", threads=threads))
    train(TINY, tmp_path / "usual")
    train(on_threads, tmp_path / "threads")
    train(replace(on_threads, seed=4), tmp_path / "seed")
    usual, same, other = (RunFolder(tmp_path / name) for name in ("usual", "threads", "seed"))
    assert same_outcome(usual, same)
    assert other.metrics.read_bytes() != usual.metrics.read_bytes()


def test_until_stops_between_updates_and_the_rest_follows(
    tmp_path: Path, whole: tuple[TrainingConfig, RunFolder, int]
) -> None:
    """In rungs of 60 decisions, as a sweep trains."""
    config, never_stopped, _ = whole
    states = []
    for rung in range(1, 6):
        result = train(config, tmp_path / "run", resume=rung > 1, until=60 * rung)
        states.append(result.state)
        if result.state == "finished":
            break
        assert result.timestep >= 60 * rung
    assert states[:2] == ["stopped", "stopped"]
    assert states[-1] == "finished"
    assert same_outcome(never_stopped, RunFolder(tmp_path / "run"))


def _train_until_killed(folder: Path, resume: bool) -> None:
    train(TINY, folder, resume=resume)


@pytest.mark.slow
def test_a_run_killed_at_twenty_moments_leaves_whole_files_and_resumes(tmp_path: Path) -> None:
    """SIGKILL, anywhere from the first file to the last: no hole, no line twice, nothing half."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["tests.test_runs"])

    def train_for(seconds: float | None, run: RunFolder) -> int | None:
        """Train, or go on, in a process that is killed after some seconds; return its exit code."""
        process = context.Process(target=_train_until_killed, args=(run.path, run.config.exists()))
        process.start()
        process.join(seconds)
        process.kill()  # if it has ended, nothing happens
        process.join()
        return process.exitcode

    never_killed, begin = RunFolder(tmp_path / "whole"), time.perf_counter()
    assert train_for(None, never_killed) == 0
    whole, rng, kills = time.perf_counter() - begin, np.random.default_rng(1), 0
    run = RunFolder(tmp_path / "run")
    while kills < 20:
        code = train_for(float(rng.uniform(0.0, whole)), run)
        assert code in (0, -signal.SIGKILL)
        kills += code != 0
        check_whole(run)
        if run.config.exists() and run.read_status()["state"] == "finished":
            assert same_outcome(never_killed, run)
            run = RunFolder(run.path / "next")
    assert train_for(None, run) == 0
    assert same_outcome(never_killed, run)


def check_whole(run: RunFolder) -> None:
    """Check that every file of a run that was killed can be read, but for a last line."""
    for path in (run.path / "checkpoints").glob("[!.]*.safetensors"):
        load_checkpoint(path)
    if (run.path / "status.json").exists():
        assert run.read_status()["state"] in ("died", "finished")
    for metrics, timing in run.lines():
        assert metrics["update"] == timing["update"]


def test_a_stop_that_is_asked_for_by_file_is_honoured(tmp_path: Path) -> None:
    """As the app and ``scheduler stop`` ask for it, from another process."""
    run = RunFolder(tmp_path)

    def ask(progress: Progress) -> None:
        if progress.phase == "ppo":
            run.ask_to_stop()

    assert train(TINY, tmp_path, listener=ask).state == "stopped"
    assert not run.asks_to_stop or train(TINY, tmp_path, resume=True).state == "finished"
    assert [each.path for each in list_runs(tmp_path)] == [tmp_path]


def test_nobody_can_be_asked_to_stop_who_does_not_train(tmp_path: Path) -> None:
    """A finished run, and a folder without a run."""
    with pytest.raises(ConfigError, match="is not the folder of a run"):
        RunFolder(tmp_path).ask_to_stop()
    with pytest.raises(ConfigError, match=r"^run none: is not here; it was deleted meanwhile, or "):
        RunFolder(tmp_path / "none").ask_to_stop()
    train(TINY, tmp_path / "run", should_stop=StopAfter(3))
    with pytest.raises(ConfigError, match="is not being trained; its state is stopped") as caught:
        RunFolder(tmp_path / "run").ask_to_stop()
    assert str(caught.value).startswith("run run: ")
    assert str(caught.value).endswith("; resume it to train on")


def test_training_puts_the_settings_of_pytorch_back(tmp_path: Path) -> None:
    """They are those of the whole process, which may have other work."""

    def settings() -> tuple[object, ...]:
        precision = torch.get_float32_matmul_precision()
        return torch.get_num_threads(), precision, torch.backends.cudnn.benchmark

    before = settings()
    during: list[tuple[object, ...]] = []
    train(TINY, tmp_path, listener=lambda _: during.append(settings()))
    assert settings() == before
    assert {each != before for each in during} == {True}


def test_a_second_process_is_kept_out(tmp_path: Path) -> None:
    """Two writers of one metrics file would spoil it."""
    run = RunFolder(tmp_path / "run")
    with run.locked(), pytest.raises(ConfigError, match="is being trained by another process"):
        train(TINY, run.path)
    assert not run.is_locked


def test_a_run_whose_process_is_gone_is_seen_to_have_died(tmp_path: Path) -> None:
    """Whatever the last status says."""
    run = RunFolder(tmp_path)
    run.write_status({"state": "running"})
    assert run.read_status()["state"] == "died"
    with run.locked():
        assert run.read_status()["state"] == "running"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"seed": 4}, "began with another seed; resume it with its own settings"),
        ({"ppo": PPOConfig(gamma=0.5)}, "began with another ppo.problems_per_update"),
    ],
)
def test_a_run_resumes_with_its_own_settings_only(
    tmp_path: Path, change: dict[str, Any], message: str
) -> None:
    """Another seed would make something that no run makes; another device is as good."""
    train(TINY, tmp_path, should_stop=StopAfter(3))
    with pytest.raises(ConfigError, match=message):
        train(replace(TINY, **change), tmp_path, resume=True)
    elsewhere = replace(TINY, device=DeviceConfig(name="cpu", threads=1), save_seconds=1.0)
    assert train(elsewhere, tmp_path, resume=True).state == "finished"


def test_what_cannot_be_resumed_says_so(tmp_path: Path) -> None:
    """No run, a run that has finished, and a policy that is no run's last."""
    with pytest.raises(ConfigError, match="has no last checkpoint to resume from; start anew"):
        train(TINY, tmp_path / "none", resume=True)
    train(TINY, tmp_path / "run")
    with pytest.raises(ConfigError, match="has finished; train on from its best checkpoint"):
        train(TINY, tmp_path / "run", resume=True)
    train(TINY, tmp_path / "other", should_stop=StopAfter(3))
    untrained_scheduler().save(tmp_path / "other" / "checkpoints" / "last.safetensors")
    with pytest.raises(CheckpointError, match="does not say how to go on training"):
        train(TINY, tmp_path / "other", resume=True)


def test_patience_ends_a_run_that_gets_no_better(tmp_path: Path) -> None:
    """With steps of nothing, the second validation of PPO in a row without a gain is the last."""
    still = replace(with_ppo(learning_rate=1e-30), timesteps=10_000, patience=2, validate_every=1)
    result = train(still, tmp_path)
    lines = [metrics for metrics, _ in RunFolder(tmp_path).lines() if metrics["phase"] == "ppo"]
    assert result.state == "finished"
    assert [line["update"] for line in lines] == [1, 2]


def test_checkpoints_are_kept_on_the_way(tmp_path: Path) -> None:
    """Every second update here, each named after its timestep."""
    train(TINY, tmp_path)
    run = RunFolder(tmp_path)
    expected = {
        f"step-{line['timestep']:010d}"
        for line, _ in run.lines()
        if line["phase"] == "ppo" and line["update"] % 2 == 0
    }
    names = {path.stem for path in (tmp_path / "checkpoints").iterdir()}
    assert expected
    assert names == {"best", "last", *expected}


def test_a_run_that_fails_says_why_and_can_go_on(tmp_path: Path) -> None:
    """A listener that breaks, as anything might."""

    def fail(progress: Progress) -> None:
        if progress.phase == "ppo":
            raise RuntimeError("out of luck")

    with pytest.raises(RuntimeError):
        train(TINY, tmp_path, listener=fail)
    status = RunFolder(tmp_path).read_status()
    assert (status["state"], status["error"]) == ("failed", "out of luck")
    assert "RuntimeError: out of luck" in (tmp_path / "log.txt").read_text()
    assert train(TINY, tmp_path, resume=True).state == "finished"


def test_events_say_what_the_lines_say(tmp_path: Path) -> None:
    """Each figure once for each line, also after a stop, as TensorBoard's own reader sees it."""
    train(TINY, tmp_path, should_stop=stop_in_ppo(tmp_path))
    train(TINY, tmp_path, resume=True)
    events = EventAccumulator(str(tmp_path / "tensorboard")).Reload()
    lines = [{**metrics, **timing} for metrics, timing in RunFolder(tmp_path).lines()]
    ppo = [line for line in lines if line["phase"] == "ppo"]
    for name in ("reward", "policy_loss", "value_loss", "entropy", "approx_kl", "clip_fraction",
                 "explained_variance", "learning_rate", "per_second"):  # fmt: skip
        seen = [(event.step, event.value) for event in events.Scalars(f"ppo/{name}")]
        assert seen == [
            (line["timestep"], pytest.approx(line[name], rel=1e-6, abs=1e-6)) for line in ppo
        ]
    validated = [line["timestep"] for line in ppo if "to_best_rule" in line]
    for name in ("to_best_rule", "to_edd/default/40", "on_time_rate/default/100",
                 "completion_rate"):  # fmt: skip
        seen_at = [event.step for event in events.Scalars(f"validation/{name}")]
        assert seen_at == validated
    assert events.PluginTagToContent("hparams").keys() >= {"_hparams_/session_start_info"}


def stop_in_ppo(folder: Path) -> Callable[[], bool]:
    """Return a wish to stop once two updates of PPO are written down."""
    return lambda: sum(line["phase"] == "ppo" for line, _ in RunFolder(folder).lines()) >= 2


def test_fine_tuning_is_measured_against_where_it_began(tmp_path: Path) -> None:
    """On the user's own snapshots, which decide, and on all others."""
    start = tmp_path / "start.safetensors"
    untrained_scheduler().save(start)
    own = replace(TINY, task=replace(TINY.task, data=("data/10_jobs.json",)))
    result = train(own, tmp_path / "run", init=start)
    first = next(iter(RunFolder(tmp_path / "run").lines()))[0]
    assert (first["phase"], first["timestep"], first["update"]) == ("ppo", 0, 0)
    assert result.start == {name: first[name] for name in result.start}
    record = load_checkpoint(result.best).record
    assert record["init_sha256"] == load_checkpoint(start).sha256
    assert record["data_sha256"] == [read_snapshot("data/10_jobs.json").sha256]
    assert {"to_best_rule/data/default", "to_best_rule_elsewhere"} <= set(result.start)
    geometric = [
        first[f"to_best_rule/data/{name}"] for name in ("default", "late_only", "on_time_only")
    ]
    assert first["to_best_rule"] == pytest.approx(np.prod(geometric) ** (1 / 3))
    assert result.ratio == min(result.start["to_best_rule"], result.metrics["to_best_rule"])
    assert json.loads((tmp_path / "run" / "status.json").read_text())["state"] == "finished"
