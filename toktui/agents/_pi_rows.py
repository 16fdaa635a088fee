"""Rows as Pi writes them, and those who were made from it (Oh My Pi, OpenClaw)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from msgspec import Struct

from toktui.agents.json_lines import object_of
from toktui.agents.lines import (
    Count,
    LineAgent,
    LineState,
    Said,
    key_of,
    name_in,
    numbers_of,
    nusd_of,
    provider_key,
)
from toktui.clock import parse_ms
from toktui.facts import Thread, encode
from toktui.model import Fact, Kind, Sighting, Tokens
from toktui.text import clean, clean_id

if TYPE_CHECKING:
    from collections.abc import Iterator

    from toktui.agents.content import Block, Turn

_SESSION: Final = re.compile(r"(?:.*[/\\])?(?:[0-9TZ-]+_)?([^/\\]+?)\.jsonl$")
"""The name of a session's log: `<time>_<session>.jsonl`."""
_NOT_BILLED: Final = ("error", "aborted")
SYNTHETIC: Final = ("delivery-mirror", "gateway-injected")
"""Models of rows that OpenClaw writes itself."""


class Head(Struct):
    """What tells the kind of a row."""

    type: Any = None


class Session(Struct):
    """The head of a log."""

    id: str | None = None
    timestamp: str | None = None
    cwd: str | None = None
    parentSession: str | None = None


class _Lifetimes(Struct):
    ephemeral5m: Count = None
    ephemeral1h: Count = None


class _Orchestration(Struct):
    input: Count = None
    cacheRead: Count = None
    output: Count = None


class _Server(Struct):
    webSearch: Count = None


class Usage(Struct):
    """What a response used; the four buckets are disjoint."""

    input: Count = None
    output: Count = None
    cacheRead: Count = None
    cacheWrite: Count = None
    cacheWrite1h: Count = None
    """Of which `cacheWrite`."""
    cttl: _Lifetimes | None = None
    reasoning: Count = None
    reasoningTokens: Count = None
    orchestration: _Orchestration | None = None
    server: _Server | None = None
    cost: Any = None

    def tokens(self) -> Tokens:
        """In our buckets."""
        more = self.orchestration or _Orchestration()
        written, kept = self.cacheWrite or 0, self.cacheWrite1h or 0
        if self.cttl is not None:
            kept = self.cttl.ephemeral1h or 0
        kept = min(written, kept)
        output = (self.output or 0) + (more.output or 0)
        return Tokens(
            input=(self.input or 0) + (more.input or 0),
            cache_read=(self.cacheRead or 0) + (more.cacheRead or 0),
            cache_write_5m=written - kept,
            cache_write_1h=kept,
            output=output,
            reasoning=min(output, self.reasoning or self.reasoningTokens or 0),
        )

    def reported_nusd(self) -> int | None:
        """The agent's own list cost; 0 is written where it knows no price."""
        return nusd_of(object_of(self.cost).get("total")) or None


class _Answer(Struct):
    role: str | None = None
    api: str | None = None
    provider: str | None = None
    model: str | None = None
    responseId: str | None = None
    stopReason: str | None = None
    usage: Usage | None = None
    timestamp: Any = None


class Message(Struct):
    """A message; of interest if an assistant's."""

    id: str | None = None
    timestamp: str | None = None
    message: _Answer | None = None


class Aside(Struct):
    """A call that is in no message: a summary of a compaction or a branch, a title, a cache kept
    warm."""

    id: str | None = None
    timestamp: str | None = None
    provider: str | None = None
    model: str | None = None
    stopReason: str | None = None
    usage: Usage | None = None


class PiState(LineState):
    """What a log of Pi's shape remembers."""

    started: str = ""
    parent: str = ""
    """The session whose rows were copied to the beginning of this log."""
    spawner: str = ""
    """The session that spawned this one."""


class PiAgent(LineAgent):
    """An agent that writes sessions as Pi does."""

    Head = Head
    State = PiState
    PARSER = 2
    needles = (b'"session"', b'"usage"')
    tool_calls = (b'"toolCall"',)
    asides: tuple[str, ...] = ("usage", "compaction", "branch_summary", "model_usage")
    """Types of rows that carry a usage of their own."""

    def start(self, path: str) -> PiState:
        found = _SESSION.fullmatch(name_in(path))
        return PiState(session=clean_id(found[1]) if found else name_in(path))

    def shape_of(self, head: Head) -> type[Struct] | None:
        if head.type == "message":
            return Message
        if head.type == "session":
            return Session
        return Aside if isinstance(head.type, str) and head.type in self.asides else None

    def told(self, row: Any, state: PiState) -> Iterator[Said]:
        if isinstance(row, Session):
            yield from _began(row, state)
        elif isinstance(row, Message):
            yield from _answered(row, state)
        elif isinstance(row, Aside):
            yield from _beside(row, state)

    def said(self, line: bytes, key: str) -> tuple[Block, ...]:
        from toktui.agents._pi_content import said  # noqa: PLC0415  few lines are read for it

        return said(line, key)

    def turn(self, line: bytes) -> Turn | None:
        from toktui.agents._pi_conversation import turn  # noqa: PLC0415  only on demand

        return turn(line)


def session_in(path: str) -> str:
    """The session whose log a path names; empty if it names none."""
    found = _SESSION.fullmatch(path)
    return clean_id(found[1]) if found else ""


def _began(row: Session, state: PiState) -> Iterator[Fact]:
    """The head of the log. A later one belongs to a copy and says nothing."""
    if state.started:
        return
    state.session = clean_id(row.id) if row.id else state.session
    state.started = row.timestamp or "?"
    state.project = clean(row.cwd or "", 512)
    parent = session_in(row.parentSession or "")
    state.parent = parent if parent != state.session else ""
    if state.spawner and state.spawner != state.session:
        family = Thread(state.session, state.spawner, spawned=True, replay_ends_at=None)
        yield Fact(kind="thread", subject=state.session, body=encode(family))


def _answered(row: Message, state: PiState) -> Iterator[Sighting]:
    answer = row.message
    if answer is None or answer.role != "assistant":
        return
    if answer.usage is None or answer.model in SYNTHETIC or _is_anothers(answer):
        return
    state.model = clean(answer.model, 120) if answer.model else state.model
    tokens = answer.usage.tokens()
    if not tokens.total and (answer.stopReason in _NOT_BILLED or answer.api == "cli"):
        return
    when = answer.timestamp if isinstance(answer.timestamp, int) else row.timestamp
    key = provider_key(answer.responseId or None, answer.model, when, *numbers_of(tokens))
    yield _sighting(key, row.timestamp, answer.model or "unknown", answer.usage, state)


def _is_anothers(answer: _Answer) -> bool:
    """Whether another agent's command line answered, which logs its calls itself."""
    return answer.api == "cli" and (answer.provider or "").endswith("-cli")


def _beside(row: Aside, state: PiState) -> Iterator[Sighting]:
    if row.usage is None:
        return
    tokens = row.usage.tokens()
    if not tokens.total:
        return
    model = row.model or state.model or "unknown"
    key = key_of(model, row.timestamp, *numbers_of(tokens))
    yield _sighting(key, row.timestamp, model, row.usage, state)


def _sighting(
    key: str, timestamp: str | None, model: str, usage: Usage, state: PiState
) -> Sighting:
    tokens = usage.tokens()
    copied = bool(state.parent) and bool(timestamp) and (timestamp or "") < state.started
    kind: Kind = "spawn" if state.spawner else "row"
    return Sighting(
        key=key,
        session=state.session,
        at_ms=parse_ms(timestamp) if timestamp else None,
        model=clean(model, 120),
        tokens=tokens,
        web_search=(usage.server.webSearch or 0) if usage.server else 0,
        final=bool(tokens.total),
        kind=kind,
        origin=state.parent if copied else "",
        project=state.project,
        reported_nusd=usage.reported_nusd(),
    )
