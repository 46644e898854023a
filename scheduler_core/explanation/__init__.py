"""What tasks waited for, and why a family is late: read off a schedule, whoever made it."""

from scheduler_core.explanation.chain import Hop, Root, RootKind, Story, why_late
from scheduler_core.explanation.text import moment, reasons, wait_lines
from scheduler_core.explanation.waits import Floor, TaskWaits, Wait, WaitKind

__all__ = [
    "Floor",
    "Hop",
    "Root",
    "RootKind",
    "Story",
    "TaskWaits",
    "Wait",
    "WaitKind",
    "moment",
    "reasons",
    "wait_lines",
    "why_late",
]
