"""A PostgreSQL of our own: a folder that is deleted, a socket in it, no network."""

from __future__ import annotations

import os
import secrets
import shutil
import subprocess
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

_NOBODY: Final = 65534
"""PostgreSQL does not run as root."""


def programs() -> Path | None:
    """Where the server's programs are; None where none is installed."""
    homes = sorted(Path("/usr/lib/postgresql").glob("*/bin"))
    if homes:
        return homes[-1]
    found = shutil.which("initdb")
    return None if found is None else Path(found).parent


@contextmanager
def postgres_server(*, durable: bool = False) -> Generator[Callable[[], str]]:
    """Runs until the block ends; each call makes a new database and gives its URL.

    `durable` waits for the disk, as a server does that somebody trusts; tests of kills of our own
    process do not need it, since PostgreSQL itself lives on.
    """
    home = programs()
    if home is None:
        raise FileNotFoundError("no PostgreSQL server is installed")
    base = Path(tempfile.mkdtemp(prefix="toktui-pg-"))
    user: dict[str, Any] = {}
    if os.geteuid() == 0:
        user = {"user": _NOBODY, "group": _NOBODY, "extra_groups": []}
        os.chown(base, _NOBODY, _NOBODY)
    environ = {"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8"}
    made = [str(home / "initdb"), "-D", str(base / "db"), "-U", "toktui", "-A", "trust",
            "-E", "UTF8", "--no-sync"]  # fmt: skip
    subprocess.run(made, check=True, capture_output=True, env=environ, cwd=base, **user)
    server = subprocess.Popen(
        [str(home / "postgres"), "-D", str(base / "db"), "-k", str(base),
         "-c", "listen_addresses=", "-c", f"fsync={'on' if durable else 'off'}"],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=environ, cwd=base, **user,
    )  # fmt: skip
    psql = [str(home / "psql"), "-h", str(base), "-U", "toktui", "-d", "postgres", "-qc"]

    def make() -> str:
        name = f"board_{secrets.token_hex(4)}"
        subprocess.run([*psql, f"create database {name}"], check=True, env=environ)
        return f"postgresql://toktui@/{name}?host={base}"

    try:
        _wait([*psql, "select 1"], environ)
        yield make
    finally:
        server.terminate()
        server.wait(20)
        shutil.rmtree(base, ignore_errors=True)


def _wait(command: list[str], environ: dict[str, str]) -> None:
    deadline = time.monotonic() + 30
    while subprocess.run(command, capture_output=True, env=environ, check=False).returncode:
        if time.monotonic() > deadline:
            raise TimeoutError("PostgreSQL does not start")
        time.sleep(0.05)
