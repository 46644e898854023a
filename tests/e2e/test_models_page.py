"""What is done on page Models, done in a real browser."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from scheduler_core.policy import save_checkpoint
from scheduler_core.policy.checkpoint import encode_checkpoint
from tests.builders import untrained
from tests.e2e.steps import open_page

START = "?sample=Sample,+10+families&methods=PPO&methods=EDD"

pytestmark = pytest.mark.browser


def record(timestep: int) -> dict[str, object]:
    """Return the record of a checkpoint of PPO."""
    return {"phase": "ppo", "timestep": timestep, "config": {"seed": 1}, "metrics": {}}


def open_models(page: Page, server: str) -> None:
    """Go to page Models the way a planner does, with the small sample on the bench."""
    open_page(page, f"{server}/{START}")
    page.get_by_role("link", name="Models").click()
    expect(page.get_by_role("combobox", name="Model to look at")).to_be_visible()


def upload(page: Page, name: str, data: bytes) -> None:
    """Give a file to the uploader of models."""
    page.get_by_role("button", name="Import a model").click()
    page.get_by_test_id("stPopoverBody").locator("input[type=file]").set_input_files(
        {"name": name, "mimeType": "application/octet-stream", "buffer": data}
    )


def test_imported_model_is_promoted_used_and_deleted(page: Page, server: str, home: Path) -> None:
    """Import, promote, see it on page Schedule, export, delete after a question: and it is gone."""
    data = encode_checkpoint(untrained(1), record(10))
    kept = home / "workspace" / "models" / "guest.safetensors"
    open_models(page, server)
    upload(page, "guest.safetensors", data)
    expect(page.get_by_text("imported/guest is imported.")).to_be_visible()
    picker = page.get_by_role("combobox", name="Model to look at")
    expect(picker).to_have_value("imported/guest")
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Promote to default").click()
    expect(page.get_by_text("imported/guest is the default of all pages now.")).to_be_visible()
    with page.expect_download() as download:
        # By its model: while the page is drawn, the button of the model before may be there.
        page.locator(".st-key-models_export_imported-guest").get_by_role("button").click()
    assert Path(download.value.path()).read_bytes() == data
    page.get_by_role("link", name="Schedule", exact=True).click()
    expect(page.get_by_text("The default is imported/guest.")).to_be_visible()
    page.get_by_role("link", name="Models").click()
    page.get_by_role("button", name="Delete …").click()
    expect(page.get_by_role("dialog").get_by_text("default of all pages")).to_be_visible()
    assert kept.exists()
    page.get_by_role("dialog").get_by_role("button", name="Delete imported/guest").click()
    expect(page.get_by_text("imported/guest is deleted.")).to_be_visible()
    expect(page.get_by_text("The default is dispatch.")).to_be_visible()
    assert not kept.exists()


def test_slider_over_a_run_redraws_its_schedule(page: Page, server: str, home: Path) -> None:
    """One key to the left: chart and figures are those of the checkpoint before."""
    for seed, timestep in ((2, 400), (3, 1200)):
        name = f"step-{timestep:010d}.safetensors"
        save_checkpoint(
            untrained(seed), record(timestep), home / "runs" / "walk" / "checkpoints" / name
        )
    open_models(page, server)
    page.get_by_role("tab", name="Through its training").click()
    chart = page.locator(".st-key-models_stage_chart .js-plotly-plot")
    expect(chart.get_by_text("1,200 · ")).to_be_visible()
    before = bars(page)
    slider = page.get_by_role("slider", name="Checkpoint, by decisions learned from")
    slider.focus()
    slider.press("ArrowLeft")
    expect(chart.get_by_text("400 · ")).to_be_visible()
    assert bars(page) != before


def bars(page: Page) -> list[list[str]]:
    """Return where the bars of the chart of the run begin."""
    found: list[list[str]] = page.evaluate(
        "() => document.querySelector('.st-key-models_stage_chart .js-plotly-plot').data"
        ".filter(trace => trace.type === 'bar').map(trace => [...trace.base])"
    )
    return found
