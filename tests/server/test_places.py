"""A board's folder that cannot be used is told in a sentence; a board without a team says so."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from toktui.cli import main
from toktui.server import start
from toktui.server.listening import checked_proxies

pytestmark = pytest.mark.usefixtures("loopback")


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
        assert "no team" not in run(tmp_path / "data", *command).stderr


def test_an_address_that_is_taken_or_is_none_is_told_before_anything_is_made(tmp_path: Path):
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = str(other.getsockname()[1])
        for args in (("--port", port), ("--demo", "--port", port)):
            done = run(tmp_path / "data", *args)
            assert (done.exit_code, "cannot be listened on" in done.stderr) == (1, True)
            assert f"127.0.0.1:{port}" in done.stderr
    assert not (tmp_path / "data").exists()


def test_any_port_is_named_in_the_address_that_signs_in(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    found: list[tuple[str, int]] = []

    def serve(database: Any, settings: Any, listening: socket.socket, **_: Any) -> None:
        found.append((settings.url, listening.getsockname()[1]))
        database.close()

    monkeypatch.setattr(start, "run", serve)
    said = run(tmp_path / "data", "--demo", "--port", "0").stdout
    ((url, port),) = found
    assert url == f"http://127.0.0.1:{port}"
    assert f"{url}/sign-in/" in said


@pytest.mark.parametrize("proxy", ["", "nonsense", "*", "10.0.0.1,", "10.0.0.1/99"])
def test_who_may_speak_for_others_is_named_by_address(proxy: str, tmp_path: Path):
    done = run(tmp_path / "data", "--proxy", proxy)
    assert (done.exit_code, "--proxy is no address" in done.stderr) == (2, True)


def test_several_proxies_and_networks_are_taken():
    assert checked_proxies("10.0.0.5, 10.1.0.0/16,::1") == "10.0.0.5,10.1.0.0/16,::1"


def test_a_zone_that_there_is_not_is_named_by_its_option(tmp_path: Path):
    done = run(tmp_path / "data", "init", "--zone", "Mars/X")
    assert (done.exit_code, "--zone" in done.stderr, "--tz" in done.stderr) == (2, True, False)


@pytest.mark.parametrize("name", ["SIGTERM", "SIGINT", "SIGHUP"])
def test_a_demo_is_forgotten_however_it_is_stopped(
    name: str, tmp_path: Path, loopback_for_all: None
):
    env = {**os.environ, "HOME": str(tmp_path), "TOKTUI_DATA_DIR": str(tmp_path / "data"),
           "TMPDIR": str(tmp_path)}  # fmt: skip
    command = [sys.executable, "-m", "toktui", "serve", "--demo", "--port", "0"]
    process = subprocess.Popen(command, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                               text=True)  # fmt: skip
    assert process.stderr is not None
    for line in process.stderr:
        if "startup complete" in line:
            break
    assert list(tmp_path.glob("toktui-board-*"))
    process.send_signal(getattr(signal, name))
    try:
        process.communicate(timeout=30)
    finally:
        process.kill()
    assert list(tmp_path.glob("toktui-board-*")) == []


def test_who_starts_a_board_is_told_where_it_listens(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(start, "run", lambda database, *_args, **_options: database.close())
    run(tmp_path / "data", "init")
    said = run(tmp_path / "data", "--port", "0", "--url", "https://board.example.com").stderr
    assert re.search(
        r"Listening on 127\.0\.0\.1:\d+; members reach it at https://board\.example\.com\.", said
    )
