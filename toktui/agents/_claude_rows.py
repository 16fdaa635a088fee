"""The rows of Claude Code's logs as types: exactly the fields that are relied on."""

from __future__ import annotations

from typing import Annotated, Final

import msgspec
from msgspec import Meta, Raw, Struct

from toktui.agents.base import MAX_COUNT
from toktui.model import Tier, Tokens

Count = Annotated[int, Meta(ge=0, le=MAX_COUNT)] | None


NO_INPUT: Final = Raw(b"")
NO_USAGE: Final = Raw(b"null")


class _Split(Struct, gc=False):
    ephemeral_5m_input_tokens: Count = None
    ephemeral_1h_input_tokens: Count = None


class _OutputDetails(Struct, gc=False):
    thinking_tokens: Count = None


class _ServerTools(Struct, gc=False):
    web_search_requests: Count = None


class Counts(Struct, gc=False):
    """What the provider counted; the prompt counts are disjoint."""

    input_tokens: Count = None
    output_tokens: Count = None
    cache_creation_input_tokens: Count = None
    cache_read_input_tokens: Count = None
    cache_creation: _Split | None = None
    output_tokens_details: _OutputDetails | None = None

    def tokens(self) -> Tokens:
        """The buckets: the part of a cache write that has no lifetime counts as short."""
        split = self.cache_creation
        written, long = self.cache_creation_input_tokens or 0, 0
        if split is not None:
            long = split.ephemeral_1h_input_tokens or 0
            written = max(written, (split.ephemeral_5m_input_tokens or 0) + long)
        output, thinking = self.output_tokens or 0, 0
        if self.output_tokens_details is not None:
            thinking = min(output, self.output_tokens_details.thinking_tokens or 0)
        return Tokens(
            self.input_tokens or 0,
            self.cache_read_input_tokens or 0,
            written - long,
            long,
            output,
            thinking,
        )


class Iteration(Counts):
    """One sampling of a response."""

    type: str | None = None
    model: str | None = None


class Usage(Counts):
    """`message.usage`."""

    server_tool_use: _ServerTools | None = None
    service_tier: str | None = None
    speed: str | None = None
    inference_geo: str | None = None
    iterations: Raw = NO_USAGE


class Counted(Struct, frozen=True, gc=False):
    """A usage block in our terms."""

    tokens: Tokens
    web_search: int
    tier: Tier
    geo: str
    iterations: tuple[Iteration, ...]
    """Empty where they only say again what the row says."""


class Part(Struct, gc=False):
    """A block of an answer: its kind and, of a tool, its name and input, still in bytes."""

    type: str | None = None
    name: str | None = None
    input: Raw = NO_INPUT


class Message(Struct, gc=False):
    """An API message, its usage still in bytes."""

    id: str | None = None
    model: str | None = None
    stop_reason: str | None = None
    usage: Raw = NO_USAGE
    content: list[Part] | str | None = None

    def says_like(self, other: Message) -> bool:
        """Whether both are rows of one response that count the same."""
        return (
            self.usage == other.usage
            and self.id == other.id
            and self.stop_reason == other.stop_reason
            and self.model == other.model
        )


class ForkedFrom(Struct, gc=False):
    """Where a branch came from."""

    sessionId: str | None = None


class Row(Struct, gc=False):
    """An assistant row; any other row decodes too, unless a field has a foreign type."""

    type: str | None = None
    uuid: str | None = None
    parentUuid: str | None = None
    sessionId: str | None = None
    timestamp: str | None = None
    cwd: str | None = None
    gitBranch: str | None = None
    version: str | None = None
    isSidechain: bool | None = None
    agentId: str | None = None
    attributionAgent: str | None = None
    requestRef: str | None = None
    requestSessionId: str | None = None
    forkedFrom: ForkedFrom | None = None
    isApiErrorMessage: bool | None = None
    isUnmetered: bool | None = None
    apiBlockIndex: Count = None
    costUSD: float | None = None
    message: Message | None = None


class _EmbeddedRow(Struct):
    type: str | None = None
    timestamp: str | None = None
    uuid: str | None = None
    requestRef: str | None = None
    message: Message | None = None


class _ProgressData(Struct):
    type: str | None = None
    agentId: str | None = None
    message: _EmbeddedRow | None = None


class ProgressRow(Struct):
    """A row that embeds a sub-agent's message."""

    sessionId: str | None = None
    timestamp: str | None = None
    cwd: str | None = None
    gitBranch: str | None = None
    version: str | None = None
    data: _ProgressData | None = None


class LedgerEntry(Struct):
    """What the ledger says of one model."""

    inputTokens: Count = None
    outputTokens: Count = None
    thinkingTokens: Count = None
    cacheReadInputTokens: Count = None
    cacheCreationInputTokens: Count = None
    cacheCreationEphemeral5mInputTokens: Count = None
    cacheCreationEphemeral1hInputTokens: Count = None
    webSearchRequests: Count = None

    def tokens(self) -> Tokens:
        """The buckets."""
        split = _Split(
            self.cacheCreationEphemeral5mInputTokens, self.cacheCreationEphemeral1hInputTokens
        )
        return Counts(
            self.inputTokens,
            self.outputTokens,
            self.cacheCreationInputTokens,
            self.cacheReadInputTokens,
            split,
            _OutputDetails(self.thinkingTokens),
        ).tokens()


class LedgerRow(Struct):
    """A `cost-state` row."""

    sessionId: str | None = None
    totalCostUSD: float | None = None
    startTime: float | None = None
    modelUsage: dict[str, LedgerEntry] | None = None


class _Block(Struct):
    type: str | None = None
    id: str | None = None
    name: str | None = None
    tool_use_id: str | None = None


class _Content(Struct):
    content: list[_Block] | None = None


class ToolRow(Struct):
    """The tools that an assistant row calls."""

    message: _Content | None = None


class _SearchResult(Struct):
    searchCount: Count = None


class ResultRow(Struct):
    """The result of a tool."""

    toolUseResult: _SearchResult | None = None
    message: _Content | None = None


class _Command(Struct):
    command: str | None = None


class _ShellBlock(Struct):
    type: str | None = None
    id: str | None = None
    name: str | None = None
    input: _Command | None = None


class _ShellContent(Struct):
    content: list[_ShellBlock] | None = None


class ShellRow(Struct):
    """The commands that an assistant row runs."""

    message: _ShellContent | None = None


class _Text(Struct):
    text: str | None = None


class _Output(Struct):
    tool_use_id: str | None = None
    content: str | list[_Text] | None = None


class _OutputContent(Struct):
    content: list[_Output] | None = None


class OutputRow(Struct):
    """What commands have answered."""

    sessionId: str | None = None
    timestamp: str | None = None
    message: _OutputContent | None = None


class Head(Struct):
    """What every row can say."""

    type: str | None = None
    sessionId: str | None = None
    cwd: str | None = None
    uuid: str | None = None
    parentUuid: str | None = None


as_row: Final = msgspec.json.Decoder(Row).decode
as_head: Final = msgspec.json.Decoder(Head).decode
as_progress_row: Final = msgspec.json.Decoder(ProgressRow).decode
as_tool_row: Final = msgspec.json.Decoder(ToolRow).decode
as_shell_row: Final = msgspec.json.Decoder(ShellRow).decode
as_output_row: Final = msgspec.json.Decoder(OutputRow).decode
_as_usage: Final = msgspec.json.Decoder(Usage).decode

_as_iterations: Final = msgspec.json.Decoder(list[Iteration] | None).decode

def counted(usage: Raw) -> Counted:
    """A usage block in our terms; msgspec.DecodeError where it is none."""
    block = _as_usage(usage)
    tools = block.server_tool_use
    return Counted(
        block.tokens(),
        (tools.web_search_requests or 0) if tools else 0,
        _tier(block),
        "us" if block.inference_geo == "us" else "",
        () if block.iterations is NO_USAGE else _telling(block.iterations),
    )


def _telling(iterations: Raw) -> tuple[Iteration, ...]:
    """The iterations, unless they are one plain sampling: that one explains the row by itself."""
    try:
        entries = _as_iterations(iterations) or ()
    except msgspec.DecodeError:
        if _is_plain(bytes(iterations)):
            return ()
        raise
    if len(entries) == 1 and entries[0].type == "message" and entries[0].model is None:
        return ()
    return tuple(entries)


def _is_plain(iterations: bytes) -> bool:
    """Whether what looks like one plain sampling is no good: the row is, and needs it not."""
    return (
        iterations.count(b'"type"') == 1
        and b'"type":"message"' in iterations
        and b'"model"' not in iterations
        and b"\\" not in iterations
    )


def _tier(usage: Usage) -> Tier:
    if usage.speed == "fast":
        return "fast"
    if usage.service_tier in ("batch", "priority", "flex"):
        return usage.service_tier
    return "standard"
