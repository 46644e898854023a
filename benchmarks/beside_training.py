"""How long the page Schedule takes to answer a click, alone and beside a training.

    python -m benchmarks.beside_training

A click turns the charts from machines to families, or back, and counts until they are drawn. The
same clicks are made beside a training that the app's own launcher has started, and while it pauses,
in turns, so that whatever else the machine does weighs on both. Needs Chromium and the development
extras.
"""

from __future__ import annotations

import argparse
import shutil
import statistics
import sys
import tempfile
from pathlib import Path
from time import perf_counter, sleep

from playwright.sync_api import Page, sync_playwright

from scheduler_core.training import RunFolder, load_config
from scheduler_core.training.launch import end_now, launch
from scheduler_core.training.standing import standing
from tests.e2e.serving import BROWSER_ARGS, WAIT_MS, serve
from tests.e2e.steps import open_page, wait_for_chart

VIEWS = {"By family": "JOST", "By machine": ""}
"""Each view, and how the names of its rows begin; those of machines in no one way."""


def main() -> int:
    """Measure, and print the medians and their ratio."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--clicks", type=int, default=10, help="in each turn; default: 10")
    parser.add_argument("--turns", type=int, default=3, help="of each kind; default: 3")
    parser.add_argument("--sample", default="100", help="families; default: 100")
    options = parser.parse_args()
    times: dict[str, list[float]] = {"alone": [], "beside a training": []}
    with (
        tempfile.TemporaryDirectory() as home,
        serve(Path(home)) as address,
        sync_playwright() as playwright,
    ):
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=BROWSER_ARGS
        )
        page = browser.new_page(viewport={"width": 1440, "height": 900})
        page.set_default_timeout(WAIT_MS)
        open_page(page, f"{address}/?sample=Sample,+{options.sample}+families")
        clicks(page, 4)  # both views are drawn once before anything counts
        run = begin(Path(home) / "runs")
        for _ in range(options.turns):
            run.ask_to_pause()
            wait_for(run, "paused")
            times["alone"] += clicks(page, options.clicks)
            run.go_on()
            wait_for(run, "running")
            times["beside a training"] += clicks(page, options.clicks)
        end_now(run)
        browser.close()
    medians = {name: statistics.median(seconds) for name, seconds in times.items()}
    for name, seconds in times.items():
        print(f"{name}: median {medians[name]:.2f} s, longest {max(seconds):.2f} s, "
              f"of {len(seconds)} clicks")  # fmt: skip
    print(f"ratio of the medians: {medians['beside a training'] / medians['alone']:.2f}")
    return 0


def begin(runs: Path) -> RunFolder:
    """Start a training as the app does, and return it once PPO is at work."""
    config = load_config(
        Path("configs/fast.yaml"), {"imitation.problems": 8, "timesteps": 1_000_000_000}
    )
    run = launch(runs, config)
    while standing(run).phase != "ppo":
        sleep(0.1)
    return run


def wait_for(run: RunFolder, state: str) -> None:
    """Wait until a run is in a state, and what its threads had begun is over."""
    while standing(run).state != state:
        sleep(0.05)
    sleep(1.0)


def clicks(page: Page, count: int) -> list[float]:
    """Return the seconds that each of some clicks takes, from one view to the other."""
    seconds = []
    for i in range(count):
        label, start = list(VIEWS.items())[i % 2]
        begun = perf_counter()
        page.get_by_text(label, exact=True).click()
        wait_for_chart(page, f"chart.rows[0].startsWith('JOST') === {str(bool(start)).lower()}")
        seconds.append(perf_counter() - begun)
        page.wait_for_timeout(200)
    return seconds


if __name__ == "__main__":
    sys.exit(main())
