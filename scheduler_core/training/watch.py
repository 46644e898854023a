"""Wishes that a run looks out for as it trains: to stop, and to pause."""

from __future__ import annotations

from collections.abc import Callable
from time import perf_counter, sleep

from scheduler_core.training.ledger import Ledger

BETWEEN_CHECKS = 0.05
"""Seconds between two looks at whether somebody asks for something."""

BETWEEN_LOOKS = 0.1
"""Seconds between two looks, while a run pauses, at whether it is to go on."""


class StopRequested(Exception):
    """Somebody asked to stop."""


class Watch:
    """Called many times a second by whatever takes long: ends the work, or holds it up.

    Parameters
    ----------
    ledger
        Of the run.
    """

    def __init__(self, ledger: Ledger) -> None:
        self.ledger = ledger
        self.should_stop: Callable[[], bool] = lambda: False
        self._next = 0.0

    def __call__(self) -> None:
        """Look, unless that was a moment ago; return at once, or after a pause.

        Raises
        ------
        StopRequested
            If somebody asks to stop.
        """
        now = perf_counter()
        if now < self._next:
            return
        self._next = now + BETWEEN_CHECKS
        if self.ledger.folder.asks_to_pause and not self._is_asked_to_stop():
            self._pause()
        if self._is_asked_to_stop():
            raise StopRequested

    def _is_asked_to_stop(self) -> bool:
        return self.should_stop() or self.ledger.folder.asks_to_stop

    def _pause(self) -> None:
        """Stand still until nobody asks to pause any more, or somebody asks to stop.

        What other threads have begun they end. All that is random is named after the seed and the
        update, so that the time which passes here changes nothing.
        """
        with self.ledger.pausing():
            while self.ledger.folder.asks_to_pause and not self._is_asked_to_stop():
                sleep(BETWEEN_LOOKS)
