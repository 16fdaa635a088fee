"""Taking documents: one per device and day, whole, the latest revision; never counted twice.

Same bytes again: nothing happens. A revision that is not higher: refused with the one that is held.
A higher one replaces the whole document, and the member's day is added up anew from all devices.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

from sqlalchemy import Connection, delete, select, update

from toktui.clock import day_label
from toktui.server import duplicates
from toktui.server.flags import flag_deleted, flag_less, raise_flags
from toktui.server.refusal import Refused
from toktui.server.rollup import NEXT, add_up
from toktui.server.tables import day_row, document, flag, member, member_day, sketch, team
from toktui.server.upsert import upsert
from toktui.server.zones import days_before, range_of, zone_named
from toktui.team.wire.document import Document, WrongDocumentError, decode, digest
from toktui.team.wire.messages import Held, Receipt

if TYPE_CHECKING:
    from toktui.server.people import Speaker

GONE: Final = ""
"""In place of the digest of a document that its member deleted."""


class Window(NamedTuple):
    """Which days a member may send: not before the first, and only what the team still keeps."""

    first_day: str
    retention_days: int


class Received(NamedTuple):
    """A document with its bytes."""

    document: Document
    body: bytes


def read(body: bytes) -> Received:
    """The document of bytes that somebody sent."""
    try:
        return Received(decode(body), body)
    except WrongDocumentError as error:
        raise Refused("wrong_document", str(error)) from error


def take(
    db: Connection, speaker: Speaker, received: Received, *, day: str | None, now_ms: int
) -> Receipt:
    """Stores a document of the speaking device, or says why not; `day` is that of the address."""
    found, body = received
    if (found.team, found.device) != (speaker.team, speaker.device):
        raise Refused("wrong_device", "The document is of another device or team.")
    if day is not None and found.day != day:
        raise Refused("wrong_device", "The address names another day.")
    _check_day(hold(db, speaker.member), speaker, found, now_ms)
    sha256 = digest(body)
    known = db.execute(
        select(document.c.rev, document.c.sha256, document.c.closed, document.c.tokens,
               document.c.received_ms, document.c.first_ms)
        .where(document.c.device == found.device, document.c.day == found.day)
    ).first()  # fmt: skip
    if known is not None:
        if known.sha256 == sha256:
            return Receipt(day=found.day, rev=known.rev, sha256=sha256, result="unchanged")
        if found.rev <= known.rev:
            raise Refused("revision", rev=known.rev, sha256=known.sha256)
    tokens = min(sum(row.tokens for row in found.rows), (1 << 63) - 1)
    over_ms = range_of(found.day, speaker.zone).end_ms
    was_closed = known is not None and (known.closed or known.received_ms >= over_ms)
    before = known.tokens if known is not None and was_closed else 0
    if known is not None and tokens < before and not found.reason:
        return Receipt(day=found.day, rev=known.rev, sha256=known.sha256, result="held")
    first_ms = now_ms if known is None else known.first_ms
    _store(
        db, speaker, received, sha256, tokens, is_closed=found.closed or was_closed,
        first_ms=first_ms, now_ms=now_ms,
    )
    added = add_up(db, speaker, found.day)
    flags = raise_flags(db, speaker, found.day, added.documents, added.within, now_ms)
    if tokens < before:
        flags += (flag_less(db, speaker, found, before=before, after=tokens, now_ms=now_ms),)
    duplicates.flag_copies(db, speaker, found, now_ms)
    return Receipt(day=found.day, rev=found.rev, sha256=sha256, result="stored", flags=flags)


def hold(db: Connection, member_id: str) -> Window:
    """Makes others wait who change the same member at this moment; he must still be there."""
    found = db.execute(
        select(member.c.first_day, team.c.retention_days)
        .select_from(member.join(team, team.c.id == member.c.team))
        .where(member.c.id == member_id).with_for_update(of=member)
    ).first()  # fmt: skip
    if found is None:
        raise Refused("not_signed")
    return Window(found.first_day, found.retention_days)


def _check_day(window: Window, speaker: Speaker, found: Document, now_ms: int) -> None:
    zone = zone_named(speaker.zone)
    kept = days_before(day_label(now_ms, zone), window.retention_days)
    first = max(window.first_day, kept)
    # A clock may be a little ahead of ours when the day changes.
    last = day_label(now_ms + 10 * 60_000, zone)
    if not first <= found.day <= last:
        raise Refused("wrong_day", f"Days from {first} to {last} are taken.")


def _store(
    db: Connection, speaker: Speaker, received: Received, sha256: str, tokens: int, *,
    is_closed: bool, first_ms: int, now_ms: int,
) -> None:  # fmt: skip
    found, body = received
    upsert(
        db, document, ("device", "day"),
        [{
            "device": found.device, "day": found.day, "team": speaker.team,
            "member": speaker.member, "rev": found.rev, "sha256": sha256, "closed": is_closed,
            "tokens": tokens, "received_ms": now_ms, "first_ms": first_ms, "body": body,
        }],
    )  # fmt: skip
    db.execute(
        delete(sketch).where(sketch.c.device == found.device, sketch.c.day == found.day)
    )
    sketches: list[dict[str, Any]] = [
        {"device": found.device, "day": found.day, "agent": one.agent, "team": speaker.team,
         "member": speaker.member, "hashes": one.hashes}
        for one in found.sketches
    ]  # fmt: skip
    if sketches:
        db.execute(sketch.insert(), sketches)


def held(db: Connection, device_id: str, since: str = "") -> tuple[Held, ...]:
    """The days that are stored of a device."""
    found = db.execute(
        select(document.c.day, document.c.rev, document.c.sha256)
        .where(document.c.device == device_id, document.c.day >= since, document.c.sha256 != GONE)
        .order_by(document.c.day)
    )
    return tuple(Held(day=row.day, rev=row.rev, sha256=row.sha256) for row in found)


def forget_day(db: Connection, speaker: Speaker, day: str, now_ms: int) -> None:
    """Deletes a day of the speaking device.

    Only the number of its last revision stays, so that nobody can send the old bytes again, and
    that the day was deleted: while it is in the window, there is no place on the board.
    """
    hold(db, speaker.member)
    gone = db.execute(
        update(document)
        .where(document.c.device == speaker.device, document.c.day == day,
               document.c.sha256 != GONE)
        .values(sha256=GONE, body=b"", tokens=0, closed=False)
    )  # fmt: skip
    if not gone.rowcount:
        return
    db.execute(delete(sketch).where(sketch.c.device == speaker.device, sketch.c.day == day))
    flag_deleted(db, speaker, day, now_ms)
    duplicates.take_off(db, speaker.team, day)
    add_up(db, speaker, day)


def expire(db: Connection, team_id: str, before: str) -> int:
    """Deletes what is older than the team keeps; how many documents."""
    gone = db.execute(delete(document).where(document.c.team == team_id, document.c.day < before))
    for table in (day_row, member_day, sketch, flag):
        db.execute(delete(table).where(table.c.team == team_id, table.c.day < before))
    if gone.rowcount:
        db.execute(update(member).where(member.c.team == team_id).values(changed=NEXT))
    return gone.rowcount
