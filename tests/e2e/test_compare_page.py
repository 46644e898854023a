"""What a planner does on page Compare, done in a real browser."""

from __future__ import annotations

import csv
import io
import json
import re
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from scheduler_core.methods import make_schedule
from scheduler_core.objective import RewardWeights, measure
from scheduler_core.schedule_file import schedule_document
from scheduler_core.snapshot import read_snapshot
from tests.e2e.steps import mark_first_half, open_page, tick_row

SNAPSHOT = read_snapshot(Path(__file__).resolve().parents[2] / "data" / "100_jobs.json")

# The Gantt charts, which are the plot with two time axes; null until they are drawn.
_CHARTS = """() => {
  const plots = [...document.querySelectorAll('.js-plotly-plot')];
  const plot = plots.find(plot => plot._fullLayout && plot._fullLayout.xaxis2);
  if (!plot || !plot.querySelector('.barlayer .point path')) return null;
  const shapes = plot.layout.shapes;
  return {
    ranges: [plot._fullLayout.xaxis.range, plot._fullLayout.xaxis2.range],
    frames: shapes.filter(s => s.name === 'Taken').map(s => [s.xref, s.x0, s.x1, s.y0]),
  };
}"""

pytestmark = pytest.mark.browser


def open_compare(page: Page, server: str) -> dict[str, Any]:
    """Go from page Schedule to page Compare as a planner does; return what the charts show."""
    open_page(page, server)
    page.get_by_role("link", name="Compare").click()
    return charts(page, "charts.frames.length === 2")  # those of page Schedule have none


def charts(page: Page, condition: str = "true") -> dict[str, Any]:
    """Wait until the Gantt charts fulfil a condition in JavaScript on `charts`; return them."""
    # One step: the charts may be drawn anew between waiting and looking.
    return page.wait_for_function(
        f"() => {{ const charts = ({_CHARTS})(); return charts && ({condition}) && charts; }}"
    ).json_value()


def test_steps_lead_from_one_differing_decision_to_the_next(page: Page, server: str) -> None:
    """Each is said in a sentence and framed in both charts; a zoom into one zooms both."""
    first = open_compare(page, server)
    expect(page.get_by_text(re.compile("PPO has .* late families than EDD"))).to_be_visible()
    assert [frame[0] for frame in first["frames"]] == ["x", "x2"]
    page.get_by_role("button", name="Next").click()
    framed = json.dumps(json.dumps(first["frames"], separators=(",", ":")))
    second = charts(page, f"JSON.stringify(charts.frames) !== {framed}")
    assert second["ranges"][0] == second["ranges"][1]
    mark_first_half(page.locator(".js-plotly-plot:has(.x2y2) .nsewdrag").first)
    zoomed = charts(page, f"charts.ranges[0][1] < {json.dumps(second['ranges'][0][1])}")
    assert zoomed["ranges"][0] == zoomed["ranges"][1]
    assert zoomed["frames"] == second["frames"]


def test_moved_tasks_lead_to_the_family_and_into_a_file(
    page: Page, server: str, tmp_path: Path
) -> None:
    """The first row of the table is followed above; the file has every moved task."""
    open_compare(page, server)
    with page.expect_download() as download:
        page.get_by_role("button", name="Moved tasks as CSV").click()
    download.value.save_as(tmp_path / "moved.csv")
    rows = list(csv.DictReader(io.StringIO((tmp_path / "moved.csv").read_text("utf-8"))))
    expect(page.get_by_text(f"{len(rows)} of {SNAPSHOT.problem.num_tasks} tasks, ")).to_be_visible()
    table = page.locator("[data-testid=stDataFrame] canvas[data-testid=data-grid-canvas]").last
    tick_row(table)
    expect(page.get_by_role("combobox", name="Follow a family")).to_have_value(rows[0]["family_id"])


def test_plan_of_the_shop_in_a_file_is_compared_with(page: Page, server: str) -> None:
    """FIFO's plan, uploaded: the charts and the table are about it, and so is the address."""
    open_compare(page, server)
    schedule = make_schedule(SNAPSHOT.problem, "fifo")
    weights = RewardWeights()
    metrics = measure(SNAPSHOT.problem, schedule, weights)
    document = schedule_document(SNAPSHOT, schedule, weights, metrics)
    page.get_by_role("button", name="Schedule from a file").click()
    page.get_by_test_id("stPopoverBody").locator("input[type=file]").set_input_files(
        {"name": "s.json", "mimeType": "application/json", "buffer": json.dumps(document).encode()}
    )
    expect(page.get_by_role("combobox", name="Compare PPO with")).to_have_value("Uploaded plan")
    expect(page.get_by_text("Uploaded plan takes").first).to_be_visible()
