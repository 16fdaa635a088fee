"""What listed members consumed, where an owner has switched the page on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from toktui.server.charts import shares
from toktui.server.consumption import DAYS, load_consumption
from toktui.server.pages.reading import page

if TYPE_CHECKING:
    from sqlalchemy import Connection
    from starlette.requests import Request

    from toktui.server.people import Speaker

USUAL_SPAN: Final = "28 days"
_LABELS: Final = {"day": "Today", "week": "7 days", "28 days": "28 days"}


def _load(db: Connection, who: Speaker, request: Request, now_ms: int) -> dict[str, Any]:
    span = request.query_params.get("span", USUAL_SPAN)
    found = load_consumption(db, who, span, now_ms)
    models = sorted(found.models, key=lambda one: -one.tokens)
    most = max((one.tokens for one in models), default=0)
    return {
        "found": found, "span": span, "spans": [(one, _LABELS[one]) for one in DAYS],
        "models": [(one, shares({"tokens": one.tokens}, total=most)) for one in models],
        "calls": sum(one.calls for one in found.members),
        "tokens_used": sum(one.tokens for one in found.members),
    }  # fmt: skip


ROUTES: Final = (page("/consumption", "consumption", _load, keep=("span",)),)
