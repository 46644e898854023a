"""Pictures of files coming in and going out."""

from __future__ import annotations

from playwright.sync_api import Page

from tests.e2e.scenes import Scene
from tests.e2e.steps import upload

_BARS = ".js-plotly-plot .barlayer .point path"
_SAMPLE = "?methods=ATC&methods=EDD&sample=Sample,+10+families"
_BAD = b"""family,due date,sequence,process,hours,machine
ORDER-1,2025-08-08,1,turn,6.5,LATHE-1
ORDER-1,2025-08-09,2,mill,-4,MILL-1; MILL-2
ORDER-2,08/12/2025,1,mill,3,MILL-1=3; MILL-2=4.25
ORDER-2,,1,pack,half,PACKING
"""


def _upload_bad_rows(page: Page) -> None:
    upload(page, "orders.csv", _BAD)
    page.get_by_text("This file was not loaded").wait_for()


def _open_templates(page: Page) -> None:
    page.get_by_role("button", name="Templates").click()
    page.get_by_text("The snapshot on the screen, to change it").wait_for()


def _show_downloads(page: Page) -> None:
    page.get_by_role("tab", name="Downloads").click()
    page.get_by_role("button", name="Report of all plans").scroll_into_view_if_needed()
    page.mouse.wheel(0, 2000)


SCENES = {
    "upload-faults.png": Scene(_SAMPLE, _BARS, _upload_bad_rows),
    "templates.png": Scene(_SAMPLE, _BARS, _open_templates),
    "downloads.png": Scene(_SAMPLE, _BARS, _show_downloads),
}
