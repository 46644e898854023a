"""Dispatching rules, run in the conflict-set simulator."""

from scheduler_core.rules.dispatch import (
    ALL_RULES,
    BEST_RULE_DELTAS,
    RULE_DELTA,
    RULES,
    best_rule,
    dispatch,
    try_rules,
)

__all__ = [
    "ALL_RULES",
    "BEST_RULE_DELTAS",
    "RULES",
    "RULE_DELTA",
    "best_rule",
    "dispatch",
    "try_rules",
]
