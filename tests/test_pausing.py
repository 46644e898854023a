"""Runs that pause: nothing about what comes out changes."""

from __future__ import annotations

import time
from pathlib import Path
from threading import Thread

import pytest

from scheduler_core.errors import ConfigError
from scheduler_core.policy import load_checkpoint
from scheduler_core.training import Progress, RunFolder, train
from tests.test_runs import TINY, VARIANTS, same_outcome

pytestmark = pytest.mark.usefixtures("checking_all_the_time")


@pytest.mark.parametrize("variant", ["usual", "overlap"])
def test_a_run_that_pauses_equals_one_that_never_did(tmp_path: Path, variant: str) -> None:
    """Paused once in every phase, with its last checkpoint written: the same to the bit."""
    config, pauses = VARIANTS[variant], []
    never_paused, run = RunFolder(tmp_path / "whole"), RunFolder(tmp_path / "run")
    train(config, never_paused.path)

    def pause(progress: Progress) -> None:
        if progress.phase not in [phase for phase, _ in pauses]:
            run.ask_to_pause()
            Thread(target=go_on, args=(progress.phase,)).start()

    def go_on(phase: str) -> None:
        while run.read_status()["state"] != "paused":
            time.sleep(0.005)
        last = load_checkpoint(run.checkpoint("last")).record["training"]["timestep"]
        pauses.append((phase, last))
        time.sleep(0.05)
        run.go_on()

    assert train(config, run.path, listener=pause).state == "finished"
    assert {phase for phase, _ in pauses} == {"teacher", "imitation", "ppo"}
    assert same_outcome(never_paused, run)


def test_a_run_that_pauses_can_be_stopped(tmp_path: Path) -> None:
    """It ends at once, as stopped, and goes on without a pause when it is resumed."""
    run = RunFolder(tmp_path)

    def pause(progress: Progress) -> None:
        if progress.phase == "ppo":
            run.ask_to_pause()
            Thread(target=stop).start()

    def stop() -> None:
        while run.read_status()["state"] != "paused":
            time.sleep(0.005)
        run.ask_to_stop()

    assert train(TINY, tmp_path, listener=pause).state == "stopped"
    assert run.asks_to_pause
    assert train(TINY, tmp_path, resume=True).state == "finished"
    with pytest.raises(ConfigError, match="is not being trained; its state is finished"):
        run.ask_to_pause()
