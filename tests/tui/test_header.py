"""What the first line says of the ingest, and that the words of tabs stay as long as they fit."""

from __future__ import annotations

import pytest

from toktui.ingest.progress import Progress
from toktui.tui.theme import Palette
from toktui.tui.views import tabs
from toktui.tui.widgets.header import Header

WORDS = [view.LABEL for view in tabs()]
LIVE = Progress(phase="live", agents=("claude-code", "codex"))
INDEXING = Progress(
    phase="indexing", bytes_done=17_400_000, bytes_total=86_700_000, bytes_per_s=49.3e6
)


def line(progress: Progress | None, width: int, *, demo: bool = False, current: str = "") -> str:
    """The first line of a terminal so wide, without the margins at both sides."""
    header = Header([(view.KEY, view.LABEL) for view in tabs()], demo=demo)
    header.current, header.progress = current or tabs()[0].KEY, progress
    (drawn,) = header.draw(width - 2, 1, Palette({}, dark=True))
    assert drawn.width <= width - 2
    return "".join(piece.text for piece in drawn.pieces)


@pytest.mark.parametrize("view", [view.KEY for view in tabs()])
@pytest.mark.parametrize("demo", [False, True], ids=["usual", "demo"])
@pytest.mark.parametrize("width", [80, 100, 120, 200])
def test_all_tabs_have_their_words_from_80_columns_on(width: int, demo: bool, view: str):
    shown = line(LIVE, width, demo=demo, current=view)
    assert all(word in shown for word in WORDS)
    assert ("demo" in shown) is demo
    assert demo or "●" in shown


@pytest.mark.parametrize("width", [100, 120, 200])
def test_tabs_have_their_words_while_logs_are_indexed(width: int):
    shown = line(INDEXING, width)
    assert all(word in shown for word in WORDS)
    assert "20 %" in shown


def test_a_wide_terminal_says_how_fast_the_index_goes_and_how_long_it_takes():
    assert "20 %  17.4 MB of 86.7 MB · 49.3 MB/s · 1 s left" in line(INDEXING, 200)
    assert "━━╸───────── 20 % · 1 s left" in line(INDEXING, 120)
    assert "indexing" in line(INDEXING, 100)


def test_in_80_columns_what_an_index_needs_is_worth_more_than_the_words_of_tabs():
    assert line(INDEXING, 80).endswith("indexing ━━╸───────── 20 % · 1 s left")


def test_in_80_columns_that_nothing_is_read_is_said_in_words():
    assert line(Progress(phase="failed"), 80).endswith("● not reading")


@pytest.mark.parametrize("width", range(16, 130))
def test_every_width_has_the_word_of_the_open_tab(width: int):
    for progress in (None, LIVE, INDEXING, Progress(phase="failed"), Progress(phase="starting")):
        for demo in (False, True):
            assert WORDS[0] in line(progress, width, demo=demo)
