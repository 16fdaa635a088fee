"""Models and projects: the lists, their order, and the way into each and back."""

from __future__ import annotations

from pathlib import Path

import pytest

from toktui.tui.views import way_to
from toktui.tui.views.models import ModelsView
from toktui.tui.views.projects import ProjectsView
from toktui.tui.widgets.table_rows import TableRows
from toktui.tui.widgets.trend import merged

from .conftest import Run


@pytest.mark.parametrize("view", [ModelsView, ProjectsView])
async def test_every_column_sorts_by_key_and_by_click(view: type, normal: Path, run: Run):
    async with run(normal, size=(200, 60)) as screens:
        await screens.press(*way_to(view))
        rows = screens.app.view.query_one(TableRows)
        seen = [rows.sorted_by]
        for _ in rows.sorts[1:]:
            await screens.press("s")
            seen.append(rows.sorted_by)
            in_order = [rows.value(row, rows.sorted_by) for row in rows.window]
            known = [value for value in in_order if value is not None]
            urgent = sum(rows.comes_first(row) for row in rows.window)
            assert known[urgent:] == sorted(known[urgent:], reverse=rows.descending)
        assert sorted(seen) == sorted(rows.sorts)
        before = list(rows.window)
        await screens.press("r")
        assert set(map(rows.name_of, rows.window)) == set(map(rows.name_of, before))
        heads = screens.text.splitlines()
        y = next(n for n, line in enumerate(heads) if "calls" in line and "tokens" in line)
        await screens.pilot.click(offset=(heads[y].index("calls") + 1, y))
        await screens.rest()
        assert rows.sorted_by == "calls"


async def test_an_unpriced_model_says_how_to_price_it(normal: Path, run: Run):
    async with run(normal) as screens:
        await screens.press(*way_to(ModelsView))
        assert "The rate book does not have this model." in screens.text
        assert "toktui prices set house-model-7b --input" in screens.text


async def test_the_chosen_model_shows_its_rates_with_source_and_date(normal: Path, run: Run):
    async with run(normal) as screens:
        await screens.press(*way_to(ModelsView), "down", "down")
        assert "genai-prices-0.2.3 of 2026-" in screens.text
        assert "input $5.00" in screens.text


@pytest.mark.parametrize("view", [ModelsView, ProjectsView])
async def test_the_filter_holds_and_says_when_nothing_matches(view: type, normal: Path, run: Run):
    async with run(normal) as screens:
        await screens.press(*way_to(view), "slash", *"agent:codex", "enter")
        assert "opus" not in screens.text.split("OVER TIME")[1]
        await screens.press("slash", *" zzz", "enter")
        assert "No call matches the filter" in screens.text


@pytest.mark.parametrize("view", [ModelsView, ProjectsView])
@pytest.mark.parametrize("size", [(20, 5), (40, 10), (80, 24), (200, 60)])
async def test_hostile_names_and_tiny_screens_are_drawn(
    view: type, size: tuple[int, int], absurd: Path, empty: Path, run: Run
):
    for store in (absurd, empty):
        async with run(store, size=size) as screens:
            await screens.press(*way_to(view), "down", "s", "enter", "escape")
            assert screens.app.is_running


def test_numbers_that_are_put_together_keep_their_sum():
    for count in range(1, 40):
        values = list(range(count))
        for most in range(1, 50):
            shown = merged(values, most)
            assert sum(shown) == sum(values)
            assert len(shown) <= most
