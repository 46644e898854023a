"""Reports of evaluations in a browser that has no network."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Page

from scheduler_core.cli import main
from tests.e2e.serving import ROOT

pytestmark = pytest.mark.browser

SAMPLE = str(ROOT / "data" / "20_jobs.json")


@pytest.mark.parametrize(
    ("arguments", "plots"),
    [
        (["evaluate", "--methods", "atc", "--generate", "10", "3", "--data", SAMPLE], 3),
        (["compare", SAMPLE, "--methods", "atc", "edd"], 3),
    ],
    ids=["evaluate", "compare"],
)
def test_report_draws_its_plots_without_a_network(
    page: Page, tmp_path: Path, arguments: list[str], plots: int
) -> None:
    """Every plot has its dots, nothing is asked for from elsewhere, and no error is logged."""
    out = tmp_path / "report.html"
    assert main([*arguments, "--html", str(out)]) == 0
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(out.as_uri())
    page.wait_for_selector(".js-plotly-plot .scatterlayer .point")
    assert page.locator(".js-plotly-plot").count() == plots
    for plot in page.locator(".js-plotly-plot").all():
        assert plot.locator(".scatterlayer .point").count() >= 2
    assert asked == [out.as_uri()]
