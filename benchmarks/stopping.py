"""How long a run takes to stop, asked at random moments of all its phases, and to go on.

    python -m benchmarks.stopping

A run is started, asked to stop, and resumed, again and again, with the settings of a config. The
time to stop is from the request until the last checkpoint and the status are written; the time to
go on is from the start of the process until it trains again.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path
from time import perf_counter, sleep

import numpy as np

from benchmarks.reporting import table_head, table_line
from scheduler_core.training import RunFolder


def main() -> None:
    """Measure, and print a table with a line for each phase."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--config", type=Path, default=Path("configs/fast.yaml"))
    parser.add_argument("--count", type=int, default=20, help="times to stop; default: 20")
    parser.add_argument("--longest", type=float, default=8.0,
                        help="longest time from going on to the request; default: 8 s")  # fmt: skip
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    rng = np.random.default_rng(options.seed)
    times: dict[str, list[tuple[float, float]]] = {}
    with tempfile.TemporaryDirectory() as folder:
        run = RunFolder(Path(folder) / "run")
        for _ in range(options.count):
            phase, *pair = stop_once(run, options.config, float(rng.uniform(0, options.longest)))
            if run.read_status()["state"] == "finished":
                run = RunFolder(Path(folder) / f"run-{phase}-{len(times)}")
                continue
            times.setdefault(phase, []).append((pair[0], pair[1]))
    print(table_head(["phase", "stops", "s to stop, median", "longest", "s to go on, median"]))
    for phase, pairs in times.items():
        stopping, going_on = np.array(pairs).T
        print(table_line([phase, str(len(pairs)), f"{np.median(stopping):.2f}",
                          f"{stopping.max():.2f}", f"{np.median(going_on):.1f}"]))  # fmt: skip


def stop_once(run: RunFolder, config: Path, seconds: float) -> tuple[str, float, float]:
    """Train for some seconds, ask to stop; return the phase, seconds to stop, and to go on."""
    resumed = run.config.exists()
    source = ["--resume", str(run.path)] if resumed else ["--config", str(config)]
    command = [sys.executable, "-m", "scheduler_core", "train", *source]
    if not resumed:
        command += ["--run", str(run.path)]
    begin = perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    while not (run.config.exists() and run.read_status()["state"] == "running"):
        sleep(0.02)
    going_on = perf_counter() - begin
    sleep(seconds)
    phase, asked = run.read_status()["phase"], perf_counter()
    if process.poll() is None:
        run.ask_to_stop()
    while run.read_status()["state"] == "running":
        sleep(0.01)
    stopping = perf_counter() - asked
    process.wait()
    return phase, stopping, going_on


if __name__ == "__main__":
    main()
