"""Taking documents: one per device and day, whole, the latest revision; never counted twice.

Same bytes again: nothing happens. A revision that is not higher: refused with the one that is held.
A higher one replaces the whole document, and the member's day is added up anew from all devices.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, delete, select

from toktui.clock import day_label, day_start_ms
from toktui.server import duplicates
from toktui.server.flags import raise_flags
from toktui.server.refusal import Refused
from toktui.server.rollup import add_up
from toktui.server.tables import document, member, sketch
from toktui.server.upsert import upsert
from toktui.server.zones import zone_named
from toktui.team.wire.document import Document, WrongDocumentError, decode, digest
from toktui.team.wire.messages import Held, Receipt

if TYPE_CHECKING:
    from toktui.server.people import Speaker




def take(db: Connection, speaker: Speaker, body: bytes, *, day: str | None, now_ms: int) -> Receipt:
    """Stores a document of the speaking device, or says why not; `day` is that of the address."""
    try:
        found = decode(body)
    except WrongDocumentError as error:
        raise Refused("wrong_document", str(error)) from error
    if (found.team, found.device) != (speaker.team, speaker.device):
        raise Refused("wrong_device", "The document is of another device or team.")
    if day is not None and found.day != day:
        raise Refused("wrong_device", "The address names another day.")
    hold(db, speaker.member)
    _check_day(db, speaker, found, now_ms)
    sha256 = digest(body)
    known = db.execute(
        select(document.c.rev, document.c.sha256, document.c.closed, document.c.tokens).where(
            document.c.device == found.device, document.c.day == found.day
        )
    ).first()
    if known is not None:
        if known.sha256 == sha256:
            return Receipt(day=found.day, rev=known.rev, sha256=sha256, result="unchanged")
        if found.rev <= known.rev:
            raise Refused("revision", rev=known.rev, sha256=known.sha256)
    tokens = min(sum(row.tokens for row in found.rows), (1 << 63) - 1)
    if known is not None and known.closed and tokens < known.tokens and not found.reason:
        return Receipt(day=found.day, rev=known.rev, sha256=known.sha256, result="held")
    _store(db, speaker, found, body, sha256, tokens, now_ms)
    day_range = add_up(db, speaker.team, speaker.member, found.day)
    flags = raise_flags(db, speaker, found, day_range, now_ms)
    return Receipt(day=found.day, rev=found.rev, sha256=sha256, result="stored", flags=flags)


def hold(db: Connection, member_id: str) -> None:
    """Makes others wait who change the same member at this moment; he must still be there."""
    found = db.execute(
        select(member.c.id).where(member.c.id == member_id).with_for_update()
    ).first()
    if found is None:
        raise Refused("not_signed")


def _check_day(db: Connection, speaker: Speaker, found: Document, now_ms: int) -> None:
    zone = zone_named(speaker.zone)
    first = db.execute(select(member.c.first_day).where(member.c.id == speaker.member)).scalar_one()
    # A clock may be a little ahead of ours when the day changes.
    last = day_label(now_ms + 10 * 60_000, zone)
    if not first <= found.day <= last:
        raise Refused("wrong_day", f"Days from {first} to {last} are taken.")


def _store(
    db: Connection, speaker: Speaker, found: Document, body: bytes, sha256: str, tokens: int,
    now_ms: int,
) -> None:
    upsert(
        db, document, ("device", "day"),
        [{
            "device": found.device, "day": found.day, "team": speaker.team,
            "member": speaker.member, "rev": found.rev, "sha256": sha256, "closed": found.closed,
            "tokens": tokens, "received_ms": now_ms, "body": body,
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
        duplicates.flag_others(db, speaker, found, now_ms)


def held(db: Connection, device_id: str, since: str = "") -> tuple[Held, ...]:
    """The days that are stored of a device."""
    found = db.execute(
        select(document.c.day, document.c.rev, document.c.sha256)
        .where(document.c.device == device_id, document.c.day >= since)
        .order_by(document.c.day)
    )
    return tuple(Held(day=row.day, rev=row.rev, sha256=row.sha256) for row in found)


def forget_day(db: Connection, speaker: Speaker, day: str) -> None:
    """Deletes a day of the speaking device."""
    hold(db, speaker.member)
    for table in (document, sketch):
        db.execute(delete(table).where(table.c.device == speaker.device, table.c.day == day))
    add_up(db, speaker.team, speaker.member, day)


def expire(db: Connection, team_id: str, before: str) -> int:
    """Deletes what is older than the team keeps; how many documents."""
    from toktui.server.tables import day_row, flag, member_day  # noqa: PLC0415

    gone = db.execute(delete(document).where(document.c.team == team_id, document.c.day < before))
    for table in (day_row, member_day, sketch, flag):
        db.execute(delete(table).where(table.c.team == team_id, table.c.day < before))
    return gone.rowcount


def first_instant(day: str, zone: str) -> int:
    """UTC milliseconds at which a day of a team begins."""
    from toktui.team.wire.document import day_of  # noqa: PLC0415

    return day_start_ms(day_of(day), zone_named(zone))
