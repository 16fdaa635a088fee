"""Templates, and how they write numbers and times. Every value is escaped where it is put in."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal, cast

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.responses import HTMLResponse

from toktui import rounding
from toktui.server.pages.static import address
from toktui.server.zones import zone_named

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from toktui.server.refusal import Refused

Theme = Literal["light", "dark", ""]
THEME_COOKIE: Final = "toktui_theme"
FRESH: Final = {"Cache-Control": "no-store", "Vary": "Cookie"}
"""Headers of a page that is made anew for each request."""


def dollars(nusd: int | None) -> str:
    """`$12.34`, from ten thousand on without cents; what is less than a cent is not nothing."""
    if nusd is None:
        return rounding.UNKNOWN
    if 0 < nusd < 5_000_000:
        return "<$0.01"
    value = nusd / 1e9
    return f"${value:,.0f}" if value >= 9_999.995 else f"${value:,.2f}"


def compared(ratio: float | None) -> str:
    """`12 % less`, `8 % more`, `as usual`; `–` where it is not known."""
    if ratio is None:
        return rounding.UNKNOWN
    share = round(abs(ratio - 1) * 100)
    if share == 0:
        return "as usual"
    return f"{share:,} % {'less' if ratio < 1 else 'more'}"


def short_day(day: str) -> str:
    """`21 Nov`."""
    found = date.fromisoformat(day)
    return f"{found.day} {found:%b}"


def moment(at_ms: int | None, zone: str) -> str:
    """`2026-11-21 14:05`, in a zone."""
    if at_ms is None:
        return rounding.UNKNOWN
    at = datetime.fromtimestamp(at_ms / 1000, UTC).astimezone(zone_named(zone))
    return f"{at:%Y-%m-%d %H:%M}"


def theme_of(request: Request) -> Theme:
    """What the visitor chose; empty is the system's."""
    found = request.cookies.get(THEME_COOKIE, "")
    return cast("Theme", found) if found in ("light", "dark") else ""


def render(name: str, request: Request, **values: Any) -> bytes:
    """The bytes of a page."""
    common = {"page": name, "theme": theme_of(request), "reader": None, "back": "/", "token": ""}
    return _templates.get_template(f"{name}.html").render({**common, **values}).encode()


def problem_page(request: Request, refused: Refused) -> Response:
    """An error as people read it."""
    problem = refused.problem
    body = render("problem", request, problem=problem)
    return HTMLResponse(body, problem.status, headers=FRESH)


_templates: Final = Environment(
    loader=FileSystemLoader(Path(__file__).parents[1] / "templates"), autoescape=True,
    undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True, auto_reload=False,
)  # fmt: skip
_FILTERS: Final[dict[str, Any]] = {
    "dollars": dollars, "tokens": rounding.tokens, "percent": rounding.percent, "day": short_day,
    "moment": moment, "compared": compared,
}  # fmt: skip
_templates.filters.update(_FILTERS)
_templates.globals["static"] = address
