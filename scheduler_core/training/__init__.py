"""Training of the learned dispatcher."""

from scheduler_core.training.config import load_config
from scheduler_core.training.settings import TrainingConfig
from scheduler_core.training.trainer import Progress, train

__all__ = ["Progress", "TrainingConfig", "load_config", "train"]
