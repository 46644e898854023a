"""How fast PPO trains from end to end, and where the time goes.

Updates of the default network on generated problems, all settings as they are by default:
collecting experience (of which drawing problems and judging them by rules, what the policy sees,
and the network), and the update; then a whole run, with all that it writes, between validations.
Every round makes the same updates; what others do on the machine can only slow one down, so the
fastest round is what counts.

    python -m benchmarks.training --json benchmarks/results/training.json
"""

from __future__ import annotations

import argparse
import json
import platform
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, astuple, dataclass, fields, replace
from pathlib import Path
from time import perf_counter, process_time
from typing import Any
from unittest.mock import patch

import numpy as np
import torch
from torch._C._profiler import _ExperimentalConfig
from torch.profiler import ProfilerActivity, profile
from torch.utils.flop_counter import FlopCounterMode

from benchmarks.reporting import table_head, table_line
from scheduler_core.executors import LocalExecutor
from scheduler_core.files import write_aside
from scheduler_core.policy import CandidatePolicy
from scheduler_core.training import Progress, TrainingConfig, collector, episodes, train
from scheduler_core.training.collector import Collector
from scheduler_core.training.episodes import PolicyActor
from scheduler_core.training.gradients import Compute
from scheduler_core.training.ppo import Experience, update
from scheduler_core.training.state import make_optimizer
from scheduler_core.training.tasks import job_source

RESULTS = Path(__file__).parent / "results" / "training.json"
CONFIG = TrainingConfig()
KINDS = {
    "products of matrices": ("mm", "addmm"),
    "normalisation": ("native_layer_norm", "native_layer_norm_backward"),
    "activation": ("clamp_min_", "threshold_backward"),
    "between decisions and candidates": ("index", "index_select", "index_add", "scatter_add_"),
    "step of Adam": ("_fused_adam_", "linalg_vector_norm", "mul_"),
}
"""Operations of PyTorch by what they are for; the rest is many small ones, and Python."""


@dataclass(frozen=True, slots=True)
class Times:
    """Means over the updates of a round: seconds of wall time.

    Those of drawing, features and network, parts of collecting, are added up over threads, and
    ``cpu`` is what all threads computed: with others on the machine, wall time is more than its
    share.
    """

    decisions: float
    candidates: float
    collecting: float
    drawing: float
    features: float
    network: float
    update: float
    cpu: float

    @property
    def speed(self) -> float:
        """Decisions a second, from end to end."""
        return self.decisions / (self.collecting + self.update)


class Learner:
    """A network with all that its updates need."""

    def __init__(self, threads: int) -> None:
        torch.manual_seed(0)
        self.network = CandidatePolicy(CONFIG.network).eval()
        self.optimizer = make_optimizer(self.network, "ppo", CONFIG)
        self.threads = threads
        self.collector = Collector(CONFIG, job_source(CONFIG.task), LocalExecutor(threads))
        self.updates = 0

    def run(self) -> tuple[Times, Experience]:
        """Make one update."""
        marks, cpu = [perf_counter()], process_time()
        with _noted() as spent:
            experience, _ = self.collector.collect(self.updates, self.network)
        marks.append(perf_counter())
        self.learn(experience)
        marks.append(perf_counter())
        collecting, updating = np.diff(marks).tolist()
        counts = experience.decisions.counts
        times = Times(
            decisions=len(counts),
            candidates=int(counts.sum()),
            collecting=collecting,
            **{name: sum(seconds) for name, seconds in spent.items()},
            update=updating,
            cpu=process_time() - cpu,
        )
        return times, experience

    def learn(self, experience: Experience) -> None:
        """Update the network."""
        compute, rng = Compute(threads=self.threads), np.random.default_rng(self.updates)
        ppo, self.updates = CONFIG.ppo, self.updates + 1
        update(self.network, self.optimizer, experience, ppo, 0.01, rng, compute=compute)


@contextmanager
def _noted() -> Iterator[dict[str, list[float]]]:
    """Yield the seconds that each call of a part of collecting takes."""
    spent: dict[str, list[float]] = {"drawing": [], "features": [], "network": []}
    with (
        patch.object(collector, "make_tasks", _timed(collector.make_tasks, spent["drawing"])),
        patch.object(episodes, "observe_batch", _timed(episodes.observe_batch, spent["features"])),
        patch.object(PolicyActor, "__call__", _timed(PolicyActor.__call__, spent["network"])),
    ):
        yield spent


def _timed(function: Callable[..., Any], seconds: list[float]) -> Callable[..., Any]:
    """Return a function that notes how long each of its calls took."""

    def call(*arguments: object, **options: object) -> object:
        begin = perf_counter()
        result = function(*arguments, **options)
        seconds.append(perf_counter() - begin)
        return result

    return call


def run_speed(threads: int, updates: int) -> float:
    """Return the decisions a second of a run, with all that it writes, between validations."""
    settings = replace(
        CONFIG,
        validate_every=10**6,
        validation_problems=1,
        imitation=replace(CONFIG.imitation, problems=0),
        device=replace(CONFIG.device, name="cpu", threads=threads),
    )
    seen: list[tuple[int, float]] = []

    def listen(progress: Progress) -> None:
        seen.append((progress.timestep, perf_counter()))

    with tempfile.TemporaryDirectory() as folder:
        train(settings, Path(folder) / "run", listener=listen,
              should_stop=lambda: len(seen) > updates + 1)  # fmt: skip
    (first, begin), (last, end) = seen[1], seen[-1]  # the first is the validation before
    return (last - first) / (end - begin)


def main() -> int:
    """Measure, print Markdown tables, and write the figures."""
    options = _options()
    torch.set_num_threads(1)
    processor = platform.processor() or platform.machine()
    print(f"{processor}, PyTorch {torch.__version__}\n")
    names = [field.name for field in fields(Times)]
    print(table_head(["threads", *names, "decisions a second", "of a whole run"]))
    rounds = {threads: _fastest(threads, options) for threads in options.threads}
    times, experience, _ = rounds[options.threads[-1]]
    flops = _flops(experience)
    figures = {
        "processor": processor,
        "torch": torch.__version__,
        "rows": [
            {
                "threads": threads,
                **asdict(each),
                "decisions_per_second": each.speed,
                "decisions_per_second_of_a_run": whole,
                "update_gflop_per_second": flops * each.candidates * CONFIG.ppo.epochs
                / each.update / 1e9,
            }
            for threads, (each, _, whole) in rounds.items()
        ],
        "mflop_per_candidate": flops / 1e6,
        "mflop_per_decision": flops * times.candidates / times.decisions / 1e6,
        "update_shares": _shares(experience),
    }  # fmt: skip
    _tell(figures)
    write_aside(options.json, json.dumps(figures, indent=1).encode())
    return 0


def _tell(figures: dict[str, Any]) -> None:
    """Print what the update does in its time."""
    print("\nTo learn from once: {mflop_per_candidate:.2f} MFLOP a candidate, "
          "{mflop_per_decision:.1f} MFLOP a decision\n".format(**figures))  # fmt: skip
    for row in figures["rows"]:
        print("Threads {threads}: {update_gflop_per_second:.0f} GFLOP/s".format(**row))
    print(f"\n{table_head(['one update, one thread', 'share'])}")
    for kind, share in figures["update_shares"].items():
        print(table_line([kind, f"{share:.0%}"]))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--threads", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--updates", type=int, default=6, help="of a round, >= 1")
    parser.add_argument("--rounds", type=int, default=3, help="of which the fastest counts")
    parser.add_argument("--json", type=Path, default=RESULTS, help="file to write the figures to")
    return parser.parse_args()


def _fastest(threads: int, options: argparse.Namespace) -> tuple[Times, Experience, float]:
    """Measure with some threads, print a line of the table, and return the fastest round."""
    rounds = [_round(threads, options.updates) for _ in range(options.rounds)]
    times, experience = max(rounds, key=lambda each: each[0].speed)
    decisions, candidates, *seconds = astuple(times)
    cells = [f"{decisions:,.0f}", f"{candidates:,.0f}", *(f"{each:.3f}" for each in seconds)]
    whole = max(run_speed(threads, options.updates) for _ in range(options.rounds))
    print(table_line([str(threads), *cells, f"{times.speed:,.0f}", f"{whole:,.0f}"]), flush=True)
    return times, experience, whole


def _round(threads: int, updates: int) -> tuple[Times, Experience]:
    """Return the means of some updates after one to warm up, and the last experience."""
    learner = Learner(threads)
    learner.run()
    runs = [learner.run() for _ in range(updates)]
    columns = zip(*(astuple(times) for times, _ in runs), strict=True)
    return Times(*(sum(column) / updates for column in columns)), runs[-1][1]


def _flops(experience: Experience) -> float:
    """Return the floating-point operations for a candidate, through the network and back."""
    network = CandidatePolicy(CONFIG.network)
    decisions = experience.decisions.select(torch.arange(1000))
    with FlopCounterMode(display=False) as counter:
        scores, values = network(*decisions)
        (scores.sum() + values.sum()).backward()
    return counter.get_total_flops() / len(decisions.candidates)


@contextmanager
def _profiled() -> Iterator[profile]:
    config = _ExperimentalConfig(profile_all_threads=True)
    with profile(activities=[ProfilerActivity.CPU], experimental_config=config) as profiler:
        yield profiler


def _shares(experience: Experience) -> dict[str, float]:
    """Return the share of each kind of operation in the time of an update with one thread."""
    learner = Learner(1)
    learner.learn(experience)
    begin = perf_counter()
    with _profiled() as profiler:
        learner.learn(experience)
        total = perf_counter() - begin
    own = {each.key: each.self_cpu_time_total / 1e6 for each in profiler.key_averages()}
    shares = {
        kind: sum(own.get(f"aten::{name}", 0.0) for name in names) / total
        for kind, names in KINDS.items()
    }
    return shares | {"the rest": 1 - sum(shares.values())}


if __name__ == "__main__":
    raise SystemExit(main())
