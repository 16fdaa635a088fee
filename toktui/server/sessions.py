"""Browsers that are signed in: by an address that a device signed for, good once and for a minute.

Of addresses and cookies only the hash is stored. A browser is signed in as the device that asked,
and no longer than that device is known.
"""

from __future__ import annotations

from typing import Any, Final

import msgspec
from sqlalchemy import Connection, delete, select

from toktui.server.codes import hashed, new_secret
from toktui.server.people import HOUR_MS, Speaker, alone_in, note
from toktui.server.refusal import Refused
from toktui.server.tables import device, member, session, team

LASTS_MS: Final = 8 * HOUR_MS
_OLD: Final = "The address was used before, or is older than a minute. Make a new one."


class Guest(msgspec.Struct, frozen=True, kw_only=True):
    """As whom an address signs in."""

    team: str
    name: str
    """Empty for a hidden member."""
    device: str


def guest_of(db: Connection, secret: str, now_ms: int) -> Guest:
    """As whom the address would sign in; changes nothing."""
    found = db.execute(
        select(team.c.name.label("team"), member.c.name, session.c.device)
        .select_from(session.join(member, member.c.id == session.c.member)
                     .join(team, team.c.id == member.c.team)
                     .join(device, device.c.id == session.c.device))
        .where(*_unused(secret, now_ms), device.c.revoked_ms.is_(None))
    ).first()  # fmt: skip
    if found is None:
        raise Refused("signed_out", _OLD)
    return Guest(team=found.team, name=found.name, device=found.device)


def sign_in(db: Connection, secret: str, now_ms: int) -> str:
    """Changes an address for the cookie of one browser; it is good once."""
    team_id = db.execute(
        select(device.c.team).select_from(session.join(device, device.c.id == session.c.device))
        .where(*_unused(secret, now_ms))
    ).scalar()  # fmt: skip
    if team_id is None:
        raise Refused("signed_out", _OLD)
    alone_in(db, team_id)
    guest_of(db, secret, now_ms)
    found = db.execute(
        delete(session).where(*_unused(secret, now_ms))
        .returning(session.c.member, session.c.device)
    ).one()  # fmt: skip
    cookie = new_secret()
    db.execute(session.insert().values(
        hash=hashed(cookie), kind="cookie", member=found.member, device=found.device,
        expires_ms=now_ms + LASTS_MS,
    ))  # fmt: skip
    note(db, team_id, "signed_in", now_ms, found.member)
    return cookie


def sign_out(db: Connection, who: Speaker, *, everywhere: bool) -> None:
    """Signs the asking browser out, or all of the member's."""
    mine = session.c.member == who.member if everywhere else session.c.hash == who.browser
    db.execute(delete(session).where(mine))


def _unused(secret: str, now_ms: int) -> tuple[Any, ...]:
    return (
        session.c.hash == hashed(secret), session.c.kind == "login", session.c.expires_ms > now_ms
    )
