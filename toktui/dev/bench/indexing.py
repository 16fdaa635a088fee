"""First index, report when nothing is new, size of the store, memory while indexing."""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING, Final

import msgspec

from toktui.dev.bench import peer
from toktui.dev.bench.machine import Timing, environment, run, toktui, warm
from toktui.dev.bench.table import Result, median, megabytes
from toktui.dev.corpus import make_corpus

if TYPE_CHECKING:
    from toktui.dev.bench.settings import Settings

_INDEX_RATIO: Final = 0.8
_REPORT_RATIO: Final = 0.1
_STORE_SHARE: Final = 0.05
_MEMORY: Final = 250e6
_LONG_LOG, _LONG_LINE = 200 << 20, 100 << 20


class _Runs(msgspec.Struct):
    """The same work by both programs, one after the other in turn."""

    ours: list[Timing] = msgspec.field(default_factory=list[Timing])
    theirs: list[Timing] = msgspec.field(default_factory=list[Timing])

    def result(self, what: str, ratio: float, why_alone: str) -> Result:
        """Medians, and their ratio against the target."""
        wall, cpu = _medians(self.ours)
        target = f"<= {ratio}x of ccusage"
        if not self.theirs:
            return Result(what, f"{wall:.2f} s, CPU {cpu:.2f} s", target, None, why_alone)
        other_wall, other_cpu = _medians(self.theirs)
        return Result(
            what,
            f"{wall / other_wall:.2f}x  ({wall:.2f} s, CPU {cpu:.2f} s = {cpu / other_cpu:.2f}x)",
            target,
            wall <= ratio * other_wall,
            f"ccusage {other_wall:.2f} s, CPU {other_cpu:.2f} s",
        )


def _medians(runs: list[Timing]) -> tuple[float, float]:
    return median([r.wall_s for r in runs]), median([r.cpu_s for r in runs])


def measure(settings: Settings) -> list[Result]:
    """All rows of the first index, on one corpus."""
    home, data = settings.folder / "corpus", settings.folder / "index"
    made = make_corpus(home, size=settings.size, seed=1, now_ms=settings.now_ms)
    other = peer.install(settings.folder / "npm") if settings.with_peer else "not asked for"
    alone = other if isinstance(other, str) else ""
    size = f"{made.bytes / (1 << 20):,.0f} MiB in {made.logs:,} logs"
    ours, env = toktui("sync", "--json"), environment(home, data)
    first, again = _Runs(), _Runs()
    warm(home)
    os.sync()  # Else the disk still writes the corpus while the stores are written.
    for _ in range(settings.runs):
        if not isinstance(other, str):
            first.theirs.append(run([str(other[0]), *peer.COMMAND], env))
        shutil.rmtree(data, ignore_errors=True)
        first.ours.append(run(ours, env))
    stored = sum(path.stat().st_size for path in data.glob("toktui.db*"))
    for _ in range(settings.runs):
        if not isinstance(other, str):
            again.theirs.append(run([str(other[0]), *peer.COMMAND], env))
        again.ours.append(run(toktui("report", "--json"), env))
    return [
        first.result(f"first index of {size}", _INDEX_RATIO, alone),
        again.result("report when nothing is new", _REPORT_RATIO, alone),
        Result(
            f"store of {made.calls:,} calls",
            f"{stored / made.bytes:.1%} of the logs ({megabytes(stored)})",
            f"<= {_STORE_SHARE:.0%}",
            stored <= _STORE_SHARE * made.bytes,
        ),
    ]


def measure_memory(settings: Settings) -> list[Result]:
    """The most that all processes of an index use together, with a huge log and a huge line."""
    home, data = settings.folder / "huge", settings.folder / "huge-data"
    scale = min(1.0, settings.size / (1 << 30))
    log, line = int(_LONG_LOG * scale), int(_LONG_LINE * scale)
    made = make_corpus(
        home, size=settings.size, seed=2, now_ms=settings.now_ms, long_log=log, long_line=line
    )
    timing = run(toktui("sync", "--json"), environment(home, data), memory=True)
    shutil.rmtree(home)
    return [
        Result(
            f"memory while indexing {made.bytes / (1 << 20):,.0f} MiB, a log of {log >> 20} MiB "
            f"and a line of {line >> 20} MiB among it",
            megabytes(timing.peak_bytes), f"<= {megabytes(_MEMORY)}", timing.peak_bytes <= _MEMORY,
        )
    ]
