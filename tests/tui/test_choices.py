"""Themes: one for every eye, and the choice is kept."""

from __future__ import annotations

import os
import stat
import threading
from itertools import pairwise
from pathlib import Path

import pytest
from textual.color import Color

from toktui.tui.app import ToktuiApp
from toktui.tui.choices import Choices, keep_choices, load_choices
from toktui.tui.theme import SAFE, SERIES, THEMES

from .conftest import Run


def light(color: str) -> float:
    """CIE lightness, 0 to 100."""
    r, g, b = (part / 255 for part in Color.parse(color).rgb)
    parts = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in (r, g, b)]
    y = 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]
    return 116 * y ** (1 / 3) - 16 if y > 0.008856 else 903.3 * y


def test_what_stands_beside_each_other_in_the_safe_theme_differs_in_lightness():
    series = [SAFE.variables[f"series-{at}"] for at in range(1, SERIES + 1)]
    buckets = [SAFE.variables[name] for name in ("read", "write", "fresh", "output")]
    for colors in (series, buckets):
        lights = list(map(light, colors))
        assert min(abs(a - b) for a, b in pairwise(lights)) >= 12


@pytest.mark.parametrize("theme", THEMES, ids=lambda theme: theme.name)
def test_text_can_be_read_on_every_ground(theme):
    for ground in (theme.background, theme.surface):
        for ink in (theme.foreground, theme.variables["ink-dim"]):
            assert contrast(ink, ground) >= 4.5


def contrast(one: str, other: str) -> float:
    bright = []
    for color in (one, other):
        level = light(color)
        bright.append(((level + 16) / 116) ** 3 if level > 8 else level / 903.3)
    dark, lit = sorted(bright)
    return (lit + 0.05) / (dark + 0.05)


def test_a_choice_is_kept_as_a_whole_file_for_the_user_alone(tmp_path: Path):
    path = tmp_path / "data/ui.json"
    path.parent.mkdir(exist_ok=True)
    assert load_choices(path) == Choices()
    keep_choices(path, Choices(theme="nord"))
    keep_choices(path, Choices(theme="toktui-safe"))
    assert load_choices(path) == Choices(theme="toktui-safe")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [name for name in os.listdir(path.parent) if "ui.json" in name] == ["ui.json"]


@pytest.mark.parametrize("content", [b"", b"[]", b'{"theme": 3}', b"\xff", b"x" * 20_000])
def test_a_damaged_choice_is_none(content: bytes, tmp_path: Path):
    path = tmp_path / "ui.json"
    path.write_bytes(content)
    assert load_choices(path) == Choices()


def test_a_folder_that_cannot_be_written_breaks_nothing(tmp_path: Path):
    keep_choices(tmp_path / "gone/ui.json", Choices(theme="nord"))


async def test_a_theme_that_is_chosen_is_kept_in_another_thread(normal: Path, run: Run):
    kept: list[tuple[str, bool]] = []

    def keep(name: str) -> None:
        kept.append((name, threading.current_thread() is threading.main_thread()))

    async with run(normal) as screens:
        app: ToktuiApp = screens.app
        app._keep_theme = keep
        app.theme = "toktui-safe"
        await screens.rest()
        await app.workers.wait_for_complete()
        assert kept == [("toktui-safe", False)]
        assert "BURN" in screens.text
