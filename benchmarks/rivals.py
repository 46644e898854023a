"""How fast the best known open simulators are: job-shop-lib's rule solver, JSSEnv's environment.

Both run in an environment of their own, made on the first call: they need other versions of some
packages than this project, and a few hundred megabytes. What is measured, and what counts, is in
`benchmarks/rivals/measure.py`.

    python -m benchmarks.rivals --instance data/instances/ta41.txt
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import venv
from pathlib import Path

from scheduler_core.errors import SchedulerError, one_line
from scheduler_core.instances import read_instance
from scheduler_core.problem import Problem

ROOT = Path(__file__).resolve().parents[1]
ENVIRONMENT = ROOT / ".venv-rivals"
INSTANCE = ROOT / "data" / "instances" / "ta41.txt"
REQUIREMENTS = ROOT / "benchmarks" / "rivals" / "requirements.txt"
MEASURE = ROOT / "benchmarks" / "rivals" / "measure.py"

WAIT_SECONDS = 600
"""Longest that the measurement may take; on one core it takes a few seconds."""
ONE_THREAD = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}


class RivalsError(SchedulerError):
    """The rivals cannot be installed, or do not run."""


def measure_rivals(instance: Path, environment: Path = ENVIRONMENT) -> dict[str, float]:
    """Return how fast each rival is on an instance, on one core.

    Parameters
    ----------
    instance
        A job shop in any form that `read_instance` knows, one machine an operation.
    environment
        Folder of the rivals' virtual environment, made where it is missing.

    Returns
    -------
    dict[str, float]
        ``job_shop_lib_spt`` in operations a second, ``jssenv_random`` in steps a second.

    Raises
    ------
    ProblemError
        If the instance cannot be read.
    RivalsError
        With one sentence, if it is no job shop, or the environment cannot be made or used.
    """
    text = _standard_form(read_instance(instance, seconds_per_unit=1), instance)
    python = _python(environment)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "instance.jsp")
        path.write_text(text, "utf-8")
        # -I: neither this project nor packages elsewhere get in
        printed = _run([python, "-I", MEASURE, path], "the rivals cannot be measured")
    figures: dict[str, float] = json.loads(printed.splitlines()[-1])
    return figures


def _standard_form(problem: Problem, instance: Path) -> str:
    """Return a job shop as both rivals read it, machines from 0."""
    index = {machine.name: number for number, machine in enumerate(problem.machines)}
    rows = [f"{len(problem.families)} {len(problem.machines)}"]
    for family in problem.families:
        visited = {task.machines for task in family.tasks}
        if any(len(machines) > 1 for machines in visited) or len(visited) < len(index):
            raise RivalsError(
                f"{instance}: {family.id} must visit each machine once, without a choice, for the "
                "rivals to run; take a job shop such as data/instances/ta41.txt"
            )
        pairs = [f"{index[task.machines[0]]} {task.durations[0]}" for task in family.tasks]
        rows.append(" ".join(pairs))
    return "\n".join(rows) + "\n"


def _python(environment: Path) -> Path:
    """Return the interpreter of the rivals' environment, which is made or renewed if need be."""
    python = environment / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    installed = environment / "installed.txt"
    wanted = REQUIREMENTS.read_text("utf-8")
    if python.exists() and installed.exists() and installed.read_text("utf-8") == wanted:
        return python
    failed = f"the rivals' environment {environment} cannot be made"
    try:
        venv.create(environment, with_pip=True)
    except (OSError, subprocess.CalledProcessError) as error:
        raise RivalsError(f"{failed}: {one_line(error)}") from None
    options = ["--quiet", "--disable-pip-version-check", "--only-binary", ":all:"]
    _run(
        [python, "-m", "pip", "install", *options, "--requirement", REQUIREMENTS],
        failed,
        "; it needs a network, or wheels that pip finds",
        limit=None,
    )
    installed.write_text(wanted, "utf-8")
    return python


def _run(
    command: list[str | Path], failed: str, way_out: str = "", limit: float | None = WAIT_SECONDS
) -> str:
    """Return what a command prints; raise one sentence with the last thing it complained of."""
    try:
        done = subprocess.run(
            command,
            capture_output=True,
            text=True,
            check=True,
            timeout=limit,
            env={**os.environ, **ONE_THREAD},
        )
    except subprocess.CalledProcessError as error:
        complaints = error.stderr.strip().splitlines() or [f"exit code {error.returncode}"]
        reason = complaints[-1].removeprefix("ERROR: ")
    except (OSError, subprocess.TimeoutExpired) as error:
        reason = one_line(error)
    else:
        return done.stdout
    raise RivalsError(f"{failed}: {reason}{way_out}")


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else None)
    parser.add_argument("--instance", type=Path, default=INSTANCE)
    parser.add_argument("--environment", type=Path, default=ENVIRONMENT)
    options = parser.parse_args()
    try:
        figures = measure_rivals(options.instance, options.environment)
    except SchedulerError as error:
        print(error, file=sys.stderr)
        return 1
    for name, rate in figures.items():
        print(f"{name:<18} {rate:>10,.0f} a second")
    return 0


if __name__ == "__main__":
    sys.exit(main())
