"""The documents say what the program does, and each thing it does is in them."""

from __future__ import annotations

import re
import subprocess
import tomllib
from pathlib import Path

import msgspec
import pytest

from toktui import VERSION
from toktui.config import AgentConfig, Config, OwnRates, StoreConfig, UiConfig, load_config

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text()
CONTRIBUTING = (ROOT / "CONTRIBUTING.md").read_text()
CHANGELOG = (ROOT / "CHANGELOG.md").read_text()
MAKEFILE = (ROOT / "Makefile").read_text()
DOCUMENTS = {"README.md": README, "CONTRIBUTING.md": CONTRIBUTING, "CHANGELOG.md": CHANGELOG}
TARGETS = set(re.findall(r"^\.PHONY: (.*)$", MAKEFILE, re.MULTILINE)[0].split())


def blocks(text: str, language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", text, re.DOTALL)


def commands() -> set[str]:
    """Names of the commands that the command line has."""
    from toktui.cli import main

    return {name for name, command in main.commands.items() if not command.hidden}


def test_the_readme_begins_with_the_two_commands():
    first = blocks(README, "sh")[0]
    assert README.index(first) < 40
    assert [line.split("#")[0].strip() for line in first.splitlines()] == ["make run", "make test"]


def test_the_readme_tells_how_to_install_and_remove():
    assert "pipx install ." in README
    assert "uvx --from . toktui" in README
    assert "## How to remove it" in README
    assert "## What it never does" in README


@pytest.mark.parametrize("document", DOCUMENTS)
def test_every_make_target_that_is_named_exists(document: str):
    named = set(re.findall(r"`(?:[A-Z_]+=\S+ )?make (\w+)", DOCUMENTS[document]))
    assert named <= TARGETS


@pytest.mark.parametrize("target", sorted(TARGETS))
def test_every_make_target_can_be_made_and_is_explained(target: str):
    subprocess.run(["make", "--dry-run", target], cwd=ROOT, check=True, capture_output=True)
    assert f"# make {target} " in MAKEFILE


@pytest.mark.parametrize("document", DOCUMENTS)
def test_every_file_that_is_linked_or_named_exists(document: str):
    linked = re.findall(r"\]\((?!https?:)([^)#]+)", DOCUMENTS[document])
    named = re.findall(r"`((?:toktui|tests)/[\w./]+)`", DOCUMENTS[document])
    assert [path for path in (*linked, *named) if not (ROOT / path).exists()] == []


def test_the_readme_names_every_command_and_no_other():
    named = set(re.findall(r"^\| `toktui (\w+)", README, re.MULTILINE))
    assert named == commands()


def test_every_command_line_in_the_documents_is_one_of_a_command():
    for text in DOCUMENTS.values():
        assert set(re.findall(r"`toktui (\w+)", text)) <= commands()


def test_every_command_has_help_with_an_example():
    from click.testing import CliRunner

    from toktui.cli import main

    for name in sorted(commands()):
        shown = CliRunner().invoke(main, [name, "--help"])
        assert shown.exit_code == 0, name
        assert f"toktui {name}" in shown.output.split("\n", 1)[1], f"{name} has no example"


def test_the_configuration_in_the_readme_is_valid_and_complete(tmp_path: Path):
    (example,) = blocks(README, "toml")
    file = tmp_path / "config.toml"
    file.write_text(example)
    config = load_config(file, agents=("claude-code", "codex"))
    assert config != Config()
    table = tomllib.loads(example)
    assert set(table) == set(Config.__struct_fields__)
    sections: list[tuple[type[msgspec.Struct], dict[str, object]]] = [
        (AgentConfig, table["agents"]["claude-code"]),
        (OwnRates, table["prices"]["my-model"]),
        (UiConfig, table["ui"]),
        (StoreConfig, table["store"]),
    ]
    for kind, section in sections:
        assert set(section) == set(kind.__struct_fields__)


def test_the_readme_names_the_variables():
    for name in ("TOKTUI_DATA_DIR", "TOKTUI_CONFIG_DIR", "CLAUDE_CONFIG_DIR", "CODEX_HOME", "TZ"):
        assert name in README


def test_the_changelog_has_this_version():
    assert re.search(rf"^## {re.escape(VERSION)}\b", CHANGELOG, re.MULTILINE)


def test_every_dependency_has_its_reason():
    lines = (ROOT / "pyproject.toml").read_text().splitlines()
    start = lines.index("dependencies = [") + 1
    section = lines[start : lines.index("]", start)]
    for before, line in zip(["", *section], section, strict=False):
        if not line.strip().startswith("#"):
            assert before.strip().startswith("#"), line


def test_every_marker_is_explained():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    for marker in project["tool"]["pytest"]["ini_options"]["markers"]:
        assert f"`{marker.partition(':')[0]}`" in CONTRIBUTING


def test_a_recipe_has_five_steps():
    for title in ("## Add an agent", "## Add a screen"):
        section = CONTRIBUTING.split(title)[1].split("\n## ")[0]
        assert len(re.findall(r"^\d\. ", section, re.MULTILINE)) == 5
