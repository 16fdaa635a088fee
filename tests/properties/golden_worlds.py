"""Worlds of agents that have none of their own: their golden homes, with rows lost and repeated."""

from __future__ import annotations

import re
from pathlib import Path
from random import Random

from tests.properties.homes import GOLDEN
from tests.properties.lab import files_of
from toktui.agents import agent as agent_named
from toktui.agents.base import Agent

_HEX_ID = re.compile(rb"(?=[0-9]*[a-f])[0-9a-f]{8,}")


def reads_lines(agent: str) -> bool:
    """Whether an agent has logs of lines, and not only documents."""
    return type(agent_named(agent)).parse is not Agent.parse


def golden_world(agent: str, seed: int) -> dict[Path, bytes]:
    """A golden home of an agent; its lines are lost, repeated and moved, documents stay whole."""
    draw = Random(seed)
    homes = [home for home in GOLDEN if home.parent.parent.name == agent]
    home = homes[seed % len(homes)]
    module = agent_named(agent)
    files = files_of(home)
    for path, data in files.items():
        if not module.is_document(path.as_posix()) and data.endswith(b"\n"):
            files[path] = b"".join(_shaken(data.splitlines(keepends=True), draw))
    kept = [path for path in files if draw.random() < 0.85]
    return {path: files[path] for path in kept or files}


def _shaken(rows: list[bytes], draw: Random) -> list[bytes]:
    shaken: list[bytes] = []
    for row in rows:
        if draw.random() < 0.08:
            continue
        shaken.append(row)
        if draw.random() < 0.1:
            shaken.append(draw.choice(rows))
    return shaken


def with_own_ids(world: dict[Path, bytes], number: int) -> dict[Path, bytes]:
    """The world with other ids in its names and lines; files that are no text stay as they are."""

    def renamed(text: bytes) -> bytes:
        return _HEX_ID.sub(lambda found: found[0][:-4] + b"%04x" % number, text)

    return {
        Path(renamed(path.as_posix().encode()).decode()): data if b"\0" in data else renamed(data)
        for path, data in world.items()
    }
