"""A log of Codex of the real shape."""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING, Final

from toktui.dev.imitate.codex_lines import Lines, Thread, usage
from toktui.dev.imitate.draw import Spread, stamp, uuid7

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from toktui.dev.corpus.sink import Sink
    from toktui.dev.imitate.filler import Filler

LOG_BYTES: Final = Spread((0, 20e3), (0.1, 114e3), (0.5, 575e3), (0.9, 2.27e6), (1, 4.1e6))
WINDOW: Final = 258_400
_LONGEST_CONTEXT: Final = 230_000

_OUTPUT_TEXT: Final = Spread(
    (0.1, 130), (0.5, 850), (0.9, 9500), (0.99, 41e3), (0.999, 90e3), (1, 300e3)
)
_COMMAND_TEXT: Final = Spread((0.1, 200), (0.5, 1000), (0.9, 8400), (0.99, 11e3))
_ARGUMENTS: Final = Spread((0.1, 60), (0.5, 150), (0.9, 370), (0.99, 900))
_MESSAGE: Final = Spread((0.1, 90), (0.5, 200), (0.9, 1300), (0.99, 11e3))
_PATCH: Final = Spread((0.1, 350), (0.5, 1000), (0.9, 5400), (0.99, 13e3))
_META: Final = Spread((0.1, 7e3), (0.5, 15e3), (0.9, 34e3))
_SUMMARY: Final = Spread((0.1, 30e3), (0.5, 50e3), (0.9, 64e3))
_NEW: Final = Spread((0.1, 150), (0.5, 900), (0.9, 6000), (0.99, 30e3))
_OUTPUT: Final = Spread((0.1, 59), (0.25, 110), (0.5, 236), (0.75, 448), (0.9, 837), (0.99, 2454))
_GAP_MS: Final = Spread((0.1, 1500), (0.5, 5000), (0.9, 25e3), (0.99, 1.5e6))


def write_log(
    home: Path, project: str, rng: Random, sink: Sink, filler: Filler, *, size: int, ends_ms: int
) -> None:
    """One thread with about `size` bytes in its log."""
    starts_ms = ends_ms - size * 4
    thread = Thread(uuid7(rng, starts_ms), project, "main", "0.130.0")
    records = rng.random() < 0.15
    log = _Log(rng, sink, filler, Lines(rng, thread, window=WINDOW, records=records), starts_ms)
    day, _, second = stamp(starts_ms)[:19].partition("T")
    name = f"rollout-{day}T{second.replace(':', '-')}-{thread.id}.jsonl"
    folder = home / ".codex" / "sessions" / day.replace("-", "/")
    sink.write(folder / name, log.rows(size), ends_ms)


class _Log:
    def __init__(
        self, rng: Random, sink: Sink, filler: Filler, lines: Lines, starts_ms: int
    ) -> None:
        self._rng = rng
        self._sink = sink
        self._filler = filler
        self._lines = lines
        self._model = rng.choice(("gpt-5.3-codex", "gpt-5.4", "gpt-5.5", "gpt-5.5"))
        self._at_ms = starts_ms
        self._context = 12_000

    def _text(self, spread: Spread) -> str:
        return self._filler.cut(self._rng, spread.draw(self._rng))

    def rows(self, size: int) -> Iterator[bytes]:
        """The rows of the log, until they have the size."""
        yield (first := self._lines.meta(self._at_ms, self._text(_META)))
        written = len(first)
        turn_left = 0
        while written < size:
            rows = list(self._turn_starts()) if turn_left == 0 else []
            turn_left = (turn_left or 1 + self._rng.randrange(22)) - 1
            rows.extend(self._response())
            if turn_left == 0:
                rows.append(self._lines.turn_ends(self._at_ms, self._text(_MESSAGE)))
            written += sum(map(len, rows))
            yield from rows

    def _turn_starts(self) -> Iterator[bytes]:
        yield from self._lines.turn_starts(self._at_ms, uuid7(self._rng, self._at_ms), self._model)
        yield from self._lines.user_message(self._at_ms, self._text(_MESSAGE))

    def _response(self) -> Iterator[bytes]:
        lines, rng, chance = self._lines, self._rng, self._rng.random
        self._at_ms += _GAP_MS.draw(rng)
        at_ms = self._at_ms
        if chance() < 0.68:
            yield lines.reasoning(at_ms)
        if chance() < 0.57:
            yield from lines.agent_message(at_ms, self._text(_MESSAGE))
        calls = [
            lines.tool_call(at_ms, self._text(_ARGUMENTS))
            for _ in range(rng.choice((0, 1, 1, 1, 2, 3)))
        ]
        for _, row in calls:
            yield row
        if chance() < 0.13:
            yield from lines.patch(at_ms, self._text(_PATCH))
        new, output = _NEW.draw(rng), _OUTPUT.draw(rng)
        prompt = self._context + new
        cached = self._context if chance() > 0.03 else 9_600
        used = usage(prompt, cached, output, reasoning=output // 4)
        self._sink.call(prompt + output)
        self._context = prompt + output
        yield from lines.response_ends(at_ms + 20, used)
        if chance() < 0.07:
            yield lines.totals(at_ms + 400)
        for call, _ in calls:
            yield lines.tool_output(at_ms + 500, call, self._text(_OUTPUT_TEXT))
            if chance() < 0.22:
                yield lines.command_end(at_ms + 500, call, self._text(_COMMAND_TEXT))
        if self._context > _LONGEST_CONTEXT:
            yield from lines.compaction(at_ms + 600, self._text(_SUMMARY))
            self._context = 14_000
