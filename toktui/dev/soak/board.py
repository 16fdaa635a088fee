"""Server processes of one board: made, killed, started again; several on one PostgreSQL."""

from __future__ import annotations

import re
import socket
import subprocess
import sys
from typing import TYPE_CHECKING, Final

from toktui.dev.bench.machine import cpu_s_of, environment, memory_of

if TYPE_CHECKING:
    from pathlib import Path

_CODE: Final = re.compile(r"team join \S+ (\S+)")


class BoardProcess:
    """One process that listens on a port of its own."""

    def __init__(self, command: list[str], env: dict[str, str], log: Path) -> None:
        self._command, self._env, self._log = command, env, log
        with socket.create_server(("127.0.0.1", 0)) as listening:
            self.port: int = listening.getsockname()[1]
            self._process = self._spawn(listening)

    def _spawn(self, listening: socket.socket) -> subprocess.Popen[bytes]:
        """The socket is open before the process is, so that nobody is refused."""
        handle = listening.fileno()
        with self._log.open("ab") as log:
            return subprocess.Popen(
                [*self._command, "--fd", str(handle)], env=self._env, pass_fds=[handle],
                stdout=log, stderr=log,
            )  # fmt: skip

    def kill(self) -> None:
        """`kill -9`, and a new process at the same port."""
        self._process.kill()
        self._process.wait()
        with socket.create_server(("127.0.0.1", self.port)) as listening:
            self._process = self._spawn(listening)

    def stop(self) -> None:
        """As a service manager stops it."""
        self._process.terminate()
        self._process.wait(30)

    def cpu_s(self) -> float:
        """Seconds of all cores that it has used."""
        return cpu_s_of(self._process.pid)

    def memory(self) -> int:
        """Bytes, shared pages in equal parts."""
        return memory_of(self._process.pid)


class Board:
    """A board with an owner's code, and processes that serve it under one address."""

    def __init__(self, base: Path, database: str | None, *, processes: int = 1) -> None:
        self.base = base
        self.database = database or f"sqlite:///{base}/data/board/board.db"
        self.host = "board.test"
        where = ["--database", database] if database else []
        command = [sys.executable, "-m", "toktui", "serve", *where, "--url", f"http://{self.host}"]
        env = environment(base, base / "data")
        made = subprocess.run(
            [*command, "init", "--name", "Soak"], env=env, capture_output=True, text=True,
            check=False,
        )  # fmt: skip
        if made.returncode:
            raise RuntimeError(made.stdout + made.stderr)
        self.owner, self.invite = _CODE.findall(made.stdout)
        run = [*command, "--rate", "1000"]
        self.processes = [BoardProcess(run, env, base / "log") for _ in range(processes)]

    @property
    def ports(self) -> list[int]:
        """Where the processes listen."""
        return [one.port for one in self.processes]

    def stop(self) -> None:
        """Ends all processes."""
        for one in self.processes:
            one.stop()
