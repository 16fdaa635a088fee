"""toktui's own log: what went wrong and when, never what a log of an agent says."""

from __future__ import annotations

import logging
from logging.handlers import RotatingFileHandler
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from pathlib import Path

_BYTES: Final = 1_000_000
_KEPT: Final = 2
"""Older files beside the one that is written: three in all."""


def open_journal(path: Path) -> None:
    """Sends what toktui's loggers say to `toktui.log` alone; nothing of it reaches the terminal."""
    logger = logging.getLogger("toktui")
    for known in [one for one in logger.handlers if isinstance(one, RotatingFileHandler)]:
        if known.baseFilename == str(path.absolute()):
            return
        logger.removeHandler(known)
        known.close()
    handler = RotatingFileHandler(
        path, maxBytes=_BYTES, backupCount=_KEPT, encoding="utf-8", delay=True
    )
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    logger.propagate = False
