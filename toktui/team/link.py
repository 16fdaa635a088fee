"""The address that signs a browser in as this device: good once, for a minute."""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from toktui.team.http import nonsense
from toktui.team.joining import CODE
from toktui.team.wire.messages import Link

if TYPE_CHECKING:
    from toktui.team.http import Server

_PATH: Final = re.compile(r"/sign-in/[A-Za-z0-9_-]{20,100}", re.ASCII)


def code_of(link: Link) -> str:
    """A code that people copy into a command. ServerError for what is none: a shell might obey it.
    """
    if not CODE.fullmatch(link.value):
        raise nonsense("The server gave no code.")
    return link.value


def sign_in_address(server: Server, url: str) -> str:
    """Asks the server for an address, by a signed request.

    What a server says is not opened as it is: only its path counts, and it must be one that signs
    in. `url` is the team's address, as the user gave it.
    """
    said = server.ask("POST", "/v1/logins").as_(Link).value
    try:
        path = urlsplit(said).path
    except ValueError:
        path = ""
    if not _PATH.fullmatch(path):
        raise nonsense("The server gave no address that signs in.")
    return f"{url}{path}"


def open_browser(address: str, environ: Mapping[str, str]) -> bool:
    """Shows the address in the user's browser; whether there is one with a screen."""
    if sys.platform != "darwin" and not (environ.get("DISPLAY") or environ.get("WAYLAND_DISPLAY")):
        return False
    import webbrowser  # noqa: PLC0415  slow, and rarely needed

    try:
        return webbrowser.open(address)
    except webbrowser.Error:
        return False
