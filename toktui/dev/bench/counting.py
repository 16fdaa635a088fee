"""The tokenizer, estimates of missing output, and a context of 150k tokens taken apart."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Final

from toktui import dev
from toktui.dev.bench.table import Result, median
from toktui.store.connect import connect_reader

if TYPE_CHECKING:
    from collections.abc import Iterator

    from toktui.dev.bench.settings import Settings

_LOAD_S: Final = 0.5
_BYTES_PER_S: Final = 3e6
_COMPOSED_S: Final = 1.0
_CONTEXT: Final = 150_000
_COUNTED: Final = 4 << 20
_CALLS: Final = 1_000
_LOAD: Final = (
    "import time; from toktui.pricing.tokenizer import load;"
    " wall, cpu = time.perf_counter(), time.process_time(); load('o200k_base');"
    " print(time.perf_counter() - wall, time.process_time() - cpu)"
)


def measure(settings: Settings) -> list[Result]:
    """All rows."""
    return [_loading(settings), _counting(settings), *_logs(settings)]


def _loading(settings: Settings) -> Result:
    def once() -> tuple[float, float]:
        done = subprocess.run([sys.executable, "-c", _LOAD], capture_output=True, check=True)
        wall, cpu = map(float, done.stdout.split())
        return wall, cpu

    walls, cpus = zip(*(once() for _ in range(settings.runs)), strict=True)
    took = median(walls)
    return Result(
        "o200k_base loads", f"{took:.2f} s, CPU {median(cpus):.2f} s", f"<= {_LOAD_S:g} s",
        took <= _LOAD_S,
    )  # fmt: skip


def _counting(settings: Settings) -> Result:
    from toktui.pricing.tokenizer import count, load

    load("o200k_base")
    text = _source(_COUNTED)
    rates: list[float] = []
    for _ in range(settings.runs):
        began = time.process_time()
        count(text)
        rates.append(len(text.encode()) / (time.process_time() - began))
    rate = median(rates)
    return Result(
        "tokens are counted", f"{rate / 1e6:.1f} MB/s of a core", f">= {_BYTES_PER_S / 1e6:g} MB/s",
        rate >= _BYTES_PER_S,
    )  # fmt: skip


def _logs(settings: Settings) -> Iterator[Result]:
    from toktui.config import Config
    from toktui.ingest.access import sync, writing
    from toktui.ingest.context import Context
    from toktui.ingest.estimate import estimate_all
    from toktui.metrics.compose import compose_apart
    from toktui.paths import Paths
    from toktui.pricing.tokenizer import count

    home, data = settings.folder / "counting", settings.folder / "counting-data"
    _write(home / ".claude/projects/-w/talk.jsonl")
    context = Context(Paths(data, data), Config(), home, {}, lambda: settings.now_ms)
    sync(context)
    with writing(context, "bench") as settler:
        began = time.perf_counter()
        made = estimate_all(settler, count, settings.now_ms)
        took = time.perf_counter() - began
    yield Result("output is estimated", f"{made / took:,.0f} calls/s, tokenizer loaded")
    with closing(connect_reader(context.paths.store)) as db:
        (session,) = db.execute("select id from session").fetchone()
    times: list[float] = []
    prompt = 0
    for _ in range(settings.runs):
        began = time.perf_counter()
        found = compose_apart(context.paths.store, session, settings.now_ms)
        times.append(time.perf_counter() - began)
        prompt = found.prompt if found else 0
    took = median(times)
    yield Result(
        f"a context of {prompt:,} tokens is taken apart", f"{took:.2f} s, process start included",
        f"<= {_COMPOSED_S:g} s", bool(prompt) and took <= _COMPOSED_S,
    )  # fmt: skip


def _source(size: int) -> str:
    """Python and English: our own modules, again and again."""
    files = sorted(Path(dev.__file__).parents[1].rglob("*.py"))
    text = "\n".join(file.read_text(encoding="utf-8") for file in files)
    return (text * (size // len(text) + 1))[:size]


def _write(log: Path) -> None:
    """A session whose prompts grow to `_CONTEXT` tokens; no response got its output."""
    text = _source(_CONTEXT * 4)
    each = len(text) // _CALLS
    rows: list[dict[str, object]] = []
    for number in range(_CALLS):
        asked = text[number * each : number * each + each // 2]
        said = text[number * each + each // 2 : (number + 1) * each]
        prompt = 20_000 + (number + 1) * _CONTEXT // _CALLS
        rows.append({"type": "user", "message": {"content": asked}})
        message = {
            "id": f"msg_01{number:022d}", "model": "claude-opus-4-6", "stop_reason": None,
            "content": [{"type": "text", "text": said}],
            "usage": {"cache_read_input_tokens": prompt, "output_tokens": 1},
        }  # fmt: skip
        rows.append({"type": "assistant", "message": message})
    lines: list[str] = []
    for number, row in enumerate(rows):
        common = {
            "uuid": f"u{number}", "parentUuid": f"u{number - 1}" if number else None,
            "sessionId": "talk", "cwd": "/w",
            "timestamp": f"2026-11-01T{number // 3600:02}:{number // 60 % 60:02}:{number % 60:02}Z",
        }  # fmt: skip
        lines.append(json.dumps(row | common))
    log.parent.mkdir(parents=True, exist_ok=True)
    log.write_text("\n".join([*lines, ""]), encoding="utf-8")
