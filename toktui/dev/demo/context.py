"""The demo as the screens use it: a context on a temporary home where agents are at work."""

from __future__ import annotations

import shutil
import tempfile
import threading
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

import msgspec

from toktui.config import Config
from toktui.dev.demo.home import LiveAgents, make_home
from toktui.dev.demo.repositories import make_repositories
from toktui.dev.demo.team import join_imagined
from toktui.ingest.context import Context
from toktui.paths import Paths

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

SEED: Final = 7
STEP_S: Final = 0.15
_KEPT_ENV: Final = (
    "TZ", "NO_COLOR", "COLUMNS", "LINES", "TERM", "COLORTERM", "LANG", "LC_ALL", "PATH",
)  # fmt: skip


@contextmanager
def demo_context(
    base: Context | None = None,
    *,
    seed: int = SEED,
    now_ms: Callable[[], int] | None = None,
    weeks: int = 5,
) -> Generator[Context]:
    """A context whose home, data and configuration lie in a temporary folder, removed at the end.

    Meanwhile a thread lets the agents work. Of `base` only looks, zone and clock are used: nothing
    of the user's is read or written. `now_ms` is another clock than the base's.
    """
    env = {} if base is None else {k: base.env[k] for k in _KEPT_ENV if k in base.env}
    folder = Path(tempfile.mkdtemp(prefix="toktui-demo-"))
    try:
        context = Context(
            Paths(data=folder / "data", config=folder / "config"),
            Config() if base is None else msgspec.structs.replace(Config(), ui=base.config.ui),
            folder / "home",
            env,
        )
        clock = now_ms or (context.now_ms if base is None else base.now_ms)
        context.now_ms = clock
        begins_ms = clock()
        make_home(context.home, seed=seed, now_ms=begins_ms, weeks=weeks)
        context.root = str(folder / "disk")
        make_repositories(folder / "disk", seed=seed, now_ms=begins_ms, weeks=weeks)
        join_imagined(context.paths.data, begins_ms, env.get("TZ") or "UTC")
        agents = LiveAgents(context.home, seed=seed, now_ms=begins_ms)
        with _at_work(agents, clock):
            yield context
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _at_work(agents: LiveAgents, clock: Callable[[], int]) -> Generator[None]:
    ending = threading.Event()

    def work() -> None:
        while not ending.wait(STEP_S):
            agents.step(clock())

    thread = threading.Thread(target=work, name="demo", daemon=True)
    thread.start()
    try:
        yield
    finally:
        ending.set()
        thread.join()
