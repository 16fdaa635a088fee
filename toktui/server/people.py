"""Teams, members, devices: making, joining, leaving."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import Any, Final, cast

from sqlalchemy import Connection, delete, func, select, update

from toktui.clock import day_label
from toktui.server import duplicates
from toktui.server.codes import hashed, hashed_code, new_code, new_id, new_secret
from toktui.server.names import readable, reads_alike
from toktui.server.refusal import Refused
from toktui.server.tables import (
    audit,
    code,
    day_row,
    device,
    document,
    flag,
    member,
    member_day,
    session,
    sketch,
    team,
)
from toktui.server.zones import zone_named
from toktui.team.wire.document import schema_hash
from toktui.team.wire.messages import Appearance, Role, TeamInfo

HOUR_MS: Final = 3_600_000
LINK_MS: Final = 8 * 60_000
LOGIN_MS: Final = 60_000
OWNER_HOURS: Final = 24
MOST_LINKS: Final = 5
"""Codes of one member for a further device that nobody has used yet."""
MOST_INVITES: Final = 100
"""Of a team that somebody made and that still let somebody in."""
LONGEST_NAME: Final = 60
"""Of a team, in terminal cells."""


@dataclass(frozen=True)
class Speaker:
    """Who makes a request: a device, or a browser that a device signed in."""

    team: str
    member: str
    device: str
    role: Role
    zone: str
    browser: str = ""
    """Hash of the browser's cookie."""

    @property
    def leads(self) -> bool:
        """Whether invites and members are theirs to manage; settings and roles are the owner's."""
        return self.role in ("owner", "admin")


def alone_in(db: Connection, team_id: str) -> None:
    """Makes others wait who change at this moment who is in a team, and who may do what there.

    Of what is locked in a transaction the team comes first, then members, then codes, so that two
    never wait for each other. Who sends days locks himself alone.
    """
    db.execute(select(team.c.id).where(team.c.id == team_id).with_for_update())


def make_team(
    db: Connection, *, name: str, zone: str, retention_days: int, now_ms: int
) -> tuple[str, str]:
    """A new team; its id, and a code that makes its owner."""
    team_id = new_id("t")
    db.execute(team.insert().values(
        id=team_id, name=readable(name, LONGEST_NAME), zone=zone, pepper=secrets.token_hex(32),
        retention_days=retention_days, backfill_days=35, consumption=False, made_ms=now_ms,
    ))  # fmt: skip
    note(db, team_id, "team_made", now_ms)
    return team_id, make_code(db, team_id, role="owner", hours=OWNER_HOURS, now_ms=now_ms)


def make_code(
    db: Connection, team_id: str, *, now_ms: int, kind: str = "invite", role: Role = "member",
    uses: int = 1, hours: int = 72, made_by: str | None = None, lasts_ms: int | None = None,
) -> str:  # fmt: skip
    """A code that lets people in; only its hash is kept. Refuses one too many of a member's."""
    if made_by is not None:
        _check_codes(db, team_id, kind, made_by, now_ms)
    made = new_code()
    db.execute(code.insert().values(
        hash=hashed_code(made), team=team_id, kind=kind, role=role, made_by=made_by,
        uses_left=uses, made_ms=now_ms, expires_ms=now_ms + (lasts_ms or hours * HOUR_MS),
    ))  # fmt: skip
    note(db, team_id, f"{kind}_made", now_ms, made_by)
    return made


def _check_codes(db: Connection, team_id: str, kind: str, made_by: str, now_ms: int) -> None:
    still = (code.c.team == team_id, code.c.kind == kind, code.c.made_by.isnot(None),
             code.c.uses_left > 0, code.c.expires_ms > now_ms)  # fmt: skip
    whose = (code.c.made_by == made_by,) if kind == "link" else ()
    count = db.execute(select(func.count()).select_from(code).where(*still, *whose)).scalar_one()
    if kind == "link" and count >= MOST_LINKS:
        raise Refused(
            "full", f"{MOST_LINKS} codes of yours are not used yet; each ends within "
            f"{LINK_MS // 60_000} minutes."
        )  # fmt: skip
    if kind == "invite" and count >= MOST_INVITES:
        raise Refused("full", f"{MOST_INVITES} invites of the team are open. Withdraw some.")


def team_info(db: Connection, team_id: str, now_ms: int, *, kind: str = "") -> TeamInfo:
    """A team as those see it who may join it."""
    found = db.execute(select(team).where(team.c.id == team_id)).one()
    return TeamInfo(
        team=team_id, name=found.name, zone=found.zone,
        today=day_label(now_ms, zone_named(found.zone)), retention_days=found.retention_days,
        backfill_days=found.backfill_days, schema=schema_hash(), consumption=found.consumption,
        kind=cast(Any, kind),
    )


def shown_name(
    db: Connection, team_id: str, appearance: Appearance, name: str, own: str = ""
) -> str:
    """The name to show; nobody can take another's, and the hidden have none."""
    if appearance == "hidden":
        return ""
    shown = readable(name, 40)
    # Whoever takes a name in this team at this moment, too, waits.
    alone_in(db, team_id)
    # Compared here, since SQLite knows upper and lower case only of ASCII.
    others = db.execute(
        select(member.c.name)
        .where(member.c.team == team_id, member.c.id != own, member.c.name != "")
    ).scalars()  # fmt: skip
    if any(reads_alike(other, shown) for other in others):
        raise Refused("wrong_value", "Another member has this name.")
    return shown


def sign_in_address(
    db: Connection, who: Speaker, url: str, now_ms: int, *, lasts_ms: int = LOGIN_MS
) -> str:
    """An address that signs a browser in as this device, once."""
    secret = new_secret()
    db.execute(delete(session).where(session.c.expires_ms < now_ms))
    db.execute(session.insert().values(
        hash=hashed(secret), kind="login", member=who.member, device=who.device,
        expires_ms=now_ms + lasts_ms,
    ))  # fmt: skip
    return f"{url}/sign-in/{secret}"


def appear(db: Connection, who: Speaker, appearance: Appearance, name: str, now_ms: int) -> None:
    """Changes how a member appears, at once and for all days."""
    shown = shown_name(db, who.team, appearance, name, own=who.member)
    db.execute(
        update(member).where(member.c.id == who.member).values(appearance=appearance, name=shown)
    )
    note(db, who.team, "appearance", now_ms, who.member)


def leave(db: Connection, team_id: str, member_id: str, now_ms: int) -> None:
    """Deletes a member with everything that is his; the audit log keeps that somebody left."""
    # Whoever leaves at this moment, too, waits: one owner stays. And a day of his that is being
    # stored is here before it is looked for.
    alone_in(db, team_id)
    role = db.execute(
        select(member.c.role).where(member.c.id == member_id).with_for_update()
    ).scalar()
    if role == "owner":
        _pass_on(db, team_id, member_id, now_ms)
    marked = duplicates.days_marked(db, member_id)
    for table in (document, day_row, member_day, sketch, flag, session, device):
        db.execute(delete(table).where(table.c.member == member_id))
    for day in marked:
        duplicates.take_off(db, team_id, day)
    db.execute(delete(code).where(code.c.made_by == member_id))
    db.execute(delete(member).where(member.c.id == member_id))
    db.execute(
        update(audit).where(audit.c.member == member_id).values(member=None, detail="")
    )
    note(db, team_id, "member_left", now_ms)


def _pass_on(db: Connection, team_id: str, leaving: str, now_ms: int) -> None:
    """Nobody is kept from leaving: where no owner is left, the longest member becomes one."""
    others = db.execute(
        select(member.c.id, member.c.role)
        .where(member.c.team == team_id, member.c.id != leaving)
        .order_by(member.c.joined_ms, member.c.id)
    ).all()
    if others and all(other.role != "owner" for other in others):
        heir = next((one for one in others if one.role == "admin"), others[0])
        db.execute(update(member).where(member.c.id == heir.id).values(role="owner"))
        note(db, team_id, "owner_made", now_ms, heir.id)


def note(
    db: Connection, team_id: str, action: str, now_ms: int, member_id: str | None = None,
    detail: str = "",
) -> None:  # fmt: skip
    """A line of the audit log, which only grows."""
    db.execute(audit.insert().values(
        team=team_id, at_ms=now_ms, action=action, member=member_id, detail=detail
    ))  # fmt: skip
