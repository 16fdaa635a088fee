"""What calls probably cost beyond their logs stands quietly beside their cost."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.properties.lab import write
from tests.properties.worlds import claude_row, lines
from toktui.clock import iso
from toktui.dev.sample import settle_home
from toktui.ingest.estimate import estimate_all
from toktui.ingest.settle import Settler
from toktui.pricing.rates import load_book
from toktui.store.connect import connect_writer
from toktui.store.writer import Writer

from .conftest import NOW, SIZES, Run


def words(text: str) -> int:
    """Stands in for the tokenizer."""
    return len(text.split())


@pytest.fixture(scope="module")
def interrupted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A session with a call that never got its output, and one without any."""
    folder = tmp_path_factory.mktemp("interrupted")
    long = [{"type": "text", "text": "word " * 10_000}]
    for session, stop in (("lacking", None), ("whole", "end_turn")):
        row = claude_row(
            f"msg_01{session:A>22}", session, iso(NOW - 60_000), output=1, stop=stop,
            model="claude-opus-4-8", content=long,
        )  # fmt: skip
        write(folder / f"home/.claude/projects/-w/{session}.jsonl", lines([row]))
    store = folder / "data/toktui.db"
    settle_home(folder / "home", store, load_book(), NOW)
    db = connect_writer(store)
    assert estimate_all(Settler(Writer(db), load_book()), words, NOW) == 1
    db.close()
    return store


@pytest.mark.parametrize("size", SIZES)
async def test_today_says_it_beside_the_cost_of_the_day(
    interrupted: Path, size: tuple[int, int], run: Run
):
    async with run(interrupted, size=size) as screens:
        assert "+$0.40" in screens.text


async def test_the_list_of_sessions_has_a_column_for_it(interrupted: Path, run: Run):
    async with run(interrupted) as screens:
        await screens.press("2")
        assert "probably" in screens.text
        assert screens.text.count("+$0.40") == 1


async def test_a_list_without_it_has_no_column(moved: Path, run: Run):
    async with run(moved, size=(200, 60)) as screens:
        await screens.press("2")
        assert "probably" not in screens.text


async def test_a_session_says_it_beside_its_list_cost(interrupted: Path, run: Run):
    async with run(interrupted) as screens:
        await screens.press("2", "enter")
        other = "probably +$" not in screens.text
        await screens.press("escape", "down", "enter")
        assert ("probably +$" in screens.text) is other
        assert "list cost" in screens.text
