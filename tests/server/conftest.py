"""A real server process on each database, and people with homes of their own."""

from __future__ import annotations

import json
import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from toktui.dev.soak.postgres import postgres_server


@dataclass
class Person:
    """Somebody with a home, logs and a toktui."""

    base: Path
    counter: Iterator[int] = field(default_factory=lambda: iter(range(1, 10_000)))

    def run(self, *args: str, code: int = 0) -> str:
        env = {
            **os.environ, "HOME": str(self.base), "TOKTUI_DATA_DIR": str(self.base / "data"),
            "TOKTUI_CONFIG_DIR": str(self.base / "config"),
            "PYTHON_KEYRING_BACKEND": "keyring.backends.fail.Keyring",
        }  # fmt: skip
        done = subprocess.run(
            [sys.executable, "-m", "toktui", *args], env=env, capture_output=True, text=True,
            check=False, timeout=60,
        )  # fmt: skip
        assert done.returncode == code, done.stdout + done.stderr
        return done.stdout

    def call(self, model: str = "claude-opus-4-8") -> None:
        """Appends one call of now to a log of Claude Code."""
        name = f"msg_{self.base.name}{next(self.counter):06}"
        folder = self.base / ".claude/projects/-home-secret-project"
        folder.mkdir(parents=True, exist_ok=True)
        at = time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime())
        row = {
            "type": "assistant", "sessionId": "5e5510aa-0000-4000-8000-000000000001",
            "timestamp": at, "cwd": "/home/secret-project", "gitBranch": "secret-branch",
            "version": "2.1.200", "requestId": f"req_{name}",
            "message": {
                "id": name, "type": "message", "role": "assistant", "model": model,
                "content": [{"type": "text", "text": "Secret words"}], "stop_reason": "end_turn",
                "usage": {"input_tokens": 100, "cache_read_input_tokens": 1000,
                          "cache_creation_input_tokens": 0, "output_tokens": 10},
            },
        }  # fmt: skip
        with (folder / "5e5510aa-0000-4000-8000-000000000001.jsonl").open("a") as file:
            file.write(json.dumps(row) + "\n")


@dataclass
class Board:
    """A server process, and how it was made."""

    url: str
    owner: str
    invite: str
    process: subprocess.Popen[bytes]
    base: Path
    database: str | None

    def get(self, path: str, headers: dict[str, str] | None = None) -> tuple[int, bytes, Any]:
        return request(self.url + path, headers=headers)


def request(
    url: str, *, method: str = "GET", body: bytes | None = None,
    headers: dict[str, str] | None = None,
) -> tuple[int, bytes, Any]:  # fmt: skip
    """Status, body and headers, without redirects."""
    import http.client
    from urllib.parse import urlsplit

    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=20)
    try:
        target = parts.path + (f"?{parts.query}" if parts.query else "")
        connection.request(method, target, body, headers or {})
        response = connection.getresponse()
        return response.status, response.read(), dict(response.getheaders())
    finally:
        connection.close()


def sign_in(board: Board, address: str) -> tuple[int, bytes, Any]:
    """Presses the button of the page at an address that `toktui team open` prints."""
    headers = {"Origin": board.url, "Content-Type": "application/x-www-form-urlencoded"}
    return request(address, method="POST", body=b"", headers=headers)


@pytest.fixture(scope="session")
def postgres() -> Iterator[Callable[[], str]]:
    """A PostgreSQL of our own; each call makes a new database in it."""
    with postgres_server() as make:
        yield make


@pytest.fixture(
    scope="module", params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)]
)
def database(request: pytest.FixtureRequest) -> str | None:
    """Where the board is stored; None is its own SQLite file."""
    if request.param == "sqlite":
        return None
    return request.getfixturevalue("postgres")()


@pytest.fixture(scope="module")
def board(
    database: str | None, tmp_path_factory: pytest.TempPathFactory, loopback_for_all: None
) -> Iterator[Board]:
    """`toktui serve init`, then `toktui serve`, on a free port."""
    base = tmp_path_factory.mktemp("server")
    started = start(base, database)
    yield started
    started.process.terminate()
    assert started.process.wait(20) == 0 or started.process.returncode == -15


def start(base: Path, database: str | None) -> Board:
    """Makes a board and runs it; the socket is opened here, so that no request is refused."""
    listening = socket.create_server(("127.0.0.1", 0))
    url = f"http://127.0.0.1:{listening.getsockname()[1]}"
    command, env = _command(base, database, url)
    made = subprocess.run(
        [*command, "init", "--name", "Shop", "--zone", "UTC"], env=env, capture_output=True,
        text=True, check=False,
    )  # fmt: skip
    assert made.returncode == 0, made.stdout + made.stderr
    owner, invite = re.findall(r"team join \S+ (\S+)", made.stdout)
    return Board(url, owner, invite, _spawn(command, env, base, listening), base, database)


def restart(board: Board) -> None:
    """Runs a board again whose process is gone, at the same address."""
    port = int(board.url.rpartition(":")[2])
    command, env = _command(board.base, board.database, board.url)
    listening = socket.create_server(("127.0.0.1", port))
    board.process = _spawn(command, env, board.base, listening)


def _command(base: Path, database: str | None, url: str) -> tuple[list[str], dict[str, str]]:
    env = {**os.environ, "HOME": str(base), "TOKTUI_DATA_DIR": str(base / "data")}
    where = ["--database", database] if database else []
    return [sys.executable, "-m", "toktui", "serve", *where, "--url", url], env


def _spawn(
    command: list[str], env: dict[str, str], base: Path, listening: socket.socket
) -> subprocess.Popen[bytes]:
    with (base / "log").open("ab") as log:
        process = subprocess.Popen(
            [*command, "--rate", "1000", "--fd", str(listening.fileno())], env=env, stdout=log,
            stderr=log, pass_fds=[listening.fileno()],
        )  # fmt: skip
    listening.close()
    return process


@pytest.fixture
def person(tmp_path: Path) -> Callable[[str], Person]:
    """A new person by name."""

    def make(name: str) -> Person:
        base = tmp_path / name
        base.mkdir()
        return Person(base)

    return make
