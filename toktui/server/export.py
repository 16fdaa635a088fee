"""Everything that the server has of a member, one JSON object a line."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
from sqlalchemy import Connection, select

from toktui.server.tables import audit, device, document, flag, member

if TYPE_CHECKING:
    from toktui.server.people import Speaker


def export_of(db: Connection, who: Speaker) -> bytes:
    """Membership, devices, each document as its exact text with its receipt, flags and audit."""
    lines: list[object] = []
    for kind, statement in (
        ("member", select(member).where(member.c.id == who.member)),
        ("device", select(device).where(device.c.member == who.member)),
        ("document", select(document).where(document.c.member == who.member)
            .order_by(document.c.day, document.c.device)),
        ("flag", select(flag).where(flag.c.member == who.member)),
        ("audit", select(audit).where(audit.c.member == who.member).order_by(audit.c.id)),
    ):  # fmt: skip
        for row in db.execute(statement).mappings():
            values = {str(key): value for key, value in row.items()}
            if kind == "document":
                values["body"] = bytes(values["body"]).decode()
            lines.append({"kind": kind, **values})
    return b"".join(msgspec.json.encode(line) + b"\n" for line in lines)
