"""How the program ends: by a key, by a signal, by a bug; the terminal is left as it was."""

from __future__ import annotations

import asyncio
import logging
import os
import select
import signal
import sys
import threading
from functools import partial
from typing import Any, ClassVar, Final

from rich.text import Text
from textual.app import App
from textual.binding import Binding

from toktui.tui.crash import farewell, places

INTERRUPTED: Final = 130
"""Exit code after ctrl+c."""
HUNG_UP: Final = 128 + signal.SIGHUP
"""Exit code after the terminal went away."""
GRACE_S: Final = 3.0
"""How long an end in order may take where the terminal is gone."""

_log = logging.getLogger("toktui.tui")


class EndingApp(App[None]):
    """An app that ends as programs in a terminal do."""

    BINDINGS: ClassVar[list[Any]] = [
        Binding("q", "quit", "quit"),
        # With priority, so that it works over every sheet and in the filter.
        Binding("ctrl+c", "interrupt", "quit", show=False, priority=True),
    ]

    def leave_on_signals(self) -> None:
        """From now on a signal to end does so in order."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGHUP):
            loop.add_signal_handler(number, partial(self.exit, return_code=128 + number))
        threading.Thread(
            target=self._end_with_terminal, args=(loop,), name="terminal", daemon=True
        ).start()

    def _end_with_terminal(self, loop: asyncio.AbstractEventLoop) -> None:
        """Ends the program once its terminal is gone; a thread's whole life.

        Without a signal nothing else does: Textual's thread that writes dies, and the one that
        draws then waits for it for ever. The store is safe however the program ends.
        """
        terminal = select.poll()
        terminal.register(sys.__stdin__.fileno() if sys.__stdin__ else 0, 0)
        if not any(events & select.POLLHUP for _, events in terminal.poll()):
            return
        _log.info("the terminal went away")
        loop.call_soon_threadsafe(partial(self.exit, return_code=HUNG_UP))
        threading.Event().wait(GRACE_S)
        os._exit(HUNG_UP)

    def action_interrupt(self) -> None:
        """Copies the text that is selected, else ends the program."""
        if selected := self.screen.get_selected_text():
            self.copy_to_clipboard(selected)
        else:
            self.exit(return_code=INTERRUPTED)

    def _fatal_error(self) -> None:
        """Ends with a short traceback: Textual's own shows local variables, so what a log says."""
        error = self._exception
        if error is None:
            super()._fatal_error()
            return
        _log.error("the screens ended: %s", places(error))
        if not self._exit_renderables:
            self._exit_renderables.append(Text(farewell(error), overflow="fold"))
        self._close_messages_no_wait()
