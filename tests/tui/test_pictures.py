"""Every screen, at three sizes, with usual, absurd and no data.

With usual data at the middle size, dark and light, they are in screenshots/: `test_screenshots.py`.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from textual.app import App

from toktui.dev.shots import OF_LOGS, SIZE
from toktui.tui.views import tabs, view_types, way_to

from .conftest import SIZES, Run

Check = Callable[[App[None]], None]
WAYS = {view.KEY: way_to(view) for view in view_types()}
"""The keys that lead to each screen."""
ABSURD = tuple(view for view in WAYS if view not in ("context", "team", "team_day"))
"""What fills a prompt and what a team is told are no matter of names and counts in logs."""
BESIDE_SHOTS = tuple(size for size in SIZES if size != SIZE)
"""Sizes of which there is no picture in screenshots/."""


@pytest.mark.parametrize("size", BESIDE_SHOTS, ids=lambda size: f"{size[0]}x{size[1]}")
@pytest.mark.parametrize("view", WAYS)
async def test_usual_data(
    view: str,
    size: tuple[int, int],
    normal: Path,
    moved: Path,
    run: Run,
    looks_as_before: Check,
):
    async with run(normal if view in OF_LOGS else moved, size=size) as screens:
        await screens.press(*WAYS[view])
        looks_as_before(screens.app)


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
@pytest.mark.parametrize("view", ABSURD)
async def test_absurd_data(
    view: str, size: tuple[int, int], absurd_moved: Path, run: Run, looks_as_before: Check
):
    async with run(absurd_moved, size=size) as screens:
        await screens.press(*WAYS[view])
        # No call of this store has a price, and what is unknown is no zero.
        assert not re.search(r"\$0(?![.\d])", screens.text)
        looks_as_before(screens.app)


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
@pytest.mark.parametrize("view", [view.KEY for view in tabs()])
async def test_no_data(
    view: str, size: tuple[int, int], empty: Path, run: Run, looks_as_before: Check
):
    async with run(empty, size=size) as screens:
        await screens.press(*WAYS[view])
        looks_as_before(screens.app)


@pytest.mark.parametrize("view", OF_LOGS)
async def test_logs_that_are_gone(view: str, moved: Path, run: Run, looks_as_before: Check):
    async with run(moved) as screens:
        await screens.press(*WAYS[view])
        looks_as_before(screens.app)


async def test_help(moved: Path, run: Run, looks_as_before: Check):
    async with run(moved) as screens:
        await screens.press("question_mark")
        looks_as_before(screens.app)


@pytest.mark.parametrize("theme", ["nord", "gruvbox", "textual-light", "dracula"])
async def test_themes_of_others_can_be_read(theme: str, moved: Path, run: Run):
    async with run(moved, theme=theme) as screens:
        assert screens.app.theme == theme
        assert "shop-api" in screens.text
