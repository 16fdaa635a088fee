"""Golden homes in which one value, key or row is not what an agent writes."""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from random import Random
from typing import Any

_MARK = "3f1c-evil-3f1c"
"""Stands where a value is to be that no JSON library writes."""
_MARKED = re.compile(rf'"{_MARK}(\d+)"'.encode())
VALUES = (
    b"null", b"true", b"false", b"-1", b"-0", b"0", b"1", b"1.5", b"1e3", b"1000.0", b"1e999",
    b"-1e999", b"NaN", b"Infinity", b"9007199254740991", b"9007199254740992", b"1e300",
    b"9223372036854775807", b"9223372036854775808", b"-9223372036854775809",
    b"18446744073709551615", b"18446744073709551616", b"9" * 400, b"9" * 5000,
    b'""', b'"x"', b'"12"', b'"\\u0000"', b'"\\ud800"', b'"\\ud800\\udc00"', b'"\\u001b[31m"',
    b'"[@click=app.quit]x[/]"', b'"\\u202e/\\u200b"', b'"../../../etc/passwd"', b'"/"',
    b'"' + b"y" * 3000 + b'"', b'"\xff\xfe"', b'"\xe2\x80"', b"'x'", b"//x\n",
    b'"0000-01-01T00:00:00Z"', b'"0001-01-01T00:00:00Z"', b'"-0001-01-01T00:00:00Z"',
    b'"9999-12-31T23:59:59.999Z"', b'"2016-12-31T23:59:60Z"', b'"2026-11-20T24:00:00Z"',
    b'"2026-11-20T10:00:00+99:99"', b'"2026-11-20T10:00:00"', b'"1970-01-01T00:00:00Z"',
    b"[]", b"{}", b"[null]", b"[[]]", b'{"a":1}', b'[{"type":"text"}]', b'{"":{"":[]}}',
    b"[" * 200 + b"]" * 200, b"[" * 20_000 + b"]" * 20_000, b'{"a":' * 9_000 + b"1" + b"}" * 9_000,
)  # fmt: skip
CELLS: tuple[str, ...] = (
    "null", "-1", "0", "1.5", "9007199254740992", "9223372036854775807", "-9223372036854775808",
    "1e300", "9e999", "-9e999", "''", "'x'", "'12'", "x''", "x'ff'", "x'00'", "cast(x'ff' as text)",
    "cast(x'00' as text)", "char(27) || '[31m'", "char(0xd800)", "zeroblob(100000)",
    "'9999-12-31T23:59:59Z'", "'0000-01-01'", "'{'", "'[]'", "'{\"role\":\"assistant\"}'",
    "replace(hex(zeroblob(20000)), '00', '[')",
)  # fmt: skip


def evil_line(line: bytes, draw: Random) -> bytes:
    """A row with one to three things in it that are not as they were."""
    try:
        row = json.loads(line)
    except (ValueError, RecursionError):
        return draw.choice(VALUES).replace(b"\n", b" ")
    for _ in range(draw.randint(1, 3)):
        row = _spoiled(row, draw)
    return _written(row).replace(b"\n", b" ")


def evil_document(data: bytes, draw: Random) -> bytes:
    """A document of which the same holds; what is no JSON loses its end."""
    try:
        value = json.loads(data)
    except (ValueError, RecursionError):
        return data[: draw.randint(0, len(data))]
    for _ in range(draw.randint(1, 3)):
        value = _spoiled(value, draw)
    return _written(value)


def _written(value: Any) -> bytes:
    text = json.dumps(value, separators=(",", ":")).encode()
    return _MARKED.sub(lambda found: VALUES[int(found[1])], text)


def _spoiled(value: Any, draw: Random) -> Any:
    places = list(_places(value))
    if not places:
        return f"{_MARK}{draw.randrange(len(VALUES))}"
    holder, key = draw.choice(places)
    kind = draw.randint(0, 9)
    if kind == 0:
        del holder[key]
    elif kind == 1:
        other, name = draw.choice(places)
        holder[key] = json.loads(json.dumps(other[name]))
    elif kind == 2 and isinstance(holder, list):
        holder.insert(key, json.loads(json.dumps(holder[key])))
    elif kind == 3 and isinstance(holder[key], str):
        holder[key] += draw.choice(("\x00", "\x1b]0;x\x07", "\u202e", "/..", " ", "\n", "é" * 300))
    elif kind == 4 and isinstance(holder[key], str | int):
        holder[key] = [holder[key]] if draw.random() < 0.5 else str(holder[key])
    else:
        holder[key] = f"{_MARK}{draw.randrange(len(VALUES))}"
    return value


def _places(value: Any) -> Iterator[tuple[Any, Any]]:
    """Every element of lists and objects, as a holder and a key."""
    keys: list[Any] = []
    if isinstance(value, dict):
        keys = list(value)
    elif isinstance(value, list):
        keys = list(range(min(len(value), 50)))
    for key in keys:
        yield value, key
        yield from _places(value[key])


def spoil_database(path: Path, draw: Random) -> None:
    """Cells that hold something else, in tables that hold their columns to no type."""
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        db.execute("pragma journal_mode = delete")
        names = "select name from sqlite_master where type = 'table' and name not like 'sqlite%'"
        tables = sorted(name for (name,) in db.execute(names))
        if draw.random() < 0.5:
            _loosen(db, draw.choice(tables))
        for _ in range(draw.randint(1, 4)):
            table = draw.choice(tables)
            columns = [row[1] for row in db.execute(f"pragma table_info('{table}')")]
            where = draw.choice(("1", "rowid = (select min(rowid) from {0})",
                                 "rowid = (select max(rowid) from {0})")).format(table)  # fmt: skip
            column, cell = draw.choice(columns), draw.choice(CELLS)
            try:
                db.execute(f"update {table} set {column} = {cell} where {where}")
            except (sqlite3.IntegrityError, sqlite3.OperationalError):
                continue


def _loosen(db: sqlite3.Connection, table: str) -> None:
    """The same table without types, keys and constraints, now and then without one column."""
    db.execute("pragma foreign_keys = off")
    db.execute(f"create table loose_{table} as select * from {table}")
    db.execute(f"drop table {table}")
    db.execute(f"alter table loose_{table} rename to {table}")
