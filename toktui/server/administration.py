"""What those who lead change: settings, roles, members, invites; and what each may of his own.

Every act looks up the role that its actor has now, in the transaction in which it acts.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sqlalchemy import Connection, delete, func, select, update

from toktui.server.names import readable
from toktui.server.people import LONGEST_NAME, alone_in, leave, note
from toktui.server.refusal import Refused
from toktui.server.roster import RANK
from toktui.server.tables import code, device, member, session, team
from toktui.team.wire.messages import Role

if TYPE_CHECKING:
    from toktui.server.people import Speaker

LEAST_RETENTION: Final = 35
MOST_RETENTION: Final = 3660
_SWITCH: Final = ("off", "on")


def change_settings(
    db: Connection, who: Speaker, *, name: str, retention_days: int, consumption: bool,
    may_delete: bool, now_ms: int,
) -> None:  # fmt: skip
    """Name, how long days are kept, whether there is a page of consumption; owners only.

    Without `may_delete`, days are not kept for a shorter time than before.
    """
    _require(db, who, "owner")
    shown = readable(name, LONGEST_NAME)
    if not LEAST_RETENTION <= retention_days <= MOST_RETENTION:
        raise Refused(
            "wrong_value", f"Days are kept for {LEAST_RETENTION} to {MOST_RETENTION} days."
        )
    before = db.execute(select(team).where(team.c.id == who.team)).one()
    if retention_days < before.retention_days and not may_delete:
        raise Refused("wrong_value", "Tick the box: days that are older would be deleted.")
    db.execute(update(team).where(team.c.id == who.team).values(
        name=shown, retention_days=retention_days, consumption=consumption
    ))  # fmt: skip
    changes: tuple[tuple[str, str, str], ...] = (
        ("name_changed", before.name, shown),
        ("retention_changed", f"{before.retention_days} days", f"{retention_days} days"),
        ("consumption_changed", _SWITCH[bool(before.consumption)], _SWITCH[consumption]),
    )
    for action, old, new in changes:
        if old != new:
            note(db, who.team, action, now_ms, who.member, f"{old} → {new}")


def change_role(db: Connection, who: Speaker, member_id: str, role: Role, now_ms: int) -> None:
    """Makes somebody owner, admin or member; owners only, and one of them stays."""
    _require(db, who, "owner")
    held = _held(db, who, member_id)
    if held == role:
        return
    if held == "owner":
        owners = db.execute(
            select(func.count()).select_from(member)
            .where(member.c.team == who.team, member.c.role == "owner")
        ).scalar_one()  # fmt: skip
        if owners < 2:
            raise Refused("wrong_value", "A team has an owner: make another one first.")
    db.execute(update(member).where(member.c.id == member_id).values(role=role))
    note(db, who.team, "role_given", now_ms, who.member, f"{held} → {role}")
    if member_id != who.member:
        note(db, who.team, "role_changed", now_ms, member_id, f"{held} → {role}")


def remove_member(db: Connection, who: Speaker, member_id: str, now_ms: int) -> None:
    """Deletes somebody of a lower role with everything that he sent; an owner also other owners."""
    own = _require(db, who, "admin")
    held = _held(db, who, member_id)
    if member_id == who.member:
        raise Refused("wrong_value", "Use `toktui team leave` to leave.")
    if own != "owner" and RANK[held] >= RANK[own]:
        raise Refused("forbidden")
    note(db, who.team, "member_removed", now_ms, who.member)
    leave(db, who.team, member_id, now_ms)


def withdraw_invite(db: Connection, who: Speaker, invite: str, now_ms: int) -> None:
    """Takes one invite back; a withdrawn one is no error, since another may have been faster."""
    _require(db, who, "admin")
    gone = db.execute(
        delete(code)
        .where(code.c.hash == invite, code.c.team == who.team, code.c.kind == "invite")
    )  # fmt: skip
    if gone.rowcount:
        note(db, who.team, "invite_withdrawn", now_ms, who.member)


def revoke_device(db: Connection, who: Speaker, device_id: str, now_ms: int) -> None:
    """Revokes one of the member's own devices and signs its browsers out; its days stay. Codes for
    a further device let nobody in any more."""
    done = db.execute(
        update(device)
        .where(device.c.id == device_id, device.c.member == who.member,
               device.c.revoked_ms.is_(None))
        .values(revoked_ms=now_ms)
    )  # fmt: skip
    if done.rowcount != 1:
        raise Refused("not_found", "There is no such device of yours in use.")
    db.execute(delete(session).where(session.c.device == device_id))
    # Who has the device may have made one, to come back with.
    db.execute(delete(code).where(code.c.kind == "link", code.c.made_by == who.member))
    note(db, who.team, "device_revoked", now_ms, who.member)


def _require(db: Connection, who: Speaker, role: Role) -> Role:
    """The role that the actor has now. Others of the team who change it at this moment wait."""
    alone_in(db, who.team)
    held = _held(db, who, who.member)
    if RANK[held] < RANK[role]:
        raise Refused("forbidden")
    return held


def _held(db: Connection, who: Speaker, member_id: str) -> Role:
    """The role of somebody in the same team."""
    found = db.execute(
        select(member.c.role).where(member.c.id == member_id, member.c.team == who.team)
    ).scalar()
    if found is None:
        raise Refused("not_found", "There is no such member.")
    return found
