"""Training of the learned dispatcher."""

from scheduler_core.training.config import load_config
from scheduler_core.training.ledger import Progress, TrainingResult
from scheduler_core.training.run import RunFolder, list_runs
from scheduler_core.training.settings import TrainingConfig
from scheduler_core.training.trainer import train

__all__ = [
    "Progress",
    "RunFolder",
    "TrainingConfig",
    "TrainingResult",
    "list_runs",
    "load_config",
    "train",
]
