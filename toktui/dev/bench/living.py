"""The screens on a large store: how soon a line is seen, what idling and starting cost."""

from __future__ import annotations

import shutil
import time
from random import Random
from typing import TYPE_CHECKING, Final

from toktui.clock import now_ms
from toktui.config import Config
from toktui.dev.bench.homes import HOUR_MS, MINUTE_MS, KnownLog, grow, small_logs
from toktui.dev.bench.machine import cpu_s_of, environment, memory_of, toktui
from toktui.dev.bench.screen import Screen
from toktui.dev.bench.table import Result, median, megabytes, percentile
from toktui.ingest.access import sync
from toktui.ingest.context import Context
from toktui.paths import Paths

if TYPE_CHECKING:
    from pathlib import Path

    from toktui.dev.bench.settings import Settings

_NEWEST: Final = "qzxw-newest"
"""The model of the last call before the screens start: its row says that there are data."""
_LATENCY_S: Final = 0.150
_IDLE_SHARE, _COUNTING_SHARE = 0.005, 0.015
_MEMORY: Final = 130e6
_FIRST_PAINT_S: Final = 0.7
_GROWTH: Final = 1.2
_APPENDS: Final = 40
_WAIT_S: Final = 20.0


def measure(settings: Settings) -> list[Result]:
    """All rows that need the screens."""
    home = settings.folder / "home"
    small, large = settings.folder / "small", settings.folder / "large"
    before_ms = now_ms() - 3 * HOUR_MS
    logs = small_logs(home, settings.logs, newest_ms=before_ms, model=_NEWEST)
    grow(home, small, settings.fewer_calls, before_ms=before_ms - HOUR_MS)
    shutil.copytree(small, large)
    grow(
        home, large, settings.calls, before_ms=before_ms - HOUR_MS, begin=settings.fewer_calls
    )
    results = [*_starts(settings, home, small, large), *_syncs(settings, home, logs, small, large)]
    return [*results, *_idle(settings, home, large, logs), *_seen(settings, home, large, logs)]


def _screen(home: Path, data: Path) -> Screen:
    return Screen(toktui(), environment(home, data))


def _starts(settings: Settings, home: Path, small: Path, large: Path) -> list[Result]:
    """From the start to the first picture, and to the first figures in it."""
    frames: dict[Path, list[float]] = {small: [], large: []}
    filled: dict[Path, list[float]] = {small: [], large: []}
    for _ in range(settings.runs + 1):
        for data in (small, large):
            screen = _screen(home, data)
            frame = screen.seconds_until(b"Sessions", since=screen.started, wait_s=_WAIT_S)
            full = screen.seconds_until(_NEWEST.encode(), since=screen.started, wait_s=_WAIT_S)
            screen.close()
            frames[data].append(frame or _WAIT_S)
            filled[data].append(full or _WAIT_S)
    first, data = median(frames[large][1:]), median(filled[large][1:])
    growth = data / median(filled[small][1:])
    return [
        Result(
            f"start to first paint, {settings.calls:,} calls",
            f"{first:.2f} s (with figures {data:.2f} s)", f"<= {_FIRST_PAINT_S} s",
            first <= _FIRST_PAINT_S,
        ),
        Result(
            f"a warm start with {settings.calls:,} against {settings.fewer_calls:,} calls",
            f"{growth:.2f}x", f"<= {_GROWTH}x", growth <= _GROWTH,
        ),
    ]


def _syncs(
    settings: Settings, home: Path, logs: list[KnownLog], small: Path, large: Path
) -> list[Result]:
    """One new call: a whole sync in this process, in CPU seconds."""
    used: dict[Path, list[float]] = {small: [], large: []}
    for number in range(settings.runs + 1):
        logs[1 + number].append_past(now_ms() - 2 * HOUR_MS, "claude-opus-5-5")
        for data in (small, large):
            context = Context(Paths(data=data, config=data / "config"), Config(), home, {})
            before = time.process_time()
            sync(context)
            used[data].append(time.process_time() - before)
    growth = median(used[large][1:]) / median(used[small][1:])
    return [
        Result(
            f"one new call with {settings.calls:,} against {settings.fewer_calls:,} calls",
            f"{growth:.2f}x  (CPU {median(used[large][1:]) * 1000:.0f} ms for all logs)",
            f"<= {_GROWTH}x", growth <= _GROWTH,
        )
    ]


def _idle(settings: Settings, home: Path, data: Path, logs: list[KnownLog]) -> list[Result]:
    """Nothing happens; then a cache that runs out is on the screen, and nothing else happens."""
    results: list[Result] = []
    for what, most, silent in (
        ("idle", _IDLE_SHARE, True), ("idle with a countdown", _COUNTING_SHARE, False),
    ):
        if not silent:
            logs[0].append_past(now_ms() - 20 * MINUTE_MS, "claude-opus-5-5")
        screen = _screen(home, data)
        screen.until_quiet(quiet_s=3.0, wait_s=_WAIT_S)
        memory = memory_of(screen.pid)
        before = cpu_s_of(screen.pid)
        drawn, goes = screen.drawn_in(settings.idle_s)
        share = (cpu_s_of(screen.pid) - before) / settings.idle_s
        screen.close()
        results.append(
            Result(
                f"{what}, {settings.logs:,} logs, {settings.idle_s:.0f} s",
                f"{drawn:,} bytes" + (f" in {goes} goes" if drawn else "")
                + f", {share:.2%} of a core",
                f"{'0 bytes' if silent else 'once a second'}, <= {most:.1%}",
                share <= most and goes <= (0 if silent else settings.idle_s + 1),
            )
        )
        if silent:
            results.append(
                Result(
                    f"memory of the screens, {settings.calls:,} calls", megabytes(memory),
                    f"<= {megabytes(_MEMORY)}", memory <= _MEMORY,
                )
            )
    return results


def _seen(settings: Settings, home: Path, data: Path, logs: list[KnownLog]) -> list[Result]:
    """From a line in a log to its row on the screen: half of them in one log, half anywhere."""
    rng = Random("seen")
    screen = _screen(home, data)
    screen.until_quiet(quiet_s=1.5, wait_s=_WAIT_S)
    took: list[float] = []
    lost = 0
    for number in range(_APPENDS):
        log = logs[0] if number % 2 else rng.choice(logs)
        mark = _name(number)
        log.append(now_ms(), mark)
        written = time.perf_counter()
        seconds = screen.seconds_until(mark.encode(), since=written, wait_s=5.0)
        lost += seconds is None
        took.append(5.0 if seconds is None else seconds)
        screen.drawn_in(0.25 + rng.random() * 0.5)
    screen.close()
    p50, p95 = percentile(took, 0.5), percentile(took, 0.95)
    return [
        Result(
            f"a line to pixels, {settings.logs:,} logs, {settings.calls:,} calls",
            f"p95 {p95 * 1000:.0f} ms (p50 {p50 * 1000:.0f} ms"
            + (f", {lost} of {_APPENDS} never)" if lost else ")"),
            f"p95 <= {_LATENCY_S * 1000:.0f} ms", p95 <= _LATENCY_S and not lost,
        )
    ]


def _name(number: int) -> str:
    """A model whose every letter differs from the names of the rows around it, so that all of it
    is drawn."""
    return "".join(chr(97 + (number * 5 + place * 3) % 26) for place in range(9))
