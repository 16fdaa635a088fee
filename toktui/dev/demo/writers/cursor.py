"""Cursor, imitated: turns that its hook tells at their end, and the text that its database keeps.

A demo's home has no spool of ours, so what the hook told stands where Cursor's other logs are.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec

from toktui.dev.demo.scene import Feature, Scene, Write, sql_of
from toktui.dev.demo.turns import Answered, Prompted, steps, talk_of
from toktui.dev.imitate.draw import stamp, uuid

if TYPE_CHECKING:
    from collections.abc import Iterator
    from random import Random

SHARE: Final = 0.4
FEATURES: Final[dict[Feature, float]] = {"cold": 0.15}

_FOLDER: Final = ".config/Cursor/User/globalStorage"
_DATABASE: Final = f"{_FOLDER}/state.vscdb"
_MODELS: Final = ("composer-2.5", "composer-2.5", "claude-4.6-sonnet", "gpt-5.2-high")
_SCHEMA: Final = "create table if not exists cursorDiskKV (key text unique, value blob)"
_PUT: Final = (
    "insert into cursorDiskKV values (?, ?) on conflict (key) do update set value = excluded.value"
)
_encode: Final = msgspec.json.encode


def act(scene: Scene, rng: Random) -> Iterator[Write]:
    """A conversation: its turns are in the database as text, with their counts from the hook."""
    return _Conversation(scene, rng).run()


class _Conversation:
    def __init__(self, scene: Scene, rng: Random) -> None:
        self._scene = scene
        self._rng = rng
        self._name = uuid(rng)
        self._model = rng.choice(_MODELS)
        self._told_path = f"{_FOLDER}/stop-{self._name}.jsonl"
        self._headers: list[dict[str, object]] = []
        self._begin()

    def _begin(self) -> None:
        """A turn: its id, and what its requests have used so far."""
        self._turn = uuid(self._rng)
        self._given = self._read = self._written = self._output = 0

    def run(self) -> Iterator[Write]:
        """The whole conversation."""
        yield Write(self._scene.starts_ms, _DATABASE, (sql_of(_SCHEMA),), "sql")
        for step in steps(self._scene, self._rng, talk_of(self._rng, shared=22_000)):
            if isinstance(step, Prompted):
                self._begin()
                yield self._said(1, step.at_ms, step.text)
            elif isinstance(step, Answered):
                self._given += step.sent.total - step.sent.read - step.sent.written
                self._read += step.sent.read
                self._written += step.sent.written
                self._output += step.output
                yield self._said(2, step.at_ms, step.text)
                if not step.command:
                    yield self._told(step.at_ms + 40)

    def _said(self, kind: int, at_ms: int, text: str) -> Write:
        bubble = uuid(self._rng)
        self._headers.append({"bubbleId": bubble, "type": kind})
        message = {
            "_v": 3, "type": kind, "bubbleId": bubble, "createdAt": stamp(at_ms), "text": text,
            "requestId": self._turn, "modelInfo": {"modelName": self._model},
            "tokenCount": {"inputTokens": 0, "outputTokens": 0},
        }  # fmt: skip
        conversation = {"composerId": self._name, "fullConversationHeadersOnly": self._headers}
        rows = (
            (f"bubbleId:{self._name}:{bubble}", message),
            (f"composerData:{self._name}", conversation),
        )
        puts = tuple(sql_of(_PUT, key, _encode(value).decode()) for key, value in rows)
        return Write(at_ms, _DATABASE, puts, "sql")

    def _told(self, at_ms: int) -> Write:
        record = {
            "type": "stop", "at": stamp(at_ms), "conversation_id": self._name,
            "generation_id": self._turn, "model": self._model, "status": "completed",
            "loop_count": 0, "input_tokens": self._given, "output_tokens": self._output,
            "cache_read_tokens": self._read, "cache_write_tokens": self._written,
            "cursor_version": "3.7.21", "workspace_roots": [self._scene.project],
        }  # fmt: skip
        return Write(at_ms, self._told_path, (_encode(record),))
