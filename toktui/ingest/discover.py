"""Which logs there are: the agents' folders, walked without following links."""

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING, Final

import msgspec

from toktui.agents import agent, agent_names
from toktui.agents.folders import expanded
from toktui.ingest.spool import spool_roots
from toktui.ingest.tail import Stat, stat_beside

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from toktui.config import Config
    from toktui.ingest.context import Context

_DEEPEST: Final = 12
_MOST_ENTRIES: Final = 200_000


class Root(msgspec.Struct, frozen=True):
    """A folder that can hold logs of an agent."""

    agent: str
    path: str


class FoundLog(msgspec.Struct, frozen=True, gc=False):
    """A log as the file system shows it."""

    agent: str
    path: str
    root: str
    stat: Stat


class Discovery(msgspec.Struct):
    """What a walk found; `problems` pairs a folder or file with why it could not be looked at."""

    logs: list[FoundLog]
    problems: list[tuple[str, str]]
    folders: list[str]
    """Every folder that was looked into: what there is to watch."""


def places_of(name: str, config: Config, home: Path, env: Mapping[str, str]) -> Sequence[Path]:
    """Folders in which an agent's logs are looked for, present or not."""
    module, named = agent(name), config.agent(name).roots
    if not named:
        return module.roots(home, env)
    return [root for text in named for root in module.roots_of(expanded(text, home))]


def roots(config: Config, home: Path, env: Mapping[str, str]) -> list[Root]:
    """The existing roots of all enabled agents, links resolved, each once."""
    found: dict[tuple[str, str], Root] = {}
    for name in agent_names():
        if not config.agent(name).enabled:
            continue
        for place in places_of(name, config, home, env):
            if os.path.isdir(place):  # Most are absent, and resolving links is slow.
                real = os.path.realpath(place)
                found[name, real] = Root(name, real)
    return list(found.values())


def log_roots(context: Context) -> list[Root]:
    """Every folder with logs of a run: the agents' own, and our spool of what they handed us."""
    own = roots(context.config, context.home, context.env)
    return own + spool_roots(context.paths.spool, context.config)


def find_logs(places: Sequence[Root]) -> Discovery:
    """All logs below the roots, newest first."""
    discovery = Discovery([], [], [])
    seen: set[tuple[int, int]] = set()
    for place in places:
        discovery.logs.extend(_walk(place, discovery, seen))
    discovery.logs.sort(key=lambda log: (-log.stat.mtime_ns, log.path))
    return discovery


def can_be_kept(path: str) -> bool:
    """Whether the store can hold the path: one with bytes that are no UTF-8 has no text."""
    if path.isascii():
        return True
    try:
        path.encode()
    except UnicodeEncodeError:
        return False
    return True


def _walk(place: Root, discovery: Discovery, seen: set[tuple[int, int]]) -> Iterator[FoundLog]:
    module = agent(place.agent)
    is_log, is_entered = module.is_log, module.is_entered
    left = _MOST_ENTRIES
    stack: list[tuple[str, tuple[str, ...]]] = [(place.path, ())]
    while stack:
        folder, parts = stack.pop()
        try:
            with os.scandir(folder) as entries:
                listed = list(entries)
        except OSError as error:
            discovery.problems.append((folder, error.strerror or "cannot be read"))
            continue
        discovery.folders.append(folder)
        for entry in listed:
            left -= 1
            if left < 0:
                discovery.problems.append((place.path, f"more than {_MOST_ENTRIES:,} entries"))
                return
            below = (*parts, entry.name)
            try:
                if entry.is_dir(follow_symlinks=False):
                    if len(below) < _DEEPEST and is_entered(below):
                        stack.append((entry.path, below))
                elif is_log(below):
                    if not can_be_kept(entry.path):
                        discovery.problems.append((entry.path, "its path is not UTF-8"))
                        continue
                    status = entry.stat(follow_symlinks=False)
                    place_on_disk = (status.st_dev, status.st_ino)
                    if stat.S_ISREG(status.st_mode) and place_on_disk not in seen:
                        seen.add(place_on_disk)
                        yield FoundLog(
                            place.agent,
                            entry.path,
                            place.path,
                            stat_beside(module, entry.path, status),
                        )
            except OSError as error:
                discovery.problems.append((entry.path, error.strerror or "cannot be read"))
