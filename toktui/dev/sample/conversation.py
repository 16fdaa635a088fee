"""A made-up log of Claude Code."""

from __future__ import annotations

import json
import random
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from toktui.clock import iso
from toktui.dev.sample.files import write_lines
from toktui.dev.sample.talk import Talk

if TYPE_CHECKING:
    from pathlib import Path


@dataclass
class Conversation:
    """One Claude Code log that is being written: each turn reads what the turns before cached."""

    home: Path
    session: str
    project: str
    model: str = "claude-opus-5-5"
    branch: str = "main"
    agent_id: str = ""
    agent_type: str = ""
    long_cache: bool = False
    rng: random.Random = field(default_factory=lambda: random.Random(7))
    context: int = 18_000
    talk: Talk | None = None
    """What is said around the responses; without it they are all that is logged."""
    lines: list[str] = field(default_factory=list)
    turns: int = 0

    @property
    def path(self) -> Path:
        """Where the agent would put it."""
        slug = "".join(c if c.isascii() and c.isalnum() else "-" for c in self.project)[:60]
        folder = self.home / ".claude/projects" / slug
        if self.agent_id:
            return folder / self.session / "subagents" / f"agent-{self.agent_id}.jsonl"
        return folder / f"{self.session}.jsonl"

    def turn(
        self, at_ms: int, *, grows: int | None = None, cold: bool = False, output: int | None = None
    ) -> None:
        """One response; `cold` writes the whole context anew."""
        self.turns += 1
        grows = self.rng.randint(400, 3_200) if grows is None else grows
        output = self.rng.randint(60, 1_400) if output is None else output
        written = self.context + grows if cold or self.turns == 1 else grows
        read = 0 if cold or self.turns == 1 else self.context
        if self.talk is not None:
            self._log(*self.talk.before(at_ms, grows))
        self.context += grows
        usage = {
            "input_tokens": self.rng.randint(3, 12),
            "cache_read_input_tokens": read,
            "cache_creation_input_tokens": written,
            "cache_creation": {
                "ephemeral_5m_input_tokens": 0 if self.long_cache else written,
                "ephemeral_1h_input_tokens": written if self.long_cache else 0,
            },
            "output_tokens": output,
        }
        number = f"{self.session[:8]}{self.agent_id[:4]}{self.turns:06d}".replace("-", "")
        row: dict[str, Any] = {
            "type": "assistant",
            "uuid": f"u-{number}",
            "sessionId": self.session,
            "timestamp": iso(at_ms),
            "cwd": self.project,
            "gitBranch": self.branch,
            "version": "2.1.330",
            "isSidechain": bool(self.agent_id),
            "message": {
                "id": f"msg_01{number:0>20}",
                "model": self.model,
                "role": "assistant",
                "stop_reason": "tool_use",
                "usage": usage,
                "content": [{"type": "text", "text": "."}],
            },
        }
        if self.talk is not None:
            said = self.talk.response(at_ms, output)
            row["message"]["content"] = said.pop("content")
            row |= said
        if self.agent_id:
            row |= {"agentId": self.agent_id, "attributionAgent": self.agent_type}
        self._log(row)

    def work(self, start_ms: int, end_ms: int, *, pace_ms: int = 25_000) -> None:
        """Turns from `start_ms` to `end_ms`, about `pace_ms` apart."""
        at_ms = start_ms
        while at_ms <= end_ms:
            self.turn(at_ms)
            if self.context > 168_000:
                self.context = 21_000
                if self.talk is not None:
                    self._log(*self.talk.compacted(at_ms))
            at_ms += round(pace_ms * self.rng.uniform(0.4, 1.8))

    def write(self, mtime_ms: int | None = None) -> None:
        """Puts the log into the home, last changed at `mtime_ms`."""
        write_lines(self.path, self.lines, mtime_ms)

    def _log(self, *rows: dict[str, Any]) -> None:
        self.lines.extend(map(json.dumps, rows))
