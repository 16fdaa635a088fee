"""`make shots`: every screen, dark and light, as `screenshots/*.svg` and, with Chromium, `*.png`.

The work in the pictures is made up, seeded, and hangs on a clock that stands still, so that the
same program draws the same pictures.
"""

from __future__ import annotations

import asyncio
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from zoneinfo import ZoneInfo

from toktui.dev.demo.team import settle_team
from toktui.dev.sample import a_year, busy_afternoon, move_home, settle_home, settle_outcomes
from toktui.ingest.progress import Change, Progress
from toktui.pricing.rates import load_book
from toktui.tui.app import ToktuiApp
from toktui.tui.theme import DARK, LIGHT
from toktui.tui.views import view_types, way_to

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from toktui.tui.view import View

NOW: Final = 1_795_357_925_000
"""2026-11-22 14:32:05 UTC."""
SIZE: Final = (120, 36)
FOLDER: Final = Path(__file__).parents[2] / "screenshots"
OF_LOGS: Final = ("context", "why")
"""Screens that read a log: their pictures are of logs that exist."""
_DOWN: Final = {"model": 1, "change": 8}
"""How far below the first row there is more to see."""
_MOVED_TO: Final = "/home/dev"
_BROWSERS: Final = ("chromium", "chromium-browser", "google-chrome")


class _AtRest:
    """An ingest that has read everything."""

    def __init__(self, tell: Callable[[Change], None]) -> None:
        del tell
        self.progress = Progress(phase="live", logs_known=66, agents=("claude-code", "codex"))

    def start(self) -> None:
        """Nothing to read."""

    def stop(self) -> None:
        """Nothing to end."""


async def picture(prepared: Path, view: type[View[Any]], theme: str) -> str:
    """The SVG of a screen of a prepared store."""
    store, home = _shown(prepared, view)
    app = ToktuiApp(
        store=store,
        zone=ZoneInfo("UTC"),
        book=load_book,
        now_ms=lambda: NOW,
        ingest=_AtRest,
        theme=theme,
        store_name="~/.local/share/toktui/toktui.db",
        home=home,
    )
    async with app.run_test(size=SIZE) as pilot:
        await _rest(app, pilot.pause)
        for key in _way(view):
            await pilot.press(key)
            await _rest(app, pilot.pause)
        return app.export_screenshot(title="toktui", simplify=True)


async def _rest(app: ToktuiApp, pause: Callable[[float], Awaitable[None]]) -> None:
    for _ in range(5):
        await asyncio.to_thread(app.wait_until_read, 10.0)
        await pause(0.05)


def main() -> int:
    """Writes all pictures; gives the exit code."""
    FOLDER.mkdir(exist_ok=True)
    browser = next(filter(None, map(shutil.which, _BROWSERS)), None)
    with tempfile.TemporaryDirectory() as folder:
        store = prepare(Path(folder))
        for theme in (DARK, LIGHT):
            shade = "dark" if theme.dark else "light"
            for view in view_types():
                svg = FOLDER / f"{view.KEY}-{shade}.svg"
                svg.write_text(asyncio.run(picture(store, view, theme.name)))
                print(svg.name)
                if browser:
                    rasterise(browser, svg)
    if not browser:
        print("Chromium is not installed: no PNG.", file=sys.stderr)
    return 0


def prepare(folder: Path) -> Path:
    """A store with a year of work, whose logs seem to be in a home of that name."""
    home, store = folder / "home", folder / "data/toktui.db"
    a_year(home, NOW)
    busy_afternoon(home, NOW)
    settle_home(home, store, load_book(), NOW)
    settle_outcomes(store, NOW)
    settle_team(store, NOW)
    shutil.copyfile(store, _with_logs(store))
    move_home(store, home)
    return store


def _shown(prepared: Path, view: type[View[Any]]) -> tuple[Path, str]:
    """The store that a screen is shown, and the home of its logs."""
    if view.KEY in OF_LOGS:
        return _with_logs(prepared), str(prepared.parents[1] / "home")
    return prepared, _MOVED_TO


def _with_logs(prepared: Path) -> Path:
    return prepared.with_name("with-logs.db")


def _way(view: type[View[Any]]) -> tuple[str, ...]:
    """The keys that lead to a screen from anywhere."""
    *way, last = way_to(view)
    return (*way, *("down",) * _DOWN.get(view.KEY, 0), last)


def rasterise(browser: str, svg: Path) -> None:
    """A PNG beside the SVG, in whatever monospaced font this machine has."""
    text = re.sub(r"@font-face \{.*?\}", "", svg.read_text(), flags=re.DOTALL)
    text = text.replace("Fira Code", "DejaVu Sans Mono")
    found = re.search(r'viewBox="0 0 ([\d.]+) ([\d.]+)"', text)
    assert found is not None
    width, height = (int(float(side)) + 1 for side in found.groups())
    with tempfile.TemporaryDirectory() as folder:
        page = Path(folder) / "page.html"
        page.write_text(f'<body style="margin:0">{text}</body>')
        subprocess.run(
            [
                browser, "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars",
                "--default-background-color=00000000", f"--window-size={width},{height}",
                f"--screenshot={svg.with_suffix('.png')}", page.as_uri(),
            ],
            check=True, capture_output=True,
        )  # fmt: skip


if __name__ == "__main__":
    sys.exit(main())
