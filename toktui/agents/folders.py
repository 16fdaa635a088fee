"""Folders as users name them: in variables of an agent's own, and with `~` for a home."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


def expanded(text: str, home: Path) -> Path:
    """The folder that a text names; `~name` of a user whom nobody knows stays as it is."""
    if text == "~" or text.startswith("~/"):
        return home / text[2:].lstrip("/")
    return home.__class__(os.path.expanduser(text))


def named_folders(home: Path, env: Mapping[str, str], *variables: str) -> list[Path]:
    """The folders that variables of the user name, in their order."""
    named = (env.get(variable, "").strip() for variable in variables)
    return [expanded(text, home) for text in named if text]


def named_folder(home: Path, env: Mapping[str, str], variable: str) -> Path | None:
    """The folder that a variable of the user names, if it names one."""
    return next(iter(named_folders(home, env, variable)), None)


def data_home(home: Path, env: Mapping[str, str]) -> Path:
    """Where programs keep data that is the user's own."""
    return named_folder(home, env, "XDG_DATA_HOME") or home / ".local/share"
