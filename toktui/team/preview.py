"""The document of a day, made of the store: what `preview` shows is what is sent, byte for byte."""

from __future__ import annotations

import hmac
from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, Final, Literal
from zoneinfo import ZoneInfo

import msgspec

from toktui import VERSION
from toktui.clock import Range, day_label, day_start_ms
from toktui.metrics.one_state import one_state
from toktui.metrics.team_day import (
    MEASURES,
    DayRow,
    first_day_ms,
    is_partly_unread,
    load_call_keys,
    load_team_day,
)
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
    V,
    digest,
    encode,
)

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Generator, Iterable

    from toktui.model import Tier
    from toktui.team.membership import Membership

OutcomesOf = Callable[["sqlite3.Connection", Range], Outcomes | None]
"""How the landed changes of a day are found; None where nobody looks at repositories."""

Reason = Literal["", "user_deleted", "duplicate_resolved", "recounted"]
_Key = tuple[str, str, "Tier"]
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

    @property
    def calls(self) -> int:
        """All that it tells of."""
        return sum(row.calls for row in self.document.rows)

    @property
    def tokens(self) -> int:
        """All that it tells of."""
        return sum(row.tokens for row in self.document.rows)

    @property
    def lacks_unpriced(self) -> bool:
        """Whether calls without a price are missing from the cost."""
        return any(row.unpriced_calls for row in self.document.rows)

    @property
    def holds_estimates(self) -> bool:
        """Whether nobody logged the tokens of some calls."""
        return any(row.estimated_calls for row in self.document.rows)

    @property
    def cost_nusd(self) -> int | None:
        """List cost of what has a price; None if nothing has."""
        costs = [row.cost_nusd for row in self.document.rows if row.cost_nusd is not None]
        return sum(costs) if costs else None


def preview(
    db: sqlite3.Connection, member: Membership, day: str, *, rev: int, now_ms: int,
    outcomes: OutcomesOf | None = None,
) -> Preview:  # fmt: skip
    """The document of a team-day; `rev` is the revision that it would be sent as."""
    zone = ZoneInfo(member.zone)
    within = range_of(day, zone)
    shared = outcomes(db, within) if outcomes and "outcomes" in member.shares else None
    with _one_state(db):
        rows = _rows(load_team_day(db, within), load_book())
        asked = "sketches" in member.shares
        sketches = _sketches(db, within, member.pepper) if asked else ()
        unread = is_partly_unread(db, within)
    document = Document(
        v=V, team=member.team, device=member.device, day=day, rev=rev,
        closed=day < day_label(now_ms, zone), client=Client(version=VERSION), rows=rows,
        outcomes=shared, sketches=sketches, partly_unread=unread,
    )  # fmt: skip
    # Another toktui or revision that says the same is no reason to send a day again.
    said = msgspec.structs.replace(document, rev=1, client=Client(version="0"), reason="")
    return Preview(document, encode(document), digest(encode(said)))


@contextmanager
def _one_state(db: sqlite3.Connection) -> Generator[None]:
    """All that is read in it is of one moment."""
    with one_state(db):
        yield


def respelled(made: Preview, *, rev: int | None = None, reason: Reason | None = None) -> Preview:
    """The same day as another revision, or with a reason."""
    document = made.document
    if rev is not None:
        document = msgspec.structs.replace(document, rev=rev)
    if reason is not None:
        document = msgspec.structs.replace(document, reason=reason)
    return Preview(document, encode(document), made.content)


def days_to_send(
    db: sqlite3.Connection, member: Membership, now_ms: int, sent: Iterable[str] = ()
) -> list[str]:
    """The days from the first that the team takes and keeps, and that has calls or was sent, until
    today: a day whose calls were forgotten here is to be forgotten there."""
    zone = ZoneInfo(member.zone)
    last = date.fromisoformat(day_label(now_ms, zone))
    first_ms = first_day_ms(db)
    begun = [*sent] if first_ms is None else [*sent, day_label(first_ms, zone)]
    if not begun:
        return []
    day = date.fromisoformat(max(first_taken(member, now_ms), min(begun)))
    return [(day + timedelta(days=n)).isoformat() for n in range((last - day).days + 1)]


def first_taken(member: Membership, now_ms: int) -> str:
    """The first day that the team takes and still keeps."""
    last = date.fromisoformat(day_label(now_ms, ZoneInfo(member.zone)))
    return max(member.first_day, (last - timedelta(days=member.retention_days)).isoformat())


def range_of(day: str, zone: ZoneInfo) -> Range:
    """The instants of a day."""
    first = date.fromisoformat(day)
    return Range(day_start_ms(first, zone), day_start_ms(first + timedelta(days=1), zone))


def _rows(found: tuple[DayRow, ...], book: RateBook) -> tuple[Row, ...]:
    """Rows by public model name; on a day with more than fit the models of few calls are added to
    `other` of their agent."""
    keyed: list[tuple[_Key, DayRow]] = [
        ((row.agent, book.canonical(row.priced_as or row.model) or OTHER, row.tier), row)
        for row in sorted(found, key=lambda row: -row.sums["calls"])
    ]
    own = set(dict.fromkeys(key for key, _ in keyed))
    if len(own) > MOST_ROWS:
        agents = {agent for agent, _, _ in own}
        room = max(0, MOST_ROWS - len(agents))
        own = set([*dict.fromkeys(key for key, _ in keyed)][:room])
    sums: dict[_Key, dict[str, int]] = {}
    for key, row in keyed:
        kept = key if key in own else (row.agent, OTHER, "standard")
        known = sums.setdefault(kept, dict.fromkeys(MEASURES, 0))
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
