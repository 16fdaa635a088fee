"""The command line as a whole: errors, exit codes, streams, start."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from toktui import VERSION
from toktui.cli import MODULES, main

PROGRAM = [sys.executable, "-m", "toktui"]
READERS = [
    ("sync",), ("report",), ("now",), ("sessions",), ("doctor",), ("prices", "list"), ("reprice",),
]  # fmt: skip


def test_the_version_is_printed(toktui: Any):
    assert VERSION in toktui("--version").stdout


def test_help_lists_every_command(toktui: Any):
    shown = toktui("--help").stdout
    assert all(re.search(rf"^  {name} ", shown, re.MULTILINE) for name in MODULES)


def test_a_command_that_does_not_exist_is_answered_with_those_that_do(toktui: Any):
    shown = toktui("reprot", exit_code=2).stderr
    assert all(name in shown for name in MODULES)


def test_an_unknown_option_is_a_usage_error_in_every_command(toktui: Any):
    for name in MODULES:
        assert "--nope" in toktui(name, "--nope", exit_code=2).stderr


@pytest.mark.parametrize("command", READERS)
def test_json_is_the_whole_of_stdout(command: tuple[str, ...], logs: Any, document: Any):
    logs.call()
    document("sync")
    found = document(*command)
    assert re.fullmatch(r"toktui\.[a-z-]+/1", found["schema"])


@pytest.mark.parametrize("command", [("report",), ("sessions",), ("now",), ("why", "abc")])
def test_reading_without_a_store_says_what_to_do(command: tuple[str, ...], toktui: Any):
    shown = toktui(*command, "--no-sync", exit_code=1).stderr
    assert "toktui sync" in shown


def test_a_wrong_configuration_names_key_and_valid_values(tmp_path: Path, toktui: Any):
    (tmp_path / "config").mkdir()
    (tmp_path / "config/config.toml").write_text("[ui]\ncolour = 1\n")
    shown = toktui("report", exit_code=2).stderr
    assert "colour" in shown
    assert "timezone" in shown


def test_the_agents_of_the_configuration_are_those_that_exist(tmp_path: Path, toktui: Any):
    (tmp_path / "config").mkdir()
    (tmp_path / "config/config.toml").write_text("[agents.claude]\nenabled = false\n")
    assert "claude-code" in toktui("sync", exit_code=2).stderr


def test_a_data_folder_that_is_a_file_gives_a_hint(tmp_path: Path, toktui: Any):
    (tmp_path / "data").write_text("")
    shown = toktui("sync", exit_code=1).stderr
    assert "TOKTUI_DATA_DIR" in shown


@pytest.mark.skipif(os.geteuid() == 0, reason="root writes everywhere")
def test_a_read_only_data_folder_gives_a_hint(tmp_path: Path, toktui: Any):
    (tmp_path / "data").mkdir(mode=0o500)
    assert "TOKTUI_DATA_DIR" in toktui("sync", exit_code=1).stderr


def test_demo_is_not_mixed_with_a_command(toktui: Any):
    assert "--demo" in toktui("--demo", "report", exit_code=2).stderr


def test_an_interrupt_ends_with_130_and_no_traceback(logs: Any):
    program = (
        "import os, signal, toktui.cli as cli, toktui.ingest.access as access\n"
        "def sync(*a, **k): os.kill(os.getpid(), signal.SIGINT); __import__('time').sleep(5)\n"
        "access.sync = sync\n"
        # A shell starts what runs in the background with the signal ignored.
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"
        "cli.main(['sync'])\n"
    )
    ended = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False
    )
    assert ended.returncode == 130
    assert "Traceback" not in ended.stderr


def test_a_reader_that_goes_away_is_no_error(logs: Any, toktui: Any):
    for day in range(1, 29):
        logs.call(at=f"2026-10-{day:02}T12:00:00.000Z", session=f"5e5510aa-{day:04}")
    toktui("sync")
    program = subprocess.Popen(
        [*PROGRAM, "prices", "list", "--json"], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert program.stdout is not None
    assert program.stderr is not None
    program.stdout.read(10)
    program.stdout.close()
    assert program.stderr.read() == b""
    program.stderr.close()
    program.wait(20)


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs a disk that is always full")
@pytest.mark.parametrize("command", [("report",), ("report", "--json"), ("prices", "list")])
def test_output_that_cannot_be_written_is_told_in_one_line(command: tuple[str, ...], logs: Any):
    with open("/dev/full", "w") as full:
        ended = subprocess.run(
            [*PROGRAM, *command], stdout=full, stderr=subprocess.PIPE, text=True, check=False
        )
    assert ended.returncode == 1
    said = "toktui: the output cannot be written: No space left on device\n"
    assert ended.stderr == said


@pytest.mark.parametrize(
    ("command", "code"), [("report", 0), ("sync --json", 0), ("hook cursor", 1), ("statusline", 0)]
)
def test_closed_streams_are_no_error_and_no_file_takes_their_place(
    command: str, code: int, logs: Any, toktui: Any
):
    logs.call()
    toktui("sync")
    shell = f"exec {sys.executable} -m toktui {command} <&- >&- 2>&-"
    assert subprocess.run(shell, shell=True, check=False).returncode == code
    assert toktui("doctor").exit_code == 0


def test_a_home_that_nobody_knows_is_a_usage_error(monkeypatch: pytest.MonkeyPatch, toktui: Any):
    monkeypatch.setenv("TOKTUI_DATA_DIR", "~nobody-has-this-name/x")
    found = toktui("report", exit_code=2)
    assert "nobody knows where that home is" in found.stderr
    monkeypatch.setenv("CLAUDE_CONFIG_DIR", "~nobody-has-this-name/x")
    monkeypatch.delenv("TOKTUI_DATA_DIR")
    assert "No logs were found" in toktui("sync").stdout


@pytest.mark.parametrize("command", ["", "--demo", "init", "teams", "backup x"])
def test_a_server_without_its_packages_says_what_to_install(command: str):
    program = (
        "import sys; sys.modules['sqlalchemy'] = None\n"
        f"import toktui.cli as cli; cli.main(['serve', *{command.split()!r}])\n"
    )
    ended = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False
    )
    assert (ended.returncode, ended.stdout) == (1, "")
    assert ended.stderr == (
        "toktui: The server needs sqlalchemy, which is not installed.\n"
        "pip install 'toktui[server]'\n"
    )


def test_progress_goes_to_a_terminal_only(logs: Any, toktui: Any):
    logs.call()
    assert toktui("sync").stderr == ""


def test_what_a_terminal_cannot_show_becomes_a_question_mark(logs: Any, toktui: Any):
    logs.call(model="no-such-model")
    toktui("sync")
    shown = subprocess.run(
        [*PROGRAM, "report", "all", "--by", "model"], capture_output=True, check=True,
        env=os.environ | {"PYTHONIOENCODING": "latin-1"},
    )  # fmt: skip
    assert b"?" in shown.stdout


@pytest.mark.parametrize("encoding", ["latin-1", "ascii", "utf-16"])
def test_a_document_is_utf_8_whatever_a_terminal_shows(encoding: str, logs: Any, toktui: Any):
    logs.call(project="/home/dev/Grüße 世界")
    toktui("sync")
    said = subprocess.run(
        [*PROGRAM, "report", "all", "--by", "project", "--json"], capture_output=True, check=True,
        env=os.environ | {"PYTHONIOENCODING": encoding},
    )  # fmt: skip
    assert json.loads(said.stdout.decode("utf-8"))["rows"][0]["project"] == "/home/dev/Grüße 世界"


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_a_completion_script_is_printed(shell: str, toktui: Any):
    assert "_TOKTUI_COMPLETE" in toktui("completion", shell).stdout


def test_completion_answers_with_commands():
    shown = subprocess.run(
        PROGRAM, capture_output=True, text=True, check=False, timeout=20,
        env=os.environ | {"_TOKTUI_COMPLETE": "bash_complete", "COMP_WORDS": "toktui re",
                          "COMP_CWORD": "1"},
    )  # fmt: skip
    assert "report" in shown.stdout


def test_the_group_is_one_object_with_its_commands():
    assert set(main.commands) == set(MODULES)
    assert main.commands["report"] is main.commands["report"]


def loaded_by(*args: str) -> set[str]:
    program = (
        "import sys, contextlib, io, toktui.cli as cli\n"
        "with contextlib.redirect_stdout(io.StringIO()):\n"
        f"    cli.main({list(args)!r}, standalone_mode=False)\n"
        "print(*sys.modules)"
    )
    shown = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    return set(shown.stdout.split())


def test_a_report_on_an_unchanged_store_imports_no_more_than_it_needs(logs: Any, toktui: Any):
    log = logs.raw("")
    logs.call()
    logs.call(model="mystery-1")
    os.utime(log, (log.stat().st_mtime - 3600,) * 2)
    toktui("sync")
    loaded = loaded_by("report", "--json")
    slow = {"textual", "rich", "sqlite_utils", "watchdog", "tiktoken", "multiprocessing", "asyncio"}
    assert not slow & loaded
    assert "toktui.ingest.settle" not in loaded
    assert not {name for name in loaded if name.startswith("toktui.pricing.")}


