"""The rows of Codex's rollouts as types: exactly the fields that are relied on."""

from __future__ import annotations

from typing import Annotated, Any, Final

import msgspec
from msgspec import Raw, Struct

from toktui.agents.base import MAX_COUNT

Count = Annotated[int, msgspec.Meta(ge=0, le=MAX_COUNT)] | None
Total = tuple[int, int, int, int, int]
"""input, cached, cache_write, output, reasoning: as Codex counts, not disjoint."""


class Line(Struct, gc=False):
    """A row, its payload still in bytes."""

    type: str | None = None
    timestamp: str | None = None
    ordinal: Count = None
    payload: Raw = Raw(b"null")


class Head(Struct, gc=False):
    """A row without its payload."""

    type: str | None = None
    timestamp: str | None = None
    ordinal: Count = None


class Git(Struct, gc=False):
    """Where the session works."""

    branch: str | None = None


class SessionMeta(Struct):
    """What a session says of itself, or copies of another."""

    id: str | None = None
    session_id: str | None = None
    forked_from_id: str | None = None
    parent_thread_id: str | None = None
    cwd: str | None = None
    cli_version: str | None = None
    source: Any = None
    thread_source: Any = None
    subagent_history_start_ordinal: Count = None
    git: Git | None = None


class Tool(Struct, gc=False):
    """A `function_call`, or its output: in text, or in an object with text."""

    type: str | None = None
    call_id: str | None = None
    arguments: str | None = None
    output: Raw = Raw(b"null")


class Turn(Struct, gc=False):
    """A `turn_context`."""

    model: str | None = None


class Settings(Struct, gc=False):
    """What the user has set."""

    model: str | None = None
    service_tier: str | None = None


class Usage(Struct, gc=False):
    """Counts of a response or of a thread so far."""

    input_tokens: Count = None
    cached_input_tokens: Count = None
    cache_write_input_tokens: Count = None
    output_tokens: Count = None
    reasoning_output_tokens: Count = None

    def total(self) -> Total:
        """The counts as a tuple; an absent count is 0."""
        return (
            self.input_tokens or 0,
            self.cached_input_tokens or 0,
            self.cache_write_input_tokens or 0,
            self.output_tokens or 0,
            self.reasoning_output_tokens or 0,
        )


class Record(Struct, gc=False):
    """A `token_usage_record`: one response."""

    thread_id: str | None = None
    response_id: str | None = None
    usage: Usage | None = None


class Info(Struct, gc=False):
    """The counts of a `token_count`."""

    total_token_usage: Usage | None = None
    last_token_usage: Usage | None = None
    model_context_window: Count = None


class Window(Struct, gc=False):
    """How much of a limit is used."""

    used_percent: float | None = None
    window_minutes: Count = None
    resets_at: float | None = None
    resets_in_seconds: float | None = None


class Limits(Struct, gc=False):
    """The limits of a plan."""

    limit_id: str | None = None
    primary: Window | None = None
    secondary: Window | None = None


class Event(Struct, gc=False):
    """An `event_msg` that is of use here."""

    type: str | None = None
    info: Info | None = None
    rate_limits: Limits | None = None
    thread_settings: Settings | None = None
    model_context_window: Count = None


class EventHead(Struct, gc=False):
    """Any `event_msg`."""

    type: str | None = None


as_line: Final = msgspec.json.Decoder(Line).decode
as_event: Final = msgspec.json.Decoder(Event).decode
