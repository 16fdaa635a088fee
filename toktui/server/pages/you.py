"""A member's own page: own numbers also when hidden, flags with their reasons, devices, receipts.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import select

from toktui.server import board as measures
from toktui.server import enough, mine
from toktui.server.administration import revoke_device
from toktui.server.board import load_board
from toktui.server.charts import columns, nice_top
from toktui.server.export import export_of
from toktui.server.pages.board import line_of, own_chart
from toktui.server.pages.forms import Done, post
from toktui.server.pages.reading import download, page
from toktui.server.people import appear
from toktui.server.refusal import Refused
from toktui.server.tables import team
from toktui.server.weeks import Trend, load_trends
from toktui.server.zones import days_before, days_between
from toktui.team.wire.messages import APPEARANCES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy import Connection
    from starlette.requests import Request

    from toktui.server.pages.forms import Form
    from toktui.server.people import Speaker

RULES: Final[Mapping[str, tuple[str, str]]] = {
    "context": (
        "More prompt tokens than the calls can hold",
        "A call cannot read more than its model's window. Usually an agent's log was read wrongly: "
        "update toktui and submit the day again.",
    ),
    "price": (
        "The cost differs from ours",
        "Your toktui has other rates than this server, which uses its own. It costs you nothing "
        "on the board.",
    ),
    "work": (
        "More landed changes than a day usually holds",
        "Generated or imported commits look like this. Only the eight largest of a day count.",
    ),
    "duplicate": (
        "Another member sent the same calls",
        "A folder of logs was copied, or two people use one account. Whoever did not make the "
        "calls can delete them from their store and submit again.",
    ),
    "less": (
        "The day holds a little less than before",
        "It was counted anew. That changes nothing on the board, once.",
    ),
    "deleted": (
        "You deleted this day, or much of it",
        "While it is among the last 28, there is no index: it would be of what is left.",
    ),
}
"""What each rule means, and what to do about it."""


def _load(db: Connection, who: Speaker, request: Request, now_ms: int) -> dict[str, Any]:
    board = load_board(db, who, now_ms)
    trend = load_trends(db, who.team, [who.member], board.until).get(who.member, Trend())
    today = days_before(board.until, -1)
    days = mine.load_days(db, who, board.since, today)
    before = request.query_params.get("before", "")[:40]
    received = mine.load_received(db, who, before)
    return {
        "board": board, "profile": mine.load_profile(db, who), "limits": measures, "enough": enough,
        "yours": None if board.you is None else line_of(board.you, trend, 1),
        "your_chart": own_chart(trend, board.usual_nusd),
        "days": days, "day_chart": _day_chart(days, board.since, today), "today": today,
        "received": received[: mine.MOST_RECEIPTS],
        "more": len(received) > mine.MOST_RECEIPTS, "before": before,
        "sign_ins": mine.load_sign_ins(db, who),
        "devices": mine.load_devices(db, who, now_ms), "flags": mine.load_flags(db, who),
        "rules": RULES, "appearances": APPEARANCES,
        "retention": db.execute(
            select(team.c.retention_days).where(team.c.id == who.team)
        ).scalar_one(),
    }  # fmt: skip


def _day_chart(days: tuple[mine.OwnDay, ...], since: str, until: str) -> dict[str, Any]:
    """Cost of each day of the window, also of those without anything."""
    by_day = {one.day: one for one in days}
    labels = days_between(since, until)
    costs = [(by_day[day].cost_nusd or 0) if day in by_day else 0 for day in labels]
    top = nice_top(max(costs))
    return {
        "labels": labels, "costs": costs, "top": round(top), "any": any(costs),
        "columns": columns([[cost] for cost in costs], top=top, height=150),
    }


def _appear(db: Connection, who: Speaker, form: Form, now_ms: int) -> Done:
    asked = form.get("appearance", "")
    if asked not in APPEARANCES:
        raise Refused("wrong_value", "Choose how you appear.")
    appear(db, who, asked, form.get("name", "")[:200], now_ms)
    return Done("/you?said=appearance")


def _revoke(db: Connection, who: Speaker, form: Form, now_ms: int) -> Done:
    device_id = form.get("device", "")
    revoke_device(db, who, device_id, now_ms)
    if device_id == who.device:
        return Done("/signed-out", signs_out=True)
    return Done("/you?said=revoked")


def _export(db: Connection, who: Speaker, _now_ms: int) -> bytes:
    return export_of(db, who)


ROUTES: Final = (
    page("/you", "you", _load),
    download("/you/export", "toktui-team.ndjson", _export),
    post("/you/appearance", _appear, told=True),
    post("/you/revoke", _revoke),
)
