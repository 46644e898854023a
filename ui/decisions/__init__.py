"""Page Decisions: one choice of the learned dispatcher, why it was made, and what others cost."""

from ui.decisions.episodes import Inspection, open_episode
from ui.decisions.panels import show_alternative, show_chances, show_headline, show_reasons
from ui.decisions.walking import choose_decision, choose_instead

__all__ = [
    "Inspection",
    "choose_decision",
    "choose_instead",
    "open_episode",
    "show_alternative",
    "show_chances",
    "show_headline",
    "show_reasons",
]
