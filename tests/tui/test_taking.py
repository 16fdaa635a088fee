"""What is taken from the screens: copies, files, and the way into details and back."""

from __future__ import annotations

import csv
import json
import sys
from pathlib import Path

import pytest

from toktui.tui.stage import KEPT
from toktui.tui.view import Open
from toktui.tui.widgets.paged_rows import PagedRows

from .conftest import Run, Screens


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where exports go."""
    out = tmp_path / "out"
    out.mkdir()
    monkeypatch.setattr("toktui.tui.app.ToktuiApp.downloads", lambda _app: out)
    return out


def files(folder: Path) -> list[Path]:
    return sorted(folder.iterdir(), key=lambda path: len(path.name))


def said(screens: Screens) -> list[str]:
    """What the toasts say."""
    return [note.message for note in screens.app._notifications]


async def export(screens: Screens, kind: str) -> None:
    await screens.press("e", kind)
    await screens.app.workers.wait_for_complete()
    await screens.rest()


async def test_y_copies_the_row_and_shift_y_the_table(normal: Path, run: Run):
    async with run(normal) as screens:
        await screens.press("2", "down", "y")
        row = screens.app.view.data.rows[1]
        assert row.id in screens.app.clipboard.split("\t")
        await screens.press("Y")
        lines = screens.app.clipboard.splitlines()
        assert lines[0] == "**Sessions**"
        assert len(lines) == 4 + len(screens.app.view.data.rows)


async def test_the_palette_copies_a_cell(normal: Path, run: Run):
    async with run(normal) as screens:
        await screens.press("2")
        commands = screens.app.get_system_commands(screens.app.screen)
        next(command for command in commands if command.title == "Copy project").callback()
        assert screens.app.clipboard == screens.app.view.data.rows[0].project


async def test_live_exports_its_sessions_with_exact_values(normal: Path, folder: Path, run: Run):
    async with run(normal) as screens:
        await export(screens, "j")
        (path,) = files(folder)
        assert path.name == "toktui-live-2026-11-22.json"
        document = json.loads(path.read_text())
        costs = [session.sums.cost_nusd for session in screens.app.view.data.sessions]
        assert [row["cost_nusd"] for row in document["rows"]] == costs
        assert str(path) in said(screens)


async def test_the_whole_list_is_exported_and_nothing_overwritten(
    normal: Path, folder: Path, run: Run
):
    async with run(normal) as screens:
        await screens.press("2", "slash", "c", "o", "d", "e", "x", "enter")
        await export(screens, "c")
        await export(screens, "c")
        first, second = files(folder)
        assert second.name == "toktui-sessions-2026-11-22-2.csv"
        rows = list(csv.DictReader(first.read_text().splitlines()))
        assert len(rows) == screens.app.view.data.found
        assert {row["agent"] for row in rows} == {"codex"}
        assert first.stat().st_mode & 0o777 == 0o600


async def test_a_picture_is_of_the_screen_without_the_sheet(
    normal: Path, folder: Path, run: Run
):
    async with run(normal) as screens:
        await export(screens, "s")
        (path,) = files(folder)
        assert "BURN" in path.read_text()
        assert "for&#160;spreadsheets" not in path.read_text()


async def test_a_folder_that_cannot_be_written_is_said(
    normal: Path, tmp_path: Path, run: Run, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("toktui.tui.app.ToktuiApp.downloads", lambda _app: tmp_path / "gone")
    async with run(normal) as screens:
        await export(screens, "m")
        assert "Not exported: No such file or directory" in said(screens)


async def test_hostile_names_leave_as_text(absurd: Path, folder: Path, run: Run):
    async with run(absurd) as screens:
        await screens.press("2", "y", "Y")
        await export(screens, "m")
        (path,) = files(folder)
        assert "\x1b" not in path.read_text()


async def test_views_are_opened_several_deep_and_keep_their_state(normal: Path, run: Run):
    async with run(normal) as screens:
        await screens.press("2", "s", "down", "down", "enter")
        first = screens.app.view.data.row.id
        assert f"Sessions › {screens.app.view.title}" in screens.text
        other = 1 if screens.app.view.about.session != 1 else 2
        await screens.press("down")
        screens.app.view.post_message(Open("session", other))
        await screens.rest()
        assert screens.app.view.data.row.number == other
        await screens.press("escape")
        assert screens.app.view.data.row.id == first
        assert screens.app.view.query_one(PagedRows).cursor == 1
        await screens.press("escape")
        assert screens.app.view.KEY == "sessions"
        assert screens.app.view.query_one(PagedRows).cursor == 2
        assert screens.app.view.about.sort == "cost"


async def test_only_so_many_views_are_kept_and_the_way_back_is_whole(normal: Path, run: Run):
    async with run(normal) as screens:
        depth = KEPT + 4
        for number in range(1, depth + 1):
            screens.app.view.post_message(Open("session", number))
            await screens.pilot.pause()
        await screens.rest()
        assert len(screens.app._stage.children) <= KEPT + 2
        for number in range(depth - 1, 0, -1):
            await screens.press("escape")
            assert screens.app.view.about.session == number
            assert screens.app.view.data.row.number == number
        await screens.press("escape")
        assert screens.app.view.KEY == "live"


@pytest.mark.parametrize(("keys", "label"), [("w", "2026-W47"), ("m", "2026-11"), ("y", "year")])
async def test_a_share_card_is_drawn_from_any_screen_and_names_no_project(
    keys: str, label: str, normal: Path, folder: Path, run: Run
):
    async with run(normal, theme="toktui-light") as screens:
        await screens.press("3", "C")
        assert "it names no project" in screens.text
        await screens.press(keys)
        await screens.app.workers.wait_for_complete()
        await screens.rest()
        (path,) = files(folder)
        assert path.name == f"toktui-card-{label}.svg"
        drawn = path.read_text()
        assert "opus" in drawn
        assert "shop-api" not in drawn
        assert str(path) in said(screens)
        assert screens.app.view.KEY == "history"
        # The key of the sheet is none of the screen below: m would show months there.
        assert "WEEK 47" in screens.text


async def test_a_share_card_can_be_a_png(normal: Path, folder: Path, run: Run):
    async with run(normal) as screens:
        await screens.press("C", "M")
        await screens.app.workers.wait_for_complete()
        await screens.rest()
        (path,) = files(folder)
        assert path.name == "toktui-card-2026-11.png"
        assert path.read_bytes().startswith(b"\x89PNG")


async def test_a_png_without_its_extra_says_how_to_get_it(
    normal: Path, folder: Path, run: Run, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setitem(sys.modules, "resvg_py", None)
    async with run(normal) as screens:
        await screens.press("C", "W")
        await screens.app.workers.wait_for_complete()
        await screens.rest()
        assert files(folder) == []
        assert "Install `toktui[png]`" in said(screens)[-1]


async def test_nothing_is_copied_as_a_row_where_no_call_is_seen(empty: Path, run: Run):
    async with run(empty) as screens:
        await screens.press("3", "y")
        assert said(screens) == ["Copied: text"]
        assert "Nothing to review yet." in screens.app.clipboard


async def test_the_sheet_of_the_card_is_closed_by_its_key_and_by_escape(
    normal: Path, folder: Path, run: Run
):
    async with run(normal) as screens:
        for key in ("C", "escape", "q"):
            await screens.press("C", key)
            assert "Share card" not in screens.text
        assert files(folder) == []
        titles = {command.title for command in screens.app.get_system_commands(screens.app.screen)}
        assert "Share card" in titles
