"""What toktui keeps for Cursor in its own spool: turns that the hook told, rows of exports.

Stop:  {"type":"stop","at":...,"conversation_id","generation_id","model","input_tokens",...}: what
       Cursor gave its `stop` hook, the fields that are known, with the time of delivery
CSV:   {"type":"csv","nth":0,"row":{header: text}}: a row of the dashboard's export as it stood
       there; `nth` counts identical ones

Both write token counts of one turn. Of the hook's `input_tokens` it is disputed whether the caches
are inside: where it is smaller than they are, it cannot be; else it is taken as it is. The two
input columns of an export are disjoint: with a cache write, and without.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from msgspec import Struct

from toktui.agents.base import MAX_COUNT
from toktui.agents.lines import Count, key_of, nusd_of
from toktui.clock import parse_ms
from toktui.model import FLAG_SUM, Misread, Sighting, Tokens
from toktui.text import clean, clean_id

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from toktui.agents.lines import Said

FROM_HOOK: Final = 2
FROM_EXPORT: Final = 3
"""Grades: an export says what was billed; the hook, what Cursor itself had counted."""
ACCOUNT: Final = "dashboard-"
"""A row names no conversation: it stands with those of its day."""
NEEDED: Final = (
    "Date", "Model", "Input (w/ Cache Write)", "Input (w/o Cache Write)", "Cache Read",
    "Output Tokens",
)  # fmt: skip
"""Columns without which a row is no call; the others come and go with the generations."""
_UNMETERED: Final = ("no charge", "not charged", "errored", "aborted")
_NUMBER: Final = re.compile(r"\d{1,16}|\d{1,3}(?:[,.\u00a0\u202f' ]\d{3}){1,5}")
_MONEY: Final = re.compile(r"\$?\s*(\d{1,9}(?:[.,]\d{1,9})?)\s*\$?")


class Stop(Struct):
    """A turn that ended, as the hook was told; `Count` is None in versions that do not count."""

    type: str
    at: str
    generation_id: str
    conversation_id: str = ""
    model: str = ""
    cursor_version: str = ""
    workspace_roots: list[str] = []
    input_tokens: Count = None
    output_tokens: Count = None
    cache_read_tokens: Count = None
    cache_write_tokens: Count = None


class CsvRow(Struct):
    """A row of an export."""

    type: str
    row: dict[str, str]
    nth: Count = 0


def told_by_hook(stop: Stop) -> Iterator[Said]:
    """The call of a turn; nothing where Cursor did not count it."""
    given, read = stop.input_tokens or 0, stop.cache_read_tokens or 0
    written, output = stop.cache_write_tokens or 0, stop.output_tokens or 0
    generation = clean_id(stop.generation_id)
    if not generation or not (given or read or written or output):
        return
    yield Sighting(
        key=generation_key(generation),
        session=clean_id(stop.conversation_id) or generation,
        at_ms=parse_ms(stop.at),
        model=clean(stop.model, 120) or "default",
        tokens=Tokens(input=given, cache_read=read, cache_write_5m=written, output=output),
        project=clean(stop.workspace_roots[0], 512) if stop.workspace_roots else "",
        version=clean(stop.cursor_version, 24),
        flags=FLAG_SUM,
        grade=FROM_HOOK,
    )


def generation_key(generation: str) -> str:
    """The key of the call of a turn: hook and database name the turn alike."""
    return f"gen:{generation}"


def told_by_export(record: CsvRow) -> Iterator[Said]:
    """The call of a row; what was not charged is none, and a row without tokens says nothing."""
    row = {name.strip().casefold(): text.strip() for name, text in record.row.items()}
    if missing := missing_columns(row):
        yield Misread(clean(f"no column {', '.join(missing)}", 160))
        return
    kind = row.get("kind", "").casefold()
    if any(word in kind for word in _UNMETERED):
        return
    try:
        written, given, read, output = (_count(row, name) for name in NEEDED[2:])
    except ValueError as error:
        yield Misread(clean(str(error), 160))
        return
    if not (written or given or read or output):
        return
    at_ms = _time(row[NEEDED[0].casefold()])
    if at_ms is None:
        yield Misread("Expected a time - at `Date`")
        return
    model = clean(row[NEEDED[1].casefold()], 120) or "default"
    tokens = Tokens(input=given, cache_read=read, cache_write_5m=written, output=output)
    session = f"{ACCOUNT}{_day(at_ms)}"
    named = key_of(at_ms, model, given, read, written, output, record.nth or 0)
    yield Sighting(
        key=f"{session}:{named.removeprefix('h:')}",
        session=session,
        at_ms=at_ms,
        model=model,
        tokens=tokens,
        flags=FLAG_SUM,
        reported_nusd=_money(row.get("cost", "")),
        grade=FROM_EXPORT,
    )


def missing_columns(columns: Iterable[str]) -> list[str]:
    """The needed columns that a file does not have; an export has all."""
    known = {name.strip().casefold() for name in columns}
    return [name for name in NEEDED if name.casefold() not in known]


def _count(row: Mapping[str, str], name: str) -> int:
    """A count as people's spreadsheets write it: `59151`, `59,151`, `59.151`; empty is 0."""
    text = row.get(name.casefold(), "").strip()
    if text in ("", "-"):
        return 0
    text = text.removesuffix(".0")
    if not _NUMBER.fullmatch(text):
        raise ValueError(f"Expected a count - at `{name}`")
    found = int(re.sub(r"\D", "", text))
    if found > MAX_COUNT:
        raise ValueError(f"Expected a count - at `{name}`")
    return found


def _time(text: str) -> int | None:
    """UTC milliseconds; a date alone is its midnight in UTC."""
    return parse_ms(text) if "T" in text or ":" in text else parse_ms(f"{text}T00:00:00Z")


def _day(at_ms: int) -> str:
    from datetime import UTC, datetime, timedelta  # noqa: PLC0415  only exports need it

    try:
        return (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=at_ms)).date().isoformat()
    except OverflowError:
        return "unknown"


def _money(text: str) -> int | None:
    """Cursor's own dollars, which hold its fee; `Included`, `Free` and `-` are no money."""
    found = _MONEY.fullmatch(text.strip())
    if found is None:
        return None
    return nusd_of(float(found[1].replace(",", ".")))
