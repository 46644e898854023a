"""How long the first screen takes: from opening the page to both Gantt charts drawn.

Each opening is a new browser profile with an empty cache; the server is warm after the first,
which is left out. Needs Chromium and the development extras.

    python -m benchmarks.first_screen
"""

from __future__ import annotations

import argparse
import shutil
import statistics
import sys
import tempfile
from pathlib import Path
from time import perf_counter

from playwright.sync_api import sync_playwright

from tests.e2e.serving import BROWSER_ARGS, WAIT_MS, serve


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--openings", type=int, default=5)
    options = parser.parse_args()
    with (
        tempfile.TemporaryDirectory() as home,
        serve(Path(home)) as address,
        sync_playwright() as playwright,
    ):
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=BROWSER_ARGS
        )
        seconds = []
        for _ in range(options.openings + 1):
            context = browser.new_context(viewport={"width": 1440, "height": 900})
            page = context.new_page()
            begin = perf_counter()
            page.goto(address)
            page.wait_for_selector(".js-plotly-plot .barlayer .point path", timeout=WAIT_MS)
            seconds.append(perf_counter() - begin)
            context.close()
        browser.close()
    warm = seconds[1:]
    print(
        f"first opening {seconds[0]:.1f} s; then, of {len(warm)}: median "
        f"{statistics.median(warm):.1f} s, longest {max(warm):.1f} s"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
