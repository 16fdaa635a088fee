"""Qwen Code.

Logs:     <home>/projects/<folder>/chats/**/<session>.jsonl, in builds of 2025 documents
          <home>/tmp/<hash>/chats/session-*.json, and <home>/usage/token-usage-*.jsonl; <home> is
          ~/.qwen, and $QWEN_RUNTIME_DIR, $QWEN_HOME and $QWEN_DATA_DIR
Record:   `ui_telemetry` rows of `qwen-code.api_response`, and `assistant` rows with
          `usageMetadata`: a response stands in both, a call beside the conversation in the first;
          rows of `token-usage`, the agent's own ledger of all sessions
Tokens:   `promptTokenCount` holds `cachedContentTokenCount`; thoughts are inside the candidates
          unless the total says that they are beside them (Gemini's API)
Identity: `response_id` (a short one of a local server together with its row's `uuid`) or the
          `uuid` of the conversation's row, whichever row of a response stands first in its log; a
          branch copies both rows with their ids
Exactness: exact; what only the ledger knows is residual; no dollars of its own
Live:     tailed: a response is on screen as soon as its row is written
Seen:     0.1 to 0.24; golden/qwen-code/
Unknown:  in builds without telemetry rows the calls of sub-agents and beside the conversation; the
          working folder in documents of 2025 but for a hash
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import msgspec
from msgspec import Struct

from toktui.agents._gemini_messages import quoted_messages, read_conversation
from toktui.agents._qwen_ledger import Numbers, Spent, Used, accounted, tokens_of
from toktui.agents.documents import load
from toktui.agents.folders import named_folders
from toktui.agents.lines import Count, LineAgent, LineState, Said, name_in, provider_key
from toktui.clock import parse_ms
from toktui.facts import Thread, encode
from toktui.model import Fact, Sighting
from toktui.text import clean, clean_id

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence
    from pathlib import Path

    from toktui.agents.base import Document
    from toktui.agents.content import Turn

_REMEMBERED: Final = 64
"""Rows among which the other row of a response is looked for."""
_FOLDERS: Final = ("projects", "tmp", "usage")
_RESPONSE: Final = "qwen-code.api_response"
_HOMES: Final = ("QWEN_RUNTIME_DIR", "QWEN_HOME", "QWEN_DATA_DIR")


class _Head(Struct):
    type: Any = None
    subtype: Any = None
    schemaVersion: Any = None


class _Forked(Struct):
    sessionId: str | None = None


class _Row(Struct):
    uuid: str = ""
    sessionId: str | None = None
    timestamp: str | None = None
    cwd: str | None = None
    version: str | None = None
    gitBranch: str | None = None
    agentId: str | None = None
    agentName: str | None = None
    forkedFrom: _Forked | None = None


class _Usage(Struct):
    promptTokenCount: Count = None
    candidatesTokenCount: Count = None
    cachedContentTokenCount: Count = None
    thoughtsTokenCount: Count = None
    totalTokenCount: Count = None


class _Assistant(_Row):
    model: str | None = None
    usageMetadata: _Usage | None = None


class _Event(Struct):
    name: Any = msgspec.field(default=None, name="event.name")
    response_id: str | None = None
    model: str | None = None
    input_token_count: Count = None
    output_token_count: Count = None
    cached_content_token_count: Count = None
    thoughts_token_count: Count = None
    total_token_count: Count = None


class _Payload(Struct):
    uiEvent: _Event | None = None


class _Telemetry(_Row):
    systemPayload: _Payload | None = None


class _Parent(Struct):
    parentSessionId: str | None = None


class _Family(_Row):
    systemPayload: _Parent | None = None


class _Half(Struct, array_like=True):
    """A row of a response: its own id and numbers, the call's key, and whether its other row, of
    telemetry or of the conversation, has not come."""

    id: str
    reported: bool
    numbers: Numbers
    key: str
    alone: bool


class _State(LineState):
    halves: list[_Half] = msgspec.field(default_factory=lambda: list[_Half]())
    """The last rows, the oldest first."""
    spent: list[Spent] = msgspec.field(default_factory=lambda: list[Spent]())
    """Of a ledger: the sessions that were written of last, the oldest first."""


class _QwenCode(LineAgent):
    name = "qwen-code"
    label = "Qwen Code"
    Head = _Head
    State = _State
    PARSER = 2
    tool_calls = (b'"functionCall"',)
    needles = (b'"usageMetadata"', _RESPONSE.encode(), b'"parent_session"', b'"schemaVersion"')

    def roots(self, home: Path, env: Mapping[str, str]) -> Sequence[Path]:
        return [home / ".qwen", *named_folders(home, env, *_HOMES)]

    def roots_of(self, folder: Path) -> Sequence[Path]:
        return [folder.parent if folder.name in _FOLDERS else folder]

    def is_log(self, parts: Sequence[str]) -> bool:
        name = parts[-1]
        if parts[0] == "usage":
            return len(parts) == 2 and name.startswith("token-usage-") and name.endswith(".jsonl")
        if len(parts) < 4 or parts[2] != "chats":
            return False
        if parts[0] == "tmp":
            return len(parts) == 4 and name.startswith("session-") and name.endswith(".json")
        return parts[0] == "projects" and name.endswith(".jsonl")

    def is_entered(self, parts: Sequence[str]) -> bool:
        return parts[0] in _FOLDERS and (len(parts) < 3 or parts[2] == "chats")

    def is_document(self, path: str) -> bool:
        return path.endswith(".json")

    def read(self, path: str, since: bytes) -> Document:
        del since
        return read_conversation(path)

    def excerpts(self, path: str, places: Collection[int]) -> Mapping[int, bytes]:
        return quoted_messages(path, places)

    def turn(self, line: bytes) -> Turn | None:
        from toktui.agents._gemini_conversation import linked_turn  # noqa: PLC0415  on demand

        return linked_turn(line)

    def turns(self, path: str, place: int) -> Sequence[Turn]:
        from toktui.agents import _gemini_conversation as conversation  # noqa: PLC0415

        return conversation.turns_before_the_last_answer(load(path))

    def start(self, path: str) -> _State:
        return _State(session=name_in(path).removesuffix(".jsonl"))

    def shape_of(self, head: _Head) -> type[Struct] | None:
        if head.type == "assistant":
            return _Assistant
        if head.type is None and head.schemaVersion is not None:
            return Used
        if head.type != "system":
            return None
        return {"ui_telemetry": _Telemetry, "parent_session": _Family}.get(str(head.subtype))

    def told(self, row: _Row | Used, state: _State) -> Iterator[Said]:
        if isinstance(row, Used):
            yield from accounted(row, state.spent)
            return
        state.session = clean_id(row.sessionId) if row.sessionId else state.session
        state.version = clean(row.version, 24) if row.version else state.version
        if isinstance(row, _Assistant):
            yield from _answered(row, state)
        elif isinstance(row, _Telemetry):
            yield from _reported(row, state)
        elif isinstance(row, _Family) and row.systemPayload is not None:
            yield from _family(row.systemPayload, state)


def _answered(row: _Assistant, state: _State) -> Iterator[Sighting]:
    """A response as it stands in the conversation."""
    used = row.usageMetadata
    if used is None or not row.uuid:
        return
    numbers = (
        used.promptTokenCount or 0,
        used.candidatesTokenCount or 0,
        used.cachedContentTokenCount or 0,
        used.thoughtsTokenCount or 0,
        used.totalTokenCount or 0,
    )
    key = _key(clean_id(row.uuid), numbers, state.halves, reported=False)
    yield _sighting(key, numbers, row, row.model, state)


def _reported(row: _Telemetry, state: _State) -> Iterator[Sighting]:
    """A response as telemetry reports it."""
    event = row.systemPayload.uiEvent if row.systemPayload else None
    if event is None or event.name != _RESPONSE or not (event.response_id or row.uuid):
        return
    numbers = (
        event.input_token_count or 0,
        event.output_token_count or 0,
        event.cached_content_token_count or 0,
        event.thoughts_token_count or 0,
        event.total_token_count or 0,
    )
    own = provider_key(event.response_id, row.uuid)
    key = _key(own, numbers, state.halves, reported=True)
    yield _sighting(key, numbers, row, event.model, state)


def _key(own: str, numbers: Numbers, halves: list[_Half], *, reported: bool) -> str:
    """The key of the response that a row is about: that of its other row, if that came first."""
    for half in halves:
        if half.id == own and half.reported == reported:
            return half.key
    key, alone = own, True
    for half in halves:
        if half.alone and half.reported != reported and half.numbers == numbers:
            half.alone = alone = False
            key = half.key
            break
    halves.append(_Half(own, reported, numbers, key, alone))
    del halves[:-_REMEMBERED]
    return key


def _family(told: _Parent, state: _State) -> Iterator[Fact]:
    parent = clean_id(told.parentSessionId) if told.parentSessionId else ""
    if parent and parent != state.session:
        family = Thread(state.session, parent, spawned=True, replay_ends_at=None)
        yield Fact(kind="thread", subject=state.session, body=encode(family))


def _sighting(key: str, numbers: Numbers, row: _Row, model: str | None, state: _State) -> Sighting:
    origin = clean_id(row.forkedFrom.sessionId or "") if row.forkedFrom else ""
    return Sighting(
        key=key,
        session=state.session,
        at_ms=parse_ms(row.timestamp) if row.timestamp else None,
        model=clean(model, 120) if model else "unknown",
        tokens=tokens_of(numbers),
        origin="" if origin == state.session else origin,
        agent_id=clean_id(row.agentId or ""),
        agent_type=clean(row.agentName or "", 48),
        project=clean(row.cwd or "", 512),
        branch=clean(row.gitBranch or "", 120),
        version=state.version,
    )


AGENT: Final = _QwenCode()
