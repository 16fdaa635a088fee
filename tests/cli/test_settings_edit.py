"""Settings of other programs: one value changes, every other byte stays."""

from __future__ import annotations

import io
import json
import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from toktui.cli.json_text import (
    spelling,
    with_item,
    with_value,
    without_items,
    without_value,
)
from toktui.cli.settings_edit import Edit, agree, make, read_settings, shown
from toktui.errors import ToktuiError, UsageError

LINE = {"type": "command", "command": "toktui statusline"}

_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=10,
)
_OBJECTS = st.dictionaries(st.text(), _VALUES, max_size=4)
_INDENTS = st.sampled_from([None, 1, 2, 4, "\t"])


@given(settings=_OBJECTS, indent=_INDENTS, newline=st.sampled_from(["\n", "\r\n"]))
def test_a_value_that_is_put_and_taken_leaves_every_byte(
    settings: dict[str, Any], indent: Any, newline: str
):
    settings.pop("statusLine", None)
    text = json.dumps(settings, indent=indent).replace("\n", newline) + newline
    put = with_value(text, ["statusLine"], LINE)
    assert json.loads(put) == {**settings, "statusLine": LINE}
    assert without_value(put, ["statusLine"]) == text


@given(settings=_OBJECTS, old=_VALUES, indent=_INDENTS)
def test_a_value_that_is_replaced_comes_back_as_it_was_spelled(
    settings: dict[str, Any], old: Any, indent: Any
):
    text = json.dumps({"a": 1, **settings, "statusLine": old, "z": 2}, indent=indent)
    kept = spelling(text, ["statusLine"])
    put = with_value(text, ["statusLine"], LINE)
    assert json.loads(put)["statusLine"] == LINE
    assert with_value(put, ["statusLine"], old, spelled=kept) == text


@given(items=st.lists(_VALUES, min_size=1, max_size=4), indent=_INDENTS, data=st.data())
def test_items_that_are_put_and_taken_leave_every_byte(
    items: list[Any], indent: Any, data: st.DataObject
):
    keys = ["hooks", "stop"]
    text = json.dumps({"a": 1, "hooks": {"stop": items, "z": []}}, indent=indent)
    put = with_item(text, keys, LINE)
    assert json.loads(put)["hooks"]["stop"] == [*items, LINE]
    assert without_items(put, keys, [len(items)]) == text
    gone = data.draw(st.sets(st.sampled_from(range(len(items)))))
    left = json.loads(without_items(text, keys, gone))
    assert left["hooks"]["stop"] == [one for n, one in enumerate(items) if n not in gone]
    assert left["hooks"]["z"] == []


@given(settings=_OBJECTS, indent=_INDENTS)
def test_a_path_is_made_where_it_is_missing(settings: dict[str, Any], indent: Any):
    settings.pop("hooks", None)
    text = json.dumps(settings, indent=indent)
    put = with_value(text, ["hooks", "stop"], [LINE])
    assert json.loads(put) == {**settings, "hooks": {"stop": [LINE]}}
    again = with_value(put, ["hooks", "start"], [])
    assert json.loads(again)["hooks"] == {"stop": [LINE], "start": []}
    assert without_value(again, ["hooks", "start"]) == put


def test_a_new_value_is_indented_like_its_neighbours():
    text = '{\n    "model": "opus",\n    "env": {"A": "1"}\n}\n'
    assert with_value(text, ["statusLine"], {"type": "command"}) == (
        '{\n    "model": "opus",\n    "env": {"A": "1"},\n'
        '    "statusLine": {\n        "type": "command"\n    }\n}\n'
    )
    assert with_value(text, ["env", "B"], "2").count('{"A": "1", "B": "2"}') == 1


def test_of_two_members_with_one_name_the_last_counts():
    text = '{"statusLine": 1, "a": 2, "statusLine": 3}'
    assert spelling(text, ["statusLine"]) == "3"
    assert json.loads(with_value(text, ["statusLine"], 4))["statusLine"] == 4


def test_what_is_no_object_takes_no_member():
    with pytest.raises(UsageError, match='"hooks"'):
        with_value('{"hooks": []}', ["hooks", "stop"], 1)
    assert without_value('{"hooks": []}', ["hooks", "stop"]) == '{"hooks": []}'


def test_an_absent_file_is_made_for_the_user_alone(tmp_path: Path):
    path = tmp_path / "new" / "settings.json"
    assert read_settings(path) is None
    edit = Edit(path, None, with_value("", ["statusLine"], LINE))
    assert "+++ " in shown(edit)
    assert '+  "statusLine": {' in shown(edit)
    make(edit)
    assert json.loads(path.read_text()) == {"statusLine": LINE}
    assert path.stat().st_mode & 0o777 == 0o600


def test_a_file_keeps_its_mode_and_a_link_stays_a_link(tmp_path: Path):
    folder = tmp_path / "agent"
    folder.mkdir()
    real = folder / "dotfiles.json"
    real.write_text("{}")
    os.chmod(real, 0o640)
    link = folder / "settings.json"
    link.symlink_to(real)
    make(Edit(link, "{}", '{"a": 1}'))
    assert link.is_symlink()
    assert real.read_text() == '{"a": 1}'
    assert real.stat().st_mode & 0o777 == 0o640
    assert sorted(each.name for each in folder.iterdir()) == ["dotfiles.json", "settings.json"]


def test_a_file_that_changed_meanwhile_is_left_alone(tmp_path: Path):
    path = tmp_path / "settings.json"
    path.write_text('{"b": 2}')
    with pytest.raises(ToktuiError, match="changed meanwhile"):
        make(Edit(path, "{}", '{"a": 1}'))
    assert path.read_text() == '{"b": 2}'


@pytest.mark.parametrize("text", ["{", "[]", "// words\n{}", "\xff", '{"a": 1} x', "[" * 100_000])
def test_what_is_not_a_json_object_is_named_and_left_alone(tmp_path: Path, text: str):
    path = tmp_path / "settings.json"
    path.write_bytes(text.encode("latin-1"))
    with pytest.raises(ToktuiError, match=r"settings\.json"):
        read_settings(path)


@pytest.mark.parametrize("kind", ["pipe", "folder"])
def test_what_is_no_file_is_named_and_not_waited_for(tmp_path: Path, kind: str):
    path = tmp_path / "settings.json"
    os.mkfifo(path) if kind == "pipe" else path.mkdir()
    with pytest.raises(ToktuiError) as told:
        read_settings(path)
    assert told.value.hint == "Mend it; nothing was changed."


def test_a_diff_shows_nothing_that_a_terminal_obeys(tmp_path: Path):
    before = '{\n  "a": "\x1b[2Jgone"\n}'.replace("\x1b", "\\u001b")
    edit = Edit(tmp_path / "s.json", before, with_value(before, ["b"], "\x1b]0;x\x07"))
    assert shown(edit).replace("\n", "").isprintable()


def test_nobody_is_asked_where_there_is_no_terminal(monkeypatch: pytest.MonkeyPatch):
    assert agree("Make this change?", yes=True)
    monkeypatch.setattr("sys.stdin", io.StringIO())
    with pytest.raises(UsageError, match="terminal"):
        agree("Make this change?", yes=False)
