"""The pictures in screenshots/ are those that the program draws: `make shots` makes them anew."""

from __future__ import annotations

from pathlib import Path

import pytest

from toktui.dev.shots import FOLDER, picture, prepare
from toktui.tui.theme import DARK, LIGHT
from toktui.tui.views import view_types

VIEWS = {view.KEY: view for view in view_types()}
SHADES = {"dark": DARK.name, "light": LIGHT.name}


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The store that all pictures are of."""
    return prepare(tmp_path_factory.mktemp("shots"))


@pytest.mark.parametrize("shade", SHADES)
@pytest.mark.parametrize("view", VIEWS)
async def test_the_stored_picture_is_what_is_drawn(view: str, shade: str, world: Path):
    stored = FOLDER / f"{view}-{shade}.svg"
    drawn = await picture(world, VIEWS[view], SHADES[shade])
    assert stored.exists(), "`make shots` draws it"
    # Not as one comparison: pytest would explain the difference of two large texts for minutes.
    assert [
        (number, before, after)
        for number, (before, after) in enumerate(
            zip(stored.read_text().splitlines(), drawn.splitlines(), strict=False), 1
        )
        if before != after
    ][:3] == [], "`make shots` draws it anew"
    assert len(stored.read_text()) == len(drawn)


def test_no_picture_is_left_of_a_screen_that_is_gone():
    shown = {f"{view}-{shade}.svg" for view in VIEWS for shade in SHADES}
    assert {path.name for path in FOLDER.glob("*.svg")} <= shown
