"""The judge of schedules, and its own way to tell when a machine works."""

from scheduler_core.validation.judge import Violation, ViolationKind, validate

__all__ = ["Violation", "ViolationKind", "validate"]
