"""Which days say something else than what the server has, and as which document they would go out.

`preview` shows a draft and `submit` sends it: both take it from here.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from toktui import VERSION
from toktui.metrics.team_day import forgotten_ms
from toktui.team.preview import Preview, days_to_send, preview, respelled
from toktui.team.wire.document import MOST

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Collection, Iterator

    from toktui.team.membership import Membership, Sent, Trying, Waiting
    from toktui.team.preview import OutcomesOf, Reason
    from toktui.team.team_file import TeamFile


@dataclass(frozen=True)
class Draft:
    """A day as it would be sent now. `is_news`: the server has something else, or nothing."""

    made: Preview
    is_news: bool
    known: Sent | None
    waiting: Waiting | None
    """What the server says against just this."""


def drafts(
    db: sqlite3.Connection, file: TeamFile, member: Membership, now_ms: int, *,
    outcomes: OutcomesOf | None = None, corrected: Collection[str] = (),
) -> Iterator[Draft]:  # fmt: skip
    """All days of the team that this device knows anything of, the oldest first. `corrected` are
    days of which the user says that less is right."""
    sent, waiting, trying = file.sent(), file.waiting(), file.trying()
    for day in days_to_send(db, member, now_ms, sent):
        yield _draft(
            db, member, day, now_ms, outcomes, sent.get(day), waiting.get(day), trying.get(day),
            corrects=day in corrected,
        )  # fmt: skip


def draft_of(
    db: sqlite3.Connection, file: TeamFile, member: Membership, day: str, now_ms: int, *,
    outcomes: OutcomesOf | None = None,
) -> Draft:  # fmt: skip
    """One day."""
    return _draft(
        db, member, day, now_ms, outcomes, file.sent().get(day), file.waiting().get(day),
        file.trying().get(day), corrects=False,
    )  # fmt: skip


def _draft(
    db: sqlite3.Connection, member: Membership, day: str, now_ms: int,
    outcomes: OutcomesOf | None, known: Sent | None, waiting: Waiting | None,
    trying: Trying | None, *, corrects: bool,
) -> Draft:  # fmt: skip
    made = preview(
        db, member, day, rev=_next_rev(known, trying), now_ms=now_ms, outcomes=outcomes
    )
    if trying is not None and trying.content == made.content:
        # These bytes may have arrived: the same again are no second time.
        made = respelled(made, rev=trying.rev)
    if known is not None and not known.content:
        # The server may hold what it held before, of which we do not know how much that was.
        made = respelled(made, reason=_why_less(db, known) or "recounted")
    elif known is not None and known.closed and made.tokens < known.tokens:
        made = respelled(made, reason="recounted" if corrects else _why_less(db, known))
    said = known.content if known is not None else None
    says_something = bool(made.document.rows) or made.document.partly_unread
    is_news = made.content != said and (known is not None or says_something)
    is_same = waiting is not None and waiting.content == made.content
    return Draft(made, is_news or (corrects and known is not None), known,
                 waiting if is_same else None)  # fmt: skip


def _next_rev(known: Sent | None, trying: Trying | None) -> int:
    """After all that the server may have seen of a day."""
    last = max(known.rev if known else 0, trying.rev if trying else 0)
    return min(MOST, last + 1)


def _why_less(db: sqlite3.Connection, known: Sent) -> Reason:
    """Why a day holds less than the server has; empty where we do not know, either: then the server
    keeps the larger one, for our store may have lost something."""
    forgotten = forgotten_ms(db)
    if forgotten is not None and forgotten >= known.sent_ms:
        return "user_deleted"
    return "recounted" if known.version != VERSION else ""
