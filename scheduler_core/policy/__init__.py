"""The learned dispatcher: network, checkpoints, devices, and schedules from them."""

from scheduler_core.policy.checkpoint import Checkpoint, load_checkpoint, save_checkpoint
from scheduler_core.policy.device import DeviceChoice, choose_device
from scheduler_core.policy.ensemble import EnsembleScheduler
from scheduler_core.policy.network import CandidatePolicy, NetworkConfig
from scheduler_core.policy.scheduler import DEFAULT_MODEL, MAKESPAN_MODEL, PPOScheduler

__all__ = [
    "DEFAULT_MODEL",
    "MAKESPAN_MODEL",
    "CandidatePolicy",
    "Checkpoint",
    "DeviceChoice",
    "EnsembleScheduler",
    "NetworkConfig",
    "PPOScheduler",
    "choose_device",
    "load_checkpoint",
    "save_checkpoint",
]
