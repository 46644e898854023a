"""The lines of a run as TensorBoard's events.

The events say nothing that ``metrics.jsonl`` and ``timing.jsonl`` do not say: a run that resumes
writes them anew from these, so that no update is there twice.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from torch.utils.tensorboard import SummaryWriter
from torch.utils.tensorboard.summary import hparams

from scheduler_core.training.config import flatten
from scheduler_core.training.run import RunFolder
from scheduler_core.training.settings import TrainingConfig

_POSITION = ("phase", "timestep", "update")
_VALIDATED = ("to_best_rule", "to_edd", "on_time_rate", "completion_rate")


class EventWriter:
    """Writes events, beginning with those of the lines that the run has already.

    Parameters
    ----------
    run
        Its folder.
    config
        The settings, which become hyperparameters.
    """

    def __init__(self, run: RunFolder, config: TrainingConfig) -> None:
        _remove_events(run.events)
        # A TensorBoard that is looking on drops what it has read of the run so far.
        self._writer = SummaryWriter(str(run.events), purge_step=0)
        self._file: Any = self._writer._get_file_writer()  # type: ignore[no-untyped-call] # noqa: SLF001
        settings, target = _flat(asdict(config)), {"validation/to_best_rule": None}
        for summary in hparams(settings, target):  # type: ignore[no-untyped-call]
            self._file.add_summary(summary)
        for metrics, timing in run.lines():
            self.add(metrics, timing)

    def add(self, metrics: Mapping[str, Any], timing: Mapping[str, Any]) -> None:
        """Add the figures of an update, at its timestep within the phase."""
        phase, step = metrics["phase"], metrics["timestep"]
        for name, value in (*metrics.items(), *timing.items()):
            if name not in _POSITION and value is not None:
                self._writer.add_scalar(_tag(phase, name), value, step)
        self._writer.flush()

    def close(self) -> None:
        """Write what is left."""
        self._writer.close()


def _tag(phase: str, name: str) -> str:
    """Return what a figure is called: validations of all phases are one curve, by figure."""
    if name.split("/")[0] in _VALIDATED:
        return f"validation/{name}" if phase == "ppo" else f"validation_of_{phase}/{name}"
    return f"{phase}/{name}"


def _remove_events(folder: Path) -> None:
    for path in folder.glob("events.out.tfevents.*"):
        path.unlink()


def _flat(settings: Mapping[str, Any]) -> dict[str, bool | int | float | str]:
    """Return settings by dotted name, as TensorBoard can hold them."""
    return {
        name: value if isinstance(value, bool | int | float | str) else ", ".join(map(str, value))
        for name, value in flatten(settings).items()
    }
