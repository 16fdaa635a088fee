"""What commands write: one JSON document, or text; progress and warnings go to stderr."""

from __future__ import annotations

import os
import re
import sys
from typing import Final

import click
import msgspec

WIDEST: Final = 200
_NO_SENTENCE: Final = re.compile(r'^ *toktui [a-z]|\S {2}|["{}]|[^ -~–—≥×−…“”›·]')
"""A command, a row of a table, JSON, colours, letters that may be two cells wide: they stay as they
are."""
_COMMAND: Final = re.compile(r"`[^`]*`")
_GLUE: Final = "\x00"


def write_json(document: msgspec.Struct) -> None:
    """One JSON document on stdout and nothing else, in UTF-8 whatever the terminal takes."""
    write_bytes(msgspec.json.encode(document) + b"\n")


def write_bytes(data: bytes) -> None:
    """The very bytes, on stdout; what stands in its place may take only text."""
    sys.stdout.flush()
    buffer = getattr(sys.stdout, "buffer", None)
    if buffer is None:
        sys.stdout.write(data.decode())
    else:
        buffer.write(data)
        buffer.flush()


def write(text: str) -> None:
    """Text that is already free of what a terminal obeys. On one, sentences break between words."""
    click.echo(_fitting(text) if _is_terminal() else text)


def note(text: str) -> None:
    """A sentence beside the result, on stderr."""
    click.echo(text, err=True)


def _is_terminal() -> bool:
    return sys.stdout.isatty()


def _fitting(text: str) -> str:
    cells = width()
    return "\n".join(
        _broken(line, cells) if len(line) > cells and not _NO_SENTENCE.search(line) else line
        for line in text.split("\n")
    )


def _broken(line: str, cells: int) -> str:
    import textwrap

    words = _COMMAND.sub(lambda found: found[0].replace(" ", _GLUE), line.lstrip(" "))
    indent = " " * min(len(line) - len(words), cells // 2)
    lines = textwrap.fill(
        words, cells, initial_indent=indent, subsequent_indent=indent, break_long_words=False,
        break_on_hyphens=False,
    )
    return lines.replace(_GLUE, " ")


def width() -> int:
    """Columns to fill: `COLUMNS`, else the terminal's, else 80 for a pipe."""
    import shutil

    return min(WIDEST, shutil.get_terminal_size((80, 24)).columns)


def colored() -> bool:
    """Whether stdout is a terminal that takes colours, and the user has not said NO_COLOR."""
    wanted = not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
    return wanted and sys.stdout.isatty()
