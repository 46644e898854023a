"""Pictures of page Decisions."""

from __future__ import annotations

from playwright.sync_api import Page

from tests.e2e.scenes import Scene

_BARS = ".st-key-decisions_gantt_viewport .barlayer .point path"
_SAMPLE = "decisions?sample=Sample,+40+families"


def _to_the_alternative(page: Page) -> None:
    page.get_by_role("heading", name="If another task had been taken").scroll_into_view_if_needed()
    page.mouse.move(800, 500)
    page.mouse.wheel(0, 600)


SCENES = {
    "decisions.png": Scene(f"{_SAMPLE}&decision=54", _BARS, height=1050),
    "decisions-alternative.png": Scene(f"{_SAMPLE}&decision=41", _BARS, _to_the_alternative),
}
