"""Homes to measure with: many small logs, and logs that made a large store and are gone."""

from __future__ import annotations

import os
import shutil
from random import Random
from typing import TYPE_CHECKING, Final

import msgspec

from toktui.dev.bench.machine import environment, run, toktui
from toktui.dev.imitate.claude_lines import Lines
from toktui.dev.imitate.claude_shapes import Counts, Text, reply
from toktui.dev.imitate.draw import stamp, uuid, vendor_id

if TYPE_CHECKING:
    from pathlib import Path

MINUTE_MS: Final = 60_000
HOUR_MS: Final = 60 * MINUTE_MS
DAY_MS: Final = 24 * HOUR_MS
CALLS_PER_LOG: Final = 200
LONGEST: Final = 4_000
"""Calls of the longest session."""
SPAN_DAYS: Final = 360
_MODELS: Final = (
    "claude-opus-5-5", "claude-opus-5", "claude-sonnet-5-5", "claude-haiku-5-5", "claude-fable-5-2",
)
_BRANCHES: Final = ("main", "feat/one", "fix/two")
_PROJECTS: Final = 40
_LOGS_AT_ONCE: Final = 1_250


class KnownLog(msgspec.Struct):
    """A small log to append calls to."""

    path: Path
    lines: Lines
    rng: Random

    def append_past(self, at_ms: int, model: str) -> None:
        """One more call, as if the log had been left alone since."""
        self.append(at_ms, model)
        os.utime(self.path, ns=(at_ms * 1_000_000, at_ms * 1_000_000))

    def append(self, at_ms: int, model: str) -> None:
        """One more call; the log's session works now, whatever the call's time."""
        of = reply(self.rng, model, Counts(3, 41_000, 900, 310))
        with self.path.open("ab", buffering=0) as log:
            log.write(self.lines.block(at_ms, of, Text("Done.")) + b"\n")


def small_logs(home: Path, count: int, *, newest_ms: int, model: str) -> list[KnownLog]:
    """That many logs with a call or two each, an hour apart, the newest first; the call of the
    first one is at `newest_ms`, of `model`."""
    known: list[KnownLog] = []
    for number in range(count):
        rng = Random(f"small {number}")
        at_ms = newest_ms - number * (30 * DAY_MS // count)
        folder = home / ".claude" / "projects" / f"-home-dev-small-{number % _PROJECTS}"
        folder.mkdir(parents=True, exist_ok=True)
        session = uuid(rng)
        lines = Lines(
            rng, session=session, cwd=f"/home/dev/small-{number % _PROJECTS}", branch="main",
            version="2.1.330",
        )
        log = KnownLog(folder / f"{session}.jsonl", lines, rng)
        prompt = lines.prompt(at_ms - 9_000, "Please have a look.")
        log.path.write_bytes(prompt + b"\n")
        log.append_past(at_ms, model if number == 0 else rng.choice(_MODELS))
        known.append(log)
    return known


def grow(home: Path, data: Path, calls: int, *, before_ms: int, begin: int = 0) -> None:
    """Brings calls number `begin` to `calls` into the store, through logs that are deleted
    afterwards, as agents do after some weeks."""
    logs = range(begin // CALLS_PER_LOG, calls // CALLS_PER_LOG)
    for first in range(logs.start, logs.stop, _LOGS_AT_ONCE):
        folder = home / ".claude" / "projects" / "-home-dev-gone"
        folder.mkdir(parents=True, exist_ok=True)
        for number in range(first, min(first + _LOGS_AT_ONCE, logs.stop)):
            _write_gone(folder, number, before_ms)
        run(toktui("sync", "--json"), environment(home, data))
        shutil.rmtree(folder)
    run(toktui("sync", "--json"), environment(home, data))


def _write_gone(folder: Path, number: int, before_ms: int) -> None:
    rng = Random(f"gone {number}")
    session = uuid(rng)
    at_ms = before_ms - int(rng.random() * SPAN_DAYS * DAY_MS)
    model, branch = rng.choice(_MODELS), rng.choice(_BRANCHES)
    project = f"/home/dev/project-{rng.randrange(_PROJECTS)}"
    context = 20_000
    rows: list[str] = []
    for _ in range(CALLS_PER_LOG if number else LONGEST):
        written, output = 100 + rng.getrandbits(11), 20 + rng.getrandbits(9)
        at_ms = min(at_ms + 2_000 + rng.getrandbits(14), before_ms)
        # Of the real logs' calls two to four of a hundred sent their whole context anew.
        read, anew = (0, context) if rng.getrandbits(5) == 0 else (context, 0)
        rows.append(
            f'{{"type":"assistant","sessionId":"{session}","timestamp":"{stamp(at_ms)}",'
            f'"cwd":"{project}","gitBranch":"{branch}","version":"2.1.330","message":{{'
            f'"id":"{vendor_id(rng, "msg_01")}","model":"{model}","stop_reason":"end_turn",'
            f'"usage":{{"input_tokens":3,"output_tokens":{output},'
            f'"cache_read_input_tokens":{read},"cache_creation_input_tokens":{anew + written},'
            f'"cache_creation":{{"ephemeral_5m_input_tokens":0,'
            f'"ephemeral_1h_input_tokens":{anew + written}}}}}}}}}\n'
        )
        context += written + output
    log = folder / f"{session}.jsonl"
    log.write_text("".join(rows), encoding="utf-8")
    # Else the last ones count as working until a minute after.
    os.utime(log, ns=(at_ms * 1_000_000, at_ms * 1_000_000))
