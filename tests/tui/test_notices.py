"""What needs a hand is said in whole words, however narrow the terminal is."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from toktui.ingest.progress import Problem, Progress
from toktui.tui.lines import by_words

from .conftest import Run

SENTENCE = "The store was damaged and set aside; a backup with 12 001 calls is used. Logs are read."
WORDS = st.text("ab,日é ", max_size=60)


@given(WORDS, st.integers(2, 30), st.integers(1, 5))
def test_lines_fit_and_nothing_is_lost_unsaid(text: str, width: int, most: int):
    lines = by_words(text, width, most)
    assert len(lines) <= most
    assert all(0 < cell_len(line) <= width for line in lines)
    said = "".join(lines)
    if not said.endswith("…"):
        assert said.replace(" ", "") == text.replace(" ", "")


@given(WORDS, st.integers(2, 30))
def test_words_that_fit_a_line_are_never_broken(text: str, width: int):
    words = [word for word in text.split() if cell_len(word) <= width]
    lines = by_words(text, width, 100)
    if len(words) == len(text.split()):
        assert " ".join(lines).split() == words


@pytest.mark.parametrize("size", [(60, 30), (80, 24), (120, 36), (200, 60)])
async def test_a_long_notice_is_read_to_its_end(size: tuple[int, int], empty: Path, run: Run):
    async with run(empty, size=size) as screens:
        screens.ingest.say(Progress(phase="live", logs_known=3, notice=SENTENCE))
        await screens.pilot.pause(0.2)
        await screens.rest()
        assert SENTENCE in " ".join(screens.text.replace("!", "").split())


async def test_each_notice_has_its_line_where_one_is_too_short(normal: Path, run: Run):
    async with run(normal, size=(120, 36)) as screens:
        problem = Problem("/home/dev/.claude/projects/-home-dev/x.jsonl", "Permission denied")
        screens.ingest.say(Progress(phase="live", notice=SENTENCE, problems=(problem,)))
        await screens.pilot.pause(0.2)
        await screens.rest()
        begins = [line.strip()[:12] for line in screens.text.splitlines()[1:4]]
        assert begins == ["! The store ", "! cannot rea", "! no price f"]


async def test_notices_follow_the_width_of_the_terminal(empty: Path, run: Run):
    async with run(empty, size=(200, 40)) as screens:
        screens.ingest.say(Progress(phase="live", logs_known=3, notice=SENTENCE))
        await screens.pilot.pause(0.2)
        await screens.rest()
        assert screens.app._frame.notices.size.height == 1
        await screens.pilot.resize_terminal(50, 40)
        await screens.rest()
        assert screens.app._frame.notices.size.height == 2
        await screens.pilot.resize_terminal(200, 40)
        await screens.rest()
        assert screens.app._frame.notices.size.height == 1
