"""Exports of Cursor's dashboard, taken into the spool row by row, each row once.

Rows are kept as they stand in the file, so that a newer parser can read them again. Two imports
that overlap share their rows: a row is known by what it says, and by its number among equal ones.
"""

from __future__ import annotations

import csv
import io
import json
from collections import Counter
from typing import TYPE_CHECKING, Final

import msgspec

from toktui.agents import agent
from toktui.agents._cursor_spool import NEEDED, missing_columns
from toktui.errors import ToktuiError
from toktui.ingest.spool import append
from toktui.text import clean

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

LARGEST: Final = 256 << 20
_AGENT: Final = "cursor"
_LOG: Final = "csv"
_SEPARATORS: Final = (",", ";", "\t")
_BYTES_PER_LOG: Final = 16 << 20
_ROWS_AT_ONCE: Final = 2_000


class Imported(msgspec.Struct):
    """What became of the rows of an export."""

    new: int = 0
    known: int = 0
    unmetered: int = 0
    """Not charged, or without tokens: no calls."""
    not_understood: int = 0
    shapes: Counter[str] = msgspec.field(default_factory=Counter[str])

    @property
    def rows(self) -> int:
        return self.new + self.known + self.unmetered + self.not_understood


def import_export(spool: Path, file: Path) -> Imported:
    """Keeps the rows that are new. ToktuiError for a file that is no export, or cannot be kept."""
    rows = list(_rows(_text(file), file))
    folder = spool / _AGENT
    keys, broken = _known(folder)
    imported = Imported()
    seen: Counter[tuple[str, ...]] = Counter()
    kept: list[bytes] = []
    for row in rows:
        said = tuple(row[name] for name in sorted(row) if name.casefold() in _TELLING)
        record = json.dumps({"type": "csv", "nth": seen[said], "row": row}).encode()
        seen[said] += 1
        parsed = agent(_AGENT).parse(record, agent(_AGENT).start(""))
        if parsed.sightings and parsed.sightings[0].key in keys:
            imported.known += 1
        elif parsed.sightings:
            imported.new += 1
            keys.add(parsed.sightings[0].key)
            kept.append(record)
        elif parsed.misread:
            imported.not_understood += 1
            imported.shapes[parsed.misread[0].shape] += 1
            if record not in broken:
                broken.add(record)
                kept.append(record)
        else:
            imported.unmetered += 1
    for start in range(0, len(kept), _ROWS_AT_ONCE):
        _keep(folder, b"\n".join(kept[start : start + _ROWS_AT_ONCE]))
    return imported


_TELLING: Final = {name.casefold() for name in NEEDED}


def _text(file: Path) -> str:
    try:
        with file.open("rb") as opened:
            data = opened.read(LARGEST + 1)
    except OSError as error:
        raise ToktuiError(
            f"{clean(str(file), 200)} cannot be read: {error.strerror}", "Name the export's file."
        ) from error
    if len(data) > LARGEST:
        raise ToktuiError(f"{clean(str(file), 200)} is larger than 256 MiB.", "Export less.")
    wide = data.startswith((b"\xff\xfe", b"\xfe\xff"))
    return data.decode("utf-16" if wide else "utf-8-sig", "replace")


def _rows(text: str, file: Path) -> Iterator[dict[str, str]]:
    """The rows by the names of their columns, whatever stands between them."""
    first = text.split("\n", 1)[0]
    best = min(_SEPARATORS, key=lambda s: (len(missing_columns(_columns(first, s))), s))
    missing = missing_columns(_columns(first, best))
    if missing:
        raise ToktuiError(
            f"{clean(str(file), 200)} is no export of Cursor's usage: no column"
            f" {', '.join(f'“{name}”' for name in missing)}",
            "Export it at cursor.com/dashboard, Usage, Export CSV.",
        )
    reader = csv.DictReader(io.StringIO(text), delimiter=best, restkey="", restval="")
    try:
        for row in reader:
            yield {name: value for name, value in row.items() if name}
    except csv.Error as error:
        raise ToktuiError(
            f"{clean(str(file), 200)} is broken at row {reader.line_num}: {clean(str(error), 80)}",
            "Nothing of it was taken in.",
        ) from error


def _columns(line: str, separator: str) -> list[str]:
    return next(csv.reader([line.rstrip("\r")], delimiter=separator), list[str]())


def _known(folder: Path) -> tuple[set[str], set[bytes]]:
    """The keys of the rows that are kept, and the rows that were not understood."""
    keys: set[str] = set()
    broken: set[bytes] = set()
    parser = agent(_AGENT)
    for log in sorted(folder.glob(f"{_LOG}-*.jsonl")):
        for line in log.read_bytes().splitlines():
            parsed = parser.parse(line, parser.start(""))
            keys.update(sighting.key for sighting in parsed.sightings)
            if parsed.misread:
                broken.add(line)
    return keys, broken


def _keep(folder: Path, records: bytes) -> None:
    try:
        append(str(folder), _LOG, records, largest=_BYTES_PER_LOG, kept=None)
    except OSError as error:
        raise ToktuiError(
            f"The rows cannot be kept: {error.strerror}", "Free some space, or set TOKTUI_DATA_DIR."
        ) from error
