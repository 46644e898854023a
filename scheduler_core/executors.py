"""Where independent pieces of work run: here in threads, or on the machines of a cluster.

A piece of work is a function of picklable input alone, random numbers included, so that where and
when it runs changes nothing about what comes out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor, wait
from typing import Protocol, TypeVar

Input = TypeVar("Input")
Output = TypeVar("Output")


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
            waiting = futures = [pool.submit(function, each) for each in inputs]
            while waiting:
                check()
                waiting = list(wait(waiting, timeout=0.1).not_done)
            return [future.result() for future in futures]
        finally:
            pool.shutdown(wait=False, cancel_futures=True)
