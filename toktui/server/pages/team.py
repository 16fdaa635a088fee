"""The team: its rules for everybody; settings, roles, invites and the audit log for who leads."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final, cast

from toktui.server import administration, roster
from toktui.server.export import team_export_of
from toktui.server.pages.forms import Done, post
from toktui.server.pages.reading import ONCE_COOKIE, download, page, site_of
from toktui.server.people import make_code
from toktui.server.refusal import Refused

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy import Connection
    from starlette.requests import Request

    from toktui.server.pages.forms import Form
    from toktui.server.people import Speaker
    from toktui.team.wire.messages import Role

MOST_USES: Final = 1000
MOST_HOURS: Final = 24 * 90
_CODE: Final = re.compile(r"[A-Z2-7-]{20,64}", re.ASCII)

ACTIONS: Final[Mapping[str, str]] = {
    "team_made": "The team was made",
    "invite_made": "An invite was made",
    "invite_withdrawn": "An invite was withdrawn",
    "invites_withdrawn": "All invites were withdrawn",
    "link_made": "A code for a second device was made",
    "device_enrolled": "A device was enrolled",
    "device_revoked": "A device was revoked",
    "member_joined": "Joined",
    "member_left": "A member left",
    "member_removed": "Removed a member",
    "owner_made": "Became owner, since the last one left",
    "appearance": "Changed how they appear",
    "role_given": "Gave somebody a role",
    "role_changed": "Was given a role",
    "name_changed": "Renamed the team",
    "retention_changed": "Changed how long days are kept",
    "consumption_changed": "Switched the page of consumption",
}


def _load(db: Connection, who: Speaker, request: Request, now_ms: int) -> dict[str, Any]:
    values: dict[str, Any] = {
        "settings": roster.load_settings(db, who), "leads": who.leads,
        "owns": who.role == "owner", "role": who.role, "limits": administration,
        "most_uses": MOST_USES, "most_hours": MOST_HOURS, "rank": roster.RANK,
    }
    if not who.leads:
        return {**values, "leaders": roster.load_leaders(db, who)}
    once = request.cookies.get(ONCE_COOKIE, "")
    before = _number(request.query_params.get("before", ""), 0, 10**12)
    lines = roster.load_audit(db, who, before)
    skip = _number(request.query_params.get("skip", ""), 0, 10**6) or 0
    members = roster.load_members(db, who, skip=skip)
    return {
        **values, "url": site_of(request).settings.url,
        "made": once if _CODE.fullmatch(once) else "",
        "members": members[: roster.MOST_MEMBERS], "skip": skip,
        "more_members": len(members) > roster.MOST_MEMBERS, "per_page": roster.MOST_MEMBERS,
        "invites": roster.load_invites(db, who, now_ms), "actions": ACTIONS,
        "lines": lines[: roster.MOST_LINES], "more_lines": len(lines) > roster.MOST_LINES,
    }


def _settings(db: Connection, who: Speaker, form: Form, now_ms: int) -> Done:
    days = _number(form.get("retention", ""), 0, 10**6)
    administration.change_settings(
        db, who, name=form.get("name", "")[:400], retention_days=days or 0,
        consumption=form.get("consumption") == "on", may_delete=form.get("sure") == "yes",
        now_ms=now_ms,
    )
    return Done("/team?said=settings")


def _invite(db: Connection, who: Speaker, form: Form, now_ms: int) -> Done:
    uses = _number(form.get("uses", ""), 1, MOST_USES)
    hours = _number(form.get("hours", ""), 1, MOST_HOURS)
    if not who.leads:
        raise Refused("forbidden")
    if uses is None or hours is None:
        raise Refused(
            "wrong_value", f"An invite is good 1 to {MOST_USES} times, for 1 to {MOST_HOURS} hours."
        )
    made = make_code(db, who.team, uses=uses, hours=hours, made_by=who.member, now_ms=now_ms)
    return Done("/team?said=invite#invites", once=made)


def _withdraw(db: Connection, who: Speaker, form: Form, now_ms: int) -> Done:
    administration.withdraw_invite(db, who, form.get("invite", ""), now_ms)
    return Done("/team?said=withdrawn")


def _role(db: Connection, who: Speaker, form: Form, now_ms: int) -> Done:
    role = form.get("role", "")
    if role not in roster.RANK:
        raise Refused("wrong_value", "There is no such role.")
    administration.change_role(db, who, form.get("member", ""), cast("Role", role), now_ms)
    return Done("/team?said=role")


def _remove(db: Connection, who: Speaker, form: Form, now_ms: int) -> Done:
    if form.get("sure") != "yes":
        raise Refused("wrong_value", "Tick the box: what is deleted is gone.")
    administration.remove_member(db, who, form.get("member", ""), now_ms)
    return Done("/team?said=removed")


def _number(text: str, least: int, most: int) -> int | None:
    """A whole number within bounds, else None."""
    if not (text.isascii() and text.isdigit() and len(text) < 16):
        return None
    return int(text) if least <= int(text) <= most else None


def _export(db: Connection, who: Speaker, now_ms: int) -> bytes:
    if not who.leads:
        raise Refused("forbidden")
    return team_export_of(db, who.team, now_ms)


ROUTES: Final = (
    page("/team", "team", _load),
    download("/team/export", "toktui-board.ndjson", _export),
    post("/team/settings", _settings, told=True),
    post("/team/invites", _invite, told=True),
    post("/team/invites/withdraw", _withdraw),
    post("/team/role", _role, told=True),
    post("/team/remove", _remove, erases=True),
)
