"""One request to the team's server: signed, no redirects, TLS verified, no proxy, bounded answer.

The only module that opens a connection, and only to a server that the user named.
"""

from __future__ import annotations

import http.client
import ipaddress
import ssl
from typing import TYPE_CHECKING, Final, NamedTuple, TypeVar
from urllib.parse import urlsplit

import msgspec

from toktui import VERSION
from toktui.errors import ToktuiError, UsageError
from toktui.team.wire.messages import Problem
from toktui.team.wire.signing import DEVICE, NEW_DEVICE, SIGNATURE, TIME, sign, signed_string
from toktui.text import clean

if TYPE_CHECKING:
    from collections.abc import Callable

TIMEOUT_S: Final = 20
MOST_ANSWER: Final = 64 * 1024 * 1024
T = TypeVar("T")


class ServerError(ToktuiError):
    """The server refused, or was not reached; `code` is of `messages.CODES`, or `network`."""

    def __init__(
        self, code: str, what: str, hint: str = "", problem: Problem | None = None
    ) -> None:
        super().__init__(what, hint)
        self.code = code
        self.problem = problem


class Answer(NamedTuple):
    """Status and body."""

    status: int
    body: bytes

    def as_(self, kind: type[T]) -> T:
        """The body as a message; ServerError if it is none."""
        try:
            return msgspec.json.decode(self.body, type=kind)
        except (msgspec.DecodeError, UnicodeError) as error:
            raise ServerError("network", "The answer is not that of a toktui server.") from error


def checked_url(url: str, *, allow_http: bool) -> str:
    """The address without a slash at its end. UsageError for one that is not safe to send to."""
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.username:
        raise UsageError("The address must be such as https://board.example.com.")
    if parts.scheme == "http" and not (allow_http and _is_near(parts.hostname)):
        raise UsageError(
            "Plain http can be read and changed on its way.",
            "Use https; --allow-http is for this machine and private networks.",
        )
    return f"{parts.scheme}://{parts.netloc}"


def _is_near(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_private
    except ValueError:
        return False


class Server:
    """A server at an address, spoken to as a device."""

    def __init__(
        self, url: str, now_ms: Callable[[], int], *, key: bytes | None = None,
        device: str = NEW_DEVICE,
    ) -> None:  # fmt: skip
        self._url = urlsplit(url)
        self._now_ms = now_ms
        self._key, self._device = key, device

    def ask(self, method: str, target: str, message: object = b"") -> Answer:
        """Sends bytes as they are, or a message as JSON. ServerError where it is refused."""
        body = message if isinstance(message, bytes) else msgspec.json.encode(message)
        headers = {"Content-Type": "application/json", "User-Agent": f"toktui/{VERSION}"}
        if self._key is not None:
            headers |= self._signature(self._key, method, target, body)
        answer = self._send(method, target, body, headers)
        if 200 <= answer.status < 300:
            return answer
        raise _refusal(answer)

    def _signature(self, key: bytes, method: str, target: str, body: bytes) -> dict[str, str]:
        at = self._now_ms() // 1000
        message = signed_string(
            method=method, host=self._url.netloc, target=target, body=body, device=self._device,
            unix_time=at,
        )
        return {DEVICE: self._device, TIME: str(at), SIGNATURE: sign(key, message)}

    def _send(self, method: str, target: str, body: bytes, headers: dict[str, str]) -> Answer:
        connection = self._connection()
        try:
            connection.request(method, target, body, headers)
            response = connection.getresponse()
            content = response.read(MOST_ANSWER + 1)
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise ServerError(
                "network", f"{self._url.netloc} was not reached: {clean(str(error))}",
                "What waits is sent later.",
            ) from error
        finally:
            connection.close()
        if len(content) > MOST_ANSWER:
            raise ServerError("network", "The answer is too large.")
        return Answer(response.status, content)

    def _connection(self) -> http.client.HTTPConnection:
        host, port = self._url.hostname or "", self._url.port
        if self._url.scheme == "https":
            context = ssl.create_default_context()
            return http.client.HTTPSConnection(host, port, timeout=TIMEOUT_S, context=context)
        return http.client.HTTPConnection(host, port, timeout=TIMEOUT_S)


def _refusal(answer: Answer) -> ServerError:
    try:
        problem = msgspec.json.decode(answer.body, type=Problem)
    except (msgspec.DecodeError, UnicodeError):
        # A redirect, a proxy's page, another program.
        code = "network" if answer.status >= 500 or answer.status in (408, 425, 429) else "refused"
        return ServerError(code, f"The server answered {answer.status}.")
    text = f"{problem.title} {problem.detail}".strip()
    return ServerError(clean(problem.code, 40), clean(text, 300), problem=problem)
