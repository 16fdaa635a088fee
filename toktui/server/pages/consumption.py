"""What listed members consumed, where an owner has switched the page on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from toktui.server.charts import columns, nice_top, shares
from toktui.server.consumption import DAYS, load_consumption, load_day_tokens
from toktui.server.pages.reading import LONGEST_KEPT, page
from toktui.server.zones import days_between

if TYPE_CHECKING:
    from sqlalchemy import Connection
    from starlette.requests import Request

    from toktui.server.people import Speaker

USUAL_SPAN: Final = "28 days"
_LABELS: Final = {"day": "Today", "week": "7 days", "28 days": "28 days"}


def _load(db: Connection, who: Speaker, request: Request, now_ms: int) -> dict[str, Any]:
    span = request.query_params.get("span", USUAL_SPAN)[:LONGEST_KEPT]
    found = load_consumption(db, who, span, now_ms)
    models = sorted(found.models, key=lambda one: -one.tokens)
    priced = [one.cost_nusd for one in found.members if one.cost_nusd is not None]
    most = max((one.tokens for one in models), default=0)
    labels = days_between(found.since, found.until)
    by_day = load_day_tokens(db, who, found.since, found.until)
    tokens = [by_day.get(day, 0) for day in labels]
    top = nice_top(max(tokens))
    return {
        "labels": labels, "tokens": tokens, "top": top,
        "day_chart": columns([[n] for n in tokens], top=top) if len(labels) > 1 else None,
        "found": found, "span": span, "spans": [(one, _LABELS[one]) for one in DAYS],
        "models": [(one, shares({"tokens": one.tokens}, total=most)) for one in models],
        "calls": sum(one.calls for one in found.members),
        "tokens_used": sum(one.tokens for one in found.members),
        "cost_nusd": sum(priced) if priced else None,
        "lacks_unpriced": any(one.lacks_unpriced for one in found.members),
        "holds_estimates": any(one.holds_estimates for one in found.members),
        "unread_days": sum(one.unread_days for one in found.members),
    }  # fmt: skip


ROUTES: Final = (page("/consumption", "consumption", _load, keep=("span",)),)
