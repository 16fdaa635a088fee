"""What the user chose on the screens, kept for the next time: `ui.json` in the data folder.

`config.toml` is the user's own and wins; a file that cannot be read or written chooses nothing.
"""

from __future__ import annotations

import logging
import os
import threading
from typing import TYPE_CHECKING, Final

import msgspec

if TYPE_CHECKING:
    from pathlib import Path

_log = logging.getLogger("toktui.choices")
_MOST: Final = 10_000
"""Bytes of a file that is looked at."""
_one_at_a_time = threading.Lock()


class Choices(msgspec.Struct, frozen=True):
    """What was chosen; None: nothing."""

    theme: str | None = None


def load_choices(path: Path) -> Choices:
    """What was chosen the last time; a damaged file is as good as none."""
    try:
        with path.open("rb") as file:
            return msgspec.json.decode(file.read(_MOST), type=Choices)
    except FileNotFoundError:
        pass
    except (OSError, msgspec.DecodeError, UnicodeDecodeError) as error:
        _log.warning("%s is not read: %s", path.name, type(error).__name__)
    return Choices()


def keep_choices(path: Path, choices: Choices) -> None:
    """Puts the file in the place of the one before as a whole; not for the drawing thread."""
    new = path.with_name(f"{path.name}.new")
    with _one_at_a_time:
        try:
            handle = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            with open(handle, "wb") as file:
                file.write(msgspec.json.encode(choices))
                file.flush()
                os.fsync(file.fileno())
            new.replace(path)
            folder = os.open(path.parent, os.O_RDONLY)
            try:
                os.fsync(folder)
            finally:
                os.close(folder)
        except OSError as error:
            _log.warning("%s is not written: %s", path.name, error.strerror)
