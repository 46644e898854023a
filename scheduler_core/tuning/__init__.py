"""Sweeps over settings of training runs."""

from scheduler_core.tuning.settings import SweepFolder, SweepSettings
from scheduler_core.tuning.space import load_space, parse_space
from scheduler_core.tuning.sweep import SweepResult, Trial, run_sweep, start_sweep

__all__ = [
    "SweepFolder",
    "SweepResult",
    "SweepSettings",
    "Trial",
    "load_space",
    "parse_space",
    "run_sweep",
    "start_sweep",
]
