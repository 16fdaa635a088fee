"""What it costs to follow every agent that is imitated, documents and databases among them, while
none of them does anything."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from toktui.clock import now_ms
from toktui.dev.bench.homes import HOUR_MS
from toktui.dev.bench.machine import cpu_s_of, environment, run, toktui
from toktui.dev.bench.screen import Screen
from toktui.dev.bench.table import Result
from toktui.dev.demo.home import make_home
from toktui.dev.demo.writers import writer_names

if TYPE_CHECKING:
    from toktui.dev.bench.settings import Settings

_SHARE: Final = 0.005
_AGO_MS: Final = 26 * HOUR_MS
"""When the agents did something last: no cache that runs out is on the screen any more."""


def measure(settings: Settings) -> list[Result]:
    """One row."""
    home, data = settings.folder / "agents", settings.folder / "agents-data"
    make_home(home, seed=7, now_ms=now_ms() - _AGO_MS)
    run(toktui("sync", "--estimates"), environment(home, data))
    screen = Screen(toktui(), environment(home, data))
    screen.until_quiet(quiet_s=8.0, wait_s=30.0)
    before = cpu_s_of(screen.pid)
    drawn, goes = screen.drawn_in(settings.idle_s)
    share = (cpu_s_of(screen.pid) - before) / settings.idle_s
    screen.close()
    return [
        Result(
            f"idle with {len(writer_names())} agents, {settings.idle_s:.0f} s",
            f"{drawn:,} bytes, {share:.2%} of a core", f"0 bytes, <= {_SHARE:.1%}",
            share <= _SHARE and not goes,
        )
    ]
