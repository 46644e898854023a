"""Where independent pieces of work run: here in threads, or on the machines of a cluster.

A piece of work is a function of picklable input alone, random numbers included, so that where and
when it runs changes nothing about what comes out.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Iterable
from concurrent.futures import Future, ProcessPoolExecutor, ThreadPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from multiprocessing.connection import Connection
from typing import Any, Protocol, TypeVar

from scheduler_core.errors import ExecutorError

Input = TypeVar("Input")
Output = TypeVar("Output")


def count_cores() -> int:
    """Return how many cores this process may use."""
    if hasattr(os, "sched_getaffinity"):  # not everywhere
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def never() -> None:
    """Go on: nobody asks to stop."""


class Executor(Protocol):
    """Runs a function on many inputs."""

    def map(
        self,
        function: Callable[[Input], Output],
        inputs: Iterable[Input],
        check: Callable[[], None] = never,
    ) -> list[Output]:
        """Return what the function makes of each input, in their order.

        Parameters
        ----------
        function
            Of one input; a function of a module, so that it can be pickled.
        inputs
            Picklable.
        check
            Called every tenth of a second while waiting; what it raises ends the waiting, and
            work that has not begun is dropped.
        """


class LocalExecutor:
    """Threads of this process: compiled code and PyTorch release the interpreter lock.

    Parameters
    ----------
    threads
        Pieces of work that run at once, >= 1.
    """

    def __init__(self, threads: int = 1) -> None:
        self.threads = threads

    def map(
        self,
        function: Callable[[Input], Output],
        inputs: Iterable[Input],
        check: Callable[[], None] = never,
    ) -> list[Output]:
        """See `Executor`."""
        pool = ThreadPoolExecutor(self.threads, thread_name_prefix="executor")
        try:
            return _results([pool.submit(function, each) for each in inputs], check)
        finally:
            pool.shutdown(wait=False, cancel_futures=True)


class ProcessExecutor:
    """Processes of this machine, for long work that would get in its own way in threads.

    They stay for the next work, until they are closed, and end with this process, however it ends.

    Parameters
    ----------
    processes
        Pieces of work that run at once, >= 1.
    """

    def __init__(self, processes: int = 1) -> None:
        self.processes = processes
        self._pool: ProcessPoolExecutor | None = None
        self._pipe: tuple[Connection[Any, Any], ...] = ()

    def map(
        self,
        function: Callable[[Input], Output],
        inputs: Iterable[Input],
        check: Callable[[], None] = never,
    ) -> list[Output]:
        """See `Executor`; what check raises ends the work that has begun, too.

        Raises
        ------
        ExecutorError
            If a process dies over the work.
        """
        pool = self._pool or self._start()
        try:
            return _results([pool.submit(function, each) for each in inputs], check)
        except BrokenProcessPool as error:
            self.close()
            raise ExecutorError(
                "a process died over its work, perhaps for want of memory; run fewer at once"
            ) from error
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """End the processes, and the work that they are at."""
        if self._pool:
            self._pool.shutdown(wait=False, cancel_futures=True)
        for end in self._pipe:
            end.close()
        self._pool, self._pipe = None, ()

    def _start(self) -> ProcessPoolExecutor:
        context = multiprocessing.get_context("spawn")
        self._pipe = context.Pipe(duplex=False)  # what is held open for the processes to live
        self._pool = ProcessPoolExecutor(self.processes, context, _begin_process, (self._pipe[0],))
        return self._pool


def _results(futures: list[Future[Output]], check: Callable[[], None]) -> list[Output]:
    """Return the results of all, as soon as there are all."""
    waiting = futures
    while waiting:
        check()
        waiting = list(wait(waiting, timeout=0.1).not_done)
    return [future.result() for future in futures]


def _begin_process(end: Connection[Any, Any]) -> None:
    """Leave Ctrl-C to the process that handed out the work, and end when it ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with, args=(end,), daemon=True).start()


def _end_with(end: Connection[Any, Any]) -> None:
    """End this process once nobody holds the other end of the pipe any more."""
    try:
        end.recv()
    except EOFError:
        os._exit(1)
