"""The filter on the screens: typed once, it holds on all of them and is seen on all of them."""

from __future__ import annotations

import asyncio
import shutil
from pathlib import Path

import pytest

from toktui.ingest.progress import Progress

from .conftest import Run


async def typed(screens, text: str) -> None:
    await screens.press("slash")
    for char in text:
        await screens.pilot.press(char)
    await screens.rest()


async def test_a_filter_holds_across_screens_until_it_is_cleared(normal: Path, run: Run):
    async with run(normal) as screens:
        await typed(screens, "agent:codex since:7d")
        await screens.press("enter")
        assert {session.agent for session in screens.app.view.data.sessions} == {"codex"}
        for key in ("2", "1", "2"):
            await screens.press(key)
            assert "only  agent codex   since 7d" in screens.text
        assert {row.agent for row in screens.app.view.data.rows} == {"codex"}
        await screens.press("enter", "escape")
        assert "only  agent codex" in screens.text
        await screens.press("escape")
        assert "only  agent" not in screens.text
        assert len({row.agent for row in screens.app.view.data.rows}) > 1


async def test_what_is_estimated_is_marked_and_its_cache_unknown(normal: Path, run: Run):
    async with run(normal, size=(160, 40)) as screens:
        await typed(screens, "agent:cursor")
        await screens.press("enter", "2")
        (line,) = (line for line in screens.text.splitlines() if "sonnet-4-6" in line)
        cells = line.split()
        assert sum(cell.startswith("~") for cell in cells) == 2
        assert "–" in cells
        await screens.press("4")
        (line,) = (line for line in screens.text.splitlines() if line.startswith(" sonnet-4-6"))
        assert "~" in line
        assert " – " in line


async def test_a_screen_says_how_far_the_filter_holds(normal: Path, run: Run):
    async with run(normal) as screens:
        await typed(screens, "agent:codex since:7d")
        await screens.press("enter", "7")
        assert "only  agent codex   since 7d   here only agents" in screens.text
        await screens.press("enter")
        assert "not here" in screens.text
        await screens.press("2")
        assert "not here" not in screens.text
        await screens.press("6")
        assert "here no branches" not in screens.text
        await typed(screens, " branch:main")
        assert "here no branches" in screens.text


async def test_what_is_wrong_is_said_beside_the_line_and_the_filter_before_holds(
    normal: Path, run: Run
):
    async with run(normal) as screens:
        await typed(screens, "agent:codex since:7")
        assert '! since: "7" is not a day' in screens.text
        assert {session.agent for session in screens.app.view.data.sessions} == {"codex"}
        await screens.press("enter", "d", "enter")
        assert "is not a day" not in screens.text
        assert "only  agent codex   since 7d" in screens.text


async def test_keys_are_suggested_and_tab_takes_them(normal: Path, run: Run):
    async with run(normal) as screens:
        await typed(screens, "a")
        assert "agent:" in screens.text.splitlines()[-3]
        await screens.press("tab")
        assert screens.app._box.input.value == "agent:"
        assert "claude-code   codex" in screens.text
        for char in "cod":
            await screens.pilot.press(char)
        await screens.press("tab")
        assert screens.app._box.input.value == "agent:codex"


@pytest.mark.parametrize("text", ["since:2999-01-01", "agent:nobody"])
async def test_a_filter_that_matches_nothing_is_answered_in_words(
    text: str, normal: Path, run: Run
):
    async with run(normal) as screens:
        await typed(screens, text)
        assert "No active session matches the filter." in screens.text
        await screens.press("enter", "2")
        assert "No session matches the filter" in screens.text


async def test_in_a_low_terminal_the_footer_says_the_filter(normal: Path, run: Run):
    async with run(normal, size=(60, 8)) as screens:
        await typed(screens, "codex")
        await screens.press("enter")
        assert "filter: codex" in screens.text.splitlines()[-1]


async def test_a_session_shows_its_calls_in_the_filter(normal: Path, run: Run):
    async with run(normal) as screens:
        await screens.press("enter")
        whole = screens.app.view.data
        assert len(whole.models) > 1
        sums = {}
        for model in whole.models:
            await typed(screens, f"model:={model.model}")
            await screens.press("enter")
            part = screens.app.view.data
            assert {call.call.model for call in part.calls} == {model.model}
            assert part.row.sums == model.sums
            assert f"of {whole.row.sums.calls}" in screens.text
            sums[model.model] = part.row.sums.priced_nusd
            await screens.press("slash", "escape")
        assert sum(sums.values()) == whole.row.sums.priced_nusd
        await typed(screens, "since:2999-01-01")
        assert "No call of this session matches the filter." in screens.text


async def test_a_store_that_is_being_rebuilt_is_followed(normal: Path, tmp_path: Path, run: Run):
    store = tmp_path / "toktui.db"
    await asyncio.to_thread(shutil.copy, normal, store)
    async with run(store) as screens:
        await screens.press("2")
        found = screens.app.view.data.found
        store.unlink()
        screens.ingest.say(Progress(phase="indexing", bytes_done=1, bytes_total=9, logs_known=1))
        await screens.pilot.pause(0.7)
        await screens.rest()
        assert screens.app.is_running
        assert "could not be read" not in screens.text
        await asyncio.to_thread(shutil.copy, normal, store)
        screens.ingest.say(Progress(phase="live", logs_known=1))
        await screens.pilot.pause(0.7)
        await screens.rest()
        assert screens.app.view.data.found == found
