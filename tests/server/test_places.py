"""A board's folder that cannot be used is told in a sentence; a board without a team says so."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from toktui.cli import main
from toktui.server import start


def run(data: Path, *args: str) -> Any:
    env = {"HOME": str(data.parent), "TOKTUI_DATA_DIR": str(data)}
    done = CliRunner().invoke(main, ["serve", *args], env=env)
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    return done


@pytest.mark.parametrize("command", [("init",), ("teams",), (), ("export",), ("backup", "x.db")])
def test_a_folder_that_is_none_is_told(command: tuple[str, ...], tmp_path: Path):
    (tmp_path / "data").write_text("in the way")
    done = run(tmp_path / "data", *command)
    assert done.exit_code == 1
    assert f"{tmp_path}/data/board cannot be used" in done.stderr
    assert "TOKTUI_DATA_DIR" in done.stderr


def test_a_file_that_cannot_be_made_is_told(tmp_path: Path):
    (tmp_path / "data/board/board.db").mkdir(parents=True)
    done = run(tmp_path / "data", "init")
    assert done.exit_code == 1
    assert "board.db" in done.stderr


def test_a_board_without_a_team_says_how_to_make_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(start, "run", lambda database, *_args, **_options: database.close())
    for command in ((), ("teams",)):
        assert "`toktui serve init` makes one" in run(tmp_path / "data", *command).stderr
    run(tmp_path / "data", "init")
    for command in ((), ("teams",)):
        assert run(tmp_path / "data", *command).stderr == ""
