"""The socket that a server listens on, opened first: an address that is taken is told at once."""

from __future__ import annotations

import ipaddress
import socket

from toktui.errors import ToktuiError, UsageError
from toktui.text import clean

Listening = socket.socket


def listen(host: str, port: int) -> socket.socket:
    """A socket on an address of this machine; port 0 is any. ToktuiError where it cannot be had."""
    try:
        family, _, _, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        return socket.create_server(address[:2], family=family)
    except (OSError, UnicodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is no address"
        raise ToktuiError(
            f"{clean(host, 100)}:{port} cannot be listened on: {why}.",
            "Name another --port or --host, or stop who listens there.",
        ) from error


def taken_over(handle: int) -> socket.socket:
    """A socket that who started us has opened. UsageError where it is none."""
    try:
        return socket.socket(fileno=handle)
    except (OSError, ValueError) as error:
        raise UsageError("--fd is no open socket.") from error


def checked_proxies(text: str) -> str:
    """Addresses and networks, as uvicorn takes them. UsageError for anything else.

    Not `*`: then everybody could say for whom he asks, and no limit would hold.
    """
    parts = [part.strip() for part in text.split(",")]
    try:
        for part in parts:
            ipaddress.ip_network(part, strict=False)
    except ValueError as error:
        raise UsageError(
            "--proxy is no address.", "Such as 10.0.0.5, or 10.0.0.0/24; several with commas."
        ) from error
    return ",".join(parts)
