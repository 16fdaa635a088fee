"""What commands write: one JSON document, or text; progress and warnings go to stderr."""

from __future__ import annotations

import os
import sys
from typing import Final

import click
import msgspec

WIDEST: Final = 200


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
    """Text that is already free of what a terminal obeys."""
    click.echo(text)


def note(text: str) -> None:
    """A sentence beside the result, on stderr."""
    click.echo(text, err=True)


def width() -> int:
    """Columns to fill: `COLUMNS`, else the terminal's, else 80 for a pipe."""
    import shutil

    return min(WIDEST, shutil.get_terminal_size((80, 24)).columns)


def colored() -> bool:
    """Whether stdout is a terminal that takes colours, and the user has not said NO_COLOR."""
    wanted = not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
    return wanted and sys.stdout.isatty()
