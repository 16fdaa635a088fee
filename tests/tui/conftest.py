"""Screens on prepared stores at a clock that stands still."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from syrupy.assertion import SnapshotAssertion
from syrupy.extensions.single_file import SingleFileSnapshotExtension, WriteMode
from textual.app import App
from textual.pilot import Pilot

from toktui.dev.demo.team import settle_team
from toktui.dev.sample import (
    absurd_work,
    busy_afternoon,
    move_home,
    settle_home,
    settle_outcomes,
)
from toktui.ingest.progress import Change, Progress
from toktui.pricing.rates import load_book
from toktui.tui.app import ToktuiApp

NOW = 1_795_357_925_000
"""2026-11-22 14:32:05 UTC."""
SIZES = ((80, 24), (120, 36), (200, 60))


class StandIn:
    """An ingest that says what it is told to say."""

    def __init__(self, tell: Callable[[Change], None]) -> None:
        self.tell = tell
        self.progress = Progress(phase="live", logs_known=9, agents=("claude-code", "codex"))
        self.running = False

    def start(self) -> None:
        self.running = True

    def stop(self) -> None:
        self.running = False

    def say(self, progress: Progress) -> None:
        self.progress = progress
        self.tell(Change(NOW, 0, 0, progress))


class Screens:
    """Runs the app and knows when it is at rest."""

    def __init__(self, app: ToktuiApp, pilot: Pilot[None]) -> None:
        self.app = app
        self.pilot = pilot

    async def rest(self) -> None:
        """Until everything is read and the screen has been the same three times."""
        seen: list[str] = []
        while len(seen) < 3 or len(set(seen[-3:])) > 1 or (len(seen) < 40 and self.is_waiting):
            assert len(seen) < 200, "the screen never rests"
            await asyncio.to_thread(self.app.wait_until_read, 10)
            await self.pilot.pause(0.02)
            if not self.app.is_running:
                return
            seen.append(self.text)

    async def press(self, *keys: str) -> None:
        for key in keys:
            await self.pilot.press(key)
            await self.rest()

    @property
    def is_waiting(self) -> bool:
        """Whether the ingest has yet to start, or the view to get its data."""
        app = self.app
        asleep = app._ingest is None or not self.ingest.running
        return asleep or (app.view.data is None and not app._frame.notices.failure)

    @property
    def ingest(self) -> StandIn:
        assert isinstance(self.app._ingest, StandIn)
        return self.app._ingest

    @property
    def text(self) -> str:
        """What is on the screen, as lines of text."""
        compositor = self.app.screen._compositor
        strips = compositor.render_strips(self.app.size)
        return "\n".join(strip.text.rstrip() for strip in strips)


Run = Callable[..., AbstractAsyncContextManager[Screens]]


@pytest.fixture
def run() -> Run:
    """`async with run(store, size=...) as screens`."""

    @asynccontextmanager
    async def running(
        store: Path,
        *,
        size: tuple[int, int] = (120, 36),
        theme: str = "toktui-dark",
        now_ms: Callable[[], int] = lambda: NOW,
    ):
        app = ToktuiApp(
            store=store,
            zone=ZoneInfo("UTC"),
            book=load_book,
            now_ms=now_ms,
            ingest=StandIn,
            theme=theme,
            store_name="~/.local/share/toktui/toktui.db",
            home=str(store.parents[1] / "home"),
        )
        async with app.run_test(size=size) as pilot:
            screens = Screens(app, pilot)
            await screens.rest()
            yield screens
            await leave(app)

    return running


async def leave(app: ToktuiApp) -> None:
    """Ends the app as its users do: Textual's own end of a test closes widgets under its feet."""
    if app.is_running and app._task is not None:
        app.exit()
        await asyncio.wait({app._task})


def _store(folder: Path, work: Callable[[Path, int], None]) -> Path:
    store = folder / "data/toktui.db"
    (folder / "home").mkdir()
    work(folder / "home", NOW)
    settle_home(folder / "home", store, load_book(), NOW)
    settle_outcomes(store, NOW)
    if work is not _nothing:
        settle_team(store, NOW)
    return store


def _nothing(home: Path, now_ms: int) -> None:
    """An empty home."""


@pytest.fixture(scope="session")
def normal(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four weeks of work, and an hour in which several agents are at it."""
    return _store(tmp_path_factory.mktemp("normal"), busy_afternoon)


@pytest.fixture(scope="session")
def absurd(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Hostile names and enormous counts."""
    return _store(tmp_path_factory.mktemp("absurd"), absurd_work)


@pytest.fixture(scope="session")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store without a call."""
    return _store(tmp_path_factory.mktemp("empty"), _nothing)


@pytest.fixture(scope="session")
def moved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """As normal, but the logs are gone, from a place that has the same name on every machine."""
    folder = tmp_path_factory.mktemp("moved")
    store = _store(folder, busy_afternoon)
    move_home(store, folder / "home")
    return store


@pytest.fixture(scope="session")
def absurd_moved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """As absurd, from a place that has the same name on every machine."""
    folder = tmp_path_factory.mktemp("absurd-moved")
    store = _store(folder, absurd_work)
    move_home(store, folder / "home")
    return store


class Svg(SingleFileSnapshotExtension):
    """One readable file for each picture."""

    file_extension = "svg"
    _write_mode = WriteMode.TEXT


@pytest.fixture
def looks_as_before(snapshot: SnapshotAssertion) -> Callable[[App[None]], None]:
    """Compares the screen with the stored picture; `--snapshot-update` stores it anew."""

    def check(app: App[None]) -> None:
        assert app.export_screenshot(title="toktui", simplify=True) == snapshot(extension_class=Svg)

    return check


Press = Callable[..., Awaitable[None]]
