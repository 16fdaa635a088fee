"""What may be taken away, one JSON object a line: a member's own data, and a team's.

A member's is everything that the server has of him. A team's is what those who lead it see anyway:
no document, no day and no number of a single member that the board does not show to everybody.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec
from sqlalchemy import Connection, select

from toktui.server.board import load_board
from toktui.server.consumption import DAYS, load_consumption
from toktui.server.days import GONE
from toktui.server.people import Speaker
from toktui.server.tables import audit, code, device, document, flag, member, session, team

if TYPE_CHECKING:
    from collections.abc import Iterable

_SECRET: Final = frozenset({"hash", "pepper"})
"""What is of no use outside, and of some to whoever finds the file."""


def export_of(db: Connection, who: Speaker) -> bytes:
    """Membership, devices, each document as its exact text with its receipt, flags, audit, and
    which codes and browsers there are."""
    lines: list[object] = []
    for kind, statement in (
        ("member", select(member).where(member.c.id == who.member)),
        ("device", select(device).where(device.c.member == who.member)),
        ("document", select(document).where(document.c.member == who.member)
            .order_by(document.c.day, document.c.device)),
        ("flag", select(flag).where(flag.c.member == who.member)),
        ("code", select(code).where(code.c.made_by == who.member)),
        ("session", select(session).where(session.c.member == who.member)),
        ("audit", select(audit).where(audit.c.member == who.member).order_by(audit.c.id)),
    ):  # fmt: skip
        for row in db.execute(statement).mappings():
            values = {str(key): value for key, value in row.items() if key not in _SECRET}
            if kind == "document":
                values["body"] = bytes(values["body"]).decode()
            deleted = kind == "document" and values["sha256"] == GONE
            lines.append({"kind": "deleted day" if deleted else kind, **values})
    return _lines(lines)


def team_export_of(db: Connection, team_id: str, now_ms: int) -> bytes:
    """Settings, members without numbers, invites, audit log, board, and consumption if it is on.

    When somebody signed in is left out: it would tell at what hours he works.
    """
    info = db.execute(select(team).where(team.c.id == team_id)).mappings().one()
    settings = {str(key): value for key, value in info.items() if key not in _SECRET}
    lines: list[object] = [{"kind": "team", **settings}]
    for kind, statement in (
        ("member", select(member.c.name, member.c.appearance, member.c.role, member.c.joined_ms)
            .where(member.c.team == team_id).order_by(member.c.joined_ms, member.c.id)),
        ("invite", select(code.c.role, code.c.uses_left, code.c.made_ms, code.c.expires_ms)
            .where(code.c.team == team_id, code.c.kind == "invite").order_by(code.c.made_ms)),
        ("audit", select(audit.c.at_ms, audit.c.action, audit.c.detail, member.c.name.label("who"))
            .select_from(audit.outerjoin(member, member.c.id == audit.c.member))
            .where(audit.c.team == team_id, audit.c.action != "signed_in").order_by(audit.c.id)),
    ):  # fmt: skip
        lines += [
            {"kind": kind, **{str(key): value for key, value in row.items()}}
            for row in db.execute(statement).mappings()
        ]
    nobody = Speaker(team_id, "", "", "member", info["zone"])
    lines.append({"kind": "board", "board": load_board(db, nobody, now_ms)})
    if info["consumption"]:
        lines += [
            {"kind": "consumption", "consumption": load_consumption(db, nobody, span, now_ms)}
            for span in DAYS
        ]
    return _lines(lines)


def _lines(values: Iterable[object]) -> bytes:
    return b"".join(msgspec.json.encode(value) + b"\n" for value in values)
