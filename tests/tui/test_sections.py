"""One model and one project: the lists behind a row, and the way on to a session and to why."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from toktui.tui.sections import SectionsView
from toktui.tui.views import way_to
from toktui.tui.views.model import ModelView
from toktui.tui.views.models import ModelsView
from toktui.tui.views.project import ProjectView
from toktui.tui.views.projects import ProjectsView
from toktui.tui.widgets.table_rows import TableRows

from .conftest import Run, Screens


def rows_of(screens: Screens) -> TableRows[Any]:
    return screens.app.view.query_one(TableRows)


def seen(screens: Screens) -> str:
    view = screens.app.view
    assert isinstance(view, SectionsView)
    assert view.section is not None
    return view.section.label


async def test_a_model_shows_what_if_rates_projects_and_sessions(normal: Path, run: Run):
    async with run(normal) as screens:
        await screens.press(*way_to(ModelsView), "down", "down", "enter")
        assert isinstance(screens.app.view, ModelView)
        assert seen(screens) == "what if"
        assert "batch" in screens.text
        assert "no cache" in screens.text
        assert "tokenizers differ" in screens.text
        labels = ["what if"]
        for _ in range(5):
            await screens.press("right")
            labels.append(seen(screens))
        assert labels == ["what if", "rates", "projects", "agents", "sub-agents", "sessions"]
        await screens.press("enter", "enter")
        assert screens.app.view.KEY == "why"
        await screens.press("escape", "escape")
        assert isinstance(screens.app.view, ModelView)
        assert seen(screens) == "sessions"
        await screens.press("escape")
        assert isinstance(screens.app.view, ModelsView)


async def test_rates_say_since_when_and_by_whom(normal: Path, run: Run):
    async with run(normal, size=(80, 24)) as screens:
        await screens.press(*way_to(ModelsView), "down", "down", "enter", "right")
        assert "2026-03-13" in screens.text
        assert "genai-prices" in screens.text


async def test_a_project_shows_parts_of_which_each_list_adds_up(normal: Path, run: Run):
    async with run(normal, size=(200, 60)) as screens:
        await screens.press(*way_to(ProjectsView), "enter")
        assert isinstance(screens.app.view, ProjectView)
        data = screens.app.view.data
        assert data is not None
        labels: list[str] = []
        while not labels or seen(screens) != labels[0]:
            labels.append(seen(screens))
            rows = rows_of(screens)
            if labels[-1] != "sessions":
                calls = sum(rows.value(row, "calls") for row in rows.window)
                assert calls == data.whole.sums.calls
                costs = sum(rows.value(row, "cost") or 0 for row in rows.window)
                assert costs == data.whole.sums.priced_nusd
            await screens.press("right")
        assert labels == ["branches", "models", "agents", "sub-agents", "tiers", "sessions"]


@pytest.mark.parametrize("view", [ModelsView, ProjectsView])
async def test_every_list_is_sorted_and_keeps_its_order(view: type, normal: Path, run: Run):
    async with run(normal) as screens:
        await screens.press(*way_to(view), "down", "enter", "s", "s")
        rows = rows_of(screens)
        order = rows.sorted_by
        for _ in range(6):
            if rows.sorted_by:
                values = [rows.value(row, rows.sorted_by) for row in rows.window]
                known = [value for value in values if value is not None]
                assert known == sorted(known, reverse=rows.descending)
            await screens.press("right")
        assert rows.sorted_by == order
        await screens.press("left", "left")
        y, line = next(
            (y, line) for y, line in enumerate(screens.text.splitlines()) if "sub-agents" in line
        )
        await screens.pilot.click(offset=(line.lower().index("sub-agents") + 1, y))
        await screens.rest()
        assert seen(screens) == "sub-agents"


@pytest.mark.parametrize("size", [(20, 5), (40, 10), (80, 24), (200, 60)])
async def test_hostile_names_and_tiny_screens_are_drawn(
    size: tuple[int, int], absurd: Path, run: Run
):
    async with run(absurd, size=size) as screens:
        for view in (ModelsView, ProjectsView):
            for down in range(3):
                await screens.press(*way_to(view), *["down"] * down, "enter")
                await screens.press("right", "right", "s", "right", "right", "right", "escape")
                assert screens.app.is_running


async def test_a_filter_without_a_call_says_so_inside_a_model(normal: Path, run: Run):
    async with run(normal) as screens:
        await screens.press(*way_to(ModelsView), "down", "down", "enter")
        await screens.press("slash", *"project:zzz", "enter")
        assert "0 calls" in screens.text
        await screens.press("right", "right")
        assert "No call matches the filter." in screens.text
