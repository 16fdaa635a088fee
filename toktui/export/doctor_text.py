"""A diagnosis for reading: what needs a look comes first."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

from toktui.clock import iso
from toktui.export.figures import UNKNOWN, count, count_of, dollars, short, size
from toktui.export.table import Column, Table, as_text
from toktui.text import clean

if TYPE_CHECKING:
    from toktui.metrics.agents_seen import AgentSeen
    from toktui.metrics.doctor import Diagnosis

_MOST_ABSENT = 3


def as_lines(d: Diagnosis, *, cells: int, colored: bool) -> str:
    """The diagnosis for reading: what needs a look comes first."""
    blocks = [_attention(d), *([_unpriced(d, cells, colored)] if d.unpriced else [])]
    blocks += [_agents(d, cells), _store(d), _prices(d)]
    if d.misread:
        blocks.append(_misread(d, cells, colored))
    if d.rereads:
        blocks.append(_rereads(d, cells, colored))
    if d.unreadable:
        lines = [f"  {one.place}: {one.why}" for one in d.unreadable]
        blocks.append("\n".join(["Cannot be read", *lines]))
    v = d.versions
    blocks.append(f"toktui {v.toktui}, Python {v.python}, SQLite {v.sqlite}, {v.system}")
    return "\n\n".join(blocks)


def _attention(d: Diagnosis) -> str:
    if not d.warnings:
        return "Nothing needs a look."
    return "\n".join(["Needs a look", *(f"  {warning}" for warning in d.warnings)])


def _unpriced(d: Diagnosis, cells: int, colored: bool) -> str:
    columns = (
        Column("No price for", "text"), Column("Agent", "text"), Column("Tier", "text"),
        Column("Calls"), Column("Tokens"),
    )  # fmt: skip
    rows = [
        [clean(u.model) or UNKNOWN, u.agent, u.tier, count(u.calls), short(u.tokens)]
        for u in d.unpriced
    ]
    return as_text(Table(columns, rows), cells=cells, colored=colored)


def _is_here(a: AgentSeen) -> bool:
    return bool(a.logs_known) or any(place.exists for place in a.places)


def _agents(d: Diagnosis, cells: int) -> str:
    lines = ["Agents"]
    absent = [a.name for a in d.agents if a.enabled and not _is_here(a)]
    for a in d.agents:
        if a.name in absent:
            continue
        state = "" if a.enabled else " (switched off in config.toml)"
        lines.append(
            f"  {a.name}{state}: {count_of(a.logs, 'log')}, {size(a.bytes)}; the store has"
            f" {count_of(a.calls, 'call')} of {count_of(a.logs_known, 'log')}"
            + (f", {count(a.logs_gone)} of them gone" if a.logs_gone else "")
        )
        lines += _places(a)
        for told in (a.exactness, a.live):
            lines += [f"    {line}" for line in textwrap.wrap(told, max(40, cells - 4))]
    if absent:
        looked = f"  Looked for, not here: {', '.join(absent)}."
        lines += textwrap.wrap(looked, max(40, cells), subsequent_indent="    ")
    return "\n".join(lines)


def _places(a: AgentSeen) -> list[str]:
    """The agent's folders; of those that are not there no more than a few."""
    here = [f"    {clean(place.path, 400)}" for place in a.places if place.exists]
    absent = [
        f"    {clean(place.path, 400)}  (not there)" for place in a.places if not place.exists
    ]
    if len(absent) <= _MOST_ABSENT:
        return here + absent
    return [*here, f"    and {len(absent)} other places, where there is nothing"]


def _store(d: Diagnosis) -> str:
    s = d.store
    lines = ["Store", f"  {clean(s.path, 400)}"]
    if not s.exists:
        lines.append("  does not exist yet; `toktui sync` makes it")
    else:
        sums = "" if s.sums_match else ", sums do not match"
        lines.append(
            f"  {size(s.size)} and {size(s.wal)} of write-ahead log, schema {s.schema_version},"
            f" integrity {s.integrity}{sums}"
        )
        lines.append(f"  {count_of(s.calls, 'call')} in {count_of(s.sessions, 'session')}")
    if s.writer:
        lines.append(f"  written by {s.writer}")
    lines += [f"  backup {iso(b.made_ms)} ({size(b.size)})" for b in d.backups] or ["  no backup"]
    state = "" if d.config.exists else " (does not exist; nothing is set)"
    lines.append(f"  configuration {clean(d.config.path, 400)}{state}")
    return "\n".join(lines)


def _prices(d: Diagnosis) -> str:
    b = d.book
    line = f"  rate book {b.version} of {b.date}, {count_of(b.models, 'model')}"
    if b.updated:
        line += ", with an update"
    if b.own:
        line += f", {count(b.own)} with rates of your own"
    lines = ["Prices", line]
    if b.pending:
        lines.append("  the store was priced with another book; see `toktui reprice --dry-run`")
    return "\n".join(lines)


def _misread(d: Diagnosis, cells: int, colored: bool) -> str:
    columns = (
        Column("Not understood", "text"), Column("Version", "text"), Column("Count"),
        Column("Shape", "text"),
    )  # fmt: skip
    rows = [
        [one.agent, clean(one.version) or UNKNOWN, count(one.count), clean(one.shape, 200)]
        for one in d.misread
    ]
    return as_text(Table(columns, rows), cells=cells, colored=colored)


def _rereads(d: Diagnosis, cells: int, colored: bool) -> str:
    columns = (
        Column("Read again", "text"), Column("Month", "text"), Column("Calls"), Column("Tokens"),
        Column("List cost"),
    )  # fmt: skip
    rows = [
        [one.agent, one.month, f"{one.calls:+,}", _signed(one.tokens), dollars(one.cost_nusd)]
        for one in d.rereads
    ]
    return as_text(Table(columns, rows), cells=cells, colored=colored)


def _signed(n: int) -> str:
    return ("+" if n >= 0 else "-") + short(abs(n))
