"""One request to the team's server: signed, no redirects, TLS verified, no proxy, bounded answer.

The only module that opens a connection, and only to a server that the user named.
"""

from __future__ import annotations

import http.client
import ipaddress
import socket
import ssl
import threading
import time
from contextlib import contextmanager, suppress
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Final, NamedTuple, TypeVar
from urllib.parse import urlsplit

import msgspec

from toktui import VERSION
from toktui.errors import ToktuiError, UsageError
from toktui.team.wire.messages import Problem
from toktui.team.wire.signing import DEVICE, NEW_DEVICE, SIGNATURE, TIME, sign, signed_string
from toktui.text import clean

if TYPE_CHECKING:
    from collections.abc import Callable, Generator
    from urllib.parse import SplitResult

SILENCE_S: Final = 20
"""How long a server may say nothing."""
LONGEST_S: Final = 120
"""How long a request may take in all, however slowly an answer trickles in."""
MOST_ANSWER: Final = 4 * 1024 * 1024
MOST_EXPORT: Final = 256 * 1024 * 1024
_PORTS: Final = {"http": 80, "https": 443}
T = TypeVar("T")


class ServerError(ToktuiError):
    """The server refused, or was not reached.

    `code` is of `messages.CODES`; `network` where there was no answer, `nonsense` where it was not
    that of a toktui server. `retry_s` is how long the server asks us to stay away.
    """

    def __init__(
        self, code: str, what: str, hint: str = "", problem: Problem | None = None,
        retry_s: int | None = None,
    ) -> None:  # fmt: skip
        super().__init__(what, hint)
        self.code = code
        self.problem = problem
        self.retry_s = retry_s


class Answer(NamedTuple):
    """Status, body, and the server's time (UTC milliseconds) if it said one."""

    status: int
    body: bytes
    date_ms: int | None = None
    retry_s: int | None = None

    def as_(self, kind: type[T]) -> T:
        """The body as a message; ServerError if it is none."""
        try:
            return msgspec.json.decode(self.body, type=kind)
        except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
            raise nonsense("What the server answered cannot be read.") from error


_sleep: Final = time.sleep


def nonsense(what: str) -> ServerError:
    """What is said of an answer that no toktui server gives."""
    return ServerError("nonsense", what, "Is it the address of a toktui board, and up to date?")


def checked_url(url: str, *, allow_http: bool) -> str:
    """The address as the server knows itself: lower case, no slash at its end, no usual port.

    UsageError for one that is not safe to send to.
    """
    try:
        parts = urlsplit(url.strip())
        host, port = parts.hostname, parts.port
    except ValueError:
        raise _no_address() from None
    if parts.scheme not in _PORTS or not host or "@" in parts.netloc or not host.isascii():
        raise _no_address()
    if parts.path not in ("", "/") or parts.query or parts.fragment:
        raise UsageError("The address has more than a host.", "Such as https://board.example.com.")
    if parts.scheme == "http" and not (allow_http and _is_near(host)):
        raise UsageError(
            "Plain http can be read and changed on its way.",
            "Use https; --allow-http is for this machine and private networks.",
        )
    named = f"[{host}]" if ":" in host else host
    usual = port in (None, _PORTS[parts.scheme])
    return f"{parts.scheme}://{named}{'' if usual else f':{port}'}"


def _no_address() -> UsageError:
    return UsageError("URL is no address of a board.", "Such as https://board.example.com.")


def _is_near(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_private
    except ValueError:
        return False


class Server:
    """A server at an address, spoken to as a device. `clock_off_ms` is how far its clock was from
    ours when it answered last; None before."""

    def __init__(
        self, url: str, now_ms: Callable[[], int], *, key: bytes | None = None,
        device: str = NEW_DEVICE,
    ) -> None:  # fmt: skip
        self._url = urlsplit(url)
        self._now_ms = now_ms
        self._key, self._device = key, device
        self.clock_off_ms: int | None = None

    def ask(
        self, method: str, target: str, message: object = b"", *, most: int = MOST_ANSWER
    ) -> Answer:
        """Sends bytes as they are, or a message as JSON. ServerError where it is refused."""
        body = message if isinstance(message, bytes) else msgspec.json.encode(message)
        try:
            return self._ask(method, target, body, most)
        except ServerError as error:
            if error.code != "replayed":
                raise
        # Signed for this second, the same was asked before, say twice in a script: in the next
        # second it is another request.
        _sleep(1.0 - self._now_ms() % 1000 / 1000)
        return self._ask(method, target, body, most)

    def _ask(self, method: str, target: str, body: bytes, most: int) -> Answer:
        headers = {"Content-Type": "application/json", "User-Agent": f"toktui/{VERSION}"}
        if self._key is not None:
            headers |= self._signature(self._key, method, target, body)
        answer = self._send(method, target, body, headers, most)
        if answer.date_ms is not None:
            self.clock_off_ms = self._now_ms() - answer.date_ms
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

    def _send(
        self, method: str, target: str, body: bytes, headers: dict[str, str], most: int
    ) -> Answer:
        connection = _connection(self._url)
        try:
            connection.connect()
            with _no_longer_than(LONGEST_S, connection):
                connection.request(method, target, body, headers)
                response = connection.getresponse()
                content = response.read(most + 1)
        except ssl.SSLCertVerificationError as error:
            raise ServerError(
                "network",
                f"The certificate of {self._url.netloc} is not trusted: "
                f"{clean(str(error.verify_message))}.",
            ) from error
        except (OSError, http.client.HTTPException, ValueError) as error:
            said = error.strerror if isinstance(error, OSError) else str(error)
            why = clean(said or str(error)) or type(error).__name__
            raise ServerError("network", f"{self._url.netloc} was not reached: {why}") from error
        finally:
            connection.close()
        if len(content) > most:
            raise nonsense("The answer is too large.")
        said = response.headers
        date_ms, retry_s = _date_ms(said["Date"]), _retry_s(said["Retry-After"])
        return Answer(response.status, content, date_ms, retry_s)


def _connection(url: SplitResult) -> http.client.HTTPConnection:
    host, port = url.hostname or "", url.port
    if url.scheme == "https":
        context = ssl.create_default_context()
        return http.client.HTTPSConnection(host, port, timeout=SILENCE_S, context=context)
    return http.client.HTTPConnection(host, port, timeout=SILENCE_S)


@contextmanager
def _no_longer_than(seconds: float, connection: http.client.HTTPConnection) -> Generator[None]:
    """Hangs up after so long; each byte that comes would prolong the connection's own limit."""

    def hang_up() -> None:
        late.set()
        with suppress(OSError):
            open_socket.shutdown(socket.SHUT_RDWR)

    open_socket: socket.socket = connection.sock
    late = threading.Event()
    timer = threading.Timer(seconds, hang_up)
    timer.daemon = True
    timer.start()
    try:
        yield
        if late.is_set():
            raise TimeoutError(f"no whole answer in {seconds:.0f} s")
    finally:
        timer.cancel()


def _date_ms(text: str | None) -> int | None:
    try:
        return round(parsedate_to_datetime(text or "").timestamp() * 1000)
    except (ValueError, TypeError, OverflowError):
        return None


def _retry_s(text: str | None) -> int | None:
    text = (text or "").strip()
    return int(text) if text.isascii() and text.isdigit() and len(text) < 8 else None


def _refusal(answer: Answer) -> ServerError:
    try:
        problem = msgspec.json.decode(answer.body, type=Problem)
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        # A redirect, a proxy's page, another program.
        what = f"The server answered {answer.status}, and not as a toktui board does."
        moved = "It has moved: use its new address." if 300 <= answer.status < 400 else ""
        is_board = answer.status >= 500 or answer.status in (408, 425, 429)
        code = "network" if is_board else "nonsense"
        return ServerError(code, what, moved, retry_s=answer.retry_s)
    text = f"{problem.title} {problem.detail}".strip()
    return ServerError(
        clean(problem.code, 40), clean(text, 300), problem=problem, retry_s=answer.retry_s
    )
