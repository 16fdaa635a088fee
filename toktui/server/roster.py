"""What those who lead a team look at: members, invites, and the audit log. No numbers of anybody.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

import msgspec
from sqlalchemy import Connection, func, select

from toktui.server.tables import audit, code, device, member, team
from toktui.team.wire.messages import Role

if TYPE_CHECKING:
    from toktui.server.people import Speaker

MOST_LINES: Final = 20
MOST_MEMBERS: Final = 200
RANK: Final[dict[str, int]] = {"owner": 2, "admin": 1, "member": 0}


class TeamSettings(msgspec.Struct, frozen=True, kw_only=True):
    """What an owner may change of a team; the zone is for ever."""

    name: str
    zone: str
    retention_days: int
    backfill_days: int
    consumption: bool
    members: int


class Member(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody of the team, without numbers."""

    id: str
    name: str
    """Empty for a hidden member."""
    role: Role
    joined_ms: int
    devices: int
    """In use."""
    is_you: bool


class Invite(msgspec.Struct, frozen=True, kw_only=True):
    """A code that lets people in; the code itself is not stored."""

    id: str
    """Its hash."""
    role: Role
    uses_left: int
    made_ms: int
    expires_ms: int
    by: str
    """Name of who made it; empty for a hidden member, and for the server itself."""


class AuditLine(msgspec.Struct, frozen=True, kw_only=True):
    """Something that was done."""

    id: int
    at_ms: int
    action: str
    detail: str
    who: str | None
    """Name; empty for a hidden member, None where nobody of the team is named."""


def load_settings(db: Connection, who: Speaker) -> TeamSettings:
    """The team as it is."""
    row = db.execute(select(team).where(team.c.id == who.team)).one()
    count = db.execute(
        select(func.count()).select_from(member).where(member.c.team == who.team)
    ).scalar_one()
    return TeamSettings(
        name=row.name, zone=row.zone, retention_days=row.retention_days,
        backfill_days=row.backfill_days, consumption=row.consumption, members=count,
    )


def load_members(db: Connection, who: Speaker, *, skip: int = 0) -> tuple[Member, ...]:
    """Everybody, who leads first, then by name, the hidden at the end; one more than is shown."""
    devices = (
        select(func.count(device.c.id))
        .where(device.c.member == member.c.id, device.c.revoked_ms.is_(None))
        .scalar_subquery()
    )
    found = db.execute(
        select(member.c.id, member.c.name, member.c.role, member.c.joined_ms,
               devices.label("devices"))
        .where(member.c.team == who.team)
        .order_by(member.c.role == "member", member.c.role == "admin", member.c.name == "",
                  func.lower(member.c.name), member.c.id)
        .offset(skip).limit(MOST_MEMBERS + 1)
    ).mappings()  # fmt: skip
    return tuple(
        Member(**_plain(row), is_you=row["id"] == who.member) for row in found
    )


def load_leaders(db: Connection, who: Speaker) -> tuple[Member, ...]:
    """Who leads, for members to ask."""
    return tuple(one for one in load_members(db, who) if one.role != "member")


def load_invites(db: Connection, who: Speaker, now_ms: int) -> tuple[Invite, ...]:
    """The invites that still let somebody in, the newest first."""
    found = db.execute(
        select(code.c.hash.label("id"), code.c.role, code.c.uses_left, code.c.made_ms,
               code.c.expires_ms, func.coalesce(member.c.name, "").label("by"))
        .select_from(code.outerjoin(member, member.c.id == code.c.made_by))
        .where(code.c.team == who.team, code.c.kind == "invite", code.c.uses_left > 0,
               code.c.expires_ms > now_ms)
        .order_by(code.c.made_ms.desc(), code.c.hash)
    ).mappings()  # fmt: skip
    return tuple(Invite(**_plain(row)) for row in found)


def load_audit(db: Connection, who: Speaker, before: int | None) -> tuple[AuditLine, ...]:
    """What was done, the latest first; one more than is shown.

    When somebody signs in is no business of who leads: it would tell at what hours he works.
    """
    where = [audit.c.team == who.team, audit.c.action != "signed_in"]
    if before is not None:
        where.append(audit.c.id < before)
    found = db.execute(
        select(audit.c.id, audit.c.at_ms, audit.c.action, audit.c.detail,
               member.c.name.label("who"))
        .select_from(audit.outerjoin(member, member.c.id == audit.c.member))
        .where(*where).order_by(audit.c.id.desc()).limit(MOST_LINES + 1)
    ).mappings()  # fmt: skip
    return tuple(AuditLine(**_plain(row)) for row in found)


def _plain(row: Mapping[Any, Any]) -> dict[str, Any]:
    return {str(key): value for key, value in row.items()}
