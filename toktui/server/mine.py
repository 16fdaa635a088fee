"""What the server has of one member, for that member alone: days, receipts, devices, flags."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

import msgspec
from sqlalchemy import Connection, and_, func, or_, select

from toktui.server.days import GONE
from toktui.server.tables import LANDED, audit, device, document, flag, member, member_day, session
from toktui.team.wire.messages import Appearance

if TYPE_CHECKING:
    from toktui.server.people import Speaker

MOST_RECEIPTS: Final = 14
MOST_SIGN_INS: Final = 5
_PROMPT: Final = ("input", "cache_read", "cache_write_5m", "cache_write_1h")
_SUMS: Final = (
    "calls", *_PROMPT, "output", "unpriced_calls", "estimated_calls", "cost_nusd", *LANDED,
    "partly_unread",
)  # fmt: skip


class OwnDay(msgspec.Struct, frozen=True, kw_only=True):
    """A day of the member, added up over devices."""

    day: str
    calls: int
    tokens: int
    cost_nusd: int | None
    """None if no call has a price."""
    lacks_unpriced: bool
    holds_estimates: bool
    is_partly_unread: bool
    cache_hit_rate: float | None
    changes: int | None
    """That landed; None if not shared."""


class Received(msgspec.Struct, frozen=True, kw_only=True):
    """A document as it is stored: what was received, when, of which device."""

    day: str
    device: str
    rev: int
    closed: bool
    received_ms: int
    sha256: str
    size: int
    """Bytes."""


class OwnDevice(msgspec.Struct, frozen=True, kw_only=True):
    """A device of the member."""

    id: str
    made_ms: int
    revoked_ms: int | None
    last_ms: int | None
    """When it last sent a day; None if it has none here."""
    days: int
    browsers: int
    """That are signed in as this device."""
    is_this: bool
    """Whether the asking browser is one of them."""


class OwnFlag(msgspec.Struct, frozen=True, kw_only=True):
    """Why a day is hard to believe."""

    day: str
    rule: str
    detail: str
    made_ms: int


class Profile(msgspec.Struct, frozen=True, kw_only=True):
    """How the member appears."""

    appearance: Appearance
    name: str
    role: str
    joined_ms: int


def load_profile(db: Connection, who: Speaker) -> Profile:
    """How the member appears, and since when he is one."""
    row = db.execute(
        select(member.c.appearance, member.c.name, member.c.role, member.c.joined_ms)
        .where(member.c.id == who.member)
    ).one()  # fmt: skip
    return Profile(
        appearance=row.appearance, name=row.name, role=row.role, joined_ms=row.joined_ms
    )


def load_days(db: Connection, who: Speaker, since: str, until: str) -> tuple[OwnDay, ...]:
    """The days between these, of which anything was sent."""
    days = member_day.c
    found = db.execute(
        select(days.day, days.shares_outcomes, *(days[name] for name in _SUMS))
        .where(days.member == who.member, days.day >= since, days.day <= until)
        .order_by(days.day)
    ).mappings()
    made: list[OwnDay] = []
    for row in found:
        prompt = sum(row[name] for name in _PROMPT)
        made.append(OwnDay(
            day=row["day"], calls=row["calls"], tokens=prompt + row["output"],
            cost_nusd=row["cost_nusd"] if row["calls"] > row["unpriced_calls"] else None,
            lacks_unpriced=row["unpriced_calls"] > 0, holds_estimates=row["estimated_calls"] > 0,
            is_partly_unread=row["partly_unread"] > 0,
            cache_hit_rate=row["cache_read"] / prompt if prompt else None,
            changes=sum(row[name] for name in LANDED) if row["shares_outcomes"] else None,
        ))  # fmt: skip
    return tuple(made)


def load_received(db: Connection, who: Speaker, before: str = "") -> tuple[Received, ...]:
    """The stored documents, the latest day first; those before a day and device if asked for.

    One more than is shown, so that who asks knows whether there are more.
    """
    stored = document.c
    day, _, of = before.partition(" ")
    earlier = or_(stored.day < day, and_(stored.day == day, stored.device > of))
    found = db.execute(
        select(stored.day, stored.device, stored.rev, stored.closed, stored.received_ms,
               stored.sha256, func.length(stored.body).label("size"))
        .where(stored.member == who.member, stored.sha256 != GONE,
               *((earlier,) if before else ()))
        .order_by(stored.day.desc(), stored.device).limit(MOST_RECEIPTS + 1)
    ).mappings()  # fmt: skip
    return tuple(Received(**_plain(row)) for row in found)


def load_devices(db: Connection, who: Speaker, now_ms: int) -> tuple[OwnDevice, ...]:
    """Every device that was ever enrolled, those in use first."""
    of_device = and_(document.c.device == device.c.id, document.c.sha256 != GONE)
    last = select(func.max(document.c.received_ms)).where(of_device).scalar_subquery()
    count = select(func.count(document.c.day)).where(of_device).scalar_subquery()
    browsers = (
        select(func.count(session.c.hash))
        .where(session.c.device == device.c.id, session.c.kind == "cookie",
               session.c.expires_ms > now_ms)
        .scalar_subquery()
    )  # fmt: skip
    found = db.execute(
        select(device.c.id, device.c.made_ms, device.c.revoked_ms, last.label("last_ms"),
               count.label("days"), browsers.label("browsers"))
        .where(device.c.member == who.member)
        .order_by(device.c.revoked_ms.isnot(None), device.c.made_ms)
    ).mappings()  # fmt: skip
    return tuple(
        OwnDevice(**_plain(row), is_this=row["id"] == who.device) for row in found
    )


def load_flags(db: Connection, who: Speaker) -> tuple[OwnFlag, ...]:
    """The member's flags, the latest day first."""
    found = db.execute(
        select(flag.c.day, flag.c.rule, flag.c.detail, flag.c.made_ms)
        .where(flag.c.member == who.member).order_by(flag.c.day.desc(), flag.c.rule)
    ).mappings()  # fmt: skip
    return tuple(OwnFlag(**_plain(row)) for row in found)


def load_sign_ins(db: Connection, who: Speaker) -> tuple[int, ...]:
    """When the member signed browsers in, the latest first, in UTC milliseconds."""
    found = db.execute(
        select(audit.c.at_ms)
        .where(audit.c.member == who.member, audit.c.action == "signed_in")
        .order_by(audit.c.id.desc()).limit(MOST_SIGN_INS)
    ).scalars()  # fmt: skip
    return tuple(found)


def _plain(row: Mapping[Any, Any]) -> dict[str, Any]:
    return {str(key): value for key, value in row.items()}
