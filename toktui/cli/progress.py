"""How far a long command is, on stderr, if that is a terminal."""

from __future__ import annotations

import sys
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from toktui.export.figures import size, span

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    Advance = Callable[[int, int, int, int], None]

_EVERY_S: Final = 0.1
_SILENT_S: Final = 0.3
"""What is done sooner needs no bar."""
_CELLS: Final = 24


@contextmanager
def progress_bar() -> Generator[Advance | None, None, None]:
    """Draws bytes done, bytes in all, logs done, logs in all; None where stderr is no terminal."""
    if not sys.stderr.isatty():
        yield None
        return
    bar = _Bar()
    try:
        yield bar.advance
    finally:
        bar.clear()


class _Bar:
    def __init__(self) -> None:
        self._started = self._drawn = time.monotonic()
        self._shown = False

    def advance(self, done: int, total: int, logs: int, all_logs: int) -> None:
        now = time.monotonic()
        if now - self._drawn < _EVERY_S or now - self._started < _SILENT_S:
            return
        self._drawn = now
        self._shown = True
        rate = done / (now - self._started)
        left = f" · {span((total - done) / rate)} left" if rate else ""
        filled = round(_CELLS * done / total) if total else _CELLS
        bar = "━" * filled + "─" * (_CELLS - filled)
        sys.stderr.write(
            f"\r\x1b[K{bar} {size(done)} of {size(total)} · {size(rate)}/s{left}"
            f" · {logs:,} of {all_logs:,} logs"
        )
        sys.stderr.flush()

    def clear(self) -> None:
        if self._shown:
            sys.stderr.write("\r\x1b[K")
            sys.stderr.flush()
