"""Pictures of page Decisions."""

from __future__ import annotations

from playwright.sync_api import Page

from tests.e2e.scenes import Scene

_BARS = ".js-plotly-plot .barlayer .point path"
_DECISION = "decisions?sample=Sample,+40+families&decision=54"


def _to_the_alternative(page: Page) -> None:
    page.get_by_role("heading", name="If another task had been taken").scroll_into_view_if_needed()


SCENES = {
    "decisions.png": Scene(_DECISION, _BARS, height=1050),
    "decisions-alternative.png": Scene(_DECISION, _BARS, _to_the_alternative),
}
