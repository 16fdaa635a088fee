"""The web pages: made on the server, without a line of JavaScript, asking nobody else for anything.
"""

from __future__ import annotations

from typing import Final

from toktui.server.pages import board, consumption, sign_in, static, team, theme, you
from toktui.server.pages.rendering import problem_page

ROUTES: Final = (
    *board.ROUTES, *consumption.ROUTES, *you.ROUTES, *team.ROUTES, *sign_in.ROUTES, *theme.ROUTES,
    *static.ROUTES,
)  # fmt: skip

__all__ = ["ROUTES", "problem_page"]
