"""Dispatching rules, run in the conflict-set simulator."""

from scheduler_core.rules.dispatch import (
    BEST_RULE_DELTAS,
    RULE_DELTA,
    RULES,
    best_rule,
    dispatch,
    dispatch_arrays,
)

__all__ = [
    "BEST_RULE_DELTAS",
    "RULES",
    "RULE_DELTA",
    "best_rule",
    "dispatch",
    "dispatch_arrays",
]
