"""What the user has set for the status line, without reading all of the configuration each time.

Its meaning is remembered with the state of the file; as long as that is the same, nothing else has
to be imported.
"""

from __future__ import annotations

import contextlib
import json
import os
from typing import TYPE_CHECKING, Final, NamedTuple, cast

from toktui import VERSION
from toktui.ingest.spool import make_folder

if TYPE_CHECKING:
    from pathlib import Path

PARTS: Final = ("session", "today", "burn", "context", "cache", "limits")
"""What is shown where nothing is set, in this order."""


class Settings(NamedTuple):
    """`[statusline]`, and what is needed of the rest."""

    parts: tuple[str, ...] = PARTS
    timezone: str | None = None


def load_settings(config: Path, folder: str) -> Settings:
    """The settings of a configuration; `folder` is where their meaning is remembered.

    Raises ConfigError for a configuration that cannot be used.
    """
    try:
        status = os.stat(config)
    except OSError:
        return Settings()
    state = [VERSION, status.st_mtime_ns, status.st_size, status.st_ino]
    place = f"{folder}/settings"
    with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
        with open(place, "rb") as file:
            known = cast("dict[str, object]", json.loads(file.read(1 << 16)))
        if known["state"] == state:
            return Settings(tuple(cast("list[str]", known["parts"])), cast("str", known["zone"]))
    settings = _read(config)
    words = {"state": state, "parts": settings.parts, "zone": settings.timezone}
    with contextlib.suppress(OSError):
        make_folder(folder)
        with open(f"{place}.{os.getpid()}", "w", encoding="utf-8") as file:
            json.dump(words, file)
        os.replace(file.name, place)
    return settings


def _read(config: Path) -> Settings:
    from toktui.agents import agent_names  # noqa: PLC0415  only when the file has changed
    from toktui.config import load_config  # noqa: PLC0415

    found = load_config(config, agents=agent_names())
    return Settings(found.statusline.parts, found.ui.timezone)
