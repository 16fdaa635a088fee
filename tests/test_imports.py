"""Starting is fast, and imports point in one direction."""

from __future__ import annotations

import ast
import importlib.metadata
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
STANDARD = {*sys.stdlib_module_names, "compression"}
"""With what Python 3.14 has added."""
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
SLOW = {"textual", "rich", "sqlite_utils", "watchdog", "tiktoken", "asyncio", "unittest"}


def loaded_by(statement: str) -> set[str]:
    """The top-level modules that a fresh interpreter has loaded after `statement`."""
    shown = subprocess.run(
        [sys.executable, "-c", f"import sys\n{statement}\nprint(*sys.modules)"],
        capture_output=True,
        text=True,
        check=True,
        cwd=ROOT,
    )
    return {name.partition(".")[0] for name in shown.stdout.split()}


def test_the_command_line_loads_nothing_slow():
    loaded = loaded_by("import toktui.cli")
    assert "click" in loaded
    assert not SLOW & loaded


def test_help_loads_nothing_slow():
    quietly = (
        "import contextlib, io, toktui.cli as cli\nwith contextlib.redirect_stdout(io.StringIO()):"
    )
    assert not SLOW & loaded_by(f"{quietly} cli.main(['--help'], standalone_mode=False)\n")


@pytest.mark.parametrize(
    "module", ["errors", "clock", "paths", "config", "text", "model", "agents", "pricing", "store"]
)
def test_what_commands_stand_on_loads_nothing_slow(module: str):
    assert not SLOW & loaded_by(f"import toktui.{module}")


def test_the_contracts_of_the_layout_are_kept():
    lint = Path(sys.executable).parent / "lint-imports"
    checked = subprocess.run(
        [lint, "--no-cache"], capture_output=True, text=True, check=False, cwd=ROOT
    )
    assert checked.returncode == 0, checked.stdout + checked.stderr


def modules() -> list[Path]:
    return sorted((ROOT / "toktui").rglob("*.py"))


def imported_by(path: Path) -> set[str]:
    """The modules that a module imports anywhere."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_bytes())):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.update(f"{node.module}.{alias.name}" for alias in node.names)
    return names


def requirement_names(requirements: list[str]) -> set[str]:
    return {re.split(r"[=<>~!; \[]", requirement)[0] for requirement in requirements}


def test_every_third_party_import_is_a_declared_dependency():
    distributions = importlib.metadata.packages_distributions()
    optional = PROJECT["project"]["optional-dependencies"]
    declared = requirement_names(
        PROJECT["project"]["dependencies"]
        + [one for extra in optional if extra != "dev" for one in optional[extra]]
    )
    tools = requirement_names(optional["dev"])
    for path in modules():
        allowed = declared | {"textual", "rich"} | (tools if "dev" in path.parts else set())
        packages = {name.partition(".")[0] for name in imported_by(path)}
        for name in packages - STANDARD - {"toktui"}:
            owners = {owner.replace("_", "-") for owner in distributions.get(name, [name])}
            assert owners & allowed, f"{path.relative_to(ROOT)} imports {name}"


def test_nothing_that_opens_connections_is_imported():
    client = re.compile(
        r"(socket|ssl|http|urllib\.request|urllib3|requests|httpx2?|smtplib|ftplib)(\.|$)"
    )
    # Real agents are run against a server of ours; toktui itself never imports it.
    clients = ROOT / "toktui/dev/clients"
    # What the user joined a team with, sends to it by this one.
    sender = ROOT / "toktui/team/http.py"
    # These open none: they listen, where somebody hosts a board.
    hosts = {
        ROOT / "toktui" / name
        for name in (
            "server/listening.py",
            "server/start.py",
            "dev/board_shots.py",
            "dev/soak/board.py",
        )
    }
    for path in modules():
        if clients not in path.parents and path not in {sender, *hosts}:
            assert [name for name in imported_by(path) if client.match(name)] == [], path
            assert not any("dev.clients" in name for name in imported_by(path)), path


def test_python_dash_m_is_the_command():
    shown = subprocess.run(
        [sys.executable, "-m", "toktui", "--help"],
        capture_output=True, text=True, check=True, env=os.environ | {"COLUMNS": "100"},
    )  # fmt: skip
    assert "toktui" in shown.stdout
    assert "sync" in shown.stdout
