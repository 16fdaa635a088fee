"""Style and icon, under names that change with what they hold, so that browsers keep them for ever.
"""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

from starlette.responses import Response
from starlette.routing import Route

from toktui.server.refusal import Refused

if TYPE_CHECKING:
    from starlette.requests import Request

FOLDER: Final = Path(__file__).parents[1] / "static"
_MEDIA: Final = {".css": "text/css", ".svg": "image/svg+xml"}


class _File(NamedTuple):
    body: bytes
    media_type: str


@cache
def _files() -> dict[str, _File]:
    """By the names under which browsers ask for them."""
    return {
        _named(path): _File(path.read_bytes(), _MEDIA[path.suffix])
        for path in sorted(FOLDER.iterdir()) if path.suffix in _MEDIA
    }  # fmt: skip


def _named(path: Path) -> str:
    return f"{path.stem}.{hashlib.sha256(path.read_bytes()).hexdigest()[:12]}{path.suffix}"


@cache
def address(name: str) -> str:
    """Where a file of `static/` is found: `/static/board.1a2b3c4d5e6f.css`."""
    return f"/static/{_named(FOLDER / name)}"


async def _serve(request: Request) -> Response:
    found = _files().get(str(request.path_params["name"]))
    if found is None:
        raise Refused("not_found")
    return Response(
        found.body, media_type=found.media_type,
        headers={"Cache-Control": "public, max-age=31536000, immutable"},
    )  # fmt: skip


ROUTES: Final = (Route("/static/{name}", _serve),)
