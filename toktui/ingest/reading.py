"""One log, from its checkpoint to its end: what a parsing process does, without the store."""

from __future__ import annotations

import os
from collections.abc import Set
from typing import TYPE_CHECKING, Any, Final

import msgspec

from toktui.agents import agent as agent_named
from toktui.ingest.gather import BEGINNERS, DAY_MS, PARSER_ERROR, Gathered, Gatherer, as_refused
from toktui.ingest.tail import Mark, Stat, blocks, is_same, length_of, mark_at, open_log, rest
from toktui.text import clean

if TYPE_CHECKING:
    from collections.abc import Iterator

    from toktui.agents.base import Agent
    from toktui.ingest.backlog import Job

STILL_MS: Final = 60_000
"""How long a log must rest before its last line is read without a newline."""
CALLS_PER_BATCH: Final = 2_000
TOO_LONG: Final = "line over 32 MiB"


class Checkpoint(msgspec.Struct, frozen=True, array_like=True):
    """What the store keeps of a log between two reads."""

    mark: Mark = Mark()
    generation: int = 0
    parser: int = 0
    state: bytes = b""
    open_key: str = ""
    begun: Set[str] = frozenset()
    """Keys that began in this log; read from the store where the log goes on."""


class Batch(msgspec.Struct, array_like=True):
    """A stretch of one log, to be settled in one transaction with its checkpoint."""

    agent: str
    path: str
    root: str
    stat: Stat
    checkpoint: Checkpoint
    gathered: Gathered
    bytes_read: int
    complete: bool
    """The log is read to its end; nothing waits for a newline or for the log to be still."""
    fresh: bool
    """The log was read from its first byte."""
    last: bool = True
    in_place: bool = False
    """The log is a document: what is read at a place replaces what was read there before."""
    places: list[int] = msgspec.field(default_factory=list)
    """Of a document: the places that were read."""


def begun_in(batch: Batch) -> set[str]:
    """The keys of calls with a row in the batch before its checkpoint."""
    voices = batch.gathered.voices
    offset = batch.checkpoint.mark.offset
    refused = (
        as_refused(m.refused)[0] for m in batch.gathered.misread if m.refused and m.offset < offset
    )
    return {
        heard.key
        for heard in batch.gathered.heard
        if voices[heard.voice].kind in BEGINNERS and heard.evidence.spots[0] < offset
    } | {sighting.key for sighting in refused if sighting.kind in BEGINNERS}


def read_log(agent: str, path: str, root: str, before: Checkpoint, now_ms: int) -> Iterator[Batch]:
    """Batches of what is new in a log, in order, each with the checkpoint behind it.

    Raises OSError where the log cannot be read.
    """
    parser = agent_named(agent)
    if parser.is_document(path):
        from toktui.ingest.documents import read_document  # noqa: PLC0415  needs this module

        yield from read_document(parser, path, root, before, now_ms)
        return
    fd, status = open_log(path)
    try:
        same = is_same(fd, before.mark)
        yield from _Reader(parser, fd, status, now_ms).batches(path, root, before, same=same)
    finally:
        os.close(fd)


def read_job(job: Job, now_ms: int) -> list[Batch] | str:
    """All batches of one log, or why there are none."""
    try:
        return list(read_log(job.agent, job.path, job.root, job.before, now_ms))
    except OSError as error:
        return clean(error.strerror or str(error), 120)
    except MemoryError:
        raise
    except Exception as error:
        return f"{PARSER_ERROR}{type(error).__name__}"


class _Reader:
    def __init__(self, agent: Agent, fd: int, status: Stat, now_ms: int) -> None:
        self._agent = agent
        self._fd = fd
        self._status = status
        self._size = length_of(fd)
        self._now_ms = now_ms
        self._latest_ms = max(now_ms, status.mtime_ns // 1_000_000) + DAY_MS

    def batches(self, path: str, root: str, before: Checkpoint, *, same: bool) -> Iterator[Batch]:
        if same and before.mark.offset and before.parser == self._agent.PARSER:
            state = self._agent.load_state(before.state)
            begun, open_key, offset = before.begun, before.open_key, before.mark.offset
            generation = before.generation
        else:
            state = self._agent.start(path)
            begun, open_key, offset = frozenset[str](), "", 0
            generation = before.generation + (not same)
        gatherer = Gatherer(
            self._agent, state, latest_ms=self._latest_ms, begun=begun, open_key=open_key
        )
        fresh = offset == 0
        done = offset
        for block in blocks(self._fd, offset):
            if block.data:
                gatherer.read_block(block.data, block.at, block.start)
            else:
                gatherer.skip_line(block.at, TOO_LONG)
            offset = block.end
            if len(gatherer) >= CALLS_PER_BATCH:
                yield self._batch(
                    path, root, gatherer, offset, generation, offset - done, fresh, last=False
                )
                done, fresh = offset, False
        complete = self._size <= offset
        final = b"" if complete else self._final_line(offset, state)
        batch = self._batch(
            path, root, gatherer, offset, generation, offset - done, fresh, last=True
        )
        if final:
            gatherer.read_line(final, offset)
            tail = gatherer.take()
            batch.gathered = _joined(batch.gathered, tail)
            complete = True
        batch.complete = complete
        yield batch

    def _final_line(self, offset: int, state: Any) -> bytes:
        """The last line without newline, if the log rests and the line is whole JSON."""
        if self._now_ms - self._status.mtime_ns // 1_000_000 < STILL_MS:
            return b""
        line = rest(self._fd, offset)
        if not line.strip():
            return b""
        try:
            msgspec.json.decode(line.lstrip(b"\0"), type=msgspec.Raw)
        except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
            return b""
        del state
        return line

    def _batch(
        self,
        path: str,
        root: str,
        gatherer: Gatherer,
        offset: int,
        generation: int,
        bytes_read: int,
        fresh: bool,
        *,
        last: bool,
    ) -> Batch:
        gathered = gatherer.take()
        checkpoint = Checkpoint(
            mark_at(self._fd, offset),
            generation,
            self._agent.PARSER,
            msgspec.msgpack.encode(gatherer.state),
            gathered.open_key,
        )
        return Batch(
            self._agent.name,
            path,
            root,
            self._status,
            checkpoint,
            gathered,
            bytes_read,
            complete=False,
            fresh=fresh,
            last=last,
        )


def _joined(one: Gathered, other: Gathered) -> Gathered:
    """Both stretches; the checkpoint's open call stays that of the first."""
    shift = len(one.voices)
    for heard in other.heard:
        heard.voice += shift
    return Gathered(
        one.voices + other.voices,
        one.heard + other.heard,
        one.facts + other.facts,
        one.runs + other.runs,
        one.misread + other.misread,
        one.lines,
        one.version or other.version,
        one.open_key,
    )
