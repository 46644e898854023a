"""Independent work on the machines of a Ray cluster, with the results that it has here.

Ray is an optional extra. It is imported when an address asks for it and at no other time.
"""

from __future__ import annotations

import hashlib
import importlib
import logging
import os
import pickle
import re
import signal
import socket
import sys
import threading
import warnings
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from scheduler_core.errors import ConfigError, ExecutorError, one_line
from scheduler_core.executors import Executor, Input, LocalExecutor, Output, never

PROBE_SECONDS = 5.0
"""Most seconds that the head of a cluster may take to answer at all."""

CONNECT_ATTEMPTS = 3
"""How often a cluster that answers is asked again to take this process in.

The head forks a server for each client that comes over ``ray://`` out of a process that has many
threads, and now and then that fork dies before it does anything. The next one is a new one.
"""

_QUIET = {
    "RAY_CLIENT_INITIAL_CONNECTION_TIMEOUT_S": "4",  # three attempts, not half a minute
    "RAY_CLIENT_MAX_CONNECTION_TIMEOUT_S": "4",
    "RAY_NUM_REDIS_GET_RETRIES": "5",  # not 20
    "RAY_py_gcs_connect_timeout_s": "3",
    "RAY_USAGE_STATS_ENABLED": "0",
}
"""What makes Ray give up soon, and keep to itself; it reads these when it is imported."""


def make_executor(address: str, threads: int) -> Executor:
    """Return what runs independent work: threads here, or a cluster.

    Parameters
    ----------
    address
        Empty: this machine. Otherwise that of a Ray cluster: ``auto`` for the one that this
        machine belongs to, ``host:port`` as its head names it (this machine has to belong to it
        too), or ``ray://host:port`` from any machine.
    threads
        Pieces of work that run at once on this machine, >= 1; a cluster runs as many as it has
        cores.

    Raises
    ------
    ConfigError
        If the address is none of these, or Ray is not installed.
    ExecutorError
        If there is no cluster that answers.
    """
    return RayExecutor(address) if address else LocalExecutor(threads)


class RayExecutor:
    """Tasks on a Ray cluster, one core each, spread over its machines.

    What fails because a machine has gone is run again elsewhere; since the work depends on its
    input alone, that changes nothing. What all inputs share and is large had better be bound to
    the function (`functools.partial`): it is sent once.

    Parameters
    ----------
    address
        See `make_executor`.

    Raises
    ------
    ConfigError, ExecutorError
        As `make_executor`.
    """

    def __init__(self, address: str) -> None:
        self.address = address
        self._ray = _connect(address)

    def map(
        self,
        function: Callable[[Input], Output],
        inputs: Iterable[Input],
        check: Callable[[], None] = never,
    ) -> list[Output]:
        """See `Executor`.

        Raises
        ------
        ExecutorError
            If the cluster is lost, or cannot run this version of the package.
        """
        ray, errors = self._ray, self._ray.exceptions
        run = ray.remote(num_cpus=1, scheduling_strategy="SPREAD")(_run)
        tasks: list[Any] = []
        waiting: list[Any] = []
        try:
            dumps, sources = ray.cloudpickle.dumps, sources_digest()
            shared = ray.put(dumps(function))
            tasks += [run.remote(sources, shared, dumps(each)) for each in inputs]
            waiting += tasks
            while waiting:
                check()
                waiting = ray.wait(waiting, num_returns=len(waiting), timeout=0.1)[1]
            return [pickle.loads(output) for output in ray.get(tasks)]
        except errors.RayTaskError as error:
            raise _cause(error, self.address) from None
        except (errors.RayError, ConnectionError) as error:
            raise ExecutorError(
                f"cluster {self.address}: was lost while it worked ({one_line(error)}); "
                "see with 'ray status' what is left of it, and start again"
            ) from error
        finally:
            with suppress(errors.RayError, ConnectionError):  # of a cluster that is lost
                for task in waiting:
                    ray.cancel(task)

    def close(self) -> None:
        """Leave the cluster; it goes on without this process."""
        self._ray.shutdown()
        _connected.clear()


_connected: list[str] = []
"""The address that this process is connected to, if any: Ray knows one cluster at a time."""


def _connect(address: str) -> Any:
    """Return the module ``ray``, connected to a cluster."""
    _check_address(address)
    for name, value in _QUIET.items():
        os.environ.setdefault(name, value)
    try:
        ray = importlib.import_module("ray")
    except ImportError as error:
        raise ConfigError(
            f"cluster.address: {address!r} needs Ray, which is not installed; install the extra "
            "with pip install -e '.[cluster]', or leave the address empty"
        ) from error
    if ray.is_initialized():
        if _connected == [address]:
            return ray
        ray.shutdown()
    _connected.clear()
    _probe(os.environ.get("RAY_ADDRESS", address) if address == "auto" else address)
    try:
        _initialise(ray, address)
    except (ConnectionError, RuntimeError, ValueError, OSError) as error:
        raise _unreachable(address, one_line(error)) from error
    _connected.append(address)
    return ray


def _initialise(ray: Any, address: str) -> None:
    for left in reversed(range(CONNECT_ATTEMPTS)):
        try:
            with _kept_signals(), warnings.catch_warnings():
                warnings.filterwarnings("ignore", "Ray Client connection timed out")  # said above
                ray.init(address, log_to_driver=False, logging_level=logging.CRITICAL)
        except ConnectionAbortedError:
            ray.shutdown()
            if not left:
                raise
        else:
            return


def _check_address(address: str) -> None:
    if address != "auto" and not re.fullmatch(r"(ray://)?[^\s/@]+:\d{1,5}", address):
        raise ConfigError(
            "cluster.address: must be empty, auto, HOST:PORT or ray://HOST:PORT, such as "
            f"ray://10.0.0.1:10001, got {address!r}"
        )


def _probe(address: str) -> None:
    """Find out soon if nobody is there: Ray itself takes more than a minute to."""
    try:
        place = urlsplit(address if "://" in address else f"//{address}")
        if place.port is not None:  # none: auto, which Ray looks up in files of its own
            socket.create_connection((place.hostname, place.port), PROBE_SECONDS).close()
    except (OSError, ValueError) as error:  # ValueError: no such port
        raise _unreachable(address, getattr(error, "strerror", None) or one_line(error)) from error


def _unreachable(address: str, why: str) -> ExecutorError:
    return ExecutorError(
        f"cluster {address}: cannot be reached ({why.rstrip('.')}); start it with 'ray start "
        "--head', give ray:// the client port (usually 10001) and a bare host the one that "
        "'ray start' names (usually 6379), or leave cluster.address empty"
    )


@contextmanager
def _kept_signals() -> Iterator[None]:
    """Keep what this process does about SIGTERM, which Ray would change."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    handler = signal.getsignal(signal.SIGTERM)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, handler)


def _cause(error: Any, address: str) -> BaseException:
    """Return what went wrong in a task, as it would have been raised here."""
    cause = error.cause
    if isinstance(cause, BaseException) and not isinstance(cause, ImportError):
        return cause
    return ExecutorError(
        f"cluster {address}: a node cannot run the work ({one_line(cause)}); install the same "
        "checkout and extras on every node, in the environment that 'ray start' is run from"
    )


@cache
def sources_digest() -> str:
    """Return a digest of the package's sources: other ones could give other results."""
    package, digest = Path(__file__).parent, hashlib.sha256()
    for path in sorted(package.rglob("*.py")):
        digest.update(path.relative_to(package).as_posix().encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()


def _run(sources: str, function: bytes, value: bytes) -> bytes:
    """Run one piece of work on a node.

    What comes and goes is pickled here: Ray would hand out arrays that cannot be written to, and
    would unpickle on the head what only nodes need to know.
    """
    if sources != sources_digest():
        raise ExecutorError(
            f"node {socket.gethostname()}: has another version of scheduler_core than the machine "
            "that sends the work; install the same commit on both, and restart 'ray start' there"
        )
    work = pickle.loads(function)
    torch = sys.modules.get("torch")
    if torch is not None:  # where it is imported later, Ray has set OMP_NUM_THREADS to 1
        torch.set_num_threads(1)
    return pickle.dumps(work(pickle.loads(value)), protocol=pickle.HIGHEST_PROTOCOL)
