"""The Health screen: a verdict, the agents, the store; checks on a key; an agent's logs."""

from __future__ import annotations

from pathlib import Path

import pytest

from toktui.dev.sample import Conversation, settle_home
from toktui.dev.shots import NOW
from toktui.pricing.rates import load_book
from toktui.tui.views import way_to
from toktui.tui.views.health import VIEW

from .conftest import Run

WAY = way_to(VIEW)


async def test_it_says_what_needs_a_look_and_what_was_found(normal: Path, run: Run):
    async with run(normal) as screens:
        await screens.press(*WAY)
        for text in ("14 calls have no price", "claude-code", "STORE", "after 30 days", "COVERAGE"):
            assert text in screens.text


@pytest.mark.parametrize(
    ("line", "verdict"),
    [
        ("", "every log is read, every line understood"),
        ('{"type":"assistant",', "every log is read, 1 line not understood and not counted"),
    ],
)
async def test_where_nothing_needs_a_look_it_says_what_was_not_understood(
    tmp_path: Path, home: Path, run: Run, line: str, verdict: str
):
    log = Conversation(home, "9e3779b1-0000-4000-8000-000000000001", "/home/dev/shop-api")
    log.turn(NOW - 60_000)
    log.write(NOW - 60_000)
    with log.path.open("a") as file:
        file.write(line + "\n")
    store = tmp_path / "data/toktui.db"
    settle_home(home, store, load_book(), NOW)
    async with run(store) as screens:
        await screens.press(*WAY)
        assert f"Nothing needs a look: {verdict}, the store is whole." in screens.text


async def test_a_key_checks_the_store(normal: Path, run: Run):
    async with run(normal) as screens:
        await screens.press(*WAY)
        assert "sums match" not in screens.text
        await screens.press("i")
        assert "every page is whole, sums match" in screens.text


async def test_enter_opens_the_logs_of_an_agent(normal: Path, run: Run):
    async with run(normal) as screens:
        await screens.press(*WAY, "down", "enter")
        assert "LOGS  codex" in screens.text
        assert ".jsonl" in screens.text
        await screens.press("escape", "up", "enter")
        assert "LOGS  claude-code" in screens.text


@pytest.mark.parametrize("size", [(20, 5), (80, 24), (120, 36), (200, 60)])
async def test_an_empty_store_is_healthy(empty: Path, run: Run, size: tuple[int, int]):
    async with run(empty, size=size) as screens:
        await screens.press(*WAY)
        if size[1] > 5:
            assert "No agent has logs here yet." in screens.text


async def test_absurd_names_and_counts_are_drawn(absurd: Path, run: Run):
    async with run(absurd) as screens:
        await screens.press(*WAY, "enter")
        assert "LOGS" in screens.text
