"""What a running server knows beside its database."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from toktui import clock

if TYPE_CHECKING:
    from collections.abc import Callable

DEFAULT_URL: Final = "http://127.0.0.1:8765"


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
        """Host and port of the address."""
        return urlsplit(self.url).netloc

    @property
    def origin(self) -> str:
        """The address as browsers name it in `Origin`: lower case, without the scheme's own port.
        """
        parts = urlsplit(self.url.lower())
        own_port = ":443" if parts.scheme == "https" else ":80"
        return f"{parts.scheme}://{parts.netloc.removesuffix(own_port)}"

    @property
    def is_secure(self) -> bool:
        """Whether members come over TLS."""
        return self.url.startswith("https://")
