"""A real Ray cluster on this machine, for as long as a test needs it."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
START_SECONDS = 60


@dataclass(frozen=True)
class RunningCluster:
    """Where a cluster answers."""

    address: str
    """For machines that belong to it."""
    client: str
    """For any other."""
    folder: str
    """Where its files are."""


@contextmanager
def cluster(nodes: int = 2) -> Iterator[RunningCluster]:
    """Start a head and further nodes with one core each, and end them whatever happens.

    They are ended one by one: ``ray stop`` would end every other cluster of the machine too.
    """
    head, client = free_port(), free_port()
    # The path of a socket may have about a hundred characters, and Ray needs half of them.
    folder = tempfile.mkdtemp(prefix="ray", dir="/tmp" if os.path.isdir("/tmp") else None)
    processes: list[subprocess.Popen[bytes]] = []
    try:
        processes.append(
            _node(folder, "--head", f"--port={head}", f"--ray-client-server-port={client}")
        )
        _wait_for(head, processes)
        _wait_for(client, processes)
        here = RunningCluster(f"127.0.0.1:{head}", f"ray://127.0.0.1:{client}", folder)
        for _ in range(nodes - 1):
            processes.append(start_node(here))
        yield here
    finally:
        for process in reversed(processes):
            end_node(process)
        shutil.rmtree(folder, ignore_errors=True)


def start_node(here: RunningCluster) -> subprocess.Popen[bytes]:
    """Start one more node; `end_node` ends it."""
    return _node(here.folder, f"--address={here.address}")


def end_node(process: subprocess.Popen[bytes], *, gently: bool = True) -> None:
    """End a node with everything that it has started: all of it is one session."""
    if gently:
        process.terminate()
        with suppress(subprocess.TimeoutExpired):
            process.wait(timeout=10)
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait(timeout=10)


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _node(folder: str, *options: str) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "ray.scripts.scripts", "start", "--block", *options]
    command += ["--num-cpus=1", "--disable-usage-stats", "--object-store-memory=80000000"]
    if "--head" in options:
        command += ["--include-dashboard=false", f"--temp-dir={folder}"]
    # The code under test, and the tests' own functions, as an installation would have them.
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    with Path(folder, "log").open("ab") as log:
        return subprocess.Popen(
            command,
            cwd=folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )


def _wait_for(port: int, processes: list[subprocess.Popen[bytes]]) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and all(each.poll() is None for each in processes):
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            time.sleep(0.1)
        else:
            return
    raise RuntimeError(f"the cluster did not open port {port}")
