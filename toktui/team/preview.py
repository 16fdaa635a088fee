"""The document of a day, made of the store: what `preview` shows is what is sent, byte for byte."""

from __future__ import annotations

import hmac
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, Final
from zoneinfo import ZoneInfo

import msgspec

from toktui import VERSION
from toktui.clock import Range, day_label, day_start_ms
from toktui.metrics.team_day import MEASURES, DayRow, first_day_ms, load_call_keys, load_team_day
from toktui.pricing.rates import RateBook, load_book
from toktui.team.wire.document import (
    MOST,
    MOST_ROWS,
    OTHER,
    SKETCH_BYTES,
    SKETCH_SIZE,
    Client,
    Document,
    Outcomes,
    Row,
    Sketch,
    digest,
    encode,
)

if TYPE_CHECKING:
    import sqlite3

    from toktui.model import Tier
    from toktui.team.membership import Membership

OutcomesOf = Callable[["sqlite3.Connection", Range], Outcomes | None]
"""How the landed changes of a day are found; None where nobody looks at repositories."""

_NAMES: Final = {"estimated": "estimated_calls", "unpriced": "unpriced_calls"}


@dataclass(frozen=True)
class Preview:
    """A document with its very bytes, and the digest of what it says whatever its revision."""

    document: Document
    body: bytes
    content: str

    @property
    def sha256(self) -> str:
        """Of the bytes."""
        return digest(self.body)


def preview(
    db: sqlite3.Connection, member: Membership, day: str, *, rev: int, now_ms: int,
    outcomes: OutcomesOf | None = None,
) -> Preview:  # fmt: skip
    """The document of a team-day; `rev` is the revision that it would be sent as."""
    zone = ZoneInfo(member.zone)
    within = range_of(day, zone)
    shared = outcomes(db, within) if outcomes and "outcomes" in member.shares else None
    document = Document(
        v=1, team=member.team, device=member.device, day=day, rev=rev,
        closed=day < day_label(now_ms, zone), client=Client(version=VERSION),
        rows=_rows(load_team_day(db, within), load_book()), outcomes=shared,
        sketches=_sketches(db, within, member.pepper) if "sketches" in member.shares else (),
    )  # fmt: skip
    said = msgspec.structs.replace(document, rev=1)
    return Preview(document, encode(document), digest(encode(said)))


def days_to_send(db: sqlite3.Connection, member: Membership, now_ms: int) -> list[str]:
    """The days from the first that the team takes, or that has calls, until today."""
    first_ms = first_day_ms(db)
    if first_ms is None:
        return []
    zone = ZoneInfo(member.zone)
    day = date.fromisoformat(max(member.first_day, day_label(first_ms, zone)))
    last = date.fromisoformat(day_label(now_ms, zone))
    return [(day + timedelta(days=n)).isoformat() for n in range((last - day).days + 1)]


def range_of(day: str, zone: ZoneInfo) -> Range:
    """The instants of a day."""
    first = date.fromisoformat(day)
    return Range(day_start_ms(first, zone), day_start_ms(first + timedelta(days=1), zone))


def _rows(found: tuple[DayRow, ...], book: RateBook) -> tuple[Row, ...]:
    """Rows by public model name; what does not fit is added to `other` of its agent and tier."""
    sums: dict[tuple[str, str, Tier], dict[str, int]] = {}
    for row in sorted(found, key=lambda row: -row.sums["calls"]):
        public = book.canonical(row.priced_as or row.model) or OTHER
        key = (row.agent, public, row.tier)
        if key not in sums and len(sums) >= MOST_ROWS // 2:
            key = (row.agent, OTHER, row.tier)
        known = sums.setdefault(key, dict.fromkeys(MEASURES, 0))
        for name, value in row.sums.items():
            known[name] = min(MOST // 8, known[name] + value)
    return tuple(_row(*key, sums[key]) for key in sorted(sums))


def _row(agent: str, model: str, tier: Tier, sums: dict[str, int]) -> Row:
    values: dict[str, int | None] = {_NAMES.get(name, name): n for name, n in sums.items()}
    if sums["unpriced"] == sums["calls"]:
        values["cost_nusd"] = None
    return Row(agent=agent, model=model, tier=tier, **values)  # pyright: ignore[reportArgumentType]


def _sketches(db: sqlite3.Connection, within: Range, pepper: str) -> tuple[Sketch, ...]:
    """The smallest keyed hashes of each agent's call ids."""
    key = bytes.fromhex(pepper)
    made: list[Sketch] = []
    for agent, ids in sorted(load_call_keys(db, within).items()):
        hashes = {
            hmac.digest(key, f"{agent}\0{one}".encode(), "sha256")[:SKETCH_BYTES].hex()
            for one in ids
        }
        made.append(Sketch(agent=agent, hashes="".join(sorted(hashes)[:SKETCH_SIZE])))
    return tuple(made)
