"""What holds for every test: no real home, no network, one time zone, the same examples each run.

A test that needs a program or data carries a marker and is skipped with the reason where that is
missing. `TOKTUI_REQUIRE` (marker names with commas) turns such skips into failures.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

ROOT = Path(__file__).parent.parent
# Workers are started by a process that has forgotten the user already.
REAL_HOME = Path(os.environ.setdefault("TOKTUI_REAL_HOME", str(Path.home())))
REQUIRED = tuple(filter(None, os.environ.get("TOKTUI_REQUIRE", "").split(",")))
REAL_LOGS = Path(os.environ.get("TOKTUI_REAL_LOGS") or ROOT / "../shared/logs")

KEPT = ("TOKTUI_REAL_HOME", "TOKTUI_REAL_LOGS", "TOKTUI_REQUIRE")
FOREIGN_PREFIXES = ("TOKTUI_", "XDG_", "CLAUDE_", "CODEX_", "ANTHROPIC_", "OPENAI_")
FIXED = {
    "TZ": "UTC",
    "LC_ALL": "C.UTF-8",
    "TERM": "xterm-256color",
    "COLORTERM": "truecolor",
}

settings.register_profile(
    "toktui",
    derandomize=True,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.register_profile("search", parent=settings.get_profile("toktui"), derandomize=False,
                          max_examples=2000)  # fmt: skip
settings.load_profile("toktui")


# ---- home, environment, network ----


def _environment(base: Path) -> dict[str, str]:
    """Where a test's user lives; `base` is its own."""
    home = base / "home"
    return FIXED | {
        "HOME": str(home),
        "XDG_DATA_HOME": str(home / ".local/share"),
        "XDG_CONFIG_HOME": str(home / ".config"),
        "XDG_CACHE_HOME": str(home / ".cache"),
        "XDG_STATE_HOME": str(home / ".local/state"),
        "TOKTUI_DATA_DIR": str(base / "data"),
        "TOKTUI_CONFIG_DIR": str(base / "config"),
    }


def _forget_the_user(base: Path) -> None:
    for name in list(os.environ):
        foreign = name.startswith(FOREIGN_PREFIXES) or name in ("NO_COLOR", "COLUMNS", "LINES")
        if foreign and name not in KEPT:
            del os.environ[name]
    os.environ.update(_environment(base))
    time.tzset()


# Before any module of toktui is imported and before any fixture runs.
_SAFE_BASE = Path(tempfile.mkdtemp(prefix="toktui-tests-"))
_forget_the_user(_SAFE_BASE)

_PRIVATE = tuple(
    os.fspath(REAL_HOME / folder)
    for folder in (
        ".claude", ".claude.json", ".codex", ".config/claude", ".config/toktui",
        ".local/share/toktui", "Library/Application Support/toktui",
    )
)  # fmt: skip
_TOUCHING = {"open", "os.listdir", "os.scandir", "os.mkdir", "os.remove", "sqlite3.connect"}
_loopback_allowed = False


def _watch(event: str, args: tuple[object, ...]) -> None:
    """Refuses, as an audit hook, what no test may do."""
    if event in _TOUCHING:
        path = args[0]
        if isinstance(path, str | os.PathLike) and os.fspath(path).startswith(_PRIVATE):
            raise RuntimeError(f"a test touches the real home: {event} {os.fspath(path)!r}")
    elif event in ("socket.connect", "socket.sendto", "socket.bind"):
        address = args[1]
        if isinstance(address, tuple) and not (_loopback_allowed and _is_loopback(address[0])):
            raise RuntimeError(f"a test uses the network: {event} {address!r}")
    elif event == "socket.getaddrinfo" and not (_loopback_allowed and _is_loopback(args[0])):
        raise RuntimeError(f"a test uses the network: looks up {args[0]!r}")


def _is_loopback(host: object) -> bool:
    return host in ("127.0.0.1", "::1", "localhost")


sys.addaudithook(_watch)


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The empty home of this test's user; toktui's own folders are beside it and do not exist."""
    for name, value in _environment(tmp_path).items():
        monkeypatch.setenv(name, value)
    folder = tmp_path / "home"
    folder.mkdir()
    return folder


@pytest.fixture
def loopback() -> Iterator[None]:
    """Lets a test talk to itself over 127.0.0.1."""
    with _loopback():
        yield


@pytest.fixture(scope="module")
def loopback_for_all() -> Iterator[None]:
    """The same for a module whose tests share a server."""
    with _loopback():
        yield


@contextmanager
def _loopback() -> Iterator[None]:
    global _loopback_allowed
    before, _loopback_allowed = _loopback_allowed, True
    yield
    _loopback_allowed = before


# ---- what may be missing ----


def pytest_configure(config: pytest.Config) -> None:
    unknown = set(REQUIRED) - set(MISSING)
    if unknown:
        raise pytest.UsageError(
            f"TOKTUI_REQUIRE names {', '.join(sorted(unknown))}; known are {', '.join(MISSING)}"
        )


def pytest_unconfigure(config: pytest.Config) -> None:
    shutil.rmtree(_SAFE_BASE, ignore_errors=True)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "real_logs" in getattr(item, "fixturenames", ()):
            item.add_marker("real_logs")


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    for marker, missing in MISSING.items():
        if item.get_closest_marker(marker) and (reason := missing()):
            if marker in REQUIRED:
                pytest.fail(f"TOKTUI_REQUIRE names {marker}, but {reason}", pytrace=False)
            pytest.skip(reason)


@cache
def _no_real_logs() -> str:
    if not REAL_LOGS.is_dir():
        return f"there are no real logs in {REAL_LOGS} (TOKTUI_REAL_LOGS)"
    if not (REAL_LOGS / "tricky").is_dir() and not list(REAL_LOGS.glob("*.tar.xz")):
        return f"{REAL_LOGS} holds neither tricky/ nor archives (TOKTUI_REAL_LOGS)"
    return ""


@cache
def _no_strace() -> str:
    if not shutil.which("strace"):
        return "strace is not installed"
    traced = subprocess.run(["strace", "-o", os.devnull, "true"], capture_output=True, check=False)
    return "" if traced.returncode == 0 else "strace may not trace here"


@cache
def _no_postgres() -> str:
    if shutil.which("postgres") or list(Path("/usr/lib/postgresql").glob("*/bin/postgres")):
        return ""
    return "no PostgreSQL server is installed"


@cache
def _no_browser() -> str:
    names = ("chromium", "chromium-browser", "google-chrome")
    if not any(map(shutil.which, names)):
        return "Chromium is not installed"
    folders = ("/usr/share/fonts", "/usr/local/share/fonts", "/System/Library/Fonts")
    if any(font for folder in folders for font in Path(folder).rglob("*.[ot]t[fc]")):
        return ""
    return "Chromium ends without a font, and none is installed"


@cache
def _no_git() -> str:
    return "" if shutil.which("git") else "git is not installed"


MISSING: dict[str, Callable[[], str]] = {
    "real_logs": _no_real_logs,
    "postgres": _no_postgres,
    "browser": _no_browser,
    "strace": _no_strace,
    "git": _no_git,
}


# ---- real logs ----


@dataclass(frozen=True, slots=True)
class RealLogs:
    """Logs that agents really wrote; read them, never write there."""

    folder: Path
    """Holds `tricky`, `bulk`, `codex-*`: each is a home."""
    expected: Path
    """`expected.json`, the totals that another counter found."""

    def home(self, name: str) -> Path:
        return self.folder / name


@pytest.fixture(scope="session")
def real_logs() -> RealLogs:
    """Unpacked into .cache/ once for all workers and runs, unless they are unpacked already."""
    beside = ROOT / "../shared/logs/expected.json"
    expected = REAL_LOGS / "expected.json"
    unpacked = REAL_LOGS if (REAL_LOGS / "tricky").is_dir() else _unpacked(REAL_LOGS)
    return RealLogs(unpacked, expected if expected.exists() else beside)


def _unpacked(archives: Path) -> Path:
    """A folder with the contents of all archives, made by the first that asks."""
    found = sorted(archives.glob("*.tar.xz"))
    stamp = "".join(f"{path.name} {path.stat().st_size} " for path in found)
    cache_folder = ROOT / ".cache/real-logs"
    cache_folder.mkdir(parents=True, exist_ok=True)
    target = cache_folder / hashlib.sha256(stamp.encode()).hexdigest()[:16]
    with (cache_folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not target.exists():
            half = Path(tempfile.mkdtemp(dir=cache_folder))
            for path in found:
                subprocess.run(["tar", "-C", half, "--no-same-owner", "-xJf", path], check=True)
            half.rename(target)
    return target
