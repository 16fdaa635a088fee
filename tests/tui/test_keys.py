"""What every key and click does."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from textual import actions, events
from textual.geometry import Size

from toktui.ingest.progress import Progress
from toktui.tui.frame import bindings_of
from toktui.tui.view import View
from toktui.tui.views import view_types, way_to
from toktui.tui.views.live import LiveView
from toktui.tui.views.sessions import SessionsView
from toktui.tui.widgets.active_rows import ActiveRows
from toktui.tui.widgets.burn import HourChart
from toktui.tui.widgets.header import Header
from toktui.tui.widgets.paged_rows import PagedRows

from .conftest import Run


async def test_the_live_screen_comes_first(normal: Path, run: Run):
    async with run(normal) as screens:
        assert isinstance(screens.app.view, LiveView)
        for word in ("BURN", "LAST HOUR", "TODAY", "shop-api", "explorer ×2", "CALLS"):
            assert word in screens.text


async def test_digits_go_to_screens_and_back(normal: Path, run: Run):
    async with run(normal) as screens:
        await screens.press("2")
        assert isinstance(screens.app.view, SessionsView)
        await screens.press("1")
        assert isinstance(screens.app.view, LiveView)


async def test_tabs_can_be_clicked(normal: Path, run: Run):
    async with run(normal) as screens:
        at = screens.app.query_one(Header).shown.index("Sessions")
        await screens.pilot.click(Header, offset=(at + 2, 0))
        await screens.rest()
        assert isinstance(screens.app.view, SessionsView)


async def test_b_changes_what_the_last_hour_shows(normal: Path, run: Run):
    async with run(normal, size=(160, 40)) as screens:
        chart = screens.app.query_one(HourChart)
        assert "tok/min" in chart.shown
        await screens.press("b")
        assert "$/min" in chart.shown
        assert "codex" in chart.shown
        await screens.press("b")
        assert "cache" not in chart.shown
        assert "read" in chart.shown
        await screens.press("b")
        assert "tok/min" in chart.shown


async def test_arrows_choose_a_session_and_enter_opens_it(normal: Path, run: Run):
    async with run(normal) as screens:
        await screens.press("down")
        chosen = screens.app.query_one(ActiveRows).chosen
        assert chosen is not None
        assert chosen.agent == "codex"
        await screens.press("enter")
        assert screens.app.view.KEY == "session"
        assert chosen.id in screens.text
        await screens.press("escape")
        assert isinstance(screens.app.view, LiveView)


async def test_a_second_click_opens_a_session(normal: Path, run: Run):
    async with run(normal) as screens:
        await screens.pilot.click(ActiveRows, offset=(20, 1), times=2)
        await screens.rest()
        assert screens.app.view.KEY == "session"


async def test_w_shows_the_bytes_the_rates_and_the_multiplication(normal: Path, run: Run):
    async with run(normal) as screens:
        await screens.press("w")
        assert screens.app.view.KEY == "why"
        for word in ("COUNTED", "RATES", "cache_read_input_tokens", "× $", "total"):
            assert word in screens.text


async def test_why_adds_up_for_the_call_under_the_cursor(normal: Path, run: Run):
    async with run(normal) as screens:
        await screens.press("2", "enter", "down", "w")
        call = screens.app.view.data
        assert sum(part.nusd for part in call.parts) == call.cost_nusd


async def test_a_filter_is_applied_as_it_is_typed(normal: Path, run: Run):
    async with run(normal) as screens:
        await screens.press("slash", *"infra")
        rows = screens.app.query_one(ActiveRows)
        assert {fold.session.project for fold in rows.folds} == {"/home/dev/infra"}
        await screens.press("enter", "2")
        page = screens.app.view.data
        assert page.found == sum(1 for _ in page.rows)
        assert {row.project for row in page.rows} == {"/home/dev/infra"}
        await screens.press("escape")
        assert screens.app.view.data.found > page.found


@pytest.mark.parametrize("text", ["%", "_", "'", "\\", "[b]", "日本"])
async def test_a_filter_is_text_and_nothing_else(text: str, normal: Path, run: Run):
    async with run(normal) as screens:
        await screens.press("2", "slash")
        for char in text:
            await screens.pilot.press(char)
        await screens.rest()
        assert screens.app.view.data.found == 0
        assert "No session matches the filter" in screens.text


async def test_s_and_r_change_the_order(normal: Path, run: Run):
    async with run(normal) as screens:
        await screens.press("2", "s")
        costs = [row.sums.cost_nusd for row in screens.app.view.data.rows]
        priced = [cost for cost in costs if cost is not None]
        assert priced == sorted(priced, reverse=True)
        assert costs[-1] is None
        await screens.press("r")
        costs = [row.sums.cost_nusd for row in screens.app.view.data.rows]
        assert costs[: len(priced)] == sorted(priced)
        assert costs[-1] is None


async def test_a_click_on_a_head_sorts_by_it(normal: Path, run: Run):
    async with run(normal) as screens:
        await screens.press("2")
        rows = screens.app.view.query_one(PagedRows)
        at = rows.shown.splitlines()[0].index("calls")
        await screens.pilot.click(PagedRows, offset=(at + 1, 0))
        await screens.rest()
        calls = [row.sums.calls for row in screens.app.view.data.rows]
        assert calls == sorted(calls, reverse=True)


async def test_question_mark_lists_the_keys_of_this_screen(normal: Path, run: Run):
    async with run(normal) as screens:
        await screens.press("2", "question_mark")
        assert "sort by the next column" in screens.text
        assert "unknown; never shown as 0" in screens.text
        await screens.press("escape")
        assert "sort by the next column" not in screens.text


async def test_the_palette_knows_every_screen_and_action(normal: Path, run: Run):
    async with run(normal) as screens:
        titles = {command.title for command in screens.app.get_system_commands(screens.app.screen)}
        assert {"Show Live", "Show Sessions", "Live: chart", "Live: why", "Live: open", "Filter",
                "Clear the filter", "Export", "Copy row", "Copy table", "Help", "Back"} <= titles


async def test_q_quits(normal: Path, run: Run):
    async with run(normal) as screens:
        await screens.pilot.press("q")
        await screens.pilot.pause()
        assert not screens.app.is_running


@pytest.mark.parametrize("width", [60, 80, 120])
async def test_the_meanings_in_the_help_stand_below_each_other(
    width: int, normal: Path, run: Run
):
    async with run(normal, size=(width, 60)) as screens:
        await screens.press("3", "question_mark")
        lines = screens.text.splitlines()
        at = next(line for line in lines if "d w m" in line).index("a week by days")
        shapley = next(n for n, line in enumerate(lines) if "Shapley value" in line)
        assert lines[shapley].index("Shapley value") == at
        assert lines[shapley + 1][at - 1] == " " != lines[shapley + 1][at]


@pytest.mark.parametrize("size", [(20, 8), (40, 10), (80, 24), (120, 36)])
async def test_help_and_quit_are_named_at_every_width(
    size: tuple[int, int], normal: Path, run: Run
):
    async with run(normal, size=size) as screens:
        assert re.search("[?] help +q quit", screens.text.splitlines()[-1])


@pytest.mark.parametrize(("tab", "key"), [("3", "t list"), ("8", "t landed / nothing landed")])
async def test_every_way_to_look_at_a_screen_is_named_at_80_columns(
    tab: str, key: str, normal: Path, run: Run
):
    async with run(normal, size=(80, 24)) as screens:
        await screens.press(tab)
        assert key in screens.text.splitlines()[-1]


@pytest.mark.parametrize("size", [(20, 5), (1, 1), (40, 10), (300, 90), (80, 6), (21, 60)])
@pytest.mark.parametrize("keys", [(), ("2",), ("2", "enter"), ("2", "enter", "w"), ("slash", "x")])
async def test_any_size_is_answered(
    size: tuple[int, int], keys: tuple[str, ...], absurd: Path, run: Run
):
    async with run(absurd, size=size) as screens:
        await screens.press(*keys)
        await screens.pilot.resize_terminal(120, 36)
        await screens.rest()
        await screens.pilot.resize_terminal(*size)
        await screens.rest()
        assert screens.app.is_running


async def test_the_burn_is_seen_even_in_20_by_5(normal: Path, run: Run):
    async with run(normal, size=(20, 5)) as screens:
        assert "TODAY" in screens.text


async def test_a_view_is_arranged_for_a_size_of_which_textual_did_not_tell_it(
    normal: Path, run: Run, monkeypatch: pytest.MonkeyPatch
):
    async with run(normal) as screens:
        await screens.press("2", "enter")
        view, narrow, fitted = screens.app.view, Size(60, 33), []
        monkeypatch.setattr(view, "fit_parts", lambda *size: fitted.append(size))
        # What remains of `Resize` for a view that a focus or the mouse was looked up in.
        view._size_updated(narrow, narrow, narrow, layout=False)
        await screens.pilot.pause()
        assert fitted


async def test_two_clicks_beside_the_palette_close_it_once(normal: Path, run: Run):
    async with run(normal) as screens:
        await screens.press("2", "enter", "ctrl+p")
        palette = screens.app.screen
        for _ in range(2):
            palette.post_message(events.Click(palette, 0, 0, 0, 0, 1, False, False, False, 0, 0))
        await screens.rest()
        assert len(screens.app.screen_stack) == 1
        assert screens.app.view.KEY == "session"


async def test_a_click_on_a_key_of_a_view_that_is_gone_does_nothing(normal: Path, run: Run):
    async with run(normal) as screens:
        await screens.press("2")
        screens.app.action_in_view("chart")
        assert screens.app.view.KEY == "sessions"


@pytest.mark.parametrize("kind", view_types(), ids=lambda kind: kind.KEY)
async def test_every_action_of_a_screen_can_be_done_by_the_palette(
    kind: type[View], normal: Path, run: Run, monkeypatch: pytest.MonkeyPatch
):
    async with run(normal) as screens:
        await screens.press(*way_to(kind))
        view, done = screens.app.view, []
        assert view.KEY == kind.KEY
        monkeypatch.setattr(kind, "can", lambda _self, _action: True)
        for binding in bindings_of(kind):
            _, name, given = actions.parse(binding.action)
            assert callable(getattr(view, f"action_{name}"))
            setattr(view, f"action_{name}", lambda *got, _name=name: done.append((_name, got)))
            title = f"{kind.LABEL}: {binding.description}"
            commands = screens.app.get_system_commands(screens.app.screen)
            next(command for command in commands if command.title == title).callback()
            assert done[-1] == (name, given)


async def test_what_can_be_done_nowhere_is_not_offered(normal: Path, empty: Path, run: Run):
    async with run(normal) as screens:
        commands = screens.app.get_system_commands(screens.app.screen)
        assert "Live: demo" not in {command.title for command in commands}
    async with run(empty) as screens:
        screens.ingest.say(Progress(phase="live"))
        await screens.pilot.pause(0.2)
        await screens.rest()
        commands = screens.app.get_system_commands(screens.app.screen)
        assert "Live: demo" in {command.title for command in commands}
        await screens.press("9")
        footer = screens.text.splitlines()[-1]
        assert "ctrl+p palette" in footer
        assert "send now" not in footer
        assert "open" not in footer
    async with run(normal) as screens:
        await screens.press("9")
        assert "n send now" in screens.text.splitlines()[-1]
