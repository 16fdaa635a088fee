"""How the program ends: by a key, by a signal, by a bug; the terminal is left as it was."""

from __future__ import annotations

import asyncio
import logging
import signal
from functools import partial
from typing import Any, ClassVar, Final

from rich.text import Text
from textual.app import App
from textual.binding import Binding

from toktui.tui.crash import farewell, places

INTERRUPTED: Final = 130
"""Exit code after ctrl+c."""

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
