"""Messages as Gemini CLI keeps them, and Qwen Code once did: in lines or in one document."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

import msgspec
from msgspec import Raw, Struct

from toktui.agents._tool_commits import can_tell, committed
from toktui.agents.base import Document, Doubt, Entry, UnreadableError, place_of
from toktui.agents.documents import NotUnderstoodError, at_places, decode, load
from toktui.agents.lines import Count, LineState, name_in
from toktui.clock import parse_ms
from toktui.model import Fact, Kind, Misread, Sighting, Tokens
from toktui.text import clean, clean_id

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

_HASH: Final = re.compile(r"[0-9a-f]{64}")
_HASH_SHOWN: Final = 12
_ANSWERS: Final = ("gemini", "qwen")
_TOOLS: Final = (b'"toolCalls"',)


class _Tokens(Struct):
    input: Count = None
    output: Count = None
    cached: Count = None
    thoughts: Count = None
    tool: Count = None
    total: Count = None


class Message(Struct):
    """What a model answered."""

    id: str = ""
    timestamp: str | None = None
    model: str | None = None
    tokens: _Tokens | None = None


class _Listed(Struct):
    """A message among others: only a model's are looked into."""

    type: Any = None
    id: Any = None


class _Conversation(Struct):
    sessionId: str | None = None
    messages: list[Raw] = msgspec.field(default_factory=lambda: list[Raw]())


def project_in(path: str, up: int) -> str:
    """The project's folder, `up` levels above the log; of a hash only its beginning."""
    name = name_in(path, up)
    return clean(name[:_HASH_SHOWN] if _HASH.fullmatch(name) else name, 512)


def answers(raw: Raw) -> Iterator[Message]:
    """The message if a model answered it; raises NotUnderstoodError where it is malformed."""
    if decode(bytes(raw), _Listed).type in _ANSWERS:
        yield decode(bytes(raw), Message)


def sightings(message: Message, state: LineState, kind: Kind = "row") -> Iterator[Sighting]:
    """The call that a message reports, if its tokens are known by now.

    Thoughts are beside the output, unless the total says that they are inside: so it is over APIs
    like OpenAI's.
    """
    used = message.tokens
    if used is None or not message.id:
        return
    given, cached, tool = used.input or 0, used.cached or 0, used.tool or 0
    output, thoughts = used.output or 0, used.thoughts or 0
    inside = bool(thoughts) and used.total == given + output + tool
    yield Sighting(
        key=clean_id(message.id),
        session=state.session,
        at_ms=parse_ms(message.timestamp) if message.timestamp else None,
        model=clean(message.model, 120) if message.model else "unknown",
        tokens=Tokens(
            input=max(0, given - cached) + tool,
            cache_read=cached,
            output=output if inside else output + thoughts,
            reasoning=min(output, thoughts) if inside else thoughts,
        ),
        kind=kind,
        project=state.project,
    )


def read_conversation(path: str) -> Document:
    """What a document says. Raises UnreadableError while it is half written."""
    conversation = _conversation(path)
    state = LineState(project=project_in(path, 2), session=name_in(path).removesuffix(".json"))
    if conversation.sessionId:
        state.session = clean_id(conversation.sessionId)
    entries: list[Entry] = []
    doubts: list[Doubt] = []
    for nth, raw in enumerate(conversation.messages):
        try:
            found = [s for message in answers(raw) for s in sightings(message, state)]
        except NotUnderstoodError as error:
            doubts.append(Doubt(_place(raw, nth), Misread(str(error))))
            continue
        entries += [Entry(place_of(s.key), len(bytes(raw)), s) for s in found]
    facts = tuple(fact for raw in conversation.messages for fact in _commits(raw, state.session))
    return Document(tuple(entries), facts, tuple(doubts), looked_at=len(conversation.messages))


def _commits(raw: Raw, session: str) -> tuple[Fact, ...]:
    """The commits that the tools of a message made."""
    line = bytes(raw)
    if not can_tell(line, 0, len(line), _TOOLS, ()):
        return ()
    from toktui.agents._gemini_conversation import turn  # noqa: PLC0415  few are read for it

    return committed(line, turn(line), session, [])


def quoted_messages(path: str, places: Collection[int]) -> Mapping[int, bytes]:
    """The messages of a document at these places, as they stand in it."""
    messages = _conversation(path).messages
    return at_places(((_place(raw, n), bytes(raw)) for n, raw in enumerate(messages)), places)


def _conversation(path: str) -> _Conversation:
    """The whole document; UnreadableError while it is half written or is no conversation."""
    try:
        return decode(load(path), _Conversation)
    except NotUnderstoodError as error:
        raise UnreadableError(f"no conversation: {error}") from None


def _place(raw: Raw, nth: int) -> int:
    """The place of a message, by its id if that can be read."""
    try:
        found = decode(bytes(raw), _Listed).id
    except NotUnderstoodError:
        found = None
    return place_of(clean_id(found)) if isinstance(found, str) and found else nth
