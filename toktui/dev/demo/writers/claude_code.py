"""Claude Code, imitated: builds of late 2026, and one old one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec

from toktui.dev.demo import words
from toktui.dev.demo.account import Account
from toktui.dev.demo.scene import Feature, Scene, Write, in_order
from toktui.dev.demo.talk import OUTPUT, PAUSE_MS, TOOL_MS, Prompt, Talk, latency_ms
from toktui.dev.imitate.claude_lines import Lines
from toktui.dev.imitate.claude_shapes import (
    Block,
    Counts,
    Reply,
    Text,
    Thinking,
    ToolUse,
    reply,
)
from toktui.dev.imitate.draw import uuid, vendor_id

if TYPE_CHECKING:
    from collections.abc import Iterator
    from random import Random

SHARE: Final = 3.0
FEATURES: Final[dict[Feature, float]] = {
    "agents": 0.3, "cold": 0.12, "fast": 0.05, "fork": 0.05, "ledger": 0.6, "old": 0.05,
    "relay": 0.03, "search": 0.12,
}

_MODELS: Final = (
    ("claude-opus-5-5", 6), ("claude-opus-5", 2), ("claude-sonnet-5-5", 4), ("claude-fable-5-2", 1),
)
_OLD_MODEL: Final = "claude-sonnet-4-6"
_RELAY_MODEL: Final = "inhouse-coder-2"
_SMALL_MODEL: Final = "claude-haiku-5-5"
_VERSION, _OLD_VERSION = "2.1.330", "2.1.90"
_HOUR_MS: Final = 3_600_000


def act(scene: Scene, rng: Random) -> Iterator[Write]:
    """A session, from its first prompt to the client's exit."""
    return _Session(scene, rng).run()


class _Session:
    def __init__(self, scene: Scene, rng: Random) -> None:
        self._scene = scene
        self._rng = rng
        self._old = "old" in scene.features
        self._id = uuid(rng)
        self._version = _OLD_VERSION if self._old else _VERSION
        self._model = self._chosen_model()
        self._lines = self._lines_of(self._id)
        self._at_ms = scene.starts_ms
        self._account = Account()
        self._kept: list[bytes] = []
        self._pasted = 0
        """Tokens that the user gives beside the next prompt."""
        self._folder = ".claude/projects/" + "".join(
            c if c.isalnum() else "-" for c in scene.project
        )
        self._talk = Talk(
            rng, shared=17_400, first=4_000 + rng.randrange(9_000),
            longest=rng.choice((155_000, 168_000, 168_000, 390_000)), life_ms=_HOUR_MS,
        )

    def _chosen_model(self) -> str:
        if self._old:
            return _OLD_MODEL
        if "relay" in self._scene.features:
            return _RELAY_MODEL
        if "fast" in self._scene.features:
            return "claude-opus-5-5"
        return self._rng.choices([m for m, _ in _MODELS], [w for _, w in _MODELS])[0]

    def _lines_of(self, session: str, agent_id: str = "", agent_type: str = "") -> Lines:
        return Lines(
            self._rng, session=session, cwd=self._scene.project, branch=self._scene.branch,
            version=self._version, agent_id=agent_id, agent_type=agent_type,
        )

    def _write(self, *rows: bytes) -> Write:
        if self._copies():
            self._kept.extend(rows)
        return Write(self._at_ms, f"{self._folder}/{self._lines.session}.jsonl", rows)

    def run(self) -> Iterator[Write]:
        """The whole session."""
        yield self._write(
            self._lines.snapshot(self._at_ms),
            self._lines.note("permission-mode", permissionMode="acceptEdits"),
        )
        turn = 0
        while self._scene.turns is None or turn < self._scene.turns:
            turn += 1
            yield from self._turn(turn)
            if self._scene.turns == turn:
                break
            self._at_ms += PAUSE_MS.draw(self._rng)
            if "cold" in self._scene.features and turn % 6 == 3:
                self._at_ms += int((1.1 + self._rng.random()) * _HOUR_MS)
            if turn == 3 and self._lines.session == self._id and self._copies():
                yield self._copied()
        if "ledger" in self._scene.features and not self._copies():
            self._at_ms += 1_500
            yield self._write(self._account.row(self._lines, self._scene.starts_ms))

    def _copies(self) -> bool:
        return self._old or "fork" in self._scene.features

    def _copied(self) -> Write:
        """A new session begins with everything so far: a fork says from whom, an old resume drops
        the request ids."""
        session = uuid(self._rng)
        was, now = f'"sessionId":"{self._id}"'.encode(), f'"sessionId":"{session}"'.encode()
        rows = [row.replace(was, now) for row in self._kept]
        if self._old:
            rows = [_without_request(row) for row in rows]
        else:
            mark = b'"requestSessionId":"' + self._id.encode() + b'","type":"assistant"'
            rows = [row.replace(b'"type":"assistant",', mark + b",", 1) for row in rows]
        self._lines = self._lines_of(session)
        return self._write(*rows)

    def _turn(self, number: int) -> Iterator[Write]:
        rng, lines = self._rng, self._lines
        asked = rng.choice(words.PROMPTS)
        pasted = ""
        if self._scene.in_full and self._pasted:
            pasted = f"\n{self._passage(self._pasted)}"
        yield self._write(
            lines.prompt(self._at_ms, asked + pasted), lines.note("last-prompt", lastPrompt=asked)
        )
        if number == 1:
            title = rng.choice(words.TITLES)
            self._account.beside(_SMALL_MODEL, Counts(900, 0, 0, 14))
            yield self._write(lines.note("ai-title", aiTitle=title))
        rounds = 1 + min(int(rng.expovariate(0.14)), 28)
        for step in range(rounds):
            yield from self._round(lines, self._talk, last=step == rounds - 1)
            if self._talk.full:
                yield from self._compact()
            if "agents" in self._scene.features and rng.random() < 0.05:
                yield from self._agents()
        yield self._write(lines.system(self._at_ms, "turn_duration"))

    def _round(self, lines: Lines, talk: Talk, *, last: bool) -> Iterator[Write]:
        """A response, row by row, and what its tool gives back."""
        rng = self._rng
        of, spoken = self._response(talk)
        in_full = self._scene.in_full and talk is self._talk
        blocks: list[Block] = []
        if rng.random() < 0.4:
            blocks.append(Thinking(vendor_id(rng, "Er", 90)))
        if last or rng.random() < 0.45:
            said = rng.choice(words.REPLIES)
            blocks.append(Text(self._passage(spoken) if in_full else said))
        elif in_full:
            blocks.append(Text(self._passage(spoken)))
        tool = vendor_id(rng, "toolu_01")
        searching = not last and "search" in self._scene.features and rng.random() < 0.08
        name, what = rng.choice(words.COMMANDS)
        if searching:
            name, what = "WebSearch", rng.choice(words.SEARCHES)
        if not last:
            blocks.append(ToolUse(tool, name, {"command": what}))
        if last:
            of = msgspec.structs.replace(of, stop_reason=None if self._old else "end_turn")
        for block in blocks:
            yield self._write(lines.block(self._at_ms, of, block))
            self._at_ms += 40 + rng.randrange(160)
        given = talk.answered(spoken, self._at_ms)
        self._pasted = given if last else 0
        if not last:
            self._at_ms += TOOL_MS.draw(rng)
            size = given if in_full else 0
            yield self._write(self._result(lines, tool, searching=searching, size=size))

    def _passage(self, tokens: int) -> str:
        return words.passage(tokens, self._at_ms, chars=words.CLAUDE)

    def _result(self, lines: Lines, tool: str, *, searching: bool, size: int) -> bytes:
        """What a tool gives back, in so many tokens; 0: in few words."""
        shown = self._rng.choice(words.RESULTS)
        if searching:
            self._account.searched(self._model)
            return lines.search_result(self._at_ms, tool, shown, 1)
        told = self._passage(size) if size else shown
        return lines.tool_result(self._at_ms, tool, told, shown)

    def _response(self, talk: Talk, model: str = "") -> tuple[Reply, int]:
        """A response to the next prompt; the clock goes on to its end."""
        rng = self._rng
        sent: Prompt = talk.prompt(self._at_ms)
        output = OUTPUT.draw(rng)
        self._at_ms += latency_ms(rng, output)
        thinking = output // 3 if rng.random() < 0.4 else 0
        logged = rng.choice((1, 2, 5)) if self._old else output
        counts = Counts(
            sent.fresh, sent.read, sent.written, logged, 0 if self._old else thinking,
            long_lived=talk.long_lived,
        )
        self._account.call(model or self._model, counts)
        made = reply(
            rng, model or self._model, counts, stop_reason=None if self._old else "tool_use",
            speed="fast" if "fast" in self._scene.features and not model else "standard",
        )
        return made, output

    def _compact(self) -> Iterator[Write]:
        before = self._talk.size
        size = self._talk.compacted()
        summary = self._passage(size) if self._scene.in_full else words.SUMMARY
        self._account.beside(self._model, Counts(3, before, 900, 1_400))
        self._at_ms += 24_000
        yield self._write(
            *self._lines.compaction(self._at_ms, before, self._talk.size, summary)
        )

    def _agents(self) -> Iterator[Write]:
        """One to three sub-agents at once; the parent goes on when the last has ended."""
        starts_ms = self._at_ms
        casts = [self._agent(starts_ms + 150 * i) for i in range(self._rng.choice((1, 1, 2, 3)))]
        yield from in_order([iter(cast) for cast in casts])
        self._at_ms = max(cast[-1].at_ms for cast in casts) + 800

    def _agent(self, starts_ms: int) -> list[Write]:
        rng = self._rng
        agent_id = f"a{rng.getrandbits(60):015x}"
        own = self._lines_of(self._lines.session, agent_id, rng.choice(words.AGENT_TYPES))
        path = f"{self._folder}/{self._lines.session}/subagents/agent-{agent_id}.jsonl"
        model = rng.choice((self._model, "claude-sonnet-5-5", _SMALL_MODEL))
        talk = Talk(rng, shared=9_200, first=1_500, longest=160_000, life_ms=300_000)
        self._at_ms = starts_ms
        writes = [Write(starts_ms, path, (own.prompt(starts_ms, rng.choice(words.PROMPTS)),))]
        for _ in range(3 + rng.randrange(14)):
            of, output = self._response(talk, model)
            tool = vendor_id(rng, "toolu_01")
            name, what = rng.choice(words.COMMANDS)
            row = own.block(self._at_ms, of, ToolUse(tool, name, {"command": what}))
            writes.append(Write(self._at_ms, path, (row,)))
            talk.answered(output, self._at_ms)
            self._at_ms += TOOL_MS.draw(rng)
            result = own.tool_result(self._at_ms, tool, rng.choice(words.RESULTS))
            writes.append(Write(self._at_ms, path, (result,)))
        return writes


def _without_request(row: bytes) -> bytes:
    start = row.find(b'"requestId":"')
    return row if start < 0 else row[:start] + row[row.index(b",", start) + 1 :]
