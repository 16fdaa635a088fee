"""What a session without a price shows: tokens, and no cost that nobody knows."""

from __future__ import annotations

from pathlib import Path

import pytest

from .conftest import Run


@pytest.mark.parametrize("size", [(80, 24), (120, 36), (200, 60)])
async def test_without_a_price_the_chart_is_of_tokens(
    size: tuple[int, int], normal: Path, run: Run
):
    async with run(normal, size=size) as screens:
        await screens.press("2", "slash", *"model:house*", "enter", "enter")
        assert screens.app.view.KEY == "session"
        assert "TOKENS  per call, peak " in screens.text
        assert "█" in screens.text
        assert "$0" not in screens.text.replace("toktui prices", "")


async def test_the_parts_of_an_unknown_cost_are_unknown(normal: Path, run: Run):
    async with run(normal) as screens:
        await screens.press("2", "slash", *"model:house*", "enter", "enter")
        for part in ("cache read", "cache write", "input  ", "output  "):
            (line,) = [row for row in screens.text.splitlines() if f" {part}" in row and "┄" in row]
            assert line.rstrip().endswith("–")


async def test_the_parts_of_a_known_cost_add_up(normal: Path, run: Run):
    async with run(normal) as screens:
        await screens.press("2", "enter")
        assert "COST  per " in screens.text
        assert "cache read" in screens.text
        assert "┄" not in screens.text
