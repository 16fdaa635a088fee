"""HTTP/1.1 on one socket, for strangers: what does not come in time is dropped.

uvicorn bounds how long an idle connection is kept, not how long a request may take to arrive or an
answer to be fetched, and answers what is no HTTP in plain text.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import h11
import msgspec
from uvicorn.protocols.http.h11_impl import H11Protocol

from toktui.server.refusal import Refused

if TYPE_CHECKING:
    import asyncio

MOST_CONNECTIONS: Final = 512
"""Of a process; more are closed without an answer."""
FIRST_S: Final = 6
"""Seconds in which the head of the first request must be here."""
WHOLE_S: Final = 60
"""Seconds for a request with its answer, and for what lies between two requests."""


class BoundedConnection(H11Protocol):
    """One connection with a deadline for each of its phases."""

    _deadline: asyncio.TimerHandle | None = None
    _timed: object = None

    def connection_made(self, transport: asyncio.Transport) -> None:
        """Counts the connection; one too many is closed."""
        super().connection_made(transport)
        if len(self.connections) > MOST_CONNECTIONS:
            transport.abort()
        else:
            self._within(FIRST_S)

    def connection_lost(self, exc: Exception | None) -> None:
        """Ends the deadline with the connection."""
        self._within(None)
        super().connection_lost(exc)

    def handle_events(self) -> None:
        """Gives a request that has begun its own time."""
        super().handle_events()
        if self.cycle is not self._timed and not self.cycle.response_complete:
            self._timed = self.cycle
            self._within(WHOLE_S)

    def on_response_complete(self) -> None:
        """The rest of this request, and the next, have their time from here."""
        self._within(WHOLE_S)
        super().on_response_complete()

    def send_400_response(self, msg: str) -> None:
        """Answers what is no HTTP as every other error is answered, where an answer is possible."""
        del msg
        body = msgspec.json.encode(Refused("bad_request").problem)
        head = [("Content-Type", "application/problem+json"), ("Connection", "close"),
                ("Content-Length", str(len(body)))]  # fmt: skip
        refusal = h11.Response(status_code=400, headers=head, reason=b"Bad Request")
        try:
            for event in (refusal, h11.Data(data=body), h11.EndOfMessage()):
                self.transport.write(self.conn.send(event) or b"")
        except h11.LocalProtocolError:
            # An answer is on its way already.
            self.transport.abort()
        else:
            self.transport.close()

    def _within(self, seconds: float | None) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
        self._deadline = (
            None if seconds is None else self.loop.call_later(seconds, self.transport.abort)
        )
