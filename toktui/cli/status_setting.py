"""The `statusLine` in Claude Code's settings: ours put there, and what was there put back."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Final, cast

from toktui.agents.folders import expanded
from toktui.cli.json_text import spelling, with_value, without_value
from toktui.cli.output import write
from toktui.cli.own_command import is_own, own_command
from toktui.cli.settings_edit import Edit, agree, make, read_settings, shown
from toktui.errors import ToktuiError
from toktui.paths import create_private, user_home, user_paths
from toktui.text import clean

if TYPE_CHECKING:
    from collections.abc import Mapping

KEYS: Final = ("statusLine",)
_WORD: Final = "statusline"
_QUESTION: Final = "Make this change?"


def settings_path(env: Mapping[str, str]) -> Path:
    """Claude Code's own settings of the user."""
    home = user_home(env)
    named = env.get("CLAUDE_CONFIG_DIR", "").split(",")[0].strip()
    return (expanded(named, home) if named else home / ".claude") / "settings.json"


def install_line(env: Mapping[str, str], *, yes: bool, replace: bool) -> None:
    """Puts ours there. Another status line stays unless the user agrees, and is remembered."""
    path = settings_path(env)
    before = read_settings(path)
    found = spelling(before or "", KEYS)
    earlier = None if found is None or _is_ours(found) else found
    foreign = earlier if earlier is not None and _is_one(earlier) else None
    if foreign is not None:
        write(f"{_named(path)} has a status line already: {_command(foreign)}")
        if yes and not replace:
            raise ToktuiError(
                "It was left alone.",
                "Add --replace to put toktui's in its place; --remove brings it back.",
            )
    value = {"type": "command", "command": own_command(env, _WORD)}
    edit = Edit(path, before, with_value(before or "", KEYS, value))
    if found is not None and json.loads(found) == value:
        write(f"{_named(path)} has toktui's status line already.")
        return
    question = _QUESTION if foreign is None else "Replace it? `--remove` brings it back."
    if _made(edit, question, yes=yes):
        if found is None or earlier is not None:
            _remember(env, path, earlier)
        write("Done. Claude Code shows it from its next answer on.")


def remove_line(env: Mapping[str, str], *, yes: bool) -> None:
    """Takes ours away; what was there before returns."""
    path = settings_path(env)
    before = read_settings(path)
    found = spelling(before or "", KEYS)
    if before is None or found is None or not _is_ours(found):
        other = ""
        if found is not None and _is_one(found):
            other = f" Its own is left alone: {_command(found)}"
        write(f"{_named(path)} does not have toktui's status line.{other}")
        return
    earlier = _remembered(env, path)
    if earlier is None:
        after = without_value(before, KEYS)
    else:
        after = with_value(before, KEYS, json.loads(earlier), spelled=earlier)
    if _made(Edit(path, before, after), _QUESTION, yes=yes):
        _remember(env, path, None)
        write("Done.")


def _made(edit: Edit, question: str, *, yes: bool) -> bool:
    """Shows a change, asks, and makes it; whether it was made."""
    write(shown(edit))
    if not agree(question, yes=yes):
        write("Nothing was changed.")
        return False
    make(edit)
    return True


def _is_one(spelled: str) -> bool:
    """Whether it is a status line at all."""
    return json.loads(spelled) is not None


def _is_ours(spelled: str) -> bool:
    return is_own(_command(spelled), _WORD)


def _command(spelled: str) -> str:
    """What a status line runs, as far as it can be told."""
    value: object = json.loads(spelled)
    command = cast("dict[str, object]", value).get("command") if isinstance(value, dict) else None
    return clean(command if isinstance(command, str) else spelled, 200)


def _named(path: Path) -> str:
    return clean(str(path), 200)


def _replaced(env: Mapping[str, str]) -> Path:
    """Where status lines are remembered that were there before; they are the user's, not ours."""
    return user_paths(env).data / "replaced-settings.json"


def _load(place: Path) -> dict[str, str]:
    try:
        found: object = json.loads(place.read_text())
    except (OSError, ValueError):
        return {}
    table = cast("dict[str, object]", found) if isinstance(found, dict) else {}
    return {path: value for path, value in table.items() if isinstance(value, str)}


def _remembered(env: Mapping[str, str], path: Path) -> str | None:
    """The spelling of the status line that ours has replaced, if it is whole."""
    spelled = _load(_replaced(env)).get(str(path))
    try:
        json.loads(spelled or "")
    except ValueError:
        return None
    return spelled


def _remember(env: Mapping[str, str], path: Path, spelled: str | None) -> None:
    place = _replaced(env)
    known = _load(place)
    if known.pop(str(path), None) is None and spelled is None:
        return
    if spelled is not None:
        known[str(path)] = spelled
    create_private(place.parent)
    make(Edit(place, place.read_text() if place.exists() else None, json.dumps(known) + "\n"))
