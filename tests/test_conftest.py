"""The rules for tests hold: nothing real is touched, and what is required is not skipped."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project that has our rules and no tests."""
    folder = tmp_path / "project"
    (folder / "tests").mkdir(parents=True)
    shutil.copy(ROOT / "pyproject.toml", folder)
    shutil.copy(ROOT / "tests/conftest.py", folder / "tests")
    return folder


def run(project: Path, test: str, *options: str, **env: str) -> str:
    """What pytest prints about a project with this one test module."""
    (project / "tests/test_it.py").write_text(f"import pytest\n{test}\n")
    clean = {name: value for name, value in os.environ.items() if "TOKTUI" not in name}
    ran = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *options],
        cwd=project, env=clean | env, capture_output=True, text=True, check=False,
    )  # fmt: skip
    return ran.stdout + ran.stderr


def test_what_needs_real_logs_is_skipped_with_the_reason(project: Path):
    shown = run(project, "def test_it(real_logs): ...")
    assert re.search(r"SKIPPED .* there are no real logs in .*shared/logs", shown)
    assert "1 skipped" in shown


@pytest.mark.parametrize("workers", ["-n0", "-n1"])
def test_what_is_required_fails_instead(project: Path, workers: str):
    test = "@pytest.mark.real_logs\ndef test_it(): ..."
    shown = run(project, test, workers, TOKTUI_REQUIRE="real_logs")
    assert "TOKTUI_REQUIRE names real_logs, but there are no real logs" in shown
    assert "skipped" not in shown


def test_only_known_markers_can_be_required_or_used(project: Path):
    shown = run(project, "def test_it(): ...", TOKTUI_REQUIRE="real_log")
    assert "known are real_logs, postgres, browser, strace" in shown
    assert "'real_log' not found" in run(project, "@pytest.mark.real_log\ndef test_it(): ...")


def test_archives_are_unpacked_once_for_all_workers(project: Path, tmp_path: Path):
    log = tmp_path / "tricky/.claude/projects/p/a.jsonl"
    log.parent.mkdir(parents=True)
    log.write_text("{}\n")
    archives = tmp_path / "archives"
    archives.mkdir()
    with tarfile.open(archives / "tricky.tar.xz", "w:xz") as archive:
        archive.add(tmp_path / "tricky", "tricky")
    (archives / "expected.json").write_text("{}")
    test = """
@pytest.mark.parametrize("n", range(4))
def test_it(real_logs, n):
    assert (real_logs.home("tricky") / ".claude/projects/p/a.jsonl").read_text() == "{}\\n"
    assert real_logs.expected.read_text() == "{}"
"""
    for _ in range(2):
        assert "4 passed" in run(project, test, "-n2", TOKTUI_REAL_LOGS=str(archives))
    assert len([each for each in (project / ".cache/real-logs").iterdir() if each.is_dir()]) == 1


def test_an_unpacked_folder_is_taken_as_it_is(project: Path, tmp_path: Path):
    (tmp_path / "logs/tricky").mkdir(parents=True)
    test = "def test_it(real_logs): assert real_logs.home('tricky').is_dir()"
    assert "1 passed" in run(project, test, TOKTUI_REAL_LOGS=str(tmp_path / "logs"))
    assert not (project / ".cache").exists()


@pytest.mark.parametrize("workers", ["-n0", "-n1"])
def test_the_real_home_is_out_of_reach(project: Path, tmp_path: Path, workers: str):
    real = tmp_path / "real/home"
    places = [".claude/projects/x.jsonl", ".codex", ".local/share/toktui/toktui.db"]
    for place in places:
        (real / place).parent.mkdir(parents=True, exist_ok=True)
    test = f"""
@pytest.mark.parametrize("place", {places!r})
def test_it(place):
    with pytest.raises(RuntimeError, match="a test touches the real home"):
        open(f"{real}/{{place}}", "a")
"""
    assert "3 passed" in run(project, test, workers, HOME=str(real))


def test_home_and_network_of_a_test_are_its_own(project: Path):
    test = """
import os, socket, warnings
from pathlib import Path

def test_home(home, tmp_path):
    assert Path.home() == home == tmp_path / "home"
    assert list(home.iterdir()) == []
    assert not [name for name in os.environ if name.startswith("CLAUDE_")]

@pytest.mark.parametrize("use", ["connect", "bind"])
@pytest.mark.parametrize("host", ["192.0.2.1", "127.0.0.1", "localhost"])
def test_network(use, host):
    with socket.socket() as s, pytest.raises(RuntimeError, match="a test uses the network"):
        getattr(s, use)((host, 9))

def test_loopback(loopback):
    with socket.create_server(("127.0.0.1", 0)) as server, \\
            socket.create_connection(server.getsockname()):
        with pytest.raises(RuntimeError, match="uses the network"):
            socket.create_connection(("192.0.2.1", 80))

def test_warning():
    with pytest.raises(UserWarning):
        warnings.warn("x")
"""
    assert "9 passed" in run(project, test, CLAUDE_CONFIG_DIR="/real")
