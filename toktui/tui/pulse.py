"""When the store is asked for what the view shows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from toktui.tui.refresher import Question

if TYPE_CHECKING:
    from collections.abc import Callable

    from textual.timer import Timer

    from toktui.metrics.scope import Scope
    from toktui.tui.refresher import Refresher
    from toktui.tui.view import View

INDEXING_S: Final = 0.5
"""How often the screen follows a backlog that is being read; the reading needs the processor."""
SOONEST_S: Final = 0.05
AGAIN_S: Final = 2.0
"""When a store that could not be read is tried again."""


class Pulse:
    """Asks when another view is seen, when something was committed, and when time itself changes
    what is true; never else. Lives in the drawing thread, and sets timers of the app.
    """

    def __init__(
        self,
        *,
        refresher: Refresher,
        view: Callable[[], View[Any]],
        scope: Callable[[], Scope],
        now_ms: Callable[[], int],
        set_timer: Callable[[float, Callable[[], None]], Timer],
    ) -> None:
        self._refresher = refresher
        self._view = view
        self._scope = scope
        self._now_ms = now_ms
        self._set_timer = set_timer
        self._due: Timer | None = None
        self._asked_soon: Timer | None = None

    def ask(self) -> None:
        """Asks for the data of the view that is seen."""
        if self._asked_soon is not None:
            self._asked_soon.stop()
            self._asked_soon = None
        view = self._view()
        view.scope = self._scope()
        self._refresher.ask(Question(view.KEY, type(view).load, view.about, view.scope))

    def follow(self, *, indexing: bool) -> None:
        """Something was committed: asks at once when live, now and then while a backlog is read."""
        if self._asked_soon is not None:
            return
        if not indexing and self._refresher.wait_until_idle(0):
            self.ask()
        else:
            wait_s = INDEXING_S if indexing else SOONEST_S
            self._asked_soon = self._set_timer(wait_s, self.ask)

    def ask_again(self) -> None:
        """The store could not be read: asks in a while."""
        self._wake_in(AGAIN_S)

    def wait(self) -> None:
        """Wakes up when a countdown moves on or when something ends; never else."""
        now_ms = self._now_ms()
        view = self._view()
        waits: list[float] = []
        if (changes := view.changes_ms()) is not None:
            waits.append(max(1.0, (changes - now_ms) / 1000 + 0.02))
        if view.counts_down():
            waits.append(1.0 - now_ms % 1000 / 1000 + 0.01)
        if waits:
            self._wake_in(min(waits))

    def _wake_in(self, seconds: float) -> None:
        if self._due is not None:
            self._due.stop()
        self._due = self._set_timer(seconds, self._wake)

    def _wake(self) -> None:
        self._due = None
        now_ms = self._now_ms()
        view = self._view()
        changes = view.changes_ms()
        if changes is None or now_ms >= changes:
            self.ask()
        else:
            view.tick(now_ms)
            self.wait()
