"""A monkey at the keyboard: whatever is pressed, clicked, resized or told, the screens stand."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from pathlib import Path
from typing import Final

import pytest
from textual import events
from textual.driver import Driver
from textual.geometry import Size
from textual.message import Message

from toktui.ingest.progress import Problem, Progress
from toktui.tui.refresher import NoStore, ReadFailed
from toktui.tui.views import tabs
from toktui.tui.views.live import LiveView

from .conftest import NOW, Run, Screens

STEPS = 150
KEYS: Final = (
    *("1", "2", "9", "enter", "escape", "w", "s", "r", "b", "j", "k", "g", "G", "tab", "shift+tab"),
    *("up", "down", "left", "right", "home", "end", "pageup", "pagedown", "space", "backspace"),
    *("y", "Y", "e", "c", "d", "m", "colon", "agent:c", "since:7"),
    *("slash", "question_mark", "q", "ctrl+p", "a", "[", "é", "delete"),
)
SIZES: Final = ((1, 1), (20, 5), (40, 10), (80, 6), (80, 24), (120, 36), (200, 60), (300, 90))
THEMES: Final = ("toktui-dark", "toktui-safe", "nord", "ansi-dark")
TOLD: Final = (
    Progress(),
    Progress(phase="live"),
    Progress(phase="live", logs_known=9, agents=("claude-code",)),
    Progress(phase="indexing", bytes_done=3, bytes_total=9, logs_total=2, bytes_per_s=1.5),
    Progress(phase="following", holder="toktui (process 7)"),
    Progress(phase="failed", notice="No space is left. " * 9, problems=(Problem("/x", "no"),) * 3),
)


class Monkey:
    """Does something random, at random distances, without waiting for what comes of it."""

    def __init__(self, screens: Screens, seed: int) -> None:
        self.screens = screens
        self.app = screens.app
        self.random = random.Random(seed)
        assert self.app._driver is not None
        self.driver: Driver = self.app._driver

    async def play(self, steps: int) -> None:
        deeds: list[Callable[[], None]] = [
            *([self.press] * 12), *([self.click] * 4), *([self.scroll] * 3),
            self.resize, self.resize, self.paste, self.tell, self.tell, self.post, self.theme,
        ]  # fmt: skip
        for _ in range(steps):
            self.random.choice(deeds)()
            for _ in range(self.random.choice((0, 0, 1, 2, 5))):
                await asyncio.sleep(0)
            if self.random.random() < 0.1:
                await asyncio.sleep(self.random.random() / 50)

    def press(self) -> None:
        key = self.random.choice(KEYS)
        if len(key) > 6 and ":" in key:
            for char in key:
                self.send(events.Key("colon" if char == ":" else char, char))
            return
        character = {"colon": ":", "slash": "/", "question_mark": "?", "space": " "}.get(key, key)
        self.send(events.Key(key, character if len(character) == 1 else None))

    def click(self) -> None:
        for kind in (events.MouseMove, events.MouseDown, events.MouseUp):
            self.send(self.mouse(kind))

    def scroll(self) -> None:
        kinds = (events.MouseScrollDown, events.MouseScrollUp, events.MouseMove)
        self.send(self.mouse(self.random.choice(kinds)))

    def mouse(self, kind: type[events.MouseEvent]) -> events.MouseEvent:
        """Where anything can be: the rows at the edges, where tabs and keys are, more often."""
        width, height = self.app.size
        x, y = self.random.randrange(width), self.random.randrange(height)
        y = self.random.choice((0, y, y, height - 1))
        button = kind in (events.MouseDown, events.MouseUp)
        return kind(None, x, y, 0, 0, button, False, False, False, x, y)

    def resize(self) -> None:
        size = Size(*self.random.choice(SIZES))
        self.driver._size = size  # type: ignore[attr-defined]
        self.send(events.Resize(size, size))

    def paste(self) -> None:
        self.send(events.Paste("[b]shop-api\n\x1b[31m" * self.random.randrange(2)))

    def tell(self) -> None:
        self.screens.ingest.say(self.random.choice(TOLD))

    def post(self) -> None:
        kinds: tuple[Message, ...] = (
            NoStore(), ReadFailed(OSError("[red]it is gone")), events.AppBlur(), events.AppFocus(),
        )  # fmt: skip
        self.send(self.random.choice(kinds))

    def theme(self) -> None:
        self.app.theme = self.random.choice(THEMES)

    def send(self, message: Message) -> None:
        message.set_sender(self.app)
        self.app.post_message(message)


class Clock:
    """Goes on a little each time it is looked at."""

    def __init__(self) -> None:
        self.ms = NOW

    def __call__(self) -> int:
        self.ms += 7
        return self.ms


async def stays() -> None:
    """Instead of quitting."""


@pytest.mark.parametrize("seed", range(2))
async def test_a_monkey_breaks_nothing(
    seed: int, tmp_path: Path, normal: Path, absurd: Path, empty: Path, run: Run,
    monkeypatch: pytest.MonkeyPatch,
):  # fmt: skip
    store = (normal, absurd, empty)[seed % 3]
    async with run(store, now_ms=Clock()) as screens:
        app = screens.app
        monkeypatch.setattr(app, "action_quit", stays)
        monkeypatch.setattr(app, "downloads", lambda: tmp_path)
        monkey = Monkey(screens, seed)
        await monkey.play(STEPS)
        assert app.is_running
        await screens.pilot.resize_terminal(120, 36)
        await screens.press("escape", "escape", "escape", "escape", "1")
        assert isinstance(app.view, LiveView)
        lines = screens.text.splitlines()
        assert all(tab.LABEL in lines[0] for tab in tabs())
        assert "BURN" in screens.text
        assert lines[-1].endswith("? help   q quit")
        await monkey.play(20)
