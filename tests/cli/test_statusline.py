"""`toktui statusline --install` and `--remove`: the user's settings, changed on a yes only."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from tests.statusline.said import as_bytes
from toktui.clock import iso, now_ms
from toktui.statusline.answer import answer

FOREIGN = '{\n      "type": "command", "command": "bunx ccstatusline",  "padding": 0\n  }'
BEFORE = f'{{\n  "model": "opus",\n  "statusLine": {FOREIGN},\n  "env": {{"A": "b"}}\n}}\n'


@pytest.fixture
def settings(home: Path) -> Path:
    (home / ".claude").mkdir()
    return home / ".claude/settings.json"


def shown(settings: Path) -> Any:
    return json.loads(settings.read_text()).get("statusLine")


def test_it_is_installed_where_there_are_no_settings(settings: Path, toktui: Any):
    out = toktui("statusline", "--install", "--yes").stdout
    assert '+  "statusLine": {' in out
    assert shown(settings)["type"] == "command"
    assert shown(settings)["command"].endswith("statusline")
    assert "already" in toktui("statusline", "--install", "--yes").stdout
    toktui("statusline", "--remove", "--yes")
    assert settings.read_text() == "{}\n"


def test_everything_else_stays_byte_for_byte(settings: Path, toktui: Any):
    text = '{\n\t"model" : "opus",\n\t"permissions": {"allow": ["Bash(ls:*)"]}\n}'
    settings.write_text(text)
    toktui("statusline", "--install", "--yes")
    assert settings.read_text().startswith(text[:-2])
    toktui("statusline", "--remove", "--yes")
    assert settings.read_text() == text


def test_another_status_line_is_named_and_kept(settings: Path, toktui: Any):
    settings.write_text(BEFORE)
    result = toktui("statusline", "--install", "--yes", exit_code=1)
    assert "bunx ccstatusline" in result.stdout
    assert "--replace" in result.stderr
    assert settings.read_text() == BEFORE


def test_another_status_line_that_was_replaced_comes_back(settings: Path, toktui: Any):
    settings.write_text(BEFORE)
    toktui("statusline", "--install", "--replace", "--yes")
    assert "ccstatusline" not in settings.read_text()
    toktui("statusline", "--install", "--yes")
    toktui("statusline", "--remove", "--yes")
    assert settings.read_text() == BEFORE
    assert "does not have" in toktui("statusline", "--remove", "--yes").stdout
    assert settings.read_text() == BEFORE


def test_a_status_line_of_null_is_none_and_comes_back(settings: Path, toktui: Any):
    before = '{"statusLine": null, "model": "opus"}\n'
    settings.write_text(before)
    assert "left alone" not in toktui("statusline", "--remove", "--yes").stdout
    said = toktui("statusline", "--install", "--yes").stdout
    assert "has a status line already" not in said
    toktui("statusline", "--remove", "--yes")
    assert settings.read_text() == before


def test_a_status_line_that_is_not_ours_is_not_removed(settings: Path, toktui: Any):
    settings.write_text(BEFORE)
    assert "bunx ccstatusline" in toktui("statusline", "--remove", "--yes").stdout
    assert settings.read_text() == BEFORE


def test_nothing_is_changed_without_a_yes(settings: Path, toktui: Any):
    settings.write_text(BEFORE)
    result = toktui("statusline", "--install", exit_code=2)
    assert "--yes" in result.stderr
    assert settings.read_text() == BEFORE


def test_the_folder_that_claude_code_uses_is_changed(
    settings: Path, tmp_path: Path, toktui: Any, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("CLAUDE_CONFIG_DIR", str(tmp_path / "elsewhere"))
    toktui("statusline", "--install", "--yes")
    assert shown(tmp_path / "elsewhere/settings.json")
    assert not settings.exists()


def test_what_is_installed_imports_nothing_from_a_project(
    settings: Path, toktui: Any, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("PATH", "/nowhere")
    toktui("statusline", "--install", "--yes")
    command = shown(settings)["command"]
    assert command.endswith(" -P -m toktui statusline")
    toktui("statusline", "--remove", "--yes")
    assert shown(settings) is None


@pytest.mark.parametrize("text", ["{", "[]", "// mine\n{}"])
def test_settings_that_are_not_understood_are_left_alone(
    settings: Path, toktui: Any, text: str
):
    settings.write_text(text)
    assert "settings.json" in toktui("statusline", "--install", "--yes", exit_code=1).stderr
    assert settings.read_text() == text


def test_options_that_do_not_go_together_are_refused(toktui: Any):
    toktui("statusline", "--install", "--remove", exit_code=2)
    toktui("statusline", "--yes", exit_code=2)
    toktui("statusline", "--remove", "--replace", exit_code=2)


def test_what_the_agent_said_is_an_official_limit_of_now(
    logs: Any, toktui: Any, document: Any
):
    logs.call()
    at_ms = now_ms()
    ends = at_ms // 1000 + 7200
    said = as_bytes(rate_limits={"five_hour": {"used_percentage": 40, "resets_at": ends}})
    answer(said, os.environ, at_ms)
    toktui("sync")
    (limit,) = document("now")["limits"]
    assert limit.pop("pace") == pytest.approx(0.4 / 0.6, abs=0.01)
    assert limit == {
        "agent": "claude-code", "name": "5h", "used_percent": 40.0,
        "resets_at": iso(ends * 1000), "source": "official", "as_of": iso(at_ms),
        "runs_out_at": None,
    }  # fmt: skip
    assert "40 % used, pace 0.6" in toktui("now").stdout
