"""What a policy sees of a decision: features of each candidate and of the shop, compiled.

Every feature is relative to the shop's own scale (its mean processing time, the other candidates,
the machines' loads), so that one policy serves every number of families and machines. What the
objective makes of a delay is part of what it sees, so that one policy serves every objective.
"""

from scheduler_core.observation.names import (
    CANDIDATE_FEATURES,
    CONTEXT_FEATURES,
    FEATURE_VERSION,
    NUM_CANDIDATE_FEATURES,
    NUM_CONTEXT_FEATURES,
)
from scheduler_core.observation.observing import family_worth, observe, observe_batch

__all__ = [
    "CANDIDATE_FEATURES",
    "CONTEXT_FEATURES",
    "FEATURE_VERSION",
    "NUM_CANDIDATE_FEATURES",
    "NUM_CONTEXT_FEATURES",
    "family_worth",
    "observe",
    "observe_batch",
]
