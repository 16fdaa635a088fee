"""What was said around the responses of a made-up Claude Code log, as long as they were billed."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from toktui.clock import iso
from toktui.dev.demo.words import COMMANDS, PROMPTS, REPLIES, SUMMARY

if TYPE_CHECKING:
    from collections.abc import Iterable

Row = dict[str, object]

_TOKENS_OF_A_WORD: Final = 1.75
_TOKENS_AROUND: Final = 150
"""What a call of a tool and the frame of its result take beside their texts."""
_WORDS: Final = tuple(" ".join(REPLIES).split())


@dataclass
class Talk:
    """The rows between the responses: prompts, results of tools, files, and what was compacted."""

    rng: random.Random = field(default_factory=lambda: random.Random(17))
    last: str = ""
    """The row that the next one follows."""
    tool: str = ""
    """The call whose result is still to come."""
    number: int = 0

    def before(self, at_ms: int, tokens: int) -> list[Row]:
        """What makes the next prompt larger than the one before, by about so many tokens."""
        if not self.last:
            memory = {"type": "nested_memory", "content": self._text(5_200)}
            return [
                self._row("user", at_ms - 900, message=_told(PROMPTS[0])),
                self._row("attachment", at_ms - 800, attachment=memory),
            ]
        rows: list[Row] = []
        if self.tool:
            text = self._text(tokens - _TOKENS_AROUND)
            result: Row = {"type": "tool_result", "tool_use_id": self.tool, "content": text}
            rows.append(self._row("user", at_ms - 900, message=_told([result])))
        if self.rng.random() < 0.12:
            prompt: Row = {"type": "text", "text": self.rng.choice(PROMPTS)}
            rows.append(self._row("user", at_ms - 700, message=_told([prompt])))
        return rows

    def response(self, at_ms: int, output: int) -> Row:
        """Place and content of a response of so many tokens, which calls a tool."""
        name, what = self.rng.choice(COMMANDS)
        row = self._row("assistant", at_ms)
        self.tool = f"toolu_01{self.number:0>20}"
        content: list[Row] = [
            {"type": "text", "text": self._text(output // 3)},
            {"type": "tool_use", "id": self.tool, "name": name, "input": {"command": what}},
        ]
        if name in ("Edit", "Write"):
            content[1]["input"] = {"file_path": what, "new_string": self._text(output // 2)}
        return row | {"content": content}

    def compacted(self, at_ms: int) -> list[Row]:
        """Only a summary is left."""
        self.last, self.tool = "", ""
        edge = self._row("system", at_ms + 400, subtype="compact_boundary")
        summary = f"{SUMMARY} {self._text(2_600)}"
        return [
            edge,
            self._row("user", at_ms + 500, isCompactSummary=True, message=_told(summary)),
        ]

    def _row(self, kind: str, at_ms: int, **rest: object) -> Row:
        self.number += 1
        parent, self.last = self.last or None, f"u-{self.number:06d}"
        place: Row = {"type": kind, "uuid": self.last, "parentUuid": parent}
        return place | {"timestamp": iso(at_ms)} | rest

    def _text(self, tokens: int) -> str:
        words = max(4, round(tokens / _TOKENS_OF_A_WORD))
        return " ".join(self.rng.choices(_WORDS, k=words))


def _told(content: str | Iterable[Row]) -> Row:
    return {"role": "user", "content": content}
