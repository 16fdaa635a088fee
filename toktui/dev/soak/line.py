"""HTTP/1.1 on one kept connection, and no more of it than the load needs."""

from __future__ import annotations

import asyncio
import contextlib
from typing import NamedTuple


class LostError(Exception):
    """The connection ended before an answer came: nobody knows what became of the request."""


class Answer(NamedTuple):
    """What came back."""

    status: int
    headers: dict[str, str]
    body: bytes


class Line:
    """A connection to a port here; opened again when it was lost."""

    def __init__(self, port: int, host: str) -> None:
        self.port, self._host = port, host
        self._open: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def ask(
        self, method: str, target: str, body: bytes = b"", headers: dict[str, str] | None = None
    ) -> Answer:
        """Sends one request. LostError if no whole answer comes."""
        lines = [f"{method} {target} HTTP/1.1", f"Host: {self._host}",
                 f"Content-Length: {len(body)}"]  # fmt: skip
        lines += [f"{key}: {value}" for key, value in (headers or {}).items()]
        try:
            async with asyncio.timeout(30):
                if self._open is None:
                    self._open = await asyncio.open_connection("127.0.0.1", self.port)
                reader, writer = self._open
                writer.write("\r\n".join(lines).encode() + b"\r\n\r\n" + body)
                return await self._answer(reader)
        except (OSError, EOFError, TimeoutError, ValueError) as error:
            self.close()
            raise LostError(type(error).__name__) from error

    async def _answer(self, reader: asyncio.StreamReader) -> Answer:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        headers = {
            key.lower(): value.strip() for key, _, value in (one.partition(":") for one in head[1:])
        }
        status = int(head[0].split()[1])
        size = 0 if status == 304 else int(headers.get("content-length", "0"))
        body = await reader.readexactly(size)
        if headers.get("connection") == "close":
            self.close()
        return Answer(status, headers, body)

    def close(self) -> None:
        """Hangs up."""
        if self._open is not None:
            self._open[1].close()
            self._open = None

    async def closed(self) -> None:
        """Hangs up, and waits until that is done."""
        if self._open is not None:
            writer = self._open[1]
            self.close()
            with contextlib.suppress(OSError):
                await writer.wait_closed()
