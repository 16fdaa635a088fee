"""The real program in a terminal of its own: what it writes, and what it leaves behind."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from toktui.clock import now_ms
from toktui.dev.sample import MINUTE, Conversation, busy_afternoon
from toktui.tui.views import tabs

ROOT = Path(__file__).parents[2]
_ESCAPES = re.compile(
    rb"\x1b\[[0-9;?<>=]*[ -/]*[@-~]|\x1b[()][A-Z0-9]|\x1b[=>]|\x1b\][^\x07]*\x07|\x1bP.*?\x1b\\"
)


class Terminal:
    """A pseudo terminal in which toktui runs."""

    def __init__(self, *arguments: str, size: tuple[int, int] = (120, 36), **env: str) -> None:
        self.master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", size[1], size[0], 0, 0))
        self.before = termios.tcgetattr(slave)
        self.slave = slave
        self.written = b""
        self.process = subprocess.Popen(
            [sys.executable, "-m", "toktui", *arguments],
            stdin=slave, stdout=slave, stderr=slave, cwd=ROOT, start_new_session=True,
            env=os.environ | env,
        )  # fmt: skip

    def read(self, seconds: float) -> bytes:
        """What is written within the time."""
        found = b""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            if select.select([self.master], [], [], left)[0]:
                try:
                    found += os.read(self.master, 1 << 16)
                except OSError:
                    break
        self.written += found
        return found

    def wait_for(self, word: str, seconds: float = 20) -> None:
        """Reads until the word was written."""
        end = time.monotonic() + seconds
        while word not in self.text:
            assert time.monotonic() < end, f"{word!r} is not in {self.text[-2000:]!r}"
            assert self.process.poll() is None, self.text[-2000:]
            self.read(0.05)

    def wait_for_rest(self, seconds: float = 20) -> None:
        """Reads until nothing is written for a second."""
        end = time.monotonic() + seconds
        while self.read(1.0):
            assert time.monotonic() < end, "the screen never rests"

    @property
    def text(self) -> str:
        return _ESCAPES.sub(b"", self.written).decode("utf-8", "replace")

    def press(self, keys: str) -> None:
        os.write(self.master, keys.encode())

    def press_until(self, keys: str, word: str) -> None:
        """Presses as a person does: again, if a screen was not ready for it."""
        for _ in range(6):
            self.press(keys)
            end = time.monotonic() + 4
            while word not in self.text and time.monotonic() < end:
                self.read(0.05)
            if word in self.text:
                return
        raise AssertionError(f"{word!r} is not in {self.text[-2000:]!r}")

    def wait_for_end(self) -> int:
        end = time.monotonic() + 15
        while self.process.poll() is None and time.monotonic() < end:
            self.read(0.05)
        self.read(0.05)
        return self.process.wait(timeout=1)

    def is_restored(self) -> bool:
        """Whether the terminal is as it was: modes, cursor, screen, mouse."""
        now = termios.tcgetattr(self.slave)
        left, shown = b"\x1b[?1049l" in self.written, b"\x1b[?25h" in self.written
        mouse = self.written.rfind(b"\x1b[?1000l") > self.written.rfind(b"\x1b[?1000h")
        return now[:4] == self.before[:4] and left and shown and mouse

    def hang_up(self) -> None:
        """The terminal goes away, and tells nobody."""
        os.close(self.master)
        os.close(self.slave)
        self.master = self.slave = -1

    def close(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        if self.master >= 0:
            self.hang_up()


@pytest.fixture
def terminals() -> Iterator[list[Terminal]]:
    """Whatever is put here is closed."""
    opened: list[Terminal] = []
    yield opened
    for terminal in opened:
        terminal.close()


def test_it_starts_shows_every_screen_and_leaves_the_terminal_as_it_was(
    home: Path, terminals: list[Terminal]
):
    busy_afternoon(home, now_ms())
    terminal = Terminal()
    terminals.append(terminal)
    terminal.wait_for("shop-api")
    for digit, tab in reversed(list(enumerate(tabs(), 1))):
        # Only the tab that is shown has a bold word in the first line.
        terminal.written = b""
        terminal.press(str(digit))
        end = time.monotonic() + 10
        while not re.search(rb"\x1b\[1;[^m]*m ?" + tab.LABEL.encode(), terminal.written):
            assert time.monotonic() < end, f"{tab.LABEL}: {terminal.text[-2000:]!r}"
            assert terminal.process.poll() is None, terminal.text[-2000:]
            terminal.read(0.1)
        terminal.read(0.5)
        assert "because of a bug" not in terminal.text
        assert "The store could not be read" not in terminal.text
    for tab, head, inside in (
        ("4", "MODELS", "WHAT IF"), ("5", "PROJECTS", "BRANCHES"), ("7", "HEALTH", "LOGS"),
        ("2", "SESSIONS", "MODELS"),
    ):  # fmt: skip
        terminal.written = b""
        terminal.press_until(tab, head)
        terminal.written = b""
        terminal.press_until("\r", inside)
    terminal.written = b""
    terminal.press_until("c", "CONTEXT")
    terminal.press("\x1b")
    terminal.read(0.5)
    terminal.press_until("w", "COUNTED")
    terminal.press_until("?", "Everywhere")
    terminal.press("\x1b")
    terminal.read(0.5)
    terminal.press("q")
    assert terminal.wait_for_end() == 0
    assert terminal.is_restored()


@pytest.mark.parametrize("sent", [signal.SIGTERM, signal.SIGHUP])
def test_a_signal_restores_the_terminal(sent: int, home: Path, terminals: list[Terminal]):
    terminal = Terminal()
    terminals.append(terminal)
    terminal.wait_for("BURN")
    terminal.process.send_signal(sent)
    terminal.wait_for_end()
    assert terminal.is_restored()


def test_ctrl_c_ends_it_and_restores_the_terminal(home: Path, terminals: list[Terminal]):
    terminal = Terminal()
    terminals.append(terminal)
    terminal.wait_for("BURN")
    terminal.press("?")
    terminal.wait_for("Everywhere")
    terminal.press("\x03")
    assert terminal.wait_for_end() == 130
    assert terminal.is_restored()


def test_it_ends_with_its_terminal_though_no_signal_says_so(
    home: Path, terminals: list[Terminal]
):
    terminal = Terminal()
    terminals.append(terminal)
    terminal.wait_for("BURN")
    terminal.hang_up()
    assert terminal.process.wait(timeout=20) == 128 + signal.SIGHUP


def test_nothing_is_written_while_nothing_happens(home: Path, terminals: list[Terminal]):
    busy_afternoon(home, now_ms() - 180 * MINUTE)
    terminal = Terminal()
    terminals.append(terminal)
    terminal.wait_for("shop-api")
    terminal.wait_for_rest()
    assert terminal.read(4) == b""


def test_a_countdown_writes_its_cells_once_a_second(home: Path, terminals: list[Terminal]):
    log = Conversation(home, "9e3779b1-0000-4000-8000-000000000001", "/home/dev/shop-api")
    log.turn(now_ms() - 20 * MINUTE)
    log.turn(now_ms() - 16 * MINUTE, cold=True)
    log.long_cache = True
    log.turn(now_ms() - 15 * MINUTE - 30_000, cold=True)
    log.write(now_ms() - 15 * MINUTE)
    terminal = Terminal()
    terminals.append(terminal)
    terminal.wait_for("shop-api")
    terminal.read(3)
    if now_ms() % MINUTE > MINUTE - 6_000:
        # With the minute the last hour moves on.
        terminal.read(7)
    written = terminal.read(4)
    assert 0 < len(written) <= 5 * 80
    assert b"shop-api" not in written


def test_an_appended_call_is_on_the_screen_at_once(home: Path, terminals: list[Terminal]):
    log = Conversation(home, "9e3779b1-0000-4000-8000-000000000001", "/home/dev/shop-api")
    log.turn(now_ms() - 1_000)
    log.write()
    terminal = Terminal()
    terminals.append(terminal)
    terminal.wait_for("shop-api")
    terminal.read(1)
    other = Conversation(home, "daa66d13-0000-4000-8000-000000000003", "/home/dev/quick")
    other.turn(now_ms())
    other.write()
    began = time.monotonic()
    terminal.wait_for("quick", 5)
    assert time.monotonic() - began < 3


def test_without_logs_it_says_so_and_d_shows_the_demo(home: Path, terminals: list[Terminal]):
    terminal = Terminal()
    terminals.append(terminal)
    terminal.wait_for("toktui --demo")
    terminal.press("d")
    terminal.wait_for("importer", 30)


@pytest.mark.parametrize("term", ["dumb", "unknown"])
def test_a_dumb_terminal_is_sent_to_the_commands_that_print(
    term: str, home: Path, terminals: list[Terminal]
):
    terminal = Terminal(TERM=term)
    terminals.append(terminal)
    assert terminal.wait_for_end() == 2
    assert "toktui now" in terminal.text
    assert b"\x1b" not in terminal.written


def test_output_to_a_pipe_is_sent_to_the_commands_that_print(home: Path):
    found = subprocess.run(
        [sys.executable, "-m", "toktui"], cwd=ROOT, stdin=subprocess.DEVNULL, capture_output=True,
        text=True, check=False,
    )  # fmt: skip
    assert (found.returncode, found.stdout) == (2, "")
    assert "toktui report" in found.stderr


def test_no_color_means_no_colors(home: Path, terminals: list[Terminal]):
    busy_afternoon(home, now_ms())
    terminal = Terminal(NO_COLOR="1")
    terminals.append(terminal)
    terminal.wait_for("shop-api")
    colors = set(re.findall(rb"38;2;(\d+);(\d+);(\d+)", terminal.written))
    assert all(r == g == b for r, g, b in colors)
