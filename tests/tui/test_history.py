"""The review: what is seen, what the keys do, and where enter leads."""

from __future__ import annotations

from pathlib import Path

import pytest

from toktui.tui.views import tabs, view_types, way_to
from toktui.tui.widgets.review_board import ReviewBoard

from .conftest import NOW, SIZES, Run

WAY = way_to(next(view for view in view_types() if view.KEY == "history"))


def test_it_is_the_third_tab():
    assert [view.KEY for view in tabs()][2] == "history"


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
async def test_the_week_its_comparison_and_why_are_seen_at_every_size(
    size: tuple[int, int], normal: Path, run: Run
):
    async with run(normal, size=size) as screens:
        await screens.press(*WAY)
        for words in ("WEEK 47", "so far", "Mon 16", "Sun 22", "WHY", "= the difference",
                      "week 46 by now", "usual week by now", "WASTE"):  # fmt: skip
            assert words in screens.text
        review = screens.app.view.data.review
        assert sum(reason.nusd for reason in review.reasons) == review.change.difference
        await screens.press("tab")
        assert "TOP SESSIONS" in screens.text
        assert "= the difference" in screens.text


@pytest.mark.parametrize("width", range(36, 121, 6))
async def test_what_stands_above_the_bars_is_whole_at_any_width(
    width: int, normal: Path, run: Run
):
    async with run(normal, size=(width, 40)) as screens:
        await screens.press("3")
        head = screens.text.split("claude-code", 1)[0].split("WEEK", 1)[1]
    assert "calls " in head
    assert "…" not in head
    for word in ("tokens", "hit", "saved", "now"):
        for said in head.split(f"{word} ")[1:]:
            assert any(map(str.isdigit, said.split()[0])), head


async def test_a_large_screen_has_the_year_and_all_lists(normal: Path, run: Run):
    async with run(normal, size=(200, 60)) as screens:
        await screens.press(*WAY)
        for words in ("THE LAST YEAR", "TOP PROJECTS", "TOP MODELS", "TOP BRANCHES"):
            assert words in screens.text


async def test_below_a_short_list_there_is_room_for_the_next_and_the_cursor_reaches_it(
    normal: Path, run: Run
):
    async with run(normal) as screens:
        await screens.press(*WAY)
        lines = screens.text.splitlines()
        projects, models = (
            next(line for line in lines if words in line).index(words)
            for words in ("TOP PROJECTS", "TOP MODELS")
        )
        assert projects == models > 40
        await screens.press("tab", "tab", "tab", "enter")
        assert screens.app.view.about.narrowed.models


async def test_arrows_move_in_time_and_n_comes_back(normal: Path, run: Run):
    async with run(normal) as screens:
        await screens.press(*WAY, "left")
        assert "WEEK 46" in screens.text
        assert "so far" not in screens.text
        await screens.press("left", "right", "right")
        assert "WEEK 47" in screens.text
        await screens.press("right")
        assert "WEEK 47" in screens.text
        await screens.press("left", "left", "n")
        assert "WEEK 47" in screens.text


async def test_w_m_and_d_change_the_grain(normal: Path, run: Run):
    async with run(normal) as screens:
        await screens.press(*WAY, "w")
        assert "13 WEEKS" in screens.text
        assert "W47" in screens.text
        await screens.press("m")
        assert "12 MONTHS" in screens.text
        assert "Nov 2026" in screens.text
        await screens.press("d")
        assert "WEEK 47" in screens.text


async def test_b_stacks_by_model(normal: Path, run: Run):
    async with run(normal) as screens:
        await screens.press(*WAY)
        assert "■ claude-code" in screens.text
        await screens.press("b")
        assert "■ gpt-5.5" in screens.text


async def test_enter_on_a_day_opens_its_review_by_hours(normal: Path, run: Run):
    async with run(normal) as screens:
        await screens.press(*WAY, "up", "enter")
        assert "SATURDAY 21 NOVEMBER 2026" in screens.text
        assert len(screens.app.view.data.review.bars) == 24


async def test_enter_on_a_session_opens_it_and_leads_to_why(normal: Path, run: Run):
    async with run(normal) as screens:
        await screens.press(*WAY, "tab")
        session = screens.app.view.data.review.sessions[0].row
        await screens.press("enter")
        assert screens.app.view.KEY == "session"
        assert session.id in screens.text
        await screens.press("w")
        assert screens.app.view.KEY == "why"
        await screens.press("escape", "escape")
        assert screens.app.view.KEY == "history"


async def test_enter_on_a_project_reviews_only_that(normal: Path, run: Run):
    async with run(normal) as screens:
        await screens.press(*WAY, "t", "tab")
        before = screens.app.view.data.review
        project = before.projects[0]
        await screens.press("enter")
        review = screens.app.view.data.review
        assert [place.name for place in review.projects] == [project.name]
        assert review.sums.priced_nusd == project.sums.priced_nusd
        assert {found.row.project for found in review.sessions} == {project.name}


async def test_the_year_leads_to_a_day(normal: Path, run: Run):
    async with run(normal) as screens:
        await screens.press(*WAY, "c")
        assert "THE LAST YEAR" in screens.text
        await screens.press("left", "enter")
        assert "SUNDAY 15 NOVEMBER 2026" in screens.text


async def test_the_filter_holds_and_its_time_is_the_stretch(normal: Path, run: Run):
    async with run(normal) as screens:
        await screens.press(*WAY, "slash", *"agent:codex since:3d", "enter")
        review = screens.app.view.data.review
        assert [place.name for place in review.agents] == ["codex"]
        assert [bar.piece.label for bar in review.bars] == [
            "2026-11-20", "2026-11-21", "2026-11-22",
        ]  # fmt: skip


@pytest.mark.parametrize(("keys", "shown"), [((), "WEEK 47"), (("m", "right"), "12 MONTHS")])
async def test_from_an_empty_stretch_enter_leads_to_the_last_calls_before(
    keys: tuple[str, ...], shown: str, normal: Path, run: Run
):
    async with run(normal, now_ms=lambda: NOW + 500 * 86_400_000) as screens:
        await screens.press(*WAY, *keys)
        assert "enter goes to the last calls before, of 22 Nov 2026" in screens.text
        await screens.press("enter")
        assert shown in screens.text
        assert "shop-api" in screens.text
        await screens.press("n")
        assert "No calls in this time." in screens.text


async def test_the_last_line_leads_to_the_session_that_wasted_most(normal: Path, run: Run):
    async with run(normal) as screens:
        await screens.press(*WAY)
        worst = screens.app.view.data.waste.worst
        assert worst is not None
        assert f"in infra {worst.id[:8]}" in screens.text
        await screens.press("shift+tab", "enter")
        assert screens.app.view.KEY == "session"
        assert screens.app.view.data.row.id == worst.id
        assert "▲ cold" in screens.text


async def test_an_empty_store_says_what_comes(empty: Path, run: Run):
    async with run(empty, size=(80, 24)) as screens:
        await screens.press(*WAY, "enter", "tab", "up", "c", "c", "w", "m", "left")
        assert "Nothing to review yet." in screens.text


@pytest.mark.parametrize("size", [(20, 5), (40, 12), (80, 24), (131, 47), (200, 60)])
async def test_absurd_data_and_sizes_are_drawn(size: tuple[int, int], absurd: Path, run: Run):
    async with run(absurd, size=size) as screens:
        await screens.press(*WAY, "tab", "down", "b", "t", "m", "w", "d", "c", "left", "c")
        assert screens.app.view.KEY == "history"
        for strip in screens.app.screen._compositor.render_strips(screens.app.size):
            assert strip.cell_length == size[0]


async def test_a_click_chooses_and_a_second_one_opens(normal: Path, run: Run):
    async with run(normal) as screens:
        await screens.press(*WAY)
        lines = screens.app.query_one(ReviewBoard).shown.splitlines()
        at = next(y for y, line in enumerate(lines) if "Tue 17" in line)
        await screens.pilot.click(ReviewBoard, offset=(5, at), times=2)
        await screens.rest()
        assert "TUESDAY 17 NOVEMBER 2026" in screens.text


async def test_what_the_cursor_is_in_is_the_table_to_copy(normal: Path, run: Run):
    async with run(normal) as screens:
        await screens.press(*WAY)
        view = screens.app.view
        table = view.table(view.data)
        assert [row[1].shown for row in table.rows][:2] == ["Mon 16", "Tue 17"]
        assert table.rows[view.cursor_row()][1].shown == "Sun 22"
        costs = [row[-1].raw for row in table.rows]
        assert sum(costs) == view.data.review.sums.priced_nusd
        await screens.press("tab")
        table = view.table(view.data)
        assert table.rows[0][0].raw == view.data.review.sessions[0].row.id


async def test_escape_leads_back_from_a_day_to_its_week_with_the_cursor(normal: Path, run: Run):
    async with run(normal) as screens:
        await screens.press(*WAY, "left", "down", "enter")
        assert "NOVEMBER 2026" in screens.text
        await screens.press("escape")
        assert "WEEK 46" in screens.text
        assert screens.app.view.cursor_row() == 1


async def test_a_week_of_the_filters_time_opens_and_the_next_filter_holds_again(
    normal: Path, run: Run
):
    async with run(normal) as screens:
        await screens.press(*WAY, "slash", *"since:90d", "enter")
        assert screens.app.view.data.review.span.grain == "week"
        await screens.press("up", "down", "enter")
        review = screens.app.view.data.review
        assert (review.span.kind, review.span.label) == ("week", "2026-W47")
        await screens.press("slash", *" until:2026-11-01", "enter")
        assert screens.app.view.data.review.span.last.isoformat() == "2026-11-01"


@pytest.mark.parametrize(
    ("text", "words"),
    [("since:2030-01-01", "This time is still to come."), ("zzz", "matches the filter"),
     ("until:2020-01-01", "matches the filter")],
)  # fmt: skip
async def test_a_filter_without_calls_says_so(text: str, words: str, normal: Path, run: Run):
    async with run(normal) as screens:
        await screens.press(*WAY, "slash", *text, "enter")
        assert words in screens.text
