"""The Limits screen: windows, who uses them, those before, and what is said where none are."""

from __future__ import annotations

from pathlib import Path

import pytest

from toktui.tui.views import way_to
from toktui.tui.views.limits import VIEW

from .conftest import Run, Screens

WAY = way_to(VIEW)


async def to_limits(screens: Screens) -> None:
    await screens.press(*WAY)


async def test_the_chosen_window_says_who_used_it(normal: Path, run: Run):
    async with run(normal) as screens:
        await to_limits(screens)
        assert "USED BY  claude-code 5h" in screens.text
        assert "shop-api" in screens.text
        look = screens.app.view.data
        assert sum(eater.calls for eater in look.eaters) == look.window.calls > 0


async def test_n_and_p_choose_and_the_arrows_go_back_in_time(normal: Path, run: Run):
    async with run(normal) as screens:
        await to_limits(screens)
        await screens.press("n", "n")
        assert "USED BY  codex 5h" in screens.text
        end = screens.app.view.data.window.end_ms
        await screens.press("left")
        assert screens.app.view.data.window.end_ms < end
        await screens.press("right")
        assert screens.app.view.data.window.end_ms == end
        await screens.press("p", "p")
        assert "USED BY  claude-code 5h" in screens.text


async def test_enter_opens_the_session_and_escape_comes_back(normal: Path, run: Run):
    async with run(normal) as screens:
        await to_limits(screens)
        await screens.press("enter")
        assert screens.app.view.KEY == "session"
        await screens.press("escape")
        assert screens.app.view.KEY == "limits"


async def test_a_filter_leaves_the_windows_of_its_agents(normal: Path, run: Run):
    async with run(normal) as screens:
        await to_limits(screens)
        await screens.press("slash", *"agent:codex", "enter")
        look = screens.app.view.data
        assert {limit.agent for limit in look.limits} == {"codex"}
        await screens.press("escape", "slash", *"project:web", "enter")
        assert {eater.project for eater in screens.app.view.data.eaters} <= {"/home/dev/web"}


@pytest.mark.parametrize("size", [(20, 5), (80, 24), (120, 36), (200, 60)])
async def test_without_windows_it_says_what_to_do(empty: Path, run: Run, size: tuple[int, int]):
    async with run(empty, size=size) as screens:
        await to_limits(screens)
        if size[1] > 5:
            assert "toktui statusline --install" in screens.text


@pytest.mark.parametrize("size", [(20, 5), (24, 8), (40, 12), (80, 24)])
async def test_every_size_says_how_full_a_window_is(normal: Path, run: Run, size: tuple[int, int]):
    async with run(normal, size=size) as screens:
        await to_limits(screens)
        limit = screens.app.view.data.limit
        (row,) = [line for line in screens.text.splitlines() if line.startswith(" › ")]
        assert f"{limit.used_percent:.0f} %" in row
        assert limit.name in row
