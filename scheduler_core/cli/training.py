"""The commands about runs: train, resume, stop, list."""

from __future__ import annotations

import argparse
import signal
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from scheduler_core.cli import tables
from scheduler_core.cli.inputs import setting
from scheduler_core.cli.options import seed
from scheduler_core.errors import ConfigError
from scheduler_core.methods import DEVICES

if TYPE_CHECKING:  # importing torch takes seconds, and no other command needs all of training
    from scheduler_core.training import Progress, TrainingConfig, TrainingResult

PRESETS = Path(__file__).parents[2] / "configs"
"""Folder of the settings that ship."""

FREE_ON_RESUMING = ("device.", "cluster.", "save_seconds")
"""Beginnings of settings that may change when a run resumes: they change speed only."""


def add_train(parser: argparse.ArgumentParser) -> None:
    """Add the options of ``train``."""
    start = add_settings(parser)
    start.add_argument("--resume", type=Path, metavar="RUN",
                       help="folder of a run that has stopped, to go on with")  # fmt: skip
    parser.add_argument("--init", type=Path, help="checkpoint to fine-tune")
    add_common(parser)
    parser.set_defaults(run=train)


def add_settings(parser: argparse.ArgumentParser) -> argparse._MutuallyExclusiveGroup:
    """Add what says which settings and data a run has; return the group of their sources."""
    parser.add_argument("--data", nargs="+", help="snapshots to train on, not generated ones")
    parser.add_argument("--validation-data", nargs="+",
                        help="snapshots to validate on; default: those trained on")  # fmt: skip
    parser.add_argument("--timesteps", type=int, help="decisions of PPO rollouts")
    start = parser.add_mutually_exclusive_group()
    start.add_argument("--config", type=Path, help="settings as YAML; default: built in")
    start.add_argument("--preset", choices=presets(), help="settings that ship")
    return start


def add_common(parser: argparse.ArgumentParser) -> None:
    """Add what all commands that train take."""
    parser.add_argument("--seed", type=seed, help="seed of everything random")
    parser.add_argument("--device", choices=DEVICES,
                        help="where the network learns; default: the fastest")  # fmt: skip
    parser.add_argument("--run", type=Path, dest="folder", help="folder; default: runs/<time>")
    parser.add_argument("--set", nargs="+", action="extend", default=[], dest="settings",
                        metavar="NAME=VALUE",
                        help="settings by name, such as ppo.learning_rate=1e-4")  # fmt: skip


def add_stop(parser: argparse.ArgumentParser) -> None:
    """Add the options of ``stop``."""
    parser.add_argument("runs", type=Path, nargs="+", metavar="RUN", help="folders of runs")
    parser.set_defaults(run=stop)


def add_runs(parser: argparse.ArgumentParser) -> None:
    """Add the options of ``runs``."""
    parser.add_argument("folder", type=Path, nargs="?", default=Path("runs"), help="default: runs")
    parser.set_defaults(run=runs)


def presets() -> list[str]:
    """Return the names of settings that ship."""
    return sorted(path.stem for path in PRESETS.glob("*.yaml"))


def train(options: argparse.Namespace) -> int:
    """Train a policy in the folder of a run and say where it is."""
    from scheduler_core.training import RunFolder, load_config
    from scheduler_core.training import train as run_training

    overrides = overrides_of(options)
    if options.resume:
        RunFolder(options.resume).read_status()  # raises where there is no run
        config = load_config(options.resume / "config.yaml", only_free(overrides))
    else:
        config = load_config(config_path(options), overrides)
    folder = options.resume or options.folder or new_folder()
    print(f"run: {folder}", flush=True)  # before hours of training, even into a pipe
    with stop_on_signals() as should_stop, ProgressDisplay() as display:
        result = run_training(
            config,
            folder,
            init=options.init,
            resume=bool(options.resume),
            listener=display,
            tell=lambda reason: print(f"learning on {reason}", flush=True),
            should_stop=should_stop,
        )
    print(_outcome(folder, config, result))
    return 0


def stop(options: argparse.Namespace) -> int:
    """Ask runs to stop."""
    from scheduler_core.training import RunFolder

    for path in options.runs:
        RunFolder(path).ask_to_stop()
        print(f"run {path}: asked to stop; go on with: scheduler train --resume {path}")
    return 0


def runs(options: argparse.Namespace) -> int:
    """Print where each run stands."""
    from scheduler_core.training import list_runs

    rows = [["run", "state", "phase", "timestep", "of", "minutes", "best to best rule"]]
    for run in list_runs(options.folder):
        status = run.read_status()
        best = status["best_to_best_rule"]
        rows.append([str(run.path), status["state"], status["phase"], f"{status['timestep']:,}",
                     f"{status['timesteps']:,}", f"{status['seconds'] / 60:.1f}",
                     "" if best is None else f"{best:.3f}"])  # fmt: skip
    print(tables.align(rows) if len(rows) > 1 else f"no runs in {options.folder}")
    return 0


def config_path(options: argparse.Namespace) -> Path | None:
    """Return the file of the settings asked for."""
    return PRESETS / f"{options.preset}.yaml" if options.preset else options.config


def overrides_of(options: argparse.Namespace) -> dict[str, Any]:
    """Return the settings given on the command line by dotted name."""
    overrides = dict(setting(text) for text in options.settings)
    named = {
        "task.data": getattr(options, "data", None),
        "validation_data": getattr(options, "validation_data", None),
        "timesteps": getattr(options, "timesteps", None),
        "seed": options.seed,
        "device.name": options.device,
    }
    return overrides | {name: value for name, value in named.items() if value is not None}


def new_folder() -> Path:
    """Return a folder of its own for a run that starts now."""
    return Path("runs") / f"{datetime.now():%Y%m%d-%H%M%S}"


def only_free(overrides: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return settings that may change when a run resumes.

    Raises
    ------
    ConfigError
        If there are others among them.
    """
    for name in overrides:
        if not name.startswith(FREE_ON_RESUMING):
            raise ConfigError(
                f"{name}: cannot change when a run resumes; leave it out, or start a new run "
                "from the best checkpoint with --init"
            )
    return overrides


@contextmanager
def stop_on_signals() -> Iterator[Callable[[], bool]]:
    """Yield whether the user pressed Ctrl-C, or the process was told to end.

    A second Ctrl-C interrupts at once.
    """
    asked = threading.Event()

    def ask(number: int, frame: object) -> None:
        if asked.is_set():
            signal.default_int_handler(number, frame)  # type: ignore[arg-type]
        asked.set()
        print("stopping; what has been learned is kept", file=sys.stderr)

    before = {number: signal.signal(number, ask) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield asked.is_set
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


class ProgressDisplay:
    """Shows how far a run has come: a bar in a terminal, and a line for each validation."""

    def __init__(self) -> None:
        self._bar: Any = None
        self._phase = ""

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Leave the last bar as it is."""
        self._close()

    def __call__(self, progress: Progress) -> None:
        """Show an update."""
        if progress.phase != self._phase:
            self._begin(progress)
        self._bar.update(progress.timestep - self._bar.n)
        metrics = progress.metrics
        if "to_best_rule" in metrics:
            details = [f"{name[13:]} {value:.3f}" for name, value in metrics.items()
                       if name.startswith("to_best_rule/")]  # fmt: skip
            self._bar.write(
                f"{progress.phase} {progress.timestep:,} of {progress.timesteps:,}, "
                f"{progress.timing['per_second']:,.0f} per second: delay cost / best rule's "
                f"{metrics['to_best_rule']:.3f} ({', '.join(details)})"
            )
            sys.stdout.flush()

    def _begin(self, progress: Progress) -> None:
        from tqdm import tqdm

        self._close()
        self._phase = progress.phase
        self._bar = tqdm(
            total=progress.timesteps,
            desc=progress.phase,
            unit=" problems" if progress.phase == "teacher" else " decisions",
            unit_scale=progress.phase != "teacher",
            disable=not sys.stderr.isatty(),
        )

    def _close(self) -> None:
        if self._bar is not None:
            self._bar.close()


def _outcome(folder: Path, config: TrainingConfig, result: TrainingResult) -> str:
    """Return what came of a run as text."""
    lines = [f"{result.state} after {result.seconds:.0f} s and {result.timestep:,} decisions"]
    if result.best.exists():
        lines.append(
            f"best checkpoint: {result.best}, delay cost {result.ratio:.3f} of the best rule's on "
            "validation problems"
        )
    else:
        lines.append("no checkpoint to use yet: the first one follows the first validation")
    if result.state == "stopped":
        lines.append(f"go on with: scheduler train --resume {folder}")
    own = bool(config.validation_data or config.task.data)
    if own and result.start and result.metrics:
        lines += [
            _change("on your snapshots", "to_best_rule", result),
            _change("on other shops", "to_best_rule_elsewhere", result),
        ]
    return "\n".join(lines)


def _change(where: str, name: str, result: TrainingResult) -> str:
    before, after = result.start[name], result.metrics[name]
    change = 1 - after / before
    word = "gain" if change >= 0 else "loss"
    return f"{where}: {before:.3f} -> {after:.3f} of the best rule's, a {word} of {abs(change):.1%}"
