"""What a running server knows beside its database."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from toktui import clock
from toktui.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable

DEFAULT_URL: Final = "http://127.0.0.1:8765"


def checked_url(url: str) -> str:
    """The address at which members reach the server. UsageError if it is none, or has a path."""
    try:
        parts = urlsplit(url.strip())
        is_one = parts.scheme in ("http", "https") and bool(parts.hostname) and "@" not in url
        _ = parts.port
    except ValueError:
        is_one, parts = False, urlsplit("")
    if not is_one or parts.path not in ("", "/") or parts.query or parts.fragment:
        raise UsageError(
            "--url is no address of a board.", "Such as https://board.example.com, without a path."
        )
    return f"{parts.scheme}://{parts.netloc}"


@dataclass(frozen=True)
class Settings:
    """`url` is the address at which members reach the server: signatures are for its host.

    `rate` multiplies how often one device or address may ask.
    """

    url: str = DEFAULT_URL
    rate: float = 1.0
    now_ms: Callable[[], int] = field(default=clock.now_ms)

    @property
    def host(self) -> str:
        """Host and port, as devices sign for them."""
        return self.origin.partition("://")[2]

    @property
    def origin(self) -> str:
        """The address as browsers name it in `Origin`, and devices write it: lower case, without
        the scheme's own port."""
        parts = urlsplit(self.url.lower())
        own_port = ":443" if parts.scheme == "https" else ":80"
        return f"{parts.scheme}://{parts.netloc.removesuffix(own_port)}"

    @property
    def is_secure(self) -> bool:
        """Whether members come over TLS."""
        return self.url.startswith("https://")
