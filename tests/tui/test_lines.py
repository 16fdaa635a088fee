"""Lines that have less room than they want."""

from __future__ import annotations

from pathlib import Path

import pytest

from toktui.tui.lines import Line, as_fits, both_ends

from .conftest import Run


def text(line: Line) -> str:
    return "".join(piece.text for piece in line.pieces)


@pytest.mark.parametrize(
    ("width", "shown"), [(8, "abc 漢字"), (7, "abc 漢…"), (5, "abc …"), (1, "…"), (0, "")]
)
def test_what_is_cut_off_a_line_is_told(width: int, shown: str):
    assert text(Line().add("abc ").add("漢字").cut(width)).rstrip() == shown.rstrip()


def test_the_two_ends_of_a_line_never_touch():
    ends = both_ends(Line().add("/home/somebody"), Line().add("5e5e"), 18)
    assert text(ends) == "/home/somebo… 5e5e"
    assert text(both_ends(Line().add("/home"), Line().add("5e5e"), 10)) == "/home 5e5e"


def test_a_piece_without_room_is_left_out_whole():
    further = (Line().add("  287 calls"), Line().add("  23.4M tokens"))
    assert text(as_fits(Line().add("USED BY"), further, 20)) == "USED BY  287 calls"


@pytest.mark.parametrize(
    ("keys", "whole"),
    [
        (("6",), "287 calls"),
        (("9", "v"), "~$0.0316"),
        (("2", "enter", "w"), "source genai-prices"),
    ],
)
async def test_no_figure_is_cut_at_80_columns(
    keys: tuple[str, ...], whole: str, normal: Path, run: Run
):
    async with run(normal, size=(80, 24)) as screens:
        await screens.press(*keys)
        assert whole in screens.text
        assert "23.4\n" not in screens.text
