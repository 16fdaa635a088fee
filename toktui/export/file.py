"""New files for what somebody exports: nothing is ever overwritten."""

from __future__ import annotations

import os
from itertools import count
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


def write_new(folder: Path, name: str, ending: str, data: bytes) -> Path:
    """Writes `name.ending`, or `name-2.ending` and so on if there is one, for the user alone.

    Gives its path. Raises OSError; what was begun is then removed.
    """
    for number in count(1):
        path = folder / (f"{name}.{ending}" if number == 1 else f"{name}-{number}.{ending}")
        try:
            handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError:
            continue
        try:
            with open(handle, "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
        except OSError:
            path.unlink(missing_ok=True)
            raise
        return path
    raise AssertionError("numbers never end")
