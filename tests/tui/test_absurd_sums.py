"""Screens on a store whose sums leave 64 bits."""

from __future__ import annotations

from pathlib import Path

import pytest

from toktui.dev.sample import Conversation, settle_home
from toktui.pricing.rates import load_book

from .conftest import NOW, SIZES, Run
from .test_pictures import WAYS

LARGEST = (1 << 53) - 1
CALLS = 1_030
SANE, ABSURD = (f"{letter * 8}-0000-4000-8000-000000000001" for letter in "5a")


def talk(home: Path, session: str, *, context: int, output: int, calls: int) -> None:
    log = Conversation(home, session, f"/w/{session[0]}-project", context=context)
    for number in range(calls):
        log.turn(NOW - 50_000 + number * 40, output=output)
    log.write(NOW - 500)


def absurd_home(home: Path) -> None:
    talk(home, ABSURD, context=LARGEST // 10, output=LARGEST, calls=CALLS)


@pytest.fixture(scope="module")
def beyond(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A sane session and an absurd one, both at it."""
    folder = tmp_path_factory.mktemp("beyond")
    home, store = folder / "home", folder / "data/toktui.db"
    talk(home, SANE, context=1_000, output=50, calls=3)
    absurd_home(home)
    settle_home(home, store, load_book(), NOW)
    return store


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
@pytest.mark.parametrize("view", WAYS)
async def test_every_screen_shows_absurd_sums(
    view: str, size: tuple[int, int], beyond: Path, run: Run
):
    async with run(beyond, size=size) as screens:
        await screens.press(*WAYS[view])
        assert not screens.app._frame.notices.failure
        assert screens.app.view.data is not None
        assert "e+" not in screens.text
        if view in ("live", "sessions", "session"):
            assert "Qd" in screens.text or "Qt" in screens.text


async def test_an_open_screen_goes_on_when_sums_leave_64_bits(home: Path, tmp_path: Path, run: Run):
    store = tmp_path / "data/toktui.db"
    talk(home, SANE, context=1_000, output=50, calls=3)
    settle_home(home, store, load_book(), NOW)
    async with run(store) as screens:
        assert "5-project" in screens.text
        absurd_home(home)
        settle_home(home, store, load_book(), NOW)
        screens.ingest.say(screens.ingest.progress)
        await screens.rest()
        assert not screens.app._frame.notices.failure
        assert "a-project" in screens.text
