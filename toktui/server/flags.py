"""Soft checks: a day that is hard to believe is marked, for the member first, and never refused.

Each bound grows with the calls, so that heavy honest use passes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sqlalchemy import Connection, delete, select

from toktui.server.repricing import reprice
from toktui.server.tables import flag
from toktui.server.upsert import insert_new, upsert

if TYPE_CHECKING:
    from collections.abc import Sequence

    from toktui.clock import Range
    from toktui.server.people import Speaker
    from toktui.team.wire.document import Document

MOST_LANDED: Final = 25
WIDEST_WINDOW: Final = 2_000_000
"""Tokens that no prompt exceeds, whatever the model."""
_OF_A_DOCUMENT: Final = ("context", "price", "work")
"""Rules that a new document settles. That a day was deleted, or holds less than before, stays."""
HARMLESS: Final = ("price", "less")
"""Rules that change nothing on the board: the server prices everything itself, and who counts anew
may well find a little less."""
MOST_LESS: Final = 0.05
"""Share of a closed day's tokens by which it may shrink, once."""


def raise_flags(
    db: Connection, speaker: Speaker, day: str, documents: Sequence[Document], within: Range,
    now_ms: int,
) -> tuple[str, ...]:  # fmt: skip
    """Marks the member's day by what the documents of all devices say; gives the rules broken."""
    broken = {rule: detail for one in documents for rule, detail in checked(one, within).items()}
    db.execute(delete(flag).where(
        flag.c.member == speaker.member, flag.c.day == day,
        flag.c.rule.in_([rule for rule in _OF_A_DOCUMENT if rule not in broken]),
    ))  # fmt: skip
    if broken:
        upsert(db, flag, ("member", "day", "rule"), [
            {"member": speaker.member, "day": day, "rule": rule, "team": speaker.team,
             "detail": detail, "made_ms": now_ms}
            for rule, detail in broken.items()
        ])  # fmt: skip
    return tuple(sorted(broken))


def checked(found: Document, within: Range) -> dict[str, str]:
    """The rules that a document breaks, each with its numbers."""
    broken: dict[str, str] = {}
    for row in found.rows:
        # A sum of an agent's own ledger counts as one call, so only what no call can have counts.
        if row.prompt > row.calls * WIDEST_WINDOW:
            calls = "1 call" if row.calls == 1 else f"{row.calls} calls"
            broken["context"] = f"{row.prompt} prompt tokens in {calls} of {row.model}"
        if reprice(row, within).is_off:
            broken["price"] = f"{row.cost_nusd} nano-dollars for {row.model} are not its price"
    if found.outcomes is not None:
        landed = sum(one.changes for one in found.outcomes.landed)
        if landed > MOST_LANDED:
            broken["work"] = f"{landed} landed changes in a day"
    return broken


def flag_deleted(db: Connection, speaker: Speaker, day: str, now_ms: int) -> None:
    """In place of all that was said of a day: that its member took it back."""
    db.execute(delete(flag).where(flag.c.member == speaker.member, flag.c.day == day))
    insert_new(db, flag, {
        "member": speaker.member, "day": day, "rule": "deleted", "team": speaker.team,
        "detail": "You deleted the day.", "made_ms": now_ms,
    })  # fmt: skip


def flag_less(
    db: Connection, speaker: Speaker, found: Document, *, before: int, after: int, now_ms: int
) -> str:
    """Notes that a closed day holds less than it did; gives the rule.

    It counts as deleted if its member deleted something, if much is gone, or if it shrank before:
    otherwise dear days could be taken back.
    """
    shrank = db.execute(select(flag.c.rule).where(
        flag.c.member == speaker.member, flag.c.day == found.day,
        flag.c.rule.in_(("less", "deleted")),
    )).first()  # fmt: skip
    is_little = after >= (1 - MOST_LESS) * before
    rule = "less" if is_little and shrank is None and found.reason != "user_deleted" else "deleted"
    insert_new(db, flag, {
        "member": speaker.member, "day": found.day, "rule": rule, "team": speaker.team,
        "detail": f"{after} tokens, and {before} before.", "made_ms": now_ms,
    })  # fmt: skip
    return rule
