"""Changes one value in the text of a JSON object, or the items of a list in it, and leaves every
other byte as it is.

People order and indent their settings; a file that comes back spelled anew is a nasty surprise.
The text is known to hold one JSON object, or nothing: see `settings_edit.read_settings`.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Final, NamedTuple

from toktui.errors import UsageError
from toktui.text import clean

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

MARK: Final = "\ufeff"
"""What some editors of Windows put before everything else."""
_BLANK: Final = re.compile(r"[ \t\r\n]*")
_STEP: Final = "  "
_CLOSES: Final = {"{": "}", "[": "]"}


class _Member(NamedTuple):
    """Where a member of an object stands: its key, its value, and the value's end. An item of a
    list has no key."""

    name: str
    start: int
    value: int
    end: int


def is_blank(text: str) -> bool:
    """Whether there is no value in it at all."""
    return _after_blank(text, int(text.startswith(MARK))) == len(text)


def spelling(text: str, keys: Sequence[str]) -> str | None:
    """The value at a path of keys, as it is spelled; None if nothing is there."""
    if is_blank(text):
        return None
    at = _beginning(text)
    end = len(text)
    for key in keys:
        member = _member(text, at, key)
        if member is None:
            return None
        at, end = member.value, member.end
    return text[at:end]


def with_value(
    text: str, keys: Sequence[str], value: object, *, spelled: str | None = None
) -> str:
    """The text with `value` at a path of keys; what is missing on the way is made.

    `spelled` is the value as it is to be spelled; None: indented like what is around it.
    Raises UsageError where something on the way is not an object.
    """
    if is_blank(text):
        return f"{text}{json.dumps(_nested(keys, value), indent=_STEP, ensure_ascii=False)}\n"
    at = _beginning(text)
    for nth, key in enumerate(keys):
        if text[at] != "{":
            raise UsageError(f'"{clean(keys[nth - 1])}" in the settings is not an object')
        member = _member(text, at, key)
        rest = keys[nth + 1 :]
        if member is None:
            return _appended(text, at, key, _nested(rest, value), None if rest else spelled)
        if not rest:
            indent, step = _indent_at(text, member.start), _step(text, at)
            new = _spelled(text, value, indent, step) if spelled is None else spelled
            return text[: member.value] + new + text[member.end :]
        at = member.value
    return text


def with_item(text: str, keys: Sequence[str], value: object) -> str:
    """The text with `value` behind the items of the list at a path of keys, which is there."""
    return _appended(text, _place(text, keys), None, value, None)


def without_items(text: str, keys: Sequence[str], numbers: Collection[int]) -> str:
    """The text without some items, counted from 0, of the list at a path of keys."""
    at = _place(text, keys)
    for nth in sorted(numbers, reverse=True):
        text = _cut(text, at, _members(text, at), nth)
    return text


def without_value(text: str, keys: Sequence[str]) -> str:
    """The text without the member at a path of keys; as it is if nothing is there."""
    if is_blank(text):
        return text
    at = _beginning(text)
    for key in keys[:-1]:
        member = _member(text, at, key)
        if member is None:
            return text
        at = member.value
    members = _members(text, at)
    for nth in reversed(range(len(members))):
        if members[nth].name == keys[-1]:
            return _cut(text, at, members, nth)
    return text


def _place(text: str, keys: Sequence[str]) -> int:
    """Where the value at a path of keys begins. KeyError if nothing is there."""
    at = _beginning(text)
    for key in keys:
        member = _member(text, at, key)
        if member is None:
            raise KeyError(key)
        at = member.value
    return at


def _cut(text: str, at: int, members: Sequence[_Member], nth: int) -> str:
    """One member taken out, with the comma and the space that came with it."""
    if nth + 1 < len(members):
        return text[: members[nth].start] + text[members[nth + 1].start :]
    if nth:
        return text[: members[nth - 1].end] + text[members[nth].end :]
    return text[: at + 1] + text[_after_blank(text, members[nth].end) :]


def _appended(text: str, at: int, key: str | None, value: object, spelled: str | None) -> str:
    """The text with a new last member in the object, or item in the list, at `at`."""
    members, newline = _members(text, at), _newline(text)
    name = "" if key is None else f"{json.dumps(key, ensure_ascii=False)}: "
    if members and _is_inline(text, members[-1]):
        short = json.dumps(value, ensure_ascii=False) if spelled is None else spelled
        end = members[-1].end
        return f"{text[:end]}, {name}{short}{text[end:]}"
    outer, step = _indent_at(text, at), _step(text, at)
    indent = _indent_at(text, members[-1].start) if members else outer + step
    full = f"{newline}{indent}{name}"
    full += _spelled(text, value, indent, step) if spelled is None else spelled
    if members:
        end = members[-1].end
        return f"{text[:end]},{full}{text[end:]}"
    return f"{text[: at + 1]}{full}{newline}{outer}{text[_after_blank(text, at + 1) :]}"


def _nested(keys: Sequence[str], value: object) -> object:
    for key in reversed(keys):
        value = {key: value}
    return value


def _spelled(text: str, value: object, indent: str, step: str) -> str:
    spelled = json.dumps(value, indent=step, ensure_ascii=False)
    return spelled.replace("\n", _newline(text) + indent)


def _newline(text: str) -> str:
    return "\r\n" if "\r\n" in text else "\n"


def _step(text: str, at: int) -> str:
    """By how much the members of the object at `at` are indented."""
    members = _members(text, at)
    if not members or _is_inline(text, members[0]):
        return _STEP
    return _indent_at(text, members[0].start).removeprefix(_indent_at(text, at)) or _STEP


def _is_inline(text: str, member: _Member) -> bool:
    """Whether something stands before it on its line."""
    return bool(text[text.rfind("\n", 0, member.start) + 1 : member.start].strip(" \t" + MARK))


def _indent_at(text: str, at: int) -> str:
    """The blanks at the beginning of the line that holds `at`."""
    line = text[text.rfind("\n", 0, at) + 1 : at]
    return line[: len(line) - len(line.lstrip(" \t"))]


def _beginning(text: str) -> int:
    return _after_blank(text, int(text.startswith(MARK)))


def _after_blank(text: str, at: int) -> int:
    match = _BLANK.match(text, at)
    return match.end() if match else at


def _member(text: str, at: int, key: str) -> _Member | None:
    """The member that counts: of several with one name, the last."""
    if text[at] != "{":
        return None
    return next((m for m in reversed(_members(text, at)) if m.name == key), None)


def _members(text: str, at: int) -> list[_Member]:
    """The members of the object, or the items of the list, that begins at `at`; else none."""
    found: list[_Member] = []
    close = _CLOSES.get(text[at])
    if close is None:
        return found
    decoder = json.JSONDecoder()
    at = _after_blank(text, at + 1)
    while text[at] != close:
        name, value = "", at
        if close == "}":
            name, end = decoder.raw_decode(text, at)
            value = _after_blank(text, _after_blank(text, end) + 1)
        _, stop = decoder.raw_decode(text, value)
        found.append(_Member(name, at, value, stop))
        at = _after_blank(text, stop)
        if text[at] == ",":
            at = _after_blank(text, at + 1)
    return found
