"""Lines of Claude Code's logs, by the shapes of builds 2.1.90 to 2.1.330.

One `Lines` writes the rows of one log (or one sub-agent in it) and chains them by `parentUuid`.
Lines are bytes without a newline; times are UTC milliseconds.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal

import msgspec
from msgspec import UNSET, Struct, UnsetType

from toktui.dev.imitate.draw import stamp, uuid, vendor_id

if TYPE_CHECKING:
    from collections.abc import Sequence
    from random import Random

_encode: Final = msgspec.json.Encoder().encode


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


class _Where(Struct, frozen=True):
    """What every row of a log repeats."""

    userType: str
    entrypoint: str
    cwd: str
    sessionId: str
    version: str
    gitBranch: str


class _Row(Struct, frozen=True, kw_only=True):
    parentUuid: str | None
    isSidechain: bool
    agentId: str | UnsetType = UNSET
    attributionAgent: str | UnsetType = UNSET
    forkedFrom: dict[str, str] | UnsetType = UNSET
    message: Message | Prompt | UnsetType = UNSET
    requestId: str | UnsetType = UNSET
    apiBlockIndex: int | UnsetType = UNSET
    type: str
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


class _LedgerRow(Struct, frozen=True, tag="cost-state", tag_field="type"):
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


class Lines:
    """Writes the rows of one log."""

    def __init__(
        self, rng: Random, *, session: str, cwd: str, branch: str, version: str,
        agent_id: str = "", agent_type: str = "",
    ) -> None:
        self._rng = rng
        self.session = session
        self._where = _encode(_Where("external", "cli", cwd, session, version, branch))[1:]
        self._agent_id = agent_id or UNSET
        self._agent_type = agent_type or UNSET
        self._sidechain = bool(agent_id)
        self._parent: str | None = None
        self.origin: str = ""
        """Set while rows are copied from another session: who made them."""

    def _row(
        self, at_ms: int, kind: str, *,
        message: Message | Prompt | UnsetType = UNSET,
        request_id: str | UnsetType = UNSET,
        data: Progress | UnsetType = UNSET,
        result: dict[str, object] | UnsetType = UNSET,
        subtype: str | UnsetType = UNSET,
        content: str | UnsetType = UNSET,
        summary: bool | UnsetType = UNSET,
        compact: dict[str, str | int] | UnsetType = UNSET,
        attachment: dict[str, str] | UnsetType = UNSET,
    ) -> bytes:
        own = uuid(self._rng)
        row = _Row(
            parentUuid=self._parent, isSidechain=self._sidechain, agentId=self._agent_id,
            attributionAgent=self._agent_type if kind == "assistant" else UNSET,
            forkedFrom={"sessionId": self.origin, "messageUuid": own} if self.origin else UNSET,
            message=message, requestId=request_id, type=kind, subtype=subtype, content=content,
            isCompactSummary=summary, compactMetadata=compact, data=data, toolUseResult=result,
            attachment=attachment, uuid=own, timestamp=stamp(at_ms),
        )
        self._parent = own
        return _encode(row)[:-1] + b"," + self._where

    def block(self, at_ms: int, of: Reply, block: Block) -> bytes:
        """A row of a response: one content block with the usage of the whole response."""
        message = Message(of.model, of.id, [block], of.stop_reason, of.usage)
        return self._row(at_ms, "assistant", message=message, request_id=of.request_id)

    def prompt(self, at_ms: int, text: str) -> bytes:
        """What the user typed."""
        return self._row(at_ms, "user", message=Prompt(text))

    def tool_result(self, at_ms: int, tool_use: str, shown: str, stored: str = "") -> bytes:
        """What a tool gave back: as the model sees it, and as the client stores it."""
        return self._row(
            at_ms, "user", message=Prompt([ToolResult(tool_use, shown)]),
            result={"stdout": stored, "stderr": "", "interrupted": False, "isImage": False},
        )

    def search_result(self, at_ms: int, tool_use: str, shown: str, searches: int) -> bytes:
        """What the client's own search tool gave back, with the number of billed searches."""
        return self._row(
            at_ms, "user", message=Prompt([ToolResult(tool_use, shown)]),
            result={"query": "", "results": [], "durationSeconds": 3.1, "searchCount": searches},
        )

    def agent_progress(self, at_ms: int, agent_id: str, of: Reply, block: Block) -> bytes:
        """A sub-agent's response, embedded in a row of the parent's log."""
        message = Message(of.model, of.id, [block], of.stop_reason, of.usage)
        inner = Embedded("assistant", message, uuid(self._rng), stamp(at_ms), of.request_id)
        data = Progress("agent_progress", message=inner, agentId=agent_id, prompt="")
        return self._row(at_ms, "progress", data=data)

    def agent_prompt(self, at_ms: int, agent_id: str, text: str) -> bytes:
        """What a sub-agent was told, embedded in a row of the parent's log."""
        inner = Embedded("user", Prompt([Text(text)]), uuid(self._rng), stamp(at_ms))
        data = Progress("agent_progress", message=inner, agentId=agent_id, prompt="")
        return self._row(at_ms, "progress", data=data)

    def bash_progress(self, at_ms: int, text: str) -> bytes:
        """A shell command that is still running."""
        data = Progress("bash_progress", output=text, fullOutput=text, elapsedTimeSeconds=3)
        return self._row(at_ms, "progress", data=data)

    def hook_progress(self, at_ms: int) -> bytes:
        """A hook that ran."""
        data = Progress(
            "hook_progress", hookEvent="PostToolUse", hookName="PostToolUse:Edit",
            command="make format",
        )
        return self._row(at_ms, "progress", data=data)

    def attachment(self, at_ms: int, text: str) -> bytes:
        """A file that the client put into the prompt."""
        return self._row(at_ms, "attachment", attachment={"type": "file", "content": text})

    def system(self, at_ms: int, subtype: str, content: str = "") -> bytes:
        """A notice of the client."""
        return self._row(at_ms, "system", subtype=subtype, content=content)

    def compaction(self, at_ms: int, before: int, after: int, summary: str) -> list[bytes]:
        """The context was summarised: a boundary, then the summary as the new first message."""
        meta: dict[str, str | int] = {"trigger": "auto", "preTokens": before, "postTokens": after}
        return [
            self._row(
                at_ms, "system", subtype="compact_boundary", content="Conversation compacted",
                compact=meta,
            ),
            self._row(at_ms + 1, "user", message=Prompt(summary), summary=True),
        ]

    def snapshot(self, at_ms: int, paths: Sequence[str] = ()) -> bytes:
        """Which files the client could restore."""
        backups = {path: {"backupFileName": uuid(self._rng), "version": 1} for path in paths}
        return _encode({
            "type": "file-history-snapshot", "messageId": uuid(self._rng),
            "snapshot": {"trackedFileBackups": backups, "timestamp": stamp(at_ms)},
            "isSnapshotUpdate": False,
        })

    def note(self, kind: str, **fields: str) -> bytes:
        """A row about the session: `ai-title`, `last-prompt`, `permission-mode`, `summary`."""
        return _encode({"type": kind, **fields, "sessionId": self.session})

    def ledger(
        self, started_ms: int, usd: float, models: dict[str, LedgerEntry]
    ) -> bytes:
        """The client's own account of the session, everything so far."""
        return _encode(_LedgerRow(self.session, usd, started_ms, models))
