"""Take the pictures of the app that the documents show: ``python -m tests.e2e.screenshots``.

Serves the app itself and writes ``docs/images``. Names of pictures as arguments take these only.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from playwright.sync_api import sync_playwright

from tests.e2e.scenes import all_scenes
from tests.e2e.serving import BROWSER_ARGS, ROOT, WAIT_MS, serve

WIDTH = 1440


def main(names: Sequence[str]) -> None:
    """Write all pictures, or some of them."""
    folder = ROOT / "docs" / "images"
    folder.mkdir(parents=True, exist_ok=True)
    with (
        tempfile.TemporaryDirectory() as home,
        serve(Path(home)) as address,
        sync_playwright() as playwright,
    ):
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=BROWSER_ARGS
        )
        for name, scene in all_scenes().items():
            if names and name not in names:
                continue
            scene.prepare(Path(home))
            page = browser.new_page(
                viewport={"width": WIDTH, "height": scene.height}, color_scheme=scene.scheme
            )
            page.set_default_timeout(WAIT_MS)
            page.goto(f"{address}/{scene.address}")
            page.wait_for_selector(scene.ready)
            scene.steps(page)
            page.wait_for_timeout(1500)  # fonts and the fading in of Streamlit's elements
            page.screenshot(path=folder / name)
            page.close()
        browser.close()


if __name__ == "__main__":
    main(sys.argv[1:])
