"""Single decisions of the policy: what there was, why it chose so, what else would cost."""

from scheduler_core.inspection.episode import Candidate, Decision, Episode, walk
from scheduler_core.inspection.factors import FACTORS, Factor
from scheduler_core.inspection.forcing import Alternative, Change, costs_of, force
from scheduler_core.inspection.reasons import Reason, reasons

__all__ = [
    "FACTORS",
    "Alternative",
    "Candidate",
    "Change",
    "Decision",
    "Episode",
    "Factor",
    "Reason",
    "costs_of",
    "force",
    "reasons",
    "walk",
]
