"""A log of Claude Code of the real shape."""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING, Final

from toktui.dev.imitate.claude_lines import Lines
from toktui.dev.imitate.claude_shapes import (
    Counts,
    Reply,
    Text,
    Thinking,
    ToolUse,
    reply,
)
from toktui.dev.imitate.draw import Spread, uuid, vendor_id

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from toktui.dev.corpus.sink import Sink
    from toktui.dev.imitate.filler import Filler

LOG_BYTES: Final = Spread(
    (0, 20e3), (0.1, 90e3), (0.5, 620e3), (0.9, 3.0e6), (0.99, 9e6), (1, 24e6)
)

MODELS: Final = (
    ("claude-opus-4-6", 33), ("claude-opus-4-7", 24), ("claude-opus-4-8", 12), ("claude-opus-5", 9),
    ("claude-fable-5", 6), ("claude-sonnet-4-6", 5), ("claude-sonnet-4-5-20250929", 3),
    ("claude-sonnet-5", 3), ("claude-haiku-4-5-20251001", 2),
)
VERSIONS: Final = ("2.1.39", "2.1.47", "2.1.104", "2.1.123", "2.1.178", "2.1.199", "2.1.330")
_FINAL_FROM: Final = "2.1.098"

# Bytes of what a line holds beside its frame, by kind.
_THINKING: Final = Spread((0.1, 350), (0.5, 1300), (0.9, 6300), (0.99, 26e3), (0.999, 60e3))
_TEXT: Final = Spread((0.1, 60), (0.5, 220), (0.9, 800), (0.99, 3500), (0.999, 8e3))
_TOOL_USE: Final = Spread((0.1, 40), (0.5, 230), (0.9, 1300), (0.99, 5800), (0.999, 12e3))
_TOOL_RESULT: Final = Spread(
    (0.1, 120), (0.5, 1650), (0.9, 16500), (0.99, 72e3), (0.999, 170e3), (1, 500e3)
)
_AGENT_TEXT: Final = Spread((0.1, 500), (0.5, 1400), (0.9, 15e3), (0.99, 140e3), (1, 300e3))
_BASH: Final = Spread((0.1, 50), (0.5, 600), (0.9, 4500), (0.99, 5500))
_PROMPT: Final = Spread((0.1, 60), (0.5, 300), (0.9, 4800), (0.99, 18e3), (0.999, 60e3))
_ATTACHMENT: Final = Spread((0.1, 50), (0.5, 300), (0.9, 7400), (0.99, 22e3))
_IMAGE: Final = Spread((0.1, 6700), (0.5, 48e3), (0.9, 410e3), (0.99, 740e3))
_WRITES: Final = Spread(
    (0.05, 128), (0.25, 319), (0.5, 630), (0.75, 1435), (0.9, 3577), (0.99, 40e3)
)
_OUTPUT: Final = Spread((0.05, 20), (0.25, 80), (0.5, 200), (0.75, 480), (0.9, 1119), (0.99, 4854))
_GAP_MS: Final = Spread(
    (0.05, 2931), (0.25, 4952), (0.5, 8747), (0.75, 16916), (0.9, 63253), (0.99, 2.2e6)
)
_LONGEST_CONTEXT: Final = Spread((0.1, 90e3), (0.5, 165e3), (0.8, 200e3), (1, 550e3))


def write_log(
    home: Path, project: str, rng: Random, sink: Sink, filler: Filler, *,
    size: int, ends_ms: int, long_line: int = 0,
) -> None:
    """One session with about `size` bytes in its log; some have sub-agents, some are forked."""
    session = uuid(rng)
    folder = home / ".claude" / "projects" / _slug(project)
    log = _Log(rng, sink, filler, project, session, ends_ms - _length_ms(size))
    rows = list(log.rows(size, long_line))
    sink.write(folder / f"{session}.jsonl", rows, min(log.at_ms, ends_ms))
    for agent, agent_rows in log.agents.items():
        sink.write(folder / session / "subagents" / f"agent-{agent}.jsonl", agent_rows, ends_ms)
    if not long_line and rng.random() < 0.04:
        copied = _fork(rows[: len(rows) // 3], session, uuid(rng))
        sink.write(folder / f"{copied[0]}.jsonl", copied[1], ends_ms)


def _slug(project: str) -> str:
    return "".join(c if c.isalnum() else "-" for c in project)


def _length_ms(size: int) -> int:
    return size * 4


def _fork(rows: list[bytes], session: str, own: str) -> tuple[str, list[bytes]]:
    """The head of a log as a fork copies it: the same calls under another session's id."""
    was, now = f'"sessionId":"{session}"'.encode(), f'"sessionId":"{own}"'.encode()
    marker = b'"requestSessionId":"' + session.encode() + b'","timestamp":'
    copies = [
        row.replace(was, now).replace(b'"timestamp":', marker, 1)
        if b'"type":"assistant"' in row else row.replace(was, now)
        for row in rows
    ]
    return own, copies


class _Log:
    def __init__(
        self, rng: Random, sink: Sink, filler: Filler, project: str, session: str, starts_ms: int
    ) -> None:
        self._rng = rng
        self._sink = sink
        self._filler = filler
        self._model = rng.choices([m for m, _ in MODELS], [w for _, w in MODELS])[0]
        self._version = rng.choice(VERSIONS)
        major, minor, patch = self._version.split(".")
        self._final = f"{major}.{minor}.{int(patch):03}" >= _FINAL_FROM
        self._where = {
            "session": session, "cwd": project, "version": self._version,
            "branch": rng.choice(("main", "feature/x", "fix-42")),
        }
        self._lines = Lines(rng, **self._where)
        self.at_ms = starts_ms
        self._context = 0
        self._longest = _LONGEST_CONTEXT.draw(rng)
        self.agents: dict[str, list[bytes]] = {}

    def _text(self, spread: Spread) -> str:
        return self._filler.cut(self._rng, spread.draw(self._rng))

    def rows(self, size: int, long_line: int) -> Iterator[bytes]:
        """The rows of the log, until they have the size."""
        written = 0
        lines, rng = self._lines, self._rng
        yield lines.snapshot(self.at_ms)
        if long_line:
            text = self._filler.cut(rng, long_line + long_line // 16)
            yield lines.tool_result(self.at_ms, "toolu_long", text)
            written = long_line
        while written < size:
            for row in self._turn():
                written += len(row) + 1
                yield row

    def _turn(self) -> Iterator[bytes]:
        """A call, its tools and their results, and what the client writes around them."""
        lines, rng, chance = self._lines, self._rng, self._rng.random
        if chance() < 0.13:
            yield lines.prompt(self.at_ms, self._text(_PROMPT))
            yield lines.note("last-prompt", lastPrompt=self._filler.cut(rng, 120))
            yield lines.note("permission-mode", permissionMode="acceptEdits")
        if chance() < 0.18:
            yield lines.attachment(self.at_ms, self._text(_ATTACHMENT))
        if chance() < 0.13:
            yield lines.snapshot(self.at_ms, ["src/app.py"] * int(chance() * 8))
        if chance() < 0.0034:
            yield lines.tool_result(self.at_ms, "toolu_image", self._text(_IMAGE))
        self.at_ms += _GAP_MS.draw(rng)
        of = self._reply(self._model, self._next_context())
        yield from self._response(lines, of)
        if chance() < 0.028:
            yield from self._agent()
        if chance() < 0.13:
            yield lines.system(self.at_ms, "stop_hook_summary")
        if chance() < 0.09:
            yield lines.note("ai-title", aiTitle="A title that nobody reads twice")

    def _response(self, lines: Lines, of: Reply) -> Iterator[bytes]:
        rng, chance = self._rng, self._rng.random
        if chance() < 0.37:
            yield lines.block(self.at_ms, of, Thinking(self._text(_THINKING)))
        if chance() < 0.52:
            yield lines.block(self.at_ms, of, Text(self._text(_TEXT)))
        for _ in range(1 + (chance() < 0.17) + (chance() < 0.04)):
            tool = vendor_id(rng, "toolu_01")
            use = ToolUse(tool, "Bash", {"command": self._text(_TOOL_USE), "description": "Run it"})
            yield lines.block(self.at_ms, of, use)
            if chance() < 0.7:
                yield lines.hook_progress(self.at_ms)
            if chance() < 0.3:
                yield lines.bash_progress(self.at_ms, self._text(_BASH))
            self.at_ms += int(200 + chance() * 4000)
            length = _TOOL_RESULT.draw(rng)
            shown = self._filler.cut(rng, length // 2)
            yield lines.tool_result(self.at_ms, tool, shown, shown)

    def _agent(self) -> Iterator[bytes]:
        """A sub-agent: some calls, seen in rows of the parent and, some of them, in its own log."""
        rng = self._rng
        agent_id = f"{rng.getrandbits(28):07x}"
        own = Lines(rng, **self._where, agent_id=agent_id, agent_type="Explore")
        kept = rng.random() < 0.12
        rows: list[bytes] = []
        context = 18_000
        yield self._lines.agent_prompt(self.at_ms, agent_id, self._text(_AGENT_TEXT))
        for _ in range(1 + int(rng.random() * 8)):
            self.at_ms += 4000
            written = _WRITES.draw(rng)
            of = self._reply(self._model, (context, written))
            context += written
            block = ToolUse(vendor_id(rng, "toolu_01"), "Grep", {"pattern": self._text(_TOOL_USE)})
            if kept:
                rows.append(own.block(self.at_ms, of, block))
            yield self._lines.agent_progress(self.at_ms, agent_id, of, block)
            yield self._lines.agent_prompt(self.at_ms, agent_id, self._text(_AGENT_TEXT))
        if kept:
            self.agents[agent_id] = rows

    def _next_context(self) -> tuple[int, int]:
        """What is read from the cache and what is written to it."""
        if not self._context or self._context > self._longest:
            self._context = 15_000
            read, written = self._context, 8_000 + self._rng.randrange(20_000)
        else:
            read, written = self._context, _WRITES.draw(self._rng)
        self._context = read + written
        if self._rng.random() < 0.012:
            return 15_000, self._context - 15_000
        return read, written

    def _reply(self, model: str, context: tuple[int, int]) -> Reply:
        rng = self._rng
        read, written = context
        output = _OUTPUT.draw(rng) if self._final else rng.choice((1, 2, 3, 5, 8))
        counts = Counts(rng.choice((1, 1, 1, 2, 3, 6)), read, written, output)
        self._sink.call(counts.prompt + counts.output)
        return reply(rng, model, counts, stop_reason="tool_use" if self._final else None)
