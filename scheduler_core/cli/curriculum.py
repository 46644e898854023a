"""The command curriculum: one policy, stage by stage."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from scheduler_core.cli import tables
from scheduler_core.cli.options import file
from scheduler_core.cli.training import (
    PRESETS,
    ProgressDisplay,
    add_common,
    new_folder,
    only_free,
    overrides_of,
    stop_on_signals,
)
from scheduler_core.errors import ConfigError
from scheduler_core.files import write_aside

if TYPE_CHECKING:  # importing torch takes seconds
    from scheduler_core.training.curriculum import Attempt, CurriculumResult

DEFAULT = PRESETS / "curricula" / "guide.yaml"


def add_parser(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    start = parser.add_mutually_exclusive_group()
    start.add_argument("--config", type=Path, help="curriculum as YAML; default: the guide's")
    start.add_argument("--resume", type=Path, metavar="FOLDER",
                       help="folder of a curriculum that has stopped, to go on with")  # fmt: skip
    parser.add_argument("--stages", nargs="+", metavar="STAGE",
                        help="of each stage a snapshot, or the number of families to generate, "
                        "such as 40 or 100-200")  # fmt: skip
    parser.add_argument("--timesteps", type=int, nargs="+", metavar="N",
                        help="decisions of each stage, or of all")  # fmt: skip
    parser.add_argument("--success-threshold", type=float, nargs="+", metavar="T",
                        help="least completion rate of each stage, or of all")  # fmt: skip
    parser.add_argument("--cost-threshold", type=float, nargs="+", metavar="T",
                        help="largest delay cost of each stage, or of all, relative to the best "
                        "rule's; 0: any will do")  # fmt: skip
    parser.add_argument("--on-miss", choices=("repeat", "go_on", "stop"),
                        help="what follows a missed threshold")  # fmt: skip
    parser.add_argument("--max-repeats", type=int, metavar="N", help="of a stage")
    parser.add_argument("--json", type=file, help="file for the results")
    add_common(parser)
    parser.set_defaults(run=curriculum)


def curriculum(options: argparse.Namespace) -> int:
    """Train a policy stage by stage; the exit code is 1 if a threshold ended it."""
    from scheduler_core.training.config import load_settings
    from scheduler_core.training.curriculum import run_curriculum
    from scheduler_core.training.settings import CurriculumConfig

    overrides = _overrides(options)
    path = options.config or DEFAULT
    if options.resume:
        path = options.resume / "curriculum.yaml"
        only_free({name.removeprefix("training."): value for name, value in overrides.items()})
    config = load_settings(CurriculumConfig, path, overrides)
    folder = options.resume or options.folder or new_folder()
    print(f"curriculum: {folder}", flush=True)
    with stop_on_signals() as should_stop, ProgressDisplay() as display:
        result = run_curriculum(
            config,
            folder,
            resume=bool(options.resume),
            listener=display,
            stage_listener=_print_attempt,
            should_stop=should_stop,
        )
    print(_outcome(result, folder))
    if options.json:
        write_aside(options.json, (folder / "curriculum.json").read_bytes())
    return 1 if result.state == "missed" else 0


def _overrides(options: argparse.Namespace) -> dict[str, Any]:
    """Return what the command line says of the curriculum, and of the training in it."""
    given = overrides_of(options)
    given.pop("timesteps", None)  # of a stage, not of the training
    overrides = {f"training.{name}": value for name, value in given.items()}
    named = {"on_miss": options.on_miss, "max_repeats": options.max_repeats}
    overrides |= {name: value for name, value in named.items() if value is not None}
    columns = {
        "timesteps": options.timesteps,
        "success_threshold": options.success_threshold,
        "cost_threshold": options.cost_threshold,
    }
    if options.stages:
        overrides["stages"] = _stages(options.stages, columns)
    elif any(columns.values()):
        raise ConfigError("--stages: must be given with thresholds or timesteps; name the stages")
    return overrides


def _stages(specs: Sequence[str], columns: dict[str, list[Any] | None]) -> list[dict[str, Any]]:
    stages = [_stage(spec) for spec in specs]
    for name, values in columns.items():
        if values is None:
            continue
        if len(values) not in (1, len(stages)):
            option = name.replace("_", "-")
            raise ConfigError(
                f"--{option}: must be one value, or one for each of {len(stages)} stages, "
                f"got {len(values)}"
            )
        each = values * len(stages) if len(values) == 1 else values
        for stage, value in zip(stages, each, strict=True):
            stage[name] = value
    return stages


def _stage(spec: str) -> dict[str, Any]:
    """Return a snapshot, or a range of sizes, as the settings of a stage."""
    first, dash, last = spec.partition("-")
    if first.isdecimal() and (not dash or last.isdecimal()):
        return {"min_families": int(first), "max_families": int(last or first)}
    return {"data": [spec]}


def _print_attempt(attempt: Attempt) -> None:
    print(
        f"{attempt.stage}: {'passed' if attempt.passed else 'missed'}, completion "
        f"{attempt.completion_rate:.0%}, delay cost {attempt.to_best_rule:.3f} of the best "
        f"rule's, {attempt.timesteps:,} decisions in {attempt.seconds:.0f} s",
        flush=True,
    )


def _outcome(result: CurriculumResult, folder: Path) -> str:
    """Return what came of it as text."""
    lines = [f"{result.state}, best checkpoint: {result.best or 'none yet'}"]
    if result.state == "stopped":
        lines.append(f"go on with: scheduler curriculum --resume {folder}")
    if not result.final:
        return "\n".join(lines)
    rows = [["the last policy on", "completion", "on time", "to EDD", "to best rule"]]
    for stage, figures in result.final.items():
        name = "data/default"
        if f"to_edd/{name}" not in figures:
            name = next(key for key in figures if key.startswith("to_edd/")).removeprefix("to_edd/")
        rows.append([stage, f"{figures['completion_rate']:.0%}",
                     f"{figures[f'on_time_rate/{name}']:.1%}",
                     f"{figures[f'to_edd/{name}']:.3f}",
                     f"{figures[f'to_best_rule/{name}']:.3f}"])  # fmt: skip
    lines.append(tables.align(rows))
    lines.append("delay costs under the default weights, relative to those on the same problems")
    return "\n".join(lines)
