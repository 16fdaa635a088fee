"""A bug in a parser costs the lines that it fails at, and is told once."""

from __future__ import annotations

import logging
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.properties.lab import Lab, append, difference, write, wrong_sums
from tests.properties.worlds import claude_row, lines, stamp
from toktui.agents import agent

SECRET = "words of a prompt"
CLAUDE = agent("claude-code")


def rows(*numbers: int) -> bytes:
    return lines([claude_row(f"msg_01{n:022d}", "s1", stamp(n), output=n) for n in numbers])


@pytest.fixture
def lab(home: Path) -> Iterator[Lab]:
    lab = Lab(home)
    yield lab
    lab.close()


@pytest.fixture
def log(home: Path) -> Path:
    path = home / ".claude/projects/-w/s1.jsonl"
    write(path, rows(1, 2, 3, 4))
    return path


Fails = Callable[..., None]


@pytest.fixture
def fails(monkeypatch: pytest.MonkeyPatch) -> Fails:
    """Has the parser raise an error at the lines of these calls."""

    def at(*numbers: int, error: BaseException) -> None:
        parse = CLAUDE.parse
        keys = [f"{n:022d}".encode() for n in numbers]

        def failing(line: bytes, state: object) -> object:
            if any(key in line for key in keys):
                raise error
            return parse(line, state)

        monkeypatch.setattr(type(CLAUDE), "parse", lambda _self, *args: failing(*args))

    return at


def outputs(lab: Lab) -> list[int]:
    assert wrong_sums(lab.db) == ""
    return [n for (n,) in lab.db.execute("select output from call order by output")]


@pytest.mark.parametrize(
    "error", [KeyError(SECRET), RecursionError(SECRET), AssertionError(), StopIteration()],
    ids=lambda error: type(error).__name__,
)  # fmt: skip
def test_a_parser_that_fails_loses_that_line_only(
    lab: Lab, log: Path, fails: Fails, error: Exception
):
    fails(2, 4, error=error)
    assert lab.sync().outcome.not_understood == 2
    assert outputs(lab) == [1, 3]
    shapes = lab.db.execute("select distinct shape, body from misread").fetchall()
    assert shapes == [(f"parser error: {type(error).__name__}", b"")]
    append(log, rows(5), written_ns=1)
    lab.sync()
    assert outputs(lab) == [1, 3, 5]


def test_the_lines_count_once_the_parser_is_mended(
    lab: Lab, log: Path, fails: Fails, monkeypatch: pytest.MonkeyPatch
):
    fails(2, error=KeyError())
    lab.sync()
    monkeypatch.undo()
    lab.read_again()
    assert lab.sync().store.not_understood == 0
    assert outputs(lab) == [1, 2, 3, 4]


@pytest.mark.parametrize("error", [MemoryError(), KeyboardInterrupt()], ids=repr)
def test_what_is_no_bug_of_a_parser_ends_the_run(
    lab: Lab, log: Path, fails: Fails, error: BaseException
):
    fails(2, error=error)
    with pytest.raises(type(error)):
        lab.sync()
    assert outputs(lab) == []


def test_each_type_is_told_once_with_its_place_and_no_content(
    lab: Lab, log: Path, fails: Fails, caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
):  # fmt: skip
    monkeypatch.setattr(logging.getLogger("toktui"), "propagate", True)
    fails(2, 3, error=KeyError(SECRET))
    with caplog.at_level(logging.ERROR, "toktui"):
        lab.sync()
    (told,) = caplog.messages
    place = len(rows(1))
    assert told == f"claude-code, {log.resolve()} at byte {place}: parser error: KeyError"


# ---- documents ----

DOCUMENTS = Path(__file__).parent.parent / "golden/gemini-cli/0.20-documents/home"
GEMINI = agent("gemini-cli")


def test_a_document_that_its_parser_fails_at_is_named_and_the_others_are_read(
    lab: Lab, home: Path, monkeypatch: pytest.MonkeyPatch
):
    shutil.copytree(DOCUMENTS, home, dirs_exist_ok=True)
    read = type(GEMINI).read

    def failing(self: object, path: str, since: bytes) -> object:
        if path.endswith("7a7a2c3b.json"):
            raise KeyError(SECRET)
        return read(self, path, since)  # type: ignore[arg-type]

    def why() -> dict[str, str]:
        return {Path(path).name[-13:]: why for path, why in lab.sync().problems}

    with monkeypatch.context() as patch:
        patch.setattr(type(GEMINI), "read", failing)
        assert why()["7a7a2c3b.json"] == "parser error: KeyError"
    assert lab.db.execute("select count(*) from call").fetchone()[0]
    assert "7a7a2c3b.json" not in why()
    fresh = Lab(home)
    fresh.sync()
    assert difference(lab.content(), fresh.content()) == ""
    fresh.close()
