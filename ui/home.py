"""Where the workbench keeps what outlives a browser session: runs, models, uploads, weights."""

from __future__ import annotations

import os
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
"""The folder of the project, with what ships."""


def home() -> Path:
    """Return the folder for what users make: ``SCHEDULER_HOME``, else that of the project."""
    return Path(os.environ.get("SCHEDULER_HOME", ROOT)).resolve()


def runs() -> Path:
    """Return the folder of training runs; ``scheduler train`` writes there too by default."""
    return home() / "runs"


def models() -> Path:
    """Return the folder of imported checkpoints, and of what says which one is the default."""
    return home() / "workspace" / "models"


def rewards() -> Path:
    """Return the folder of reward weights that were saved by name."""
    return home() / "workspace" / "rewards"


def snapshots() -> Path:
    """Return the folder of uploaded snapshots."""
    return home() / "workspace" / "snapshots"


def scenarios() -> Path:
    """Return the folder of scenarios that were kept, by snapshot."""
    return home() / "workspace" / "scenarios"
