"""Cursor's transcripts: what was said in a conversation, for people and hooks, turn by turn.

Path:   <home>/projects/<slug>/agent-transcripts/<id>/<id>.jsonl, or <id>.jsonl right there, or
        <id>/subagents/<id of the sub-agent>.jsonl; <id> is the conversation's
Row:    {"role":"user"|"assistant","message":{"content":[...]}}, blocks `text` and `tool_use`; no
        counts, no model, no results of tools; {"type":"turn_ended","status":...} behind the last
Turn:   a prompt, or several without an answer between them, and all answers behind it
Again:  a file grows, but its last row may be written anew: from the beginning of the last turn on
        it is read each time
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, Final

import msgspec
from msgspec import Struct

from toktui.agents._cursor_guesses import PLAIN, TRANSCRIPT
from toktui.agents._cursor_logs import OLD, SUB_AGENTS, project_folder, trusted_file
from toktui.agents._cursor_old_transcripts import Message, messages
from toktui.agents._cursor_prompts import Speaker, Spoken, Talk, digest_of, entry_of
from toktui.agents.base import place_of
from toktui.agents.documents import NotUnderstoodError, Pages, decode, is_whole, load_if_there
from toktui.agents.json_lines import object_of
from toktui.facts import Thread, encode
from toktui.model import Fact
from toktui.text import clean, clean_id

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping
    from typing import BinaryIO

    from toktui.agents.base import Document, Entry

_PAGE: Final = 4 << 20
"""Bytes that are read at once."""
_LONGEST: Final = 32 << 20
"""Bytes of a line that is read."""
_ENDED: Final = "turn_ended"
_BLANK: Final = b" \t\r\n\0"
_HEAD: Final = 4_096
_FLAGS: Final = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


class _Row(Struct):
    role: Any = None
    type: Any = None
    message: Any = None


class _Workspace(Struct):
    workspacePath: str = ""


class _Since(Struct, array_like=True):
    """Where the last turn begins, and what is known of the turns before it."""

    offset: int = 0
    known: bytes = b""
    """What the log has before the offset, at its beginning and its end."""
    at_ms: int | None = None
    """The last time that a prompt had."""
    nth: dict[str, int] = {}
    """How often each prompt was there, by a digest."""


_pack: Final = msgspec.msgpack.Encoder().encode
_unpack: Final = msgspec.msgpack.Decoder(_Since).decode


def read_transcript(path: str, since: bytes) -> Document:
    """The turns that are new, or may have grown."""
    fd = os.open(path, _FLAGS)
    with os.fdopen(fd, "rb") as log:
        known = _unpack(since) if since else _Since()
        if known.known != _digest(log, known.offset):
            known = _Since()
        return _Reader(path, log, known).read()


def find_answers(path: str, places: Collection[int]) -> Mapping[int, bytes]:
    """The first answer of the turns at places."""
    found: dict[int, bytes] = {}
    fd = os.open(path, _FLAGS)
    with os.fdopen(fd, "rb") as log:
        for place, first in _Reader(path, log, _Since()).answers():
            if place in places:
                found[place] = first
    return found


def folder_of(path: str) -> str:
    """The folder of a transcript's project, where Cursor keeps that the user trusts it."""
    try:
        return decode(load_if_there(trusted_file(path)), _Workspace).workspacePath
    except NotUnderstoodError:
        return ""


def _digest(log: BinaryIO, offset: int) -> bytes:
    """Of what stands before an offset, as far as it is looked at."""
    from hashlib import blake2b  # noqa: PLC0415  loads OpenSSL, which most agents do not need

    if not offset:
        return b""
    head = os.pread(log.fileno(), min(_HEAD, offset), 0)
    tail = os.pread(log.fileno(), min(_HEAD, offset), max(0, offset - _HEAD))
    return blake2b(head + b"\0" + tail, digest_size=8).digest()


def _speaker(path: str) -> Speaker:
    slug = project_folder(path).rpartition("/")[2]
    name = os.path.splitext(os.path.basename(path))[0]
    return Speaker(clean_id(name), clean(slug, 512))


class _Reader:
    """Reads a transcript from the beginning of a turn on."""

    def __init__(self, path: str, log: BinaryIO, known: _Since) -> None:
        self._path = path
        self._log = log
        self._known = known
        self._plain = path.endswith(OLD)
        self._speaker = _speaker(path)
        self._pages = Pages()
        self._written_ms = os.fstat(log.fileno()).st_mtime_ns // 1_000_000

    def read(self) -> Document:
        """The next page: whole turns, and the last one as far as it is there."""
        begin = self._known.offset
        if begin == 0:
            self._family()
        more = False
        for turn, after in self._turns():
            self._tell(turn, after)
            if more := after - begin >= _PAGE:
                break
        self._known.known = _digest(self._log, self._known.offset)
        return self._pages.document(since=_pack(self._known), more=more)

    def answers(self) -> Iterator[tuple[int, bytes]]:
        """Place and first answer of every turn."""
        for turn, after in self._turns():
            entry = self._tell(turn, after)
            if entry is not None:
                yield entry.place, turn.first

    def _tell(self, turn: Spoken, after: int) -> Entry | None:
        """What a turn is; `after` is where the next one begins, 0 for the last."""
        known = self._known
        prompt = digest_of(turn.query)
        at_ms = self._written_ms if known.at_ms is None else known.at_ms
        grade = PLAIN if self._plain else TRANSCRIPT
        entry = entry_of(
            turn, self._speaker, known.nth.get(prompt, 0), grade=grade, else_ms=at_ms
        )
        if entry is not None:
            self._pages.entry(entry.place, entry.length, entry.sighting, entry.uncounted)
        if after:
            known.offset = after
            known.at_ms = turn.at_ms if turn.at_ms is not None else known.at_ms
            if entry is not None:
                known.nth[prompt] = known.nth.get(prompt, 0) + 1
        return entry

    def _turns(self) -> Iterator[tuple[Spoken, int]]:
        """Every turn, with where the next one begins; 0 for the last."""
        talk = Talk()
        heard = messages(self._lines()) if self._plain else self._rows()
        for role, at, content, raw in heard:
            if role == _ENDED:
                talk.end()
            over = talk.hear(role, content, at, raw)
            if over is not None:
                yield over, at
        if talk.turn is not None:
            yield talk.turn, 0

    def _rows(self) -> Iterator[Message]:
        for at, line in self._lines():
            row = self._row(at, line)
            if row is not None:
                role = _ENDED if row.type == _ENDED else row.role
                content = object_of(row.message).get("content")
                yield role if isinstance(role, str) else "", at, content, line

    def _row(self, at: int, line: bytes) -> _Row | None:
        if not line.strip(_BLANK):
            return None
        self._pages.looked()
        try:
            return decode(line, _Row)
        except NotUnderstoodError as error:
            self._pages.doubt(place_of(f"line {at}"), error)
            return None

    def _lines(self) -> Iterator[tuple[int, bytes]]:
        """Lines and where they begin. The last one may be half written: it is one if it is whole
        JSON, whether its newline is there yet or not."""
        log, at = self._log, self._known.offset
        log.seek(at)
        while line := log.readline(_LONGEST + 1):
            length = len(line)
            if length > _LONGEST:
                while line and not line.endswith(b"\n"):
                    line = log.readline(_PAGE)
                    length += len(line)
                self._pages.doubt(place_of(f"line {at}"), NotUnderstoodError("line over 32 MiB"))
            elif self._plain or line.endswith(b"\n") or is_whole(line):
                yield at, line.strip(b"\r\n")
            at += length

    def _family(self) -> None:
        """A sub-agent's log lies below the conversation that started it."""
        parts = self._path.split("/")
        if len(parts) > 3 and parts[-2] == SUB_AGENTS:
            thread = Thread(self._speaker.session, clean_id(parts[-3]), True, None)
            if thread.parent != thread.session:
                self._pages.fact(Fact(kind="thread", subject=thread.session, body=encode(thread)))
