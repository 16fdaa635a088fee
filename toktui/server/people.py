"""Teams, members, devices: making, joining, leaving."""

from __future__ import annotations

import secrets
import unicodedata
from dataclasses import dataclass
from typing import Any, Final, cast

from sqlalchemy import Connection, delete, select, update

from toktui.clock import day_label
from toktui.server.codes import hashed, hashed_code, new_code, new_id, new_secret
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
from toktui.server.zones import days_before, zone_named
from toktui.team.wire.document import schema_hash
from toktui.team.wire.messages import Appearance, Enrol, Enrolled, Role, TeamInfo
from toktui.text import clean

HOUR_MS: Final = 3_600_000
LINK_MS: Final = 8 * 60_000
LOGIN_MS: Final = 60_000
OWNER_HOURS: Final = 24
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

    @property
    def leads(self) -> bool:
        """Whether invites and members are theirs to manage; settings and roles are the owner's."""
        return self.role in ("owner", "admin")


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
    """A code that lets people in; only its hash is kept."""
    made = new_code()
    db.execute(code.insert().values(
        hash=hashed_code(made), team=team_id, kind=kind, role=role, made_by=made_by,
        uses_left=uses, made_ms=now_ms, expires_ms=now_ms + (lasts_ms or hours * HOUR_MS),
    ))  # fmt: skip
    note(db, team_id, f"{kind}_made", now_ms, made_by)
    return made


def look(db: Connection, given: str, now_ms: int) -> TeamInfo:
    """What a code leads to."""
    found = _valid(db, given, now_ms)
    return team_info(db, found.team, now_ms, kind=found.kind)


def _valid(db: Connection, given: str, now_ms: int, *, lock: bool = False) -> Any:
    statement = select(code).where(code.c.hash == hashed_code(given))
    found = db.execute(statement.with_for_update() if lock else statement).first()
    if found is None or found.uses_left < 1 or found.expires_ms <= now_ms:
        raise Refused("code_refused")
    if found.made_by is not None:
        maker = db.execute(select(member.c.role).where(member.c.id == found.made_by)).scalar()
        # Whoever left or lost the right to invite has no valid invites any more.
        if maker is None or (found.kind == "invite" and maker == "member"):
            raise Refused("code_refused")
    return found


def team_info(db: Connection, team_id: str, now_ms: int, *, kind: str = "") -> TeamInfo:
    """A team as those see it who may join it."""
    found = db.execute(select(team).where(team.c.id == team_id)).one()
    return TeamInfo(
        team=team_id, name=found.name, zone=found.zone,
        today=day_label(now_ms, zone_named(found.zone)), retention_days=found.retention_days,
        backfill_days=found.backfill_days, schema=schema_hash(), consumption=found.consumption,
        kind=cast(Any, kind),
    )


def enrol(db: Connection, asked: Enrol, now_ms: int) -> Enrolled:
    """A new member, or a member's new device; uses the code up."""
    if asked.schema != schema_hash():
        raise Refused("consent", "The consent is to other fields than this server takes.")
    found = _valid(db, asked.code, now_ms, lock=True)
    if db.execute(select(device.c.id).where(device.c.public_key == asked.public_key)).first():
        raise Refused("wrong_value", "The key is enrolled already.")
    db.execute(update(code).where(code.c.hash == found.hash).values(uses_left=code.c.uses_left - 1))
    info = team_info(db, found.team, now_ms)
    if found.kind == "link":
        member_id = found.made_by
    else:
        member_id = _new_member(db, found, info, asked, now_ms)
    device_id = new_id("d")
    db.execute(device.insert().values(
        id=device_id, member=member_id, team=found.team, public_key=asked.public_key,
        schema=asked.schema, made_ms=now_ms,
    ))  # fmt: skip
    note(db, found.team, "device_enrolled", now_ms, member_id)
    who = db.execute(select(member).where(member.c.id == member_id)).one()
    pepper = db.execute(select(team.c.pepper).where(team.c.id == found.team)).scalar_one()
    return Enrolled(
        team=info, member=member_id, device=device_id, pepper=pepper, role=who.role,
        first_day=who.first_day,
    )


def _new_member(db: Connection, found: Any, info: TeamInfo, asked: Enrol, now_ms: int) -> str:
    member_id = new_id("m")
    db.execute(member.insert().values(
        id=member_id, team=found.team, role=found.role, joined_ms=now_ms,
        appearance=asked.appearance, name=shown_name(db, found.team, asked.appearance, asked.name),
        first_day=days_before(info.today, info.backfill_days),
    ))  # fmt: skip
    note(db, found.team, "member_joined", now_ms, member_id)
    return member_id


def shown_name(
    db: Connection, team_id: str, appearance: Appearance, name: str, own: str = ""
) -> str:
    """The name to show; nobody can take another's, and the hidden have none."""
    if appearance == "hidden":
        return ""
    shown = readable(name, 40)
    # Whoever takes a name in this team at this moment, too, waits.
    db.execute(select(team.c.id).where(team.c.id == team_id).with_for_update())
    # Compared here, since SQLite knows upper and lower case only of ASCII.
    others = db.execute(
        select(member.c.name)
        .where(member.c.team == team_id, member.c.id != own, member.c.name != "")
    ).scalars()  # fmt: skip
    if any(_folded(other) == _folded(shown) for other in others):
        raise Refused("wrong_value", "Another member has this name.")
    return shown


def readable(name: str, cells: int) -> str:
    """A name of a team or member, cleaned; refuses one of which nothing is left."""
    shown = clean(name, cells).strip()
    if not shown:
        raise Refused("wrong_value", "The name is empty.")
    return shown


def _folded(name: str) -> str:
    """Equal for names that differ in case, width or spaces alone."""
    return " ".join(unicodedata.normalize("NFKC", name).casefold().split())


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
    # Whoever leaves at this moment, too, waits: one owner stays.
    db.execute(select(team.c.id).where(team.c.id == team_id).with_for_update())
    role = db.execute(select(member.c.role).where(member.c.id == member_id)).scalar()
    if role == "owner":
        _pass_on(db, team_id, member_id, now_ms)
    for table in (document, day_row, member_day, sketch, flag, session, device):
        db.execute(delete(table).where(table.c.member == member_id))
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
