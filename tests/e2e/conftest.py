"""A real server and a real browser for the tests beside this file."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, expect, sync_playwright

from tests.e2e.serving import BROWSER_ARGS, WAIT_MS, serve


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Give the tests in a browser a second try.

    Server, browser and test are three programs on a machine that runs other tests beside them: one
    click in some thousands meets a redraw. The summary at the end tells of every second try.
    """
    for item in items:
        if item.get_closest_marker("browser"):
            item.add_marker(pytest.mark.flaky(reruns=1))


@pytest.fixture(scope="session")
def chromium() -> str:
    """Return the path of a Chromium; in CI there must be one, elsewhere the tests are skipped."""
    path = shutil.which("chromium")
    if path is None:
        message = "no chromium on this machine: the tests in a real browser need one"
        if os.environ.get("CI"):
            pytest.fail(message)
        pytest.skip(message)
    return path


@pytest.fixture(scope="session")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder that the served app keeps its runs, models and uploads in."""
    return tmp_path_factory.mktemp("home")


@pytest.fixture(scope="session")
def server(home: Path) -> Iterator[str]:
    """Serve the app and return its address."""
    with serve(home) as address:
        yield address


@pytest.fixture(scope="session")
def browser(chromium: str) -> Iterator[Browser]:
    """Return a browser with an empty profile."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=BROWSER_ARGS)
        yield browser
        browser.close()


@pytest.fixture
def scheme() -> str:
    """Return the colour scheme that the browser asks for; a test may override it."""
    return "light"


@pytest.fixture
def page(browser: Browser, scheme: str) -> Iterator[Page]:
    """Return a new tab, and hold at the end that nothing went wrong in it unseen."""
    context = browser.new_context(
        viewport={"width": 1440, "height": 900}, color_scheme=scheme, accept_downloads=True
    )
    tab = context.new_page()
    tab.set_default_timeout(WAIT_MS)
    expect.set_options(timeout=WAIT_MS)
    errors: list[str] = []
    tab.on("console", lambda said: errors.append(_text(said)) if _is_error(said) else None)
    tab.on("pageerror", lambda error: errors.append(str(error)))
    yield tab
    exceptions = tab.locator("[data-testid=stException]").count()
    context.close()
    assert errors == []
    assert exceptions == 0


def _is_error(said: ConsoleMessage) -> bool:
    """Return whether a message tells of something wrong.

    At an address below the root the browser looks for the server there first, and is told no.
    """
    looks_for_server = "404" in said.text and "/_stcore/" in said.location["url"]
    return said.type == "error" and not looks_for_server


def _text(said: ConsoleMessage) -> str:
    return f"{said.text} ({said.location['url']})"
