"""`toktui card`: which picture goes where."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from toktui.clock import iso, now_ms


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the user is."""
    place = tmp_path / "here"
    place.mkdir()
    monkeypatch.chdir(place)
    return place


def test_two_pictures_do_not_go_to_one_stdout(toktui: Any):
    done = toktui("card", "--svg", "-", "--png", "-", exit_code=2)
    assert "Only one" in done.stderr
    assert done.stdout_bytes == b""


def test_one_picture_is_of_one_time(toktui: Any, folder: Path):
    assert "one of --week, --month, --year" in toktui(
        "card", "--month", "--year", exit_code=2
    ).stderr
    assert list(folder.iterdir()) == []


def test_bytes_of_a_picture_are_not_thrown_at_a_terminal(
    toktui: Any, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("click.testing._NamedTextIOWrapper.isatty", lambda self: True)
    done = toktui("card", "--png", "-", exit_code=2)
    assert "terminal" in done.stderr
    assert done.stdout_bytes == b""


def test_what_was_asked_for_is_written(toktui: Any, folder: Path):
    toktui("card", "--year", "--svg", "year.svg")
    assert (folder / "year.svg").read_text().startswith("<svg")
    assert toktui("card", "--week", "--svg", "-").stdout.startswith("<svg")
    toktui("card", "--month")
    assert sorted(path.suffix for path in folder.iterdir()) == [".svg", ".svg"]


def test_one_call_is_one(logs: Any, toktui: Any):
    logs.call(at=iso(now_ms() - 60_000))
    assert ">1 call<" in toktui("card", "--year", "--svg", "-").stdout.replace("  ·  ", "<·>")
    assert "·  1 call  ·" in toktui("now").stdout
