"""What Cursor's hook tells is kept and counted; its settings change only on a yes."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result

Toktui = Callable[..., Result]
Document = Callable[..., dict[str, Any]]

STOP = {
    "hook_event_name": "stop",
    "conversation_id": "c0ffee00-0000-4000-8000-000000000001",
    "generation_id": "gen-1",
    "model": "claude-4.6-sonnet",
    "cursor_version": "3.7.21",
    "user_email": "dev@kites.example",
    "workspace_roots": ["/srv/kites"],
    "prompt": "Secret words",
    "transcript_path": "/home/dev/.cursor/projects/kites/t.jsonl",
    "status": "completed",
    "input_tokens": 100,
    "output_tokens": 20,
    "cache_read_tokens": 3000,
    "cache_write_tokens": 40,
}


@pytest.fixture
def data() -> Path:
    return Path(os.environ["TOKTUI_DATA_DIR"])


@pytest.fixture
def hooks(home: Path) -> Path:
    return home / ".cursor/hooks.json"


def tell(toktui: Toktui, **more: Any) -> Result:
    return toktui("hook", "cursor", input=json.dumps(STOP | more))


def spooled(data: Path) -> list[dict[str, Any]]:
    logs = sorted((data / "spool/cursor").glob("*.jsonl"))
    return [json.loads(line) for log in logs for line in log.read_text().splitlines()]


def test_a_turn_is_a_call_of_its_conversation(toktui: Toktui, document: Document) -> None:
    assert tell(toktui).stdout == "{}\n"
    tell(toktui)
    tell(toktui, generation_id="gen-2", output_tokens=21)
    report = document("report", "all", "--by", "model,project,session")
    (row,) = report["rows"]
    assert (row["calls"], row["project"]) == (2, "/srv/kites")
    assert row["session"] == STOP["conversation_id"]
    assert row["tokens"] == {
        "input": 200, "cache_read": 6000, "cache_write_5m": 80, "cache_write_1h": 0, "output": 41,
        "total": 6321, "reasoning": 0,
    }  # fmt: skip
    assert row["priced_as"] == "claude-sonnet-4-6"


def test_a_turn_is_a_sum_over_requests_and_so_no_prompt(
    toktui: Toktui, document: Document
) -> None:
    tell(toktui, model="claude-4.5-sonnet", input_tokens=1_000, cache_read_tokens=900_000)
    (row,) = document("report", "all")["rows"]
    assert row["cost_nusd"] == 1_000 * 3_000 + 900_000 * 300 + 40 * 3_750 + 20 * 15_000
    (session,) = document("now")["sessions"]
    assert (session["context_tokens"], session["context_window"]) == (None, 200_000)
    assert session["next_turn"] == {"warm_nusd": None, "cold_nusd": None}


def test_nothing_but_counts_and_ids_is_kept(toktui: Toktui, data: Path) -> None:
    tell(toktui)
    (record,) = spooled(data)
    assert not {"prompt", "user_email", "transcript_path"} & record.keys()
    kept = b"".join(path.read_bytes() for path in data.rglob("*") if path.is_file())
    assert b"Secret" not in kept
    assert b"kites.example" not in kept
    (log,) = (data / "spool/cursor").iterdir()
    assert log.stat().st_mode & 0o777 == 0o600


def test_a_turn_that_was_not_counted_is_no_call(toktui: Toktui, document: Document) -> None:
    tell(toktui, input_tokens=None, output_tokens=None, cache_read_tokens=0, cache_write_tokens=0)
    tell(toktui, hook_event_name="afterFileEdit")
    tell(toktui, generation_id="")
    assert document("report", "all")["totals"]["calls"] == 0


def test_counts_that_are_none_are_named(toktui: Toktui, document: Document) -> None:
    tell(toktui, input_tokens=-1)
    tell(toktui, generation_id="gen-2", output_tokens="20")
    synced = document("sync")
    assert (synced["calls"]["new"], synced["not_understood"]) == (0, 2)


@pytest.mark.parametrize("told", ["", "no JSON", "[" * 9999, '{"a":' + "1" * (1 << 20) + "}"])
def test_what_is_no_event_is_refused(toktui: Toktui, data: Path, told: str) -> None:
    said = toktui("hook", "cursor", input=told, exit_code=1).stderr
    assert "toktui hook --help" in said
    assert not (data / "spool").exists()


def test_installing_shows_the_change_and_asks(toktui: Toktui, hooks: Path) -> None:
    said = toktui("hook", "cursor", "--install", exit_code=2)
    assert "+" in said.stdout
    assert "hook cursor" in said.stdout
    assert "--yes" in said.stderr
    assert not hooks.exists()


def test_installing_adds_one_hook_and_removing_takes_it_away(toktui: Toktui, hooks: Path) -> None:
    hooks.parent.mkdir()
    theirs = (
        '{\n    "version": 1,\n    "hooks": {\n        "stop": [\n'
        '            {"command": "./say-done.sh"}\n        ],\n'
        '        "afterFileEdit": [{"command": "fmt"}]\n    }\n}\n'
    )
    hooks.write_text(theirs)
    toktui("hook", "cursor", "--install", "--yes")
    first, ours = json.loads(hooks.read_text())["hooks"]["stop"]
    assert first == {"command": "./say-done.sh"}
    assert ours["command"].endswith("hook cursor")
    assert '"afterFileEdit": [{"command": "fmt"}]' in hooks.read_text()
    once = hooks.read_text()
    assert "already" in toktui("hook", "cursor", "--install", "--yes").stdout
    assert hooks.read_text() == once
    toktui("hook", "cursor", "--remove", "--yes")
    assert hooks.read_text() == theirs
    assert "does not have" in toktui("hook", "cursor", "--remove", "--yes").stdout


@pytest.mark.parametrize("theirs", [
    '{"version":1,"hooks":{"stop":[{"command":"a", "x":1e999}, 5,null,"\\u00e9"]}}',
    '{"version": 1, "hooks": {"stop": [{"command": "a"},\n\t{"command": "b"}  ] } }',
    '{\r\n\t"version": 1,\r\n\t"hooks": {\r\n\t\t"stop": [\r\n\t\t\t{}\r\n\t\t]\r\n\t}\r\n}\r\n',
])  # fmt: skip
def test_hooks_of_others_stay_byte_for_byte(toktui: Toktui, hooks: Path, theirs: str) -> None:
    hooks.parent.mkdir()
    hooks.write_bytes(theirs.encode())
    toktui("hook", "cursor", "--install", "--yes")
    installed = json.loads(hooks.read_bytes())["hooks"]["stop"]
    assert installed[:-1] == json.loads(theirs)["hooks"]["stop"]
    older = "'/old place/toktui' hook cursor"
    hooks.write_bytes(hooks.read_bytes().replace(installed[-1]["command"].encode(), older.encode()))
    toktui("hook", "cursor", "--install", "--yes")
    assert len(json.loads(hooks.read_bytes())["hooks"]["stop"]) == len(installed)
    toktui("hook", "cursor", "--remove", "--yes")
    assert hooks.read_bytes() == theirs.encode()


def test_a_file_is_made_where_there_is_none(toktui: Toktui, hooks: Path) -> None:
    toktui("hook", "cursor", "--install", "--yes")
    made = json.loads(hooks.read_text())
    assert made["version"] == 1
    assert len(made["hooks"]["stop"]) == 1
    toktui("hook", "cursor", "--remove", "--yes")
    assert not json.loads(hooks.read_text())["hooks"].get("stop")


@pytest.mark.parametrize(
    ("text", "exit_code"),
    [("[]", 1), ("{", 1), ('{"hooks": {"stop": {}}}', 1), ('{"hooks": []}', 1)],
)
def test_settings_of_another_shape_are_left_alone(
    toktui: Toktui, hooks: Path, text: str, exit_code: int
) -> None:
    hooks.parent.mkdir()
    hooks.write_text(text)
    toktui("hook", "cursor", "--install", "--yes", exit_code=exit_code)
    assert hooks.read_text() == text
