"""Take the pictures of the app that the documents show: ``python -m tests.e2e.screenshots``.

Serves the app itself and writes ``docs/images/schedule.png``, ``schedule-dark.png`` and
``shifts.png``.
"""

from __future__ import annotations

import shutil

from playwright.sync_api import sync_playwright

from tests.e2e.serving import BROWSER_ARGS, ROOT, WAIT_MS, serve

SHIFTS = "?sample=Sample,+60+families+in+shifts"
PICTURES = {
    "schedule.png": ("light", ""),
    "schedule-dark.png": ("dark", ""),
    "shifts.png": ("light", SHIFTS),
}
"""Colour scheme and query of each picture."""
SIZE = {"width": 1440, "height": 900}


def main() -> None:
    """Write all pictures."""
    folder = ROOT / "docs" / "images"
    folder.mkdir(parents=True, exist_ok=True)
    with serve() as address, sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=BROWSER_ARGS
        )
        for name, (scheme, query) in PICTURES.items():
            page = browser.new_page(viewport=SIZE, color_scheme=scheme)
            page.set_default_timeout(WAIT_MS)
            page.goto(f"{address}/{query}")
            page.wait_for_selector(".js-plotly-plot .barlayer .point path")
            page.wait_for_timeout(1500)  # fonts and the fading in of Streamlit's elements
            page.screenshot(path=folder / name)
        browser.close()


if __name__ == "__main__":
    main()
