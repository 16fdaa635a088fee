"""Light, dark, or as the system has it: a form and a cookie, so that it works without JavaScript.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from starlette.routing import Route

from toktui.server.pages.forms import form_of, go
from toktui.server.pages.reading import site_of
from toktui.server.pages.rendering import THEME_COOKIE

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

YEAR_S: Final = 365 * 86_400
_OWN_PAGE: Final = re.compile(r"/(?:[a-z-]+(?:/[a-z-]+)*)?(?:\?[A-Za-z0-9=&%+._-]*)?", re.ASCII)
"""Only paths of this site: a form cannot send a browser elsewhere."""


async def _choose(request: Request) -> Response:
    form = await form_of(request)
    back = form.get("back", "/")
    response = go(back if _OWN_PAGE.fullmatch(back) else "/")
    chosen = form.get("theme", "")
    if chosen in ("light", "dark"):
        response.set_cookie(
            THEME_COOKIE, chosen, max_age=YEAR_S, httponly=True, samesite="strict",
            secure=site_of(request).settings.is_secure,
        )  # fmt: skip
    else:
        response.delete_cookie(THEME_COOKIE)
    return response


ROUTES: Final = (Route("/theme", _choose, methods=["POST"]),)
