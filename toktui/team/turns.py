"""The thread of an outbox: turns, and between them what the screens ask for."""

from __future__ import annotations

import threading
from abc import ABC, abstractmethod
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


class Turns(ABC):
    """Takes a turn whenever it is woken, and every `every_s` seconds.

    `tell` is called in its thread whenever something of the team has changed; True while a round is
    under way.
    """

    def __init__(
        self, data: Path, tell: Callable[[bool], None], now_ms: Callable[[], int], *, every_s: float
    ) -> None:
        self._data, self._tell, self._now_ms, self._every_s = data, tell, now_ms, every_s
        self._wake, self._stopping = threading.Event(), threading.Event()
        self._hurry = False
        self._pause: bool | None = None
        self._ready = False
        self._thread = threading.Thread(target=self._run, name="outbox", daemon=True)

    def start(self) -> None:
        """Starts the thread."""
        self._thread.start()

    def stop(self) -> None:
        """Ends it."""
        self._stopping.set()
        self._wake.set()
        if self._thread.is_alive():
            self._thread.join(3.0)

    def ready(self, *, yes: bool) -> None:
        """Whether the store holds what the logs do: days that are half read are not sent."""
        if yes is not self._ready:
            self._ready = yes
            self._wake.set()

    def send_now(self) -> None:
        """Tries at once, whatever it waits for."""
        self._hurry = True
        self._wake.set()

    def pause(self, *, on: bool) -> None:
        """Sends nothing from now on, or goes on."""
        self._pause = on
        self._wake.set()

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                self._turn()
            except Exception as error:
                self._rest(error)
            self._wake.wait(self._every_s)
            self._wake.clear()

    def _asked_to_pause(self) -> bool | None:
        """What was asked for since the last turn."""
        asked, self._pause = self._pause, None
        return asked

    @abstractmethod
    def _turn(self) -> None:
        """Does what was asked for, and what is due."""

    @abstractmethod
    def _rest(self, error: Exception) -> None:
        """A turn failed; the next one comes all the same."""
