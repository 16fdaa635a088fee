"""The `stop` hook in Cursor's `hooks.json`: ours added, or taken away; others stay."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, cast

from toktui.cli.json_text import (
    spelling,
    with_item,
    with_value,
    without_items,
    without_value,
)
from toktui.cli.output import write
from toktui.cli.own_command import is_own, own_command
from toktui.cli.settings_edit import Edit, agree, make, read_settings, shown
from toktui.errors import ToktuiError
from toktui.paths import user_home
from toktui.text import clean

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_WORDS: Final = ("hook", "cursor")
_HOOKS: Final = "hooks"
_PLACE: Final = (_HOOKS, "stop")


def hooks_path(env: Mapping[str, str]) -> Path:
    """Cursor's own hooks of the user."""
    return user_home(env) / ".cursor" / "hooks.json"


def install_hook(env: Mapping[str, str], *, yes: bool) -> None:
    """Adds ours behind the hooks that are there."""
    path = hooks_path(env)
    before = read_settings(path)
    hooks = _stop_hooks(path, before)
    command = own_command(env, *_WORDS)
    if any(hook == {"command": command} for hook in hooks):
        write(f"{_named(path)} has toktui's hook already.")
        return
    after = before or ""
    if spelling(after, ("version",)) is None:
        after = with_value(after, ("version",), 1)
    if spelling(after, _PLACE) is None:
        after = with_value(after, _PLACE, [{"command": command}])
    else:
        after = with_item(without_items(after, _PLACE, _ours(hooks)), _PLACE, {"command": command})
    if _made(Edit(path, before, after), yes=yes):
        write("Done. Cursor tells toktui what each turn used, from its next one on.")


def remove_hook(env: Mapping[str, str], *, yes: bool) -> None:
    """Takes ours away, and the empty list that it leaves."""
    path = hooks_path(env)
    before = read_settings(path)
    hooks = _stop_hooks(path, before)
    ours = _ours(hooks)
    if before is None or not ours:
        write(f"{_named(path)} does not have toktui's hook.")
        return
    if len(ours) == len(hooks):
        after = without_value(before, _PLACE)
    else:
        after = without_items(before, _PLACE, ours)
    if _made(Edit(path, before, after), yes=yes):
        write("Done. What it has told so far is kept.")


def _stop_hooks(path: Path, text: str | None) -> list[Any]:
    """The hooks at the end of a turn. ToktuiError where they have another shape."""
    every = spelling(text or "", (_HOOKS,))
    if every is not None and not every.startswith("{"):
        raise ToktuiError(f"{_named(path)}: `hooks` is no object", "Mend it, then try again.")
    spelled = spelling(text or "", _PLACE)
    hooks: object = [] if spelled is None else json.loads(spelled)
    if not isinstance(hooks, list):
        raise ToktuiError(f"{_named(path)}: `hooks.stop` is no list", "Mend it, then try again.")
    return cast("list[Any]", hooks)


def _ours(hooks: Sequence[object]) -> list[int]:
    return [nth for nth, hook in enumerate(hooks) if _is_ours(hook)]


def _is_ours(hook: object) -> bool:
    found = cast("dict[str, object]", hook) if isinstance(hook, dict) else {}
    return is_own(found.get("command"), *_WORDS)


def _made(edit: Edit, *, yes: bool) -> bool:
    """Shows the change, asks, and makes it; whether it was made."""
    write(shown(edit))
    if not agree("Make this change?", yes=yes):
        write("Nothing was changed.")
        return False
    make(edit)
    return True


def _named(path: Path) -> str:
    return clean(str(path), 200)
