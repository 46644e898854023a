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


CUT = """() => {
    const hides = (box) => getComputedStyle(box).overflow !== "visible" &&
        (box.scrollWidth > box.clientWidth || box.scrollHeight > box.clientHeight)
    const cut = new Set()
    for (const plot of document.querySelectorAll("main .plotly-graph-div")) {
        for (let box = plot.parentElement; box !== document.body; box = box.parentElement)
            if (hides(box)) cut.add(`${box.tagName} ${box.className}`)
        const [inner, frame] = [plot.querySelector("svg"), plot.closest("section")]
        if (inner.getBoundingClientRect().right > frame.getBoundingClientRect().right)
            cut.add("beyond the frame")
    }
    return [...cut]
}"""
"""Boxes that hide a part of a chart, and whether one sticks out of the frame around it."""


def test_print_of_a_report_cuts_nothing_of_the_chart(page: Page, tmp_path: Path) -> None:
    """What scrolls on a screen as narrow as paper, in both directions, is all there in print."""
    out = tmp_path / "report.html"
    snapshot = str(ROOT / "data" / "200_jobs.json")
    assert main(["schedule", snapshot, "--method", "edd", "--out", str(out)]) == 0
    page.goto(out.as_uri())
    page.wait_for_selector(".js-plotly-plot .main-svg")
    # No resize of the window: charts are not drawn anew for paper either.
    page.evaluate("document.body.style.width = '700px'")
    assert page.evaluate(CUT) == ["DIV tall", "beyond the frame"]
    page.emulate_media(media="print")
    assert page.evaluate(CUT) == []
    assert page.evaluate("getComputedStyle(document.querySelector('tr')).breakInside") == "avoid"
