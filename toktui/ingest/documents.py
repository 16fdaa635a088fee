"""One document or database, as it is now: the same batches that a log of lines gives."""

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING

from msgspec.structs import replace

from toktui.agents.base import UnreadableError, place_of
from toktui.ingest.gather import DAY_MS, PARSER_ERROR, Gatherer, MisreadAt
from toktui.ingest.reading import Batch, Checkpoint
from toktui.ingest.tail import Mark, Stat, stat_beside

if TYPE_CHECKING:
    from collections.abc import Iterator

    from toktui.agents.base import Agent, Document
    from toktui.model import Sighting


def document_stat(agent: Agent, path: str) -> Stat:
    """What tells a change of a document; commits to a database may wait in the `-wal` beside it.

    Raises OSError for anything but a regular file.
    """
    status = os.stat(path, follow_symlinks=False)
    if not stat.S_ISREG(status.st_mode):
        raise OSError(f"not a regular file: {path}")
    return stat_beside(agent, path, status)


def read_document(
    agent: Agent, path: str, root: str, before: Checkpoint, now_ms: int
) -> Iterator[Batch]:
    """Batches of what a document says now; of a database, of what is new.

    Raises OSError where it cannot be read; then nothing of it has changed.
    """
    status = document_stat(agent, path)
    latest_ms = max(now_ms, status.mtime_ns // 1_000_000) + DAY_MS
    since = before.state if before.parser == agent.PARSER else b""
    fresh, more, left = not since, True, status.size
    while more:
        document = _read(agent, path, since)
        if any(entry.uncounted for entry in document.entries):
            from toktui.ingest.uncounted import estimated  # noqa: PLC0415  few agents need it

            document = replace(document, entries=tuple(estimated(document.entries)))
        since, more = document.since, document.more and document.since != since
        gatherer = _Entries(agent, None, latest_ms=latest_ms)
        gatherer.take_in(document)
        size = sum(entry.length for entry in document.entries) if more else left
        left = max(0, left - size)
        yield Batch(
            agent.name,
            path,
            root,
            status,
            Checkpoint(Mark(), before.generation, agent.PARSER, since),
            gatherer.take(),
            size,
            complete=not more,
            fresh=fresh,
            last=not more,
            in_place=True,
            places=[
                *(entry.place for entry in document.entries),
                *(doubt.place for doubt in document.doubts),
            ],
        )
        fresh = False


def _read(agent: Agent, path: str, since: bytes) -> Document:
    """What the parser says; a document that it fails at cannot be read, the others can."""
    try:
        return agent.read(path, since)
    except (OSError, MemoryError):
        raise
    except Exception as error:
        raise UnreadableError(f"{PARSER_ERROR}{type(error).__name__}") from error


class _Entries(Gatherer):
    """Takes entries where lines are read: no entry goes on with the one before it."""

    def take_in(self, document: Document) -> None:
        """Adds all that a document says."""
        self._lines += document.looked_at
        for entry in document.entries:
            self._sighting(entry.sighting, entry.place, entry.length, 0)
        for fact in document.facts:
            self._fact(fact, place_of(fact.subject), 0)
        for doubt in document.doubts:
            m = doubt.misread
            self._misread.append(MisreadAt(doubt.place, 100, m.version, m.shape))

    def _bits(self, sighting: Sighting) -> int:
        del sighting
        return 0
