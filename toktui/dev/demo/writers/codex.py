"""Codex, imitated: builds that write a record per response, and an older one with totals only."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from toktui.dev.demo import words
from toktui.dev.demo.scene import Feature, Scene, Write, in_order
from toktui.dev.demo.talk import OUTPUT, PAUSE_MS, TOOL_MS, Talk, latency_ms
from toktui.dev.imitate.codex_lines import Limits, Lines, Thread, Window, usage
from toktui.dev.imitate.draw import stamp, uuid7

if TYPE_CHECKING:
    from collections.abc import Iterator
    from random import Random

SHARE: Final = 1.4
FEATURES: Final[dict[Feature, float]] = {
    "agents": 0.25, "archived": 0.1, "cold": 0.1, "fork": 0.08, "old": 0.1, "priority": 0.1,
    "search": 0.05,
}

_MODELS: Final = (("gpt-6.1-sol", 6), ("gpt-6-luna", 2), ("gpt-6-astra", 1))
_OLD_MODEL: Final = "gpt-5.5"
_VERSION, _OLD_VERSION = "0.169.0", "0.142.0"
_WINDOW: Final = 258_400
_LIFE_MS: Final = 30 * 60_000
_HOUR_MS: Final = 3_600_000
_WINDOWS: Final = ((300, 0.62), (10_080, 0.44))
"""Length of a limit's window in minutes, and how much of it is used up at its end."""
_INSTRUCTIONS: Final = "You are a coding agent. Be careful with the files of others. " * 40


def act(scene: Scene, rng: Random) -> Iterator[Write]:
    """A thread, from its first prompt until nobody asks any more."""
    return _Session(scene, rng).run()


def limits(at_ms: int) -> Limits:
    """The plan's windows at a time: they fill evenly and begin anew."""
    shown: list[Window] = []
    for minutes, used in _WINDOWS:
        length = minutes * 60_000
        begun = at_ms // length * length
        percent = round(100 * used * (at_ms - begun) / length, 1)
        shown.append(Window(percent, minutes, (begun + length) // 1000))
    return Limits(shown[0], shown[1])


class _Session:
    def __init__(self, scene: Scene, rng: Random) -> None:
        self._scene = scene
        self._rng = rng
        self._old = "old" in scene.features
        self._version = _OLD_VERSION if self._old else _VERSION
        self._model = _OLD_MODEL if self._old else rng.choices(
            [m for m, _ in _MODELS], [w for _, w in _MODELS]
        )[0]
        self._at_ms = scene.starts_ms
        self._lines = self._lines_of(self._thread())
        self._path = self._path_of(self._lines.thread)
        self._kept: list[bytes] = []
        self._talk = Talk(rng, shared=9_600, first=5_000, longest=225_000, life_ms=_LIFE_MS)

    def _thread(self) -> Thread:
        own = uuid7(self._rng, self._at_ms)
        return Thread(own, self._scene.project, self._scene.branch, self._version)

    def _lines_of(self, thread: Thread) -> Lines:
        return Lines(self._rng, thread, window=_WINDOW, records=not self._old)

    def _path_of(self, thread: Thread) -> str:
        day, _, second = stamp(self._at_ms)[:19].partition("T")
        name = f"rollout-{day}T{second.replace(':', '-')}-{thread.id}.jsonl"
        if "archived" in self._scene.features:
            return f".codex/archived_sessions/{name}"
        return f".codex/sessions/{day.replace('-', '/')}/{name}"

    def _write(self, *rows: bytes) -> Write:
        if "fork" in self._scene.features:
            self._kept.extend(rows)
        return Write(self._at_ms, self._path, rows)

    def run(self) -> Iterator[Write]:
        """The whole thread."""
        yield self._write(self._lines.meta(self._at_ms, _INSTRUCTIONS))
        if "priority" in self._scene.features:
            yield self._write(self._lines.settings(self._at_ms, self._model, "priority"))
        turn = 0
        while self._scene.turns is None or turn < self._scene.turns:
            turn += 1
            yield from self._turn()
            self._at_ms += PAUSE_MS.draw(self._rng)
            if "cold" in self._scene.features and turn % 6 == 3:
                self._at_ms += int((0.7 + self._rng.random()) * _HOUR_MS)
            if turn == 3 and "fork" in self._scene.features:
                yield self._forked()

    def _forked(self) -> Write:
        """A new thread that goes on where this one is. Older builds repeat its rows; the running
        totals go on from the parent's either way."""
        parent, total = self._lines.thread, self._lines.total
        child = Thread(
            uuid7(self._rng, self._at_ms), parent.cwd, parent.branch, parent.version,
            parent=parent.id, forked=True,
        )
        copied = self._kept if self._old else []
        self._lines = self._lines_of(child)
        self._lines.total = total
        self._path = self._path_of(child)
        head = self._lines.meta(self._at_ms, _INSTRUCTIONS)
        of_parent = self._lines.meta(self._at_ms, _INSTRUCTIONS, thread=parent)
        return Write(self._at_ms, self._path, (head, of_parent, *copied[1:]))

    def _turn(self) -> Iterator[Write]:
        rng, lines = self._rng, self._lines
        turn = uuid7(rng, self._at_ms)
        yield self._write(
            *lines.turn_starts(self._at_ms, turn, self._model),
            *lines.user_message(self._at_ms, rng.choice(words.PROMPTS)),
        )
        rounds = 1 + min(int(rng.expovariate(0.16)), 24)
        for step in range(rounds):
            yield from self._round(lines, self._talk, last=step == rounds - 1)
            if self._talk.full:
                size = self._talk.compacted()
                self._at_ms += 15_000
                full = self._scene.in_full
                summary = words.passage(size, self._at_ms) if full else words.SUMMARY
                yield self._write(*lines.compaction(self._at_ms, summary))
            if "agents" in self._scene.features and rng.random() < 0.03:
                yield from self._agents()
        yield self._write(lines.turn_ends(self._at_ms, rng.choice(words.REPLIES)))

    def _round(self, lines: Lines, talk: Talk, *, last: bool) -> Iterator[Write]:
        """A response with its count, then what the tool gives back."""
        rng = self._rng
        sent = talk.prompt(self._at_ms)
        output = OUTPUT.draw(rng)
        self._at_ms += latency_ms(rng, output)
        at_ms = self._at_ms
        rows = [lines.reasoning(at_ms)] if rng.random() < 0.6 else []
        in_full = self._scene.in_full and talk is self._talk
        if last or rng.random() < 0.4:
            said = rng.choice(words.REPLIES)
            if in_full:
                said = words.passage(output - output // 3, at_ms)
            rows.extend(lines.agent_message(at_ms, said, final=last))
        call, call_row = lines.tool_call(at_ms, rng.choice(words.COMMANDS)[1])
        if not last:
            rows.append(call_row)
            if "search" in self._scene.features and rng.random() < 0.05:
                rows.append(lines.search(at_ms, rng.choice(words.SEARCHES)))
        used = usage(
            sent.total, sent.read, output, reasoning=output // 3,
            written=None if self._old else sent.written,
        )
        rows.extend(lines.response_ends(at_ms + 15, used, limits=limits(at_ms)))
        if rng.random() < 0.07:
            rows.append(lines.totals(at_ms + 40, limits=limits(at_ms)))
        yield self._write(*rows)
        given = talk.answered(output, at_ms)
        if not last:
            self._at_ms += TOOL_MS.draw(rng)
            shown = rng.choice(words.RESULTS)
            if in_full:
                shown = words.passage(given, at_ms)
            yield self._write(lines.tool_output(self._at_ms, call, shown))

    def _agents(self) -> Iterator[Write]:
        """Threads of their own, spawned by this one, which waits for them."""
        starts_ms = self._at_ms
        casts = [self._agent(starts_ms + 200 * i) for i in range(self._rng.choice((1, 2)))]
        yield from in_order([iter(cast) for cast in casts])
        self._at_ms = max(cast[-1].at_ms for cast in casts) + 700

    def _agent(self, starts_ms: int) -> list[Write]:
        rng, parent, path = self._rng, self._lines.thread, self._path
        self._at_ms = starts_ms
        thread = Thread(
            uuid7(rng, starts_ms), parent.cwd, parent.branch, parent.version,
            root=parent.root or parent.id, parent=parent.id,
            nickname=rng.choice(words.NICKNAMES), role="explorer",
        )
        lines = self._lines_of(thread)
        talk = Talk(rng, shared=9_600, first=2_000, longest=225_000, life_ms=_LIFE_MS)
        self._path = self._path_of(thread)
        keeping, self._kept = self._kept, []
        writes = [self._write(
            lines.meta(starts_ms, _INSTRUCTIONS),
            lines.meta(starts_ms, _INSTRUCTIONS, thread=parent),
            *lines.turn_starts(starts_ms, uuid7(rng, starts_ms), self._model),
        )]
        for step in range(rounds := 2 + rng.randrange(9)):
            writes.extend(self._round(lines, talk, last=step == rounds - 1))
        self._path, self._kept = path, keeping
        return writes
