"""How another program starts us, and whether a command that it runs is ours."""

from __future__ import annotations

import os
import shlex
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


def own_command(env: Mapping[str, str], *words: str) -> str:
    """By name where the shell finds that, else by path."""
    if shutil.which("toktui", path=env.get("PATH")):
        return shlex.join(["toktui", *words])
    program = Path(sys.argv[0])
    if program.name == "toktui" and os.access(program, os.X_OK):
        return shlex.join([str(program.absolute()), *words])
    # -P: nothing is imported from the folder that the agent happens to work in.
    return shlex.join([sys.executable, "-P", "-m", "toktui", *words])


def is_own(command: object, *words: str) -> bool:
    """Whether a command runs us with these words, wherever we were when it was made."""
    if not isinstance(command, str):
        return False
    try:
        parts = shlex.split(command)
    except ValueError:
        return False
    programs = {part.rsplit("/", 1)[-1] for part in parts[: -len(words)]}
    return parts[-len(words) :] == list(words) and "toktui" in programs
