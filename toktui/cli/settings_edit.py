"""Changes the JSON settings of another program: shown as a diff, and made only on a yes.

    before = read_settings(path)
    edit = Edit(path, before, with_value(before or "", ("hooks", "stop"), [...]))
    if edit.changes:
        write(shown(edit))
        if agree("Make this change?", yes=yes):
            make(edit)
"""

from __future__ import annotations

import json
import os
import stat
import sys
import tempfile
from pathlib import Path
from typing import Final

import msgspec

from toktui.cli.json_text import MARK, is_blank
from toktui.errors import ToktuiError, UsageError
from toktui.text import clean

_LARGEST: Final = 16 << 20
_SHOWN_CELLS: Final = 400


class Edit(msgspec.Struct, frozen=True):
    """A change of one file: its text as it is (None: there is no file) and as it would be."""

    path: Path
    before: str | None
    after: str

    @property
    def changes(self) -> bool:
        """Whether there is anything to do."""
        return (self.before or "") != self.after


def read_settings(path: Path) -> str | None:
    """The text of a settings file; None if there is none.

    Raises ToktuiError for one that cannot be read or holds anything but one JSON object.
    """
    try:
        with open(path, "rb", opener=_without_waiting) as file:
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                raise _unusable(path, "is not a file")
            data = file.read(_LARGEST + 1)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise _unusable(path, f"cannot be read: {error.strerror}") from error
    if len(data) > _LARGEST:
        raise _unusable(path, "is too large for settings")
    try:
        text = data.decode()
        found: object = None if is_blank(text) else json.loads(text.removeprefix(MARK))
    except (ValueError, RecursionError) as error:
        raise _unusable(path, f"is not JSON: {clean(str(error), 120)}") from error
    if not (is_blank(text) or isinstance(found, dict)):
        raise _unusable(path, "does not hold a JSON object")
    return text


def _without_waiting(path: str, flags: int) -> int:
    """Opens what may be a pipe that nobody writes to."""
    return os.open(path, flags | os.O_NONBLOCK)


def _unusable(path: Path, why: str) -> ToktuiError:
    return ToktuiError(f"{clean(str(path), 200)} {why}", "Mend it; nothing was changed.")


def shown(edit: Edit) -> str:
    """The change as a diff, free of what a terminal obeys."""
    import difflib

    lines = difflib.unified_diff(
        (edit.before or "").splitlines(),
        edit.after.splitlines(),
        "/dev/null" if edit.before is None else str(edit.path),
        str(edit.path),
        n=1,
        lineterm="",
    )
    return "\n".join(clean(line, _SHOWN_CELLS) for line in lines)


def agree(question: str, *, yes: bool) -> bool:
    """Whether the user wants it: said before by `--yes`, or asked for at the terminal.

    Raises UsageError where there is nobody to ask.
    """
    import click

    if yes:
        return True
    if not sys.stdin.isatty():
        raise UsageError("There is no terminal to ask at.", "Add --yes to make the change.")
    return click.confirm(question, default=False)


def make(edit: Edit) -> None:
    """Writes the change, whole or not at all, with the file's mode; a link stays a link.

    Raises ToktuiError where the file has changed since it was read, or cannot be written.
    """
    target = Path(os.path.realpath(edit.path))
    try:
        now = target.read_bytes() if target.exists() else None
        if now != (None if edit.before is None else edit.before.encode()):
            raise ToktuiError(
                f"{clean(str(edit.path), 200)} has changed meanwhile.",
                "Nothing was done; try again.",
            )
        if edit.changes:
            _write(target, edit.after.encode(), mode=0o600 if now is None else _mode(target))
    except OSError as error:
        raise ToktuiError(
            f"{clean(str(edit.path), 200)} cannot be written: {error.strerror}",
            "Nothing was changed.",
        ) from error


def _mode(path: Path) -> int:
    return path.stat().st_mode & 0o7777


def _write(target: Path, data: bytes, *, mode: int) -> None:
    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(name, mode)
        os.replace(name, target)
    except BaseException:
        os.unlink(name)
        raise
