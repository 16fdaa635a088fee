"""The main board: who asks first, then everybody who is listed, each beside their own past."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import msgspec

from toktui.server import board as measures
from toktui.server import enough
from toktui.server.board import Standing, load_board_and_ids
from toktui.server.charts import (
    Bar,
    Columns,
    Line,
    Share,
    columns,
    index_bar,
    line,
    nice_top,
    shares,
)
from toktui.server.pages.reading import LONGEST_KEPT, page
from toktui.server.weeks import Landed, Trend, landed_together, load_trends
from toktui.server.worth import counting
from toktui.team.wire.document import SIZES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy import Connection
    from starlette.requests import Request

    from toktui.server.people import Speaker

PER_PAGE: Final = 60
WEEKS: Final = 8
_NO_TREND: Final = Trend()

REASONS: Final[Mapping[str, str]] = {
    "outcomes not shared": "Landed changes are not shared, so there is nothing to divide by.",
    "too few changes": f"{enough.LEAST_CHANGES} landed changes of size S or more are needed.",
    "too few days": f"{enough.LEAST_DAYS} active days are needed.",
    "too many reverted": "More than a fifth of the changes were reverted.",
    "too much without a price": "More than a tenth of the tokens has no known price.",
    "a day was deleted": "A day of these four weeks was deleted, or much of it.",
    "too few members": f"{measures.LEAST_MEMBERS} members with enough changes are needed.",
}
"""Why there is no index yet."""


class BoardLine(msgspec.Struct, frozen=True, kw_only=True):
    """A member as the page draws it."""

    one: Standing
    reason: str
    """Why there is no index; empty if there is one."""
    progress: tuple[int, int] | None
    """How many there are of how many that are needed."""
    bar: Bar | None
    sizes: tuple[Share, ...]
    trend: Trend
    spark: Line


def _load(db: Connection, who: Speaker, request: Request, now_ms: int) -> dict[str, Any]:
    board, everybody = load_board_and_ids(db, who, now_ms)
    asked = request.query_params.get("page", "1")[:LONGEST_KEPT]
    number = _page_number(asked, len(board.standings))
    here = slice((number - 1) * PER_PAGE, number * PER_PAGE)
    shown, ids = board.standings[here], everybody[here]
    trends = load_trends(db, who.team, [*ids, who.member], board.until)
    most = max((sum(one.changes.values()) for one in shown), default=0)
    lines = [
        line_of(one, trends.get(member_id, _NO_TREND), most)
        for member_id, one in zip(ids, shown, strict=True)
    ]
    yours = None
    if board.you is not None:
        yours = line_of(board.you, trends.get(who.member, _NO_TREND), most)
    landed = landed_together(trends[one] for one in ids if one in trends)[-WEEKS:]
    most_landed = max((sum(week.by_size.values()) for week in landed), default=0)
    top = nice_top(max(4, most_landed))
    return {
        "board": board, "placed": [one for one in lines if one.one.place is not None],
        "waiting": [one for one in lines if one.one.place is None], "yours": yours,
        "your_chart": None if yours is None else own_chart(yours.trend, board.usual_nusd),
        "landed": landed, "any_landed": most_landed > 0, "landed_top": round(top),
        "landed_chart": landed_chart(landed, top),
        "number": number, "pages": _pages(len(board.standings)), "sizes": SIZES,
        "limits": measures, "enough": enough,
    }  # fmt: skip


def line_of(one: Standing, trend: Trend, most: int) -> BoardLine:
    """A member as drawn; `most` landed changes fill their bar."""
    reason, progress = "", None
    if one.index is None:
        reason = REASONS[one.missing]
        if one.missing == "too few changes":
            progress = (counting(one.changes), enough.LEAST_CHANGES)
        elif one.missing == "too few days":
            progress = (one.active_days, enough.LEAST_DAYS)
    return BoardLine(
        one=one, reason=reason, progress=progress,
        bar=None if one.index is None else index_bar(one.index),
        sizes=shares(one.changes, total=most), trend=trend,
        spark=line([point.per_unit_nusd for point in trend.points]),
    )


class OwnChart(msgspec.Struct, frozen=True, kw_only=True):
    """What a unit cost the member, week by week, with what the team usually pays."""

    top_nusd: int
    line: Line
    usual_nusd: int | None


def own_chart(trend: Trend, usual_nusd: int | None) -> OwnChart | None:
    """None until two points are known."""
    values = [point.per_unit_nusd for point in trend.points]
    known = [value for value in values if value is not None]
    if len(known) < 2:
        return None
    top = nice_top(max(*known, usual_nusd or 0))
    drawn = line(
        values, width=600, height=150, pad=6, level=usual_nusd, from_zero=True, top=top
    )
    return OwnChart(top_nusd=round(top), line=drawn, usual_nusd=usual_nusd)


def landed_chart(landed: tuple[Landed, ...], top: float) -> Columns:
    """Weeks beside each other, the largest changes at the foot."""
    piles = [[week.by_size[size] for size in reversed(SIZES)] for week in landed]
    return columns(piles, top=top, height=150, gap=0.34)


def _pages(count: int) -> int:
    return max(1, -(-count // PER_PAGE))


def _page_number(asked: str, count: int) -> int:
    number = int(asked) if asked.isascii() and asked.isdigit() and len(asked) < 7 else 1
    return min(max(1, number), _pages(count))


ROUTES: Final = (page("/", "board", _load, keep=("page",)),)
