"""Lines of Claude Code's logs.

One `Lines` writes the rows of one log (or one sub-agent in it) and chains them by `parentUuid`.
Lines are bytes without a newline; times are UTC milliseconds.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec
from msgspec import UNSET, UnsetType

from toktui.dev.imitate.claude_shapes import (
    Block,
    Embedded,
    Head,
    LedgerEntry,
    LedgerRow,
    Message,
    Progress,
    Prompt,
    Reply,
    Row,
    Text,
    ToolResult,
    Where,
)
from toktui.dev.imitate.draw import stamp, uuid

if TYPE_CHECKING:
    from collections.abc import Sequence
    from random import Random

_encode: Final = msgspec.json.Encoder().encode


class Lines:
    """Writes the rows of one log."""

    def __init__(
        self, rng: Random, *, session: str, cwd: str, branch: str, version: str,
        agent_id: str = "", agent_type: str = "",
    ) -> None:
        self._rng = rng
        self.session = session
        self._where = _encode(Where("external", "cli", cwd, session, version, branch))[1:]
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
        late = kind == "assistant"
        head = Head(
            parentUuid=self._parent, isSidechain=self._sidechain, agentId=self._agent_id,
            type=UNSET if late else kind,
        )
        row = Row(
            attributionAgent=self._agent_type if kind == "assistant" else UNSET,
            forkedFrom={"sessionId": self.origin, "messageUuid": own} if self.origin else UNSET,
            message=message, requestId=request_id, type=kind if late else UNSET, subtype=subtype,
            content=content, isCompactSummary=summary, compactMetadata=compact, data=data,
            toolUseResult=result, attachment=attachment, uuid=own, timestamp=stamp(at_ms),
        )
        self._parent = own
        return _encode(head)[:-1] + b"," + _encode(row)[1:-1] + b"," + self._where

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
        return _encode(LedgerRow(self.session, usd, started_ms, models))
