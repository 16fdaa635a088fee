"""The shapes of Claude Code's rows, builds 2.1.90 to 2.1.330, and how a response is made."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal

from msgspec import UNSET, Struct, UnsetType

from toktui.dev.imitate.draw import vendor_id

if TYPE_CHECKING:
    from random import Random


class Split(Struct, frozen=True):
    """Cache writes by lifetime."""

    ephemeral_1h_input_tokens: int
    ephemeral_5m_input_tokens: int


class ServerTools(Struct, frozen=True):
    """Tools that ran at the vendor's."""

    web_search_requests: int = 0
    web_fetch_requests: int = 0


class Thought(Struct, frozen=True):
    """Of which output."""

    thinking_tokens: int = 0


class Iteration(Struct, frozen=True):
    """One round of a response; usually there is one, equal to the usage."""

    input_tokens: int
    output_tokens: int
    cache_read_input_tokens: int
    cache_creation_input_tokens: int
    cache_creation: Split
    type: str = "message"


class Usage(Struct, frozen=True):
    """`message.usage`."""

    input_tokens: int
    cache_creation_input_tokens: int
    cache_read_input_tokens: int
    output_tokens: int
    server_tool_use: ServerTools
    service_tier: str
    cache_creation: Split
    inference_geo: str
    iterations: list[Iteration]
    speed: str
    output_tokens_details: Thought | UnsetType = UNSET


class Text(Struct, frozen=True, tag="text", tag_field="type"):
    """A block of prose."""

    text: str


class Thinking(Struct, frozen=True, tag="thinking", tag_field="type"):
    """A block of thinking; its text is not kept, only signed."""

    signature: str
    thinking: str = ""


class ToolUse(Struct, frozen=True, tag="tool_use", tag_field="type"):
    """A block that calls a tool."""

    id: str
    name: str
    input: dict[str, str]


class ToolResult(Struct, frozen=True, tag="tool_result", tag_field="type"):
    """What a tool gave back."""

    tool_use_id: str
    content: str
    is_error: bool = False


Block = Text | Thinking | ToolUse | ToolResult


class Message(Struct, frozen=True):
    """A message of the model."""

    model: str
    id: str
    content: Sequence[Block]
    stop_reason: str | None
    usage: Usage
    type: str = "message"
    role: str = "assistant"
    stop_sequence: str | None = None


class Prompt(Struct, frozen=True):
    """A message of the user, or a tool result."""

    content: str | Sequence[Block]
    role: str = "user"


class Where(Struct, frozen=True):
    """What every row of a log repeats."""

    userType: str
    entrypoint: str
    cwd: str
    sessionId: str
    version: str
    gitBranch: str


class Head(Struct, frozen=True, kw_only=True):
    """How a row begins. All but assistant rows name their type here."""

    parentUuid: str | None
    isSidechain: bool
    agentId: str | UnsetType = UNSET
    type: str | UnsetType = UNSET


class Row(Struct, frozen=True, kw_only=True):
    """What comes after the head; assistant rows name their type behind the message."""

    attributionAgent: str | UnsetType = UNSET
    forkedFrom: dict[str, str] | UnsetType = UNSET
    message: Message | Prompt | UnsetType = UNSET
    requestId: str | UnsetType = UNSET
    apiBlockIndex: int | UnsetType = UNSET
    type: str | UnsetType = UNSET
    subtype: str | UnsetType = UNSET
    isCompactSummary: bool | UnsetType = UNSET
    compactMetadata: dict[str, str | int] | UnsetType = UNSET
    content: str | UnsetType = UNSET
    data: Progress | UnsetType = UNSET
    toolUseResult: dict[str, object] | str | UnsetType = UNSET
    attachment: dict[str, str] | UnsetType = UNSET
    uuid: str
    timestamp: str


class Embedded(Struct, frozen=True):
    """A sub-agent's row inside a progress row of its parent."""

    type: str
    message: Message | Prompt
    uuid: str
    timestamp: str
    requestId: str | UnsetType = UNSET


class Progress(Struct, frozen=True):
    """`data` of a progress row."""

    type: str
    message: Embedded | UnsetType = UNSET
    agentId: str | UnsetType = UNSET
    prompt: str | UnsetType = UNSET
    output: str | UnsetType = UNSET
    fullOutput: str | UnsetType = UNSET
    elapsedTimeSeconds: int | UnsetType = UNSET
    hookEvent: str | UnsetType = UNSET
    hookName: str | UnsetType = UNSET
    command: str | UnsetType = UNSET


class LedgerEntry(Struct, frozen=True):
    """Of one model, in a `cost-state` row."""

    inputTokens: int
    outputTokens: int
    thinkingTokens: int
    cacheReadInputTokens: int
    cacheCreationInputTokens: int
    cacheCreationEphemeral5mInputTokens: int
    cacheCreationEphemeral1hInputTokens: int
    webSearchRequests: int
    costUSD: float


class LedgerRow(Struct, frozen=True, tag="cost-state", tag_field="type"):
    sessionId: str
    totalCostUSD: float
    startTime: int
    modelUsage: dict[str, LedgerEntry]
    hasUnknownModelCost: bool = False


class Counts(Struct, frozen=True):
    """Tokens of one response, before they are written down in Claude Code's way."""

    input: int
    cache_read: int
    cache_write: int
    output: int
    thinking: int = 0
    web_search: int = 0
    long_lived: bool = True
    """Writes live an hour, else five minutes."""

    @property
    def prompt(self) -> int:
        """All that was sent."""
        return self.input + self.cache_read + self.cache_write


class Reply(Struct, frozen=True):
    """One response of the model: what its rows share."""

    id: str
    request_id: str
    model: str
    usage: Usage
    stop_reason: str | None


def reply(
    rng: Random, model: str, counts: Counts, *, stop_reason: str | None = "end_turn",
    speed: Literal["standard", "fast"] = "standard", geo: str = "not_available",
) -> Reply:
    """A response with ids of its own; without `stop_reason` its output is a placeholder."""
    long = counts.cache_write if counts.long_lived else 0
    split = Split(long, counts.cache_write - long)
    once = Iteration(
        counts.input, counts.output, counts.cache_read, counts.cache_write, split
    )
    usage = Usage(
        counts.input, counts.cache_write, counts.cache_read, counts.output,
        ServerTools(counts.web_search), "standard", split, geo, [once], speed,
        Thought(counts.thinking) if counts.thinking else UNSET,
    )
    return Reply(
        vendor_id(rng, "msg_01"), vendor_id(rng, "req_011C", 20), model, usage, stop_reason
    )
