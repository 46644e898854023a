"""How good methods are: delay costs on many snapshots, as ratios to those of rivals.

A score may be negative, so a ratio of scores means nothing; a delay cost is never negative, and 0
means that nobody waited for anybody.
"""

from scheduler_core.evaluation.files import study_document, trials_csv
from scheduler_core.evaluation.gate import Check, Gate, Verdict
from scheduler_core.evaluation.model_check import (
    ModelCheck,
    SnapshotFigures,
    check_model,
    evaluate_command,
)
from scheduler_core.evaluation.running import Case, Contender, Trial, check_trials, run_trials
from scheduler_core.evaluation.statistics import (
    AGGREGATES,
    BOOTSTRAP_SAMPLES,
    Aggregate,
    Comparison,
    Floats,
    compare_costs,
    cost_ratios,
    interquartile_mean,
)
from scheduler_core.evaluation.study import Study, compare, evaluate, run_study
from scheduler_core.evaluation.summary import Evaluation, summarize

__all__ = [
    "AGGREGATES",
    "BOOTSTRAP_SAMPLES",
    "Aggregate",
    "Case",
    "Check",
    "Comparison",
    "Contender",
    "Evaluation",
    "Floats",
    "Gate",
    "ModelCheck",
    "SnapshotFigures",
    "Study",
    "Trial",
    "Verdict",
    "check_model",
    "check_trials",
    "compare",
    "compare_costs",
    "cost_ratios",
    "evaluate",
    "evaluate_command",
    "interquartile_mean",
    "run_study",
    "run_trials",
    "study_document",
    "summarize",
    "trials_csv",
]
