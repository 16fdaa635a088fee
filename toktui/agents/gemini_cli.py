"""Gemini CLI.

Logs:     <home>/tmp/<project>/chats/session-*.jsonl, a sub-agent's in chats/<session>/*.jsonl;
          before April 2026 documents session-*.json. <home> is $GEMINI_CLI_HOME/.gemini, else
          ~/.gemini. <project> is a slug of the folder's name, in old builds a hash of its path
Record:   a message of type `gemini` with `tokens`; written again when its tool results arrive, and
          once more in every `$set` of all messages
Tokens:   `input` holds `cached`; `thoughts` are outside `output`, `tool` is outside `input`
Identity: the message's id, which a resumed log and the JSONL successor of a document keep
Exactness: exact, rewound turns included; no dollars of its own
Live:     tailed: a response is on screen as soon as its row is written; documents are read again
          when they change
Seen:     0.20 to 0.61; golden/gemini-cli/
Unknown:  calls beside the conversation (router, compressor, next speaker, loop detector) are in no
          log; the working folder is known by its slug or hash only
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import msgspec
from msgspec import Raw, Struct

from toktui.agents.base import Document, Doubt, Entry, UnreadableError, place_of
from toktui.agents.documents import NotUnderstoodError, at_places, decode, load
from toktui.agents.lines import Count, LineAgent, LineState, Said, name_in
from toktui.clock import parse_ms
from toktui.facts import Thread, encode
from toktui.model import Fact, Kind, Misread, Sighting, Tokens
from toktui.text import clean, clean_id

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

_HASH: Final = re.compile(r"[0-9a-f]{64}")
_HASH_SHOWN: Final = 12


class _Head(Struct):
    id: Any = None
    type: Any = None
    sessionId: Any = None
    set: Any = msgspec.field(default=None, name="$set")


class _Meta(Struct):
    sessionId: str | None = None
    kind: str | None = None


class _Tokens(Struct):
    input: Count = None
    output: Count = None
    cached: Count = None
    thoughts: Count = None
    tool: Count = None


class _Message(Struct):
    id: str = ""
    timestamp: str | None = None
    model: str | None = None
    tokens: _Tokens | None = None


class _Listed(Struct):
    """A message among others: only those of type `gemini` are looked into."""

    type: Any = None
    id: Any = None


class _Update(Struct):
    sessionId: str | None = None
    messages: list[Raw] | None = None


class _Set(Struct):
    set: _Update = msgspec.field(name="$set")


class _Conversation(Struct):
    sessionId: str | None = None
    kind: str | None = None
    messages: list[Raw] = []


class _State(LineState):
    parent: str = ""
    """The session that spawned this one: the folder of a sub-agent's log."""


class _GeminiCli(LineAgent):
    name = "gemini-cli"
    label = "Gemini CLI"
    Head = _Head
    State = _State
    needles = (b'"tokens"', b'"sessionId"')

    def roots(self, home: Path, env: Mapping[str, str]) -> Sequence[Path]:
        named = env.get("GEMINI_CLI_HOME", "").strip()
        return self.roots_of((Path(named).expanduser() if named else home) / ".gemini")

    def roots_of(self, folder: Path) -> Sequence[Path]:
        return [folder if folder.name == "tmp" else folder / "tmp"]

    def is_log(self, parts: Sequence[str]) -> bool:
        if len(parts) < 3 or parts[1] != "chats":
            return False
        if len(parts) == 3:
            return parts[2].startswith("session-") and parts[2].endswith((".jsonl", ".json"))
        return len(parts) == 4 and parts[3].endswith(".jsonl")

    def is_entered(self, parts: Sequence[str]) -> bool:
        return len(parts) == 1 or (parts[1] == "chats" and len(parts) <= 3)

    def start(self, path: str) -> _State:
        spawned = name_in(path, 1) != "chats"
        state = _State(
            session=name_in(path).removesuffix(".jsonl"),
            project=_project(path, 3 if spawned else 2),
        )
        state.parent = name_in(path, 1) if spawned else ""
        return state

    def shape_of(self, head: _Head) -> type[Struct] | None:
        if head.type == "gemini":
            return _Message
        if isinstance(head.set, dict):
            return _Set
        return _Meta if isinstance(head.sessionId, str) and head.id is None else None

    def told(self, row: Any, state: _State) -> Iterator[Said]:
        if isinstance(row, _Message):
            yield from _sighting(row, state)
        elif isinstance(row, _Meta):
            yield from _session(row.sessionId, state)
        elif isinstance(row, _Set):
            yield from _session(row.set.sessionId, state)
            for raw in row.set.messages or ():
                try:
                    found = list(_message(raw))
                except NotUnderstoodError as error:
                    yield Misread(str(error), state.version)
                    continue
                for message in found:
                    yield from _sighting(message, state)

    def is_document(self, path: str) -> bool:
        return path.endswith(".json")

    def read(self, path: str, since: bytes) -> Document:
        del since
        conversation = _conversation(path)
        state = _State(project=_project(path, 2), session=name_in(path).removesuffix(".json"))
        if conversation.sessionId:
            state.session = clean_id(conversation.sessionId)
        entries: list[Entry] = []
        doubts: list[Doubt] = []
        for nth, raw in enumerate(conversation.messages):
            try:
                found = [s for m in _message(raw) for s in _sighting(m, state)]
            except NotUnderstoodError as error:
                doubts.append(Doubt(_place(raw, nth), Misread(str(error))))
                continue
            entries += [Entry(place_of(s.key), len(bytes(raw)), s) for s in found]
        return Document(tuple(entries), (), tuple(doubts), looked_at=len(conversation.messages))

    def excerpts(self, path: str, places: Collection[int]) -> Mapping[int, bytes]:
        messages = _conversation(path).messages
        return at_places(((_place(raw, n), bytes(raw)) for n, raw in enumerate(messages)), places)


def _project(path: str, up: int) -> str:
    """The project's folder below `tmp`; of a hash only its beginning."""
    name = name_in(path, up)
    return clean(name[:_HASH_SHOWN] if _HASH.fullmatch(name) else name, 512)


def _session(named: str | None, state: _State) -> Iterator[Fact]:
    """The log's own id of its session; a sub-agent's is a session below the one that spawned it."""
    if not named:
        return
    state.session = clean_id(named)
    if state.parent and state.parent != state.session:
        family = Thread(state.session, state.parent, spawned=True, replay_ends_at=None)
        yield Fact(kind="thread", subject=state.session, body=encode(family))


def _message(raw: Raw) -> Iterator[_Message]:
    """The message if a model answered it; raises NotUnderstoodError where it is malformed."""
    if decode(bytes(raw), _Listed).type == "gemini":
        yield decode(bytes(raw), _Message)


def _sighting(message: _Message, state: _State) -> Iterator[Sighting]:
    used = message.tokens
    if used is None or not message.id:
        return
    given, cached = used.input or 0, used.cached or 0
    thoughts = used.thoughts or 0
    kind: Kind = "spawn" if state.parent else "row"
    yield Sighting(
        key=clean_id(message.id),
        session=state.session,
        at_ms=parse_ms(message.timestamp) if message.timestamp else None,
        model=clean(message.model, 120) if message.model else "unknown",
        tokens=Tokens(
            input=max(0, given - cached) + (used.tool or 0),
            cache_read=cached,
            output=(used.output or 0) + thoughts,
            reasoning=thoughts,
        ),
        kind=kind,
        project=state.project,
    )


def _conversation(path: str) -> _Conversation:
    """The whole document; UnreadableError while it is half written or is no conversation."""
    try:
        return decode(load(path), _Conversation)
    except NotUnderstoodError as error:
        raise UnreadableError(f"no conversation: {error}") from None


def _place(raw: Raw, nth: int) -> int:
    """The place of a message that was not understood, by its id if that can be read."""
    try:
        found = decode(bytes(raw), _Listed).id
    except NotUnderstoodError:
        found = None
    return place_of(clean_id(found)) if isinstance(found, str) and found else nth


AGENT: Final = _GeminiCli()
