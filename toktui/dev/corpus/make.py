"""Makes the home: Claude Code and Codex, 85 to 15 by bytes."""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING, Final

import msgspec

from toktui.dev.corpus import claude_code, codex
from toktui.dev.corpus.sink import Sink
from toktui.dev.imitate.draw import Spread
from toktui.dev.imitate.filler import Filler

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

DAY_MS: Final = 86_400_000
SPAN_DAYS: Final = 120
CLAUDE_SHARE: Final = 0.85
_LOGS_PER_PROJECT: Final = Spread((0.1, 1), (0.5, 3), (0.9, 27), (1, 120))
_MB: Final = 1 << 20


class Corpus(msgspec.Struct):
    """What was made. `calls` and `tokens` are what a right count of it finds."""

    logs: int = 0
    bytes: int = 0
    lines: int = 0
    calls: int = 0
    tokens: int = 0


def make_corpus(
    home: Path,
    *,
    size: int,
    seed: int,
    now_ms: int,
    long_log: int = 0,
    long_line: int = 0,
) -> Corpus:
    """Fills `home` with about `size` bytes of logs, the newest from just before `now_ms`.

    `long_log` adds a log of that many bytes and `long_line` one line of that many bytes; both are
    part of `size`.
    """
    made = Corpus()
    sink = Sink(made)
    filler = Filler(seed)
    rng = Random(f"corpus {seed}")
    claude_bytes = int(size * CLAUDE_SHARE)
    if long_line:
        claude_code.write_log(
            home, next(_projects(rng)), Random(f"line {seed}"), sink, filler,
            size=long_line + _MB, ends_ms=now_ms - DAY_MS, long_line=long_line,
        )
    if long_log:
        claude_code.write_log(
            home, next(_projects(rng)), Random(f"log {seed}"), sink, filler,
            size=long_log, ends_ms=now_ms - 2 * DAY_MS,
        )
    for agent, until in ((claude_code, claude_bytes), (codex, size)):
        projects = _projects(rng)
        number = 0
        while made.bytes < until:
            number += 1
            own = Random(f"{agent.__name__} {seed} {number}")
            left = until - made.bytes
            agent.write_log(
                home, next(projects), own, sink, filler,
                size=min(agent.LOG_BYTES.draw(own), max(left, 1 << 16)),
                ends_ms=now_ms - 120_000 - int(own.random() * SPAN_DAYS * DAY_MS),
            )
    return made


def _projects(rng: Random) -> Iterator[str]:
    """The folder of each log in turn."""
    number = 0
    while True:
        number += 1
        name = f"/home/dev/{rng.choice(('api', 'web', 'infra', 'tools', 'data'))}-{number:03}"
        for _ in range(_LOGS_PER_PROJECT.draw(rng)):
            yield name
