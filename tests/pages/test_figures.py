"""Page About the figures explains what the other pages show."""

from __future__ import annotations

from scheduler_core.validation import ViolationKind
from tests.pages.steps import open_page, texts


def test_figures_page_defines_every_figure_of_the_tiles() -> None:
    """What a tile shows is explained, and the weights that matter in training only are named."""
    app = open_page("figures")
    assert not app.exception
    for words in ("On-time rate", "Delay cost", "Makespan", "Sequence violation", "overlap"):
        assert words in texts(app)


def test_figures_page_names_every_kind_of_violation() -> None:
    """A rule that the validator checks and the page leaves out would be news to the planner."""
    app = open_page("figures")
    for kind in ViolationKind:
        assert kind.value in texts(app)
