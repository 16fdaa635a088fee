"""`make shots`: the pages of the team board, as `screenshots/board*.png`; needs Chromium.

The team is the made-up one of `toktui serve --demo`, on a clock that stands still.
"""

from __future__ import annotations

import shutil
import socket
import sys
import tempfile
import threading
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Generator

NOW: Final = 1_795_780_800_000
"""2026-11-27, a Friday, 12:00 UTC."""
FOLDER: Final = Path(__file__).parents[2] / "screenshots"
OPTIONS: Final = (
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync",
    "--disable-background-networking", "--disable-component-update", "--hide-scrollbars",
)  # fmt: skip


class Shot(NamedTuple):
    """A picture of the upper part of a page."""

    name: str
    path: str
    theme: Literal["light", "dark"]
    width: int = 1280
    height: int = 1290


SHOTS: Final = (
    Shot("board-light", "/", "light"),
    Shot("board-dark", "/", "dark"),
    Shot("board-375", "/", "light", width=375, height=2560),
    Shot("board-375-dark", "/", "dark", width=375, height=2560),
    Shot("board-consumption", "/consumption", "dark", height=1080),
    Shot("board-you", "/you", "light", height=1040),
    Shot("board-team", "/team", "dark", height=1040),
)


def main() -> int:
    """Writes all pictures; gives the exit code."""
    from playwright.sync_api import sync_playwright

    names = ("chromium", "chromium-browser", "google-chrome")
    program = next(filter(None, map(shutil.which, names)), None)
    if program is None:
        print("Chromium is not installed: no pictures of the board.", file=sys.stderr)
        return 0
    FOLDER.mkdir(exist_ok=True)
    with demo() as (url, address), sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=list(OPTIONS))
        page = browser.new_page()
        page.goto(address)
        page.get_by_role("button", name="Sign in").click()
        page.wait_for_url(f"{url}/")
        for shot in SHOTS:
            page.emulate_media(color_scheme=shot.theme)
            page.set_viewport_size({"width": shot.width, "height": shot.height})
            page.goto(url + shot.path)
            page.screenshot(path=FOLDER / f"{shot.name}.png")
            print(f"{shot.name}.png")
        browser.close()
    return 0


@contextmanager
def demo() -> Generator[tuple[str, str]]:
    """The made-up team on a free port: its address, and one that signs in."""
    import uvicorn

    from toktui.server.app import create_app
    from toktui.server.imagined import imagine
    from toktui.server.people import sign_in_address
    from toktui.server.settings import Settings
    from toktui.server.start import open_database

    listening = socket.create_server(("127.0.0.1", 0))
    url = f"http://127.0.0.1:{listening.getsockname()[1]}"
    with tempfile.TemporaryDirectory() as folder:
        database = open_database(None, Path(folder))
        who = imagine(database, NOW)
        with database.write() as db:
            address = sign_in_address(db, who, url, NOW)
        app = create_app(database, Settings(url, now_ms=lambda: NOW))
        server = uvicorn.Server(uvicorn.Config(app, log_config=None))
        thread = threading.Thread(target=server.run, args=([listening],))
        thread.start()
        while not server.started and thread.is_alive():
            time.sleep(0.01)
        yield url, address
        server.should_exit = True
        thread.join()


if __name__ == "__main__":
    sys.exit(main())
