"""Rows of Kimi CLI, from before Kimi Code: one status per step."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from msgspec import Struct

from toktui.agents.lines import Count, LineState, key_of, numbers_of, provider_key
from toktui.model import Kind, Sighting, Tokens
from toktui.text import clean_id

if TYPE_CHECKING:
    from collections.abc import Iterator


class _Usage(Struct):
    input_other: Count = None
    output: Count = None
    input_cache_read: Count = None
    input_cache_creation: Count = None


class _Status(Struct):
    message_id: str | None = None
    token_usage: _Usage | None = None


class _StatusMessage(Struct):
    payload: _Status | None = None


class Update(Struct):
    """A row of Kimi CLI; `timestamp` is in seconds."""

    message: _StatusMessage
    timestamp: float | None = None


class _Relayed(Struct):
    event: _StatusMessage | None = None
    agent_id: str | None = None


class _RelayMessage(Struct):
    payload: _Relayed | None = None


class Relay(Struct):
    """A row of Kimi CLI that embeds one of a sub-agent."""

    message: _RelayMessage
    timestamp: float | None = None


SHAPES: Final[dict[str, type[Struct]]] = {"StatusUpdate": Update, "SubagentEvent": Relay}


def updated(row: Update, state: LineState, agent_id: str) -> Iterator[Sighting]:
    """A step of the log's own agent."""
    yield from _told(row.message.payload, row.timestamp, state, "row", agent_id)


def relayed(row: Relay, state: LineState) -> Iterator[Sighting]:
    """A step of a sub-agent, which has a log of its own in most builds."""
    told = row.message.payload
    status = told.event.payload if told is not None and told.event is not None else None
    if told is not None and status is not None and status.message_id:
        sub_agent = clean_id(told.agent_id or "")
        yield from _told(status, row.timestamp, state, "progress", sub_agent)


def _told(
    status: _Status | None, seconds: float | None, state: LineState, kind: Kind, agent_id: str
) -> Iterator[Sighting]:
    """What is said of one step; the model is not."""
    if status is None or status.token_usage is None:
        return
    used = status.token_usage
    tokens = Tokens(
        input=used.input_other or 0,
        cache_read=used.input_cache_read or 0,
        cache_write_5m=used.input_cache_creation or 0,
        output=used.output or 0,
    )
    at_ms = round(seconds * 1000) if seconds is not None and 0 <= seconds < 1e11 else None
    if status.message_id:
        key = provider_key(status.message_id, *numbers_of(tokens))
    else:
        key = key_of(at_ms, *numbers_of(tokens))
    yield Sighting(
        key=key,
        session=state.session,
        at_ms=at_ms,
        model="unknown",
        tokens=tokens,
        kind=kind,
        agent_id=agent_id,
        project=state.project,
    )
