"""How long a click takes, from the click to the last change of the page, in a real browser.

A `Click` says where it is made, what comes before it, and what is true once the page is right. The
time ends with the last change of the document: the script has run, and nothing has changed for a
while, so that a chart that is drawn late counts. Needs Chromium and the development extras.

    python -m benchmarks.clicks [part of a name ...]
"""

from __future__ import annotations

import argparse
import shutil
import statistics
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

from scheduler_core.generator import generate_snapshot
from scheduler_core.snapshot import encode
from tests.e2e.serving import BROWSER_ARGS, WAIT_MS, serve

QUIET_MS = 400
"""The page is drawn once its document has not changed for so long."""
BARS = ".js-plotly-plot .barlayer .point path"
LARGE_FAMILIES = 1_530
"""About 5,000 tasks."""

# Notes the time of the last press or release, of every change of the document, and whether a
# script has run since. No redraw: the hover layer under a pointer that rests on a chart, and the
# rows of a table for screen readers, which follow what is seen at leisure.
_WATCH = """() => {
  const app = document.querySelector('[data-testid=stApp]');
  const watch = window.__watch = {acted: 0, changed: 0, ran: false};
  const act = () => { watch.acted = watch.changed = performance.now(); watch.ran = false; };
  for (const kind of ['pointerdown', 'pointerup', 'keydown', 'change'])
    document.addEventListener(kind, act, true);
  const aside = '.hoverlayer, [data-testid=stStatusWidget], [data-testid=data-grid-canvas]';
  const running = () => app.getAttribute('data-test-script-state') === 'running';
  new MutationObserver((changes) => {
    if (running()) watch.ran = true;
    const redraw = (change) => !change.target.closest?.(aside);
    if (changes.some(redraw)) watch.changed = performance.now();
  }).observe(app, {subtree: true, childList: true, attributes: true, characterData: true});
}"""
_DONE = f"""() => {{
  const app = document.querySelector('[data-testid=stApp]');
  const watch = window.__watch;
  return watch.ran && app.getAttribute('data-test-script-state') === 'notRunning'
    && performance.now() - watch.changed > {QUIET_MS};
}}"""
_SECONDS = "() => (window.__watch.changed - window.__watch.acted) / 1000"

Step = Callable[[Page], None]


def _nothing(page: Page) -> None:
    """Prepare nothing."""


@dataclass(frozen=True, slots=True)
class Click:
    """One kind of click."""

    address: str
    """Path and query of the page."""
    click: Step
    done: str
    """Selector of what is there once the page is right."""
    ready: str = BARS
    """Selector of what is there before."""
    prepare: Step = _nothing
    """What comes before the click, on a page that is ready; it does not count."""


def _bar(number: int) -> Step:
    """Return a click on the middle of a bar of the first panel."""

    def click(page: Page) -> None:
        bar = page.locator(".js-plotly-plot .barlayer .trace.bars").first.locator(".point")
        box = bar.nth(number).bounding_box()
        assert box is not None
        page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)

    return click


def _open_task(page: Page) -> None:
    _bar(5)(page)
    page.wait_for_selector(".st-key-why")
    page.wait_for_timeout(1000)


def _mark(page: Page) -> None:
    """Drag over the first half of the time axis."""
    area = page.locator(".js-plotly-plot .nsewdrag").first.bounding_box()
    assert area is not None
    middle = area["y"] + area["height"] / 2
    page.mouse.move(area["x"] + 2, middle)
    page.mouse.down()
    page.mouse.move(area["x"] + area["width"] / 2, middle, steps=4)
    page.mouse.up()


def _option(group: str, text: str) -> Step:
    return lambda page: (
        page.get_by_role("radiogroup", name=group).get_by_text(text, exact=True).click()
    )


def _tab(name: str) -> Step:
    return lambda page: page.get_by_role("tab", name=name).click()


def _button(name: str) -> Step:
    return lambda page: page.get_by_role("button", name=name, exact=True).click()


def _link(name: str) -> Step:
    return lambda page: page.get_by_role("link", name=name, exact=True).click()


def _go(name: str, ready: str) -> Step:
    """Return the way to another page, which has no chart yet; the browser has drawn one before."""

    def go(page: Page) -> None:
        _link(name)(page)
        page.wait_for_selector(ready)
        page.wait_for_timeout(1000)

    return go


def _pick(label: str, option: str) -> Step:
    """Return the pick of an option; the time runs from the second click, on the option."""

    def pick(page: Page) -> None:
        page.get_by_role("combobox", name=label).click()
        page.get_by_role("option", name=option, exact=True).click()

    return pick


def _key(slider: str, key: str) -> Step:
    return lambda page: page.get_by_role("slider", name=slider).press(key)


def _upload_large(page: Page) -> None:
    content = encode(generate_snapshot(LARGE_FAMILIES, 0).document)
    page.locator("input[type=file]").set_input_files(
        {"name": "large.json", "mimeType": "application/json", "buffer": content}
    )


_SAMPLE = "?sample=Sample,+200+families"
_PLOT = (".js-plotly-plot .main-svg", ".js-plotly-plot .main-svg")
_TABS = "[role=tabpanel]"
_APPLY = "button:has-text('Apply')"
CLICKS: dict[str, Click] = {
    "schedule: a bar opens its task": Click(_SAMPLE, _bar(5), ".st-key-why"),
    "schedule: a bar while a task is open": Click(
        _SAMPLE, _bar(12), ".st-key-why", prepare=_open_task
    ),
    "schedule: the panel is closed": Click(
        _SAMPLE,
        lambda page: page.get_by_role("button", name="close").first.click(),
        ".st-key-gantt_toolbar",
        prepare=_open_task,
    ),
    "schedule: late only": Click(_SAMPLE, _option("Show", "Late"), BARS),
    "schedule: by family": Click(_SAMPLE, _option("Rows", "By family"), BARS),
    "schedule: all rows": Click(_SAMPLE, _option("How many", "All"), BARS),
    "schedule: a stretch is marked": Click(_SAMPLE, _mark, BARS),
    "schedule: tab All tasks": Click(_SAMPLE, _tab("All tasks"), "[role=tabpanel]"),
    "schedule: other reward weights": Click(
        _SAMPLE, _pick("Reward weights", "Deadlines first"), BARS
    ),
    "schedule: on to Compare": Click(_SAMPLE, _link("Compare"), BARS),
    "schedule: 5,000 tasks uploaded, to both charts": Click("", _upload_large, BARS),
    "compare: next difference": Click(f"compare{_SAMPLE}", _button("Next"), BARS),
    "rewards: a slider": Click(f"rewards{_SAMPLE}", _key("Late penalty", "ArrowLeft"), *_PLOT),
    "rewards: a preset": Click(f"rewards{_SAMPLE}", _option("Presets", "Urgent first"), *_PLOT),
    "what if: a machine down": Click(
        _SAMPLE, _button("Apply"), BARS, prepare=_go("What if", _APPLY)
    ),
    "decisions: next": Click(f"decisions{_SAMPLE}", _button("Next"), *_PLOT),
    "decisions: where the rule disagrees": Click(
        f"decisions{_SAMPLE}", _option("Walk through", "Where the rule disagrees"), *_PLOT
    ),
    "decisions: the rule's most expensive choice": Click(
        f"decisions{_SAMPLE}", _option("Walk through", "Most expensive for the rule"), *_PLOT
    ),
    "models: another model": Click(
        f"models{_SAMPLE}", _pick("Model to look at", "makespan"), _TABS, _TABS
    ),
    "models: two compared": Click(_SAMPLE, _tab("Compare"), BARS, prepare=_go("Models", _TABS)),
    "training: the form of a new run": Click(f"training{_SAMPLE}", _tab("New run"), _TABS, _TABS),
}
"""Every kind of click that is measured, by page and action."""


@contextmanager
def opened(browser: Browser, address: str, click: Click) -> Iterator[Page]:
    """Give a page that stands ready for its click."""
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    page = context.new_page()
    page.set_default_timeout(WAIT_MS)
    page.goto(f"{address}/{click.address}")
    page.wait_for_selector(click.ready)
    page.wait_for_timeout(1000)  # what fades in must not count
    click.prepare(page)
    yield page
    context.close()


def seconds(page: Page, click: Click) -> float:
    """Click, wait until the page is drawn, and return how long that took."""
    page.evaluate(_WATCH)
    click.click(page)
    page.wait_for_selector(click.done)
    page.wait_for_function(_DONE, polling=50)
    return float(page.evaluate(_SECONDS))


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("names", nargs="*", help="parts of the names of clicks; all by default")
    parser.add_argument("--times", type=int, default=5, help="clicks of each kind")
    options = parser.parse_args()
    chosen = {
        name: click
        for name, click in CLICKS.items()
        if not options.names or any(part in name for part in options.names)
    }
    with (
        tempfile.TemporaryDirectory() as home,
        serve(Path(home)) as address,
        sync_playwright() as playwright,
    ):
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=BROWSER_ARGS
        )
        print(f"{'median':>7} {'longest':>8}   of {options.times} clicks, in seconds")
        for name, click in chosen.items():
            taken = []
            for _ in range(options.times + 1):
                with opened(browser, address, click) as page:
                    taken.append(seconds(page, click))
            warm = taken[1:]
            print(f"{statistics.median(warm):7.2f} {max(warm):8.2f}   {name}", flush=True)
        browser.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
