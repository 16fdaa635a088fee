"""Joining a team with a code: once for each key, however often it is asked."""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import Connection, func, select, update

from toktui.server.codes import hashed_code, new_id
from toktui.server.people import Speaker, alone_in, appear, note, shown_name, team_info
from toktui.server.refusal import Refused
from toktui.server.tables import code, device, member, team
from toktui.server.zones import days_before
from toktui.team.wire.document import schema_hash
from toktui.team.wire.messages import Enrol, Enrolled, Look, TeamInfo

MOST_IN_USE: Final = 20
MOST_DEVICES: Final = 200
"""Of one member, those that were revoked among them: their days stay."""


def look(db: Connection, asked: Look, now_ms: int) -> TeamInfo:
    """What a code leads to; of a device that has enrolled already, the team that it is in."""
    known = None
    if asked.public_key is not None:
        known = _known(db, asked.public_key)
    if known is None or known.revoked_ms is not None:
        found = _valid(db, asked.code, now_ms)
        return team_info(db, found.team, now_ms, kind=found.kind)
    kind = "invite" if _is_only(db, known) else "link"
    return team_info(db, known.team, now_ms, kind=kind)


def _known(db: Connection, public_key: str) -> Any:
    """The device that has this key."""
    return db.execute(select(device).where(device.c.public_key == public_key)).first()


def _is_only(db: Connection, one: Any) -> bool:
    """Whether its member has no other device, nor ever had."""
    count = select(func.count()).select_from(device).where(device.c.member == one.member)
    return db.execute(count).scalar_one() == 1


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


def enrol(db: Connection, asked: Enrol, now_ms: int) -> Enrolled:
    """A new member, or a member's new device; uses the code up.

    Asked again with the same key, whose answer was lost, it says the same, and uses nothing up.
    """
    if asked.schema != schema_hash():
        raise Refused("consent", "The consent is to other fields than this server takes.")
    opened = select(code.c.team).where(code.c.hash == hashed_code(asked.code))
    team_id = db.execute(opened).scalar()
    if team_id is not None:
        alone_in(db, team_id)
    known = _known(db, asked.public_key)
    if known is not None:
        return _enrolled_before(db, known, team_id, asked, now_ms)
    found = _valid(db, asked.code, now_ms, lock=True)
    db.execute(update(code).where(code.c.hash == found.hash).values(uses_left=code.c.uses_left - 1))
    info = team_info(db, found.team, now_ms)
    if found.kind == "link":
        member_id = found.made_by
        _check_devices(db, member_id)
    else:
        member_id = _new_member(db, found, info, asked, now_ms)
    device_id = new_id("d")
    db.execute(device.insert().values(
        id=device_id, member=member_id, team=found.team, public_key=asked.public_key,
        schema=asked.schema, made_ms=now_ms,
    ))  # fmt: skip
    note(db, found.team, "device_enrolled", now_ms, member_id)
    return _enrolled(db, info, member_id, device_id)


def _enrolled(db: Connection, info: TeamInfo, member_id: str, device_id: str) -> Enrolled:
    who = db.execute(select(member).where(member.c.id == member_id)).one()
    pepper = db.execute(select(team.c.pepper).where(team.c.id == info.team)).scalar_one()
    return Enrolled(
        team=info, member=member_id, device=device_id, pepper=pepper, role=who.role,
        first_day=who.first_day,
    )


def _enrolled_before(
    db: Connection, known: Any, team_id: str | None, asked: Enrol, now_ms: int
) -> Enrolled:
    """A device that enrols with the key that it has here already."""
    if known.revoked_ms is not None or team_id not in (None, known.team):
        raise Refused("wrong_value", "The key is enrolled already.")
    info = team_info(db, known.team, now_ms)
    who = db.execute(select(member).where(member.c.id == known.member)).one()
    if _is_only(db, known) and (asked.appearance, asked.name) != (who.appearance, who.name):
        # He may have chosen otherwise when he agreed again.
        speaker = Speaker(known.team, known.member, known.id, who.role, info.zone)
        appear(db, speaker, asked.appearance, asked.name, now_ms)
    return _enrolled(db, info, known.member, known.id)


def _check_devices(db: Connection, member_id: str) -> None:
    """Refuses a device too many."""
    of_member = select(func.count()).select_from(device).where(device.c.member == member_id)
    in_use = db.execute(of_member.where(device.c.revoked_ms.is_(None))).scalar_one()
    if in_use >= MOST_IN_USE:
        raise Refused(
            "full", f"You have {in_use} devices in use. `toktui team devices` lists them: revoke "
            "one that you do not need."
        )  # fmt: skip
    if db.execute(of_member).scalar_one() >= MOST_DEVICES:
        raise Refused(
            "full", f"You have had {MOST_DEVICES} devices. Who leaves and joins again begins anew."
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
