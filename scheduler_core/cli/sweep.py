"""The command ``sweep``: settings searched for, or several seeds of the same ones."""

from __future__ import annotations

import argparse
from pathlib import Path
from statistics import mean, stdev
from typing import TYPE_CHECKING

import yaml

from scheduler_core.cli import tables, training
from scheduler_core.cli.options import seed
from scheduler_core.cluster import make_executor
from scheduler_core.errors import ConfigError, one_line
from scheduler_core.executors import Executor, ProcessExecutor, count_cores
from scheduler_core.methods import DEVICES

if TYPE_CHECKING:  # importing torch takes seconds, and no other command needs all of training
    from scheduler_core.tuning import SweepResult, Trial
    from scheduler_core.tuning.space import Space

ONLY_NEW = (
    *("preset", "config", "space", "search", "settings", "sampler", "pruner", "rungs", "parallel"),
    *("sampler_seed", "seeds", "init", "timesteps", "device", "storage", "folder"),
)
"""Options of a new sweep: one that goes on has them in its folder."""


def add_parser(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    start = parser.add_mutually_exclusive_group()
    start.add_argument("--config", type=Path, help="settings as YAML; default: built in")
    start.add_argument("--preset", choices=training.presets(), help="settings that ship")
    start.add_argument("--resume", type=Path, metavar="SWEEP",
                       help="folder of a sweep that has stopped, to go on with")  # fmt: skip
    parser.add_argument("--space", type=Path, help="what to search, as YAML")
    parser.add_argument("--search", nargs="+", action="extend", default=[], metavar="NAME=RANGE",
                        help="the same, such as 'ppo.learning_rate=1e-5..1e-3 log' or "
                        "ppo.epochs=[1,2,4]")  # fmt: skip
    parser.add_argument("--seeds", type=seed, nargs="+", metavar="SEED",
                        help="seeds that each trial is trained with; without anything to search, "
                        "one trial; default: that of the settings")  # fmt: skip
    parser.add_argument("--init", type=Path,
                        help="checkpoint that every run starts from; default: a warm start of "
                        "its own")  # fmt: skip
    parser.add_argument("--sampler", choices=("tpe", "random", "grid"), help="default: tpe")
    parser.add_argument("--trials", type=int,
                        help="default: 20; with --resume, how many there are to be")  # fmt: skip
    parser.add_argument("--pruner", choices=("median", "halving", "none"), help="default: median")
    parser.add_argument("--rungs", type=int,
                        help="times that a trial is judged; default: 3")  # fmt: skip
    parser.add_argument("--parallel", type=int,
                        help="trials asked for at a time; default: one for each core")  # fmt: skip
    parser.add_argument("--seed", type=seed, dest="sampler_seed", help="of the sampler; default: 0")
    parser.add_argument("--timesteps", type=int, help="decisions of PPO rollouts, of each run")
    parser.add_argument("--device", choices=DEVICES, help="where networks learn")
    parser.add_argument("--set", nargs="+", action="extend", default=[], dest="settings",
                        metavar="NAME=VALUE",
                        help="settings of all trials, such as task.max_families=60")  # fmt: skip
    parser.add_argument("--storage", help="database; default: sqlite:///OUT/study.db")
    parser.add_argument("--address", help="of a Ray cluster, such as ray://host:10001; default: "
                        "cluster.address in the settings")  # fmt: skip
    parser.add_argument("--out", type=Path, dest="folder", help="folder; default: runs/<time>")
    parser.set_defaults(run=sweep, seed=None)


def sweep(options: argparse.Namespace) -> int:
    """Run a sweep, or go on with one, and print its trials."""
    from scheduler_core.training import load_config
    from scheduler_core.tuning import SweepFolder, run_sweep

    folder = SweepFolder(_begin(options))
    settings = folder.load()
    address = options.address
    if address is None:
        address = load_config(folder.config).cluster.address
    runs = settings.parallel * len(settings.seeds)
    executor: Executor = (
        make_executor(address, runs) if address else ProcessExecutor(min(runs, count_cores()))
    )
    print(f"sweep: {folder.path}", flush=True)
    with training.stop_on_signals() as should_stop:
        result = run_sweep(
            folder.path,
            executor,
            trials=options.trials if options.resume else None,
            carry=bool(address),
            listener=_say,
            should_stop=should_stop,
        )
    print(_outcome(result))
    return 0


def _begin(options: argparse.Namespace) -> Path:
    """Return the folder of a sweep that can be run: a new one, or one that is there."""
    from scheduler_core.training import load_config
    from scheduler_core.tuning import SweepSettings, start_sweep

    if options.resume:
        for name in ONLY_NEW:
            if getattr(options, name):
                flag = {"folder": "out", "sampler_seed": "seed", "settings": "set"}.get(name, name)
                raise ConfigError(
                    f"--{flag}: belongs to the sweep in {options.resume}, and cannot change when "
                    "it goes on; leave it out, or start a new sweep"
                )
        return Path(options.resume)
    config = load_config(training.config_path(options), training.overrides_of(options))
    space = _space(options)
    if not space and not options.seeds:
        raise ConfigError(
            "sweep: has nothing to search; give --space or --search, or several --seeds to train "
            "the same settings with"
        )
    given = {
        "sampler": options.sampler,
        "trials": options.trials,
        "pruner": options.pruner,
        "rungs": options.rungs,
        "seed": options.sampler_seed,
        "storage": options.storage,
    }
    settings = SweepSettings(
        space=space,
        seeds=tuple(options.seeds or [config.seed]),
        parallel=count_cores() if options.parallel is None else options.parallel,
        **{name: value for name, value in given.items() if value is not None},
    )
    folder = options.folder or training.new_folder()
    start_sweep(config, settings, folder, options.init)
    return Path(folder)


def _space(options: argparse.Namespace) -> Space:
    """Return what is to be searched, from the file and the options together."""
    from scheduler_core.tuning import load_space, parse_space

    config = training.config_path(options)
    document = {}
    for text in options.search:
        name, equals, what = text.partition("=")
        if not equals:
            raise ConfigError(f"--search {text!r}: must be NAME=RANGE")
        try:
            document[name] = yaml.safe_load(what)
        except (yaml.YAMLError, ValueError, RecursionError) as error:
            why = one_line(error)
            raise ConfigError(f"--search {text!r}: the range must be YAML ({why})") from error
    given = load_space(options.space, config) if options.space else {}
    return given | parse_space(document, config)


def _say(trial: Trial) -> None:
    """Print a line for a trial at a rung."""
    settings = ", ".join(f"{name} {_short(value)}" for name, value in trial.settings.items())
    if trial.error:
        print(f"trial {trial.number} cannot be: {trial.error} ({settings})", flush=True)
        return
    steps = f"{max(trial.rungs):,} decisions"
    print(f"trial {trial.number} after {steps}: {_figure(trial.value)}, {trial.state}"
          f"{f' ({settings})' if settings else ''}", flush=True)  # fmt: skip


def _outcome(result: SweepResult) -> str:
    """Return what came of a sweep as text."""
    folder = result.folder
    lines = [_seeds(result.trials[0])] if _is_of_seeds(result) else [_trials(result)]
    if result.importances:
        shares = ", ".join(f"{name} {share:.0%}" for name, share in result.importances.items())
        lines.append(f"what makes the difference: {shares}")
    lines.append(f"every trial: {folder.trials}")
    if result.best:
        start = f" --init {folder.init}" if folder.init.exists() else ""
        lines.append(
            f"best: trial {result.best.number}, {_figure(result.best.value)} of the best rule's; "
            f"train with its settings: scheduler train --config {folder.best}{start}"
        )
    if result.state == "stopped":
        lines.append(f"stopped; go on with: scheduler sweep --resume {folder.path}")
    return "\n".join(lines)


def _is_of_seeds(result: SweepResult) -> bool:
    return len(result.trials) == 1 and not result.trials[0].settings


def _seeds(trial: Trial) -> str:
    """Return the value for each seed, and what they have in common."""
    rows = [["seed", "delay cost / best rule's"]]
    rows += [[str(seed), _figure(value)] for seed, value in trial.seeds.items()]
    values = [value for value in trial.seeds.values() if value is not None]
    if len(values) > 1:
        rows += [["mean", f"{mean(values):.4f}"], ["sd", f"{stdev(values):.4f}"]]
    return tables.align(rows)


def _trials(result: SweepResult) -> str:
    """Return a line for each trial, the best first."""
    names = sorted({name for trial in result.trials for name in trial.settings})
    order = {"complete": 0, "pruned": 1, "running": 2, "fail": 3}
    trials = sorted(
        result.trials,
        key=lambda each: (order[each.state], float("inf") if each.value is None else each.value),
    )
    rows = [["trial", "delay cost / best rule's", "state", "decisions", "seconds", *names]]
    for each in trials:
        steps = f"{max(each.rungs, default=0):,}"
        cells = [_short(each.settings[name]) for name in names]
        rows.append([str(each.number), _figure(each.value), each.state, steps,
                     f"{each.seconds:.0f}", *cells])  # fmt: skip
    return tables.align(rows)


def _figure(value: float | None) -> str:
    return "-" if value is None else f"{value:.4f}"


def _short(value: object) -> str:
    return f"{value:.3g}" if isinstance(value, float) else str(value)
