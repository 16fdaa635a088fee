"""A user with Claude Code logs, and the command line in this process."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from toktui.cli import main

NOON = "2026-11-21T12:00:00.000Z"


@dataclass
class Logs:
    """Writes rows of Claude Code as the agent does."""

    home: Path
    _ids: Iterator[int] = field(default_factory=lambda: count(1))

    def call(
        self,
        *,
        at: str = NOON,
        session: str = "5e5510aa-0000-4000-8000-000000000001",
        project: str = "/home/dev/shop",
        model: str = "claude-opus-4-8",
        branch: str = "main",
        message_id: str | None = None,
        **usage: Any,
    ) -> str:
        """Appends one finished response; gives its id."""
        name = message_id or f"msg_01AAAAAAAAAAAAAAAAAA{next(self._ids):04}"
        row = {
            "type": "assistant",
            "sessionId": session,
            "timestamp": at,
            "cwd": project,
            "gitBranch": branch,
            "version": "2.1.200",
            "requestId": f"req_{name}",
            "message": {
                "id": name,
                "type": "message",
                "role": "assistant",
                "model": model,
                "content": [{"type": "text", "text": "Secret words of an answer"}],
                "stop_reason": "end_turn",
                "usage": {
                    "input_tokens": 100,
                    "cache_read_input_tokens": 1000,
                    "cache_creation_input_tokens": 0,
                    "output_tokens": 10,
                    **usage,
                },
            },
        }
        self.raw(json.dumps(row), session=session)
        return name

    def raw(self, line: str, *, session: str = "5e5510aa-0000-4000-8000-000000000001") -> Path:
        """Appends a line as it is; gives its log."""
        folder = self.home / ".claude/projects/-home-dev-shop"
        folder.mkdir(parents=True, exist_ok=True)
        log = folder / f"{session}.jsonl"
        with log.open("a", encoding="utf-8", errors="surrogatepass") as file:
            file.write(line + "\n")
        return log


@pytest.fixture
def logs(home: Path) -> Logs:
    return Logs(home)


Toktui = Callable[..., Result]


@pytest.fixture
def toktui() -> Toktui:
    """Runs a command; checks that only what is expected to fail fails."""

    def run(*args: str, exit_code: int = 0, **options: Any) -> Result:
        result = CliRunner().invoke(main, list(args), **options)
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        assert result.exit_code == exit_code, result.output
        return result

    return run


@pytest.fixture
def document(toktui: Toktui) -> Callable[..., dict[str, Any]]:
    """The one JSON document that a command writes to stdout."""

    def run(*args: str, **options: Any) -> dict[str, Any]:
        return json.loads(toktui(*args, "--json", **options).stdout)

    return run
