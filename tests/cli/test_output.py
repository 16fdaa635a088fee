"""Sentences on a terminal break between words; tables, and whatever goes into a pipe, do not."""

from __future__ import annotations

from typing import Any

import pytest

from toktui.cli.output import write
from toktui.text import width as cell_width

LONG = "Waste: 7 cold turns cost more than warm ones: 4 after the cache had expired. " * 2
TABLE = "Model            Tier       Calls   Tokens      Hit  $/1k out    Share   List cost    x"


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Any:
    """What a terminal of 40 columns shows."""
    monkeypatch.setenv("COLUMNS", "40")
    monkeypatch.setattr("toktui.cli.output._is_terminal", lambda: True)

    def show(text: str) -> list[str]:
        write(text)
        return capsys.readouterr().out.splitlines()

    return show


def test_a_sentence_breaks_between_words_and_keeps_its_indent(terminal: Any):
    for indent in ("", "    "):
        lines = terminal(indent + LONG.strip())
        assert max(map(cell_width, lines)) <= 40
        assert " ".join(line.strip() for line in lines) == LONG.strip()
        assert all(line.startswith(indent) for line in lines)
        assert len(lines) > 3


def test_what_is_no_sentence_stays_as_it_is(terminal: Any):
    bare = "/home/somebody/a-very-long-path-without-any-space/toktui.db-and-more"
    command = "  toktui team join https://board.example.com ABCDE-FGHIJ-KLMNO --allow-http"
    excerpt = '    …stop_sequence":null, "usage": one two three four five six seven eight nine'
    for text in (TABLE, bare, command, excerpt, "─" * 60, "", f"{{{LONG}}}"):
        assert terminal(text) == text.splitlines() or terminal(text) == [text]


def test_a_command_in_a_sentence_is_not_broken(terminal: Any):
    lines = terminal("Most in one session of all of them: $4.68, `toktui why 94fab1a1-936d`.")
    assert any("`toktui why 94fab1a1-936d`." in line for line in lines)


def test_a_pipe_gets_each_sentence_as_one_line(capsys: pytest.CaptureFixture[str]):
    write(LONG)
    assert capsys.readouterr().out == LONG + "\n"


def test_each_command_fits_its_terminal(logs: Any, toktui: Any, monkeypatch: pytest.MonkeyPatch):
    logs.call(model="mystery-1")
    logs.call()
    toktui("sync")
    monkeypatch.setattr("toktui.cli.output._is_terminal", lambda: True)
    monkeypatch.setenv("COLUMNS", "60")
    for command in (("report", "all"), ("models",), ("sessions",), ("outcomes",), ("sync",),
                    ("reprice", "--dry-run"), ("doctor",), ("prices", "list", "claude-*")):
        lines = toktui(*command).stdout.splitlines()
        wide = [line for line in lines if cell_width(line) > 60 and "/" not in line]
        assert wide == []
