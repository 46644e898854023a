"""Pictures of page Models."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlencode

from playwright.sync_api import Page

from tests.e2e.scenes import Scene

_BARS = ".js-plotly-plot .barlayer .point path"
_RUN = "first-try"


def _train(home: Path) -> None:
    """Leave a run of half a minute, with checkpoints on the way."""
    # PyTorch is slow to import, and no other picture needs it.
    from scheduler_core.policy import NetworkConfig
    from scheduler_core.training import TrainingConfig, train
    from scheduler_core.training.settings import ImitationConfig, PPOConfig, TaskConfig

    config = TrainingConfig(
        timesteps=60_000,
        seed=3,
        validate_every=3,
        checkpoint_every=3,
        validation_problems=2,
        task=TaskConfig(min_families=10, max_families=30),
        network=NetworkConfig(hidden_sizes=(32, 32, 16)),
        imitation=ImitationConfig(problems=0),
        ppo=PPOConfig(problems_per_update=8, rollouts_per_problem=8, minibatch_size=512),
    )
    if not (home / "runs" / _RUN).exists():
        train(config, home / "runs" / _RUN)


def _open(page: Page, model: str, tab: str) -> None:
    query = urlencode({"picked": model, "models_tab": tab})
    page.goto(f"{page.url.partition('?')[0]}models?{query}")


def _evaluate(page: Page) -> None:
    _open(page, "dispatch", "Fit for use?")
    page.get_by_role("button", name="Evaluate").click()
    page.get_by_text("Evaluated on 10 snapshots").wait_for()
    page.mouse.move(0, 0)


def _slide(page: Page) -> None:
    _open(page, f"runs/{_RUN}", "Through its training")
    slider = page.get_by_role("slider", name="Checkpoint")
    slider.focus()
    for _ in range(3):
        slider.press("ArrowLeft")
    page.wait_for_timeout(2000)


SCENES = {
    "models.png": Scene("", _BARS, _evaluate, prepare=_train, height=1000),
    "models-training.png": Scene("", _BARS, _slide, prepare=_train, height=1000),
}
