"""A model server on the loopback address that remembers what it answered.

It speaks Anthropic Messages, OpenAI Responses and Chat Completions, and Gemini. The counts of each
answer are made from its number, so that every answer can be known again in a log.
"""

from __future__ import annotations

import gzip
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any, Final, cast

import msgspec

from toktui.dev.clients.replies import ANTHROPIC, CHAT, GEMINI, RESPONSES, Asked, Reply
from toktui.model import Tokens

if TYPE_CHECKING:
    from toktui.dev.clients.replies import Protocol

_PAUSE_S: Final = 1.5


class Answer(msgspec.Struct):
    """One request that the server answered."""

    number: int
    model: str
    tokens: Tokens
    side: bool
    """No tools were offered: a title, a summary, a check; not a turn of the session."""
    whole: bool = False
    """The client took the answer to its end."""
    hurried: bool = False
    """It was answered while the user was about to interrupt."""


class Provider:
    """The server; a context manager that serves while it is open."""

    def __init__(self) -> None:
        self.answers: list[Answer] = []
        self.slowly = False
        """Answers take so long that the user can interrupt them."""
        self._guard = threading.Lock()
        provider = self

        class Handler(_Handler):
            model_server = provider

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._closing = threading.Event()

    @property
    def url(self) -> str:
        """Where it listens, without a path."""
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> Provider:
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._closing.set()
        self._server.shutdown()
        self._server.server_close()

    def begin(self, protocol: Protocol, asked: Asked) -> tuple[Answer, Reply]:
        """Numbers a request and makes its answer."""
        with self._guard:
            number = len(self.answers) + 1
            reply = protocol.reply(asked, number)
            answer = Answer(
                number, asked.model, reply.tokens, side=not asked.tools, hurried=self.slowly
            )
            self.answers.append(answer)
        return answer, reply

    def pause(self) -> None:
        """Lets the user of a slow answer think."""
        self._closing.wait(_PAUSE_S)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    model_server: Provider

    def log_message(self, format: str, *args: Any) -> None:
        del format, args

    def do_HEAD(self) -> None:
        self._send(b"")

    def do_GET(self) -> None:
        models = [{"id": name, "object": "model"} for name in ("gpt-5.4", "fake-model")]
        self._send(json.dumps({"object": "list", "data": models, "models": []}).encode())

    def do_POST(self) -> None:
        body = self._body()
        path = self.path.split("?")[0]
        if "count_tokens" in path or "countTokens" in path:
            self._send(b'{"input_tokens":1234,"totalTokens":1234}')
            return
        for protocol in (ANTHROPIC, RESPONSES, CHAT, GEMINI):
            if protocol.answers(path):
                asked = protocol.asked(self.path, body)
                break
        else:
            self._send(b"{}")
            return
        answer, reply = self.model_server.begin(protocol, asked)
        try:
            self._answer(reply, slowly=self.model_server.slowly)
        except OSError:
            self.close_connection = True
            return
        answer.whole = True

    def _answer(self, reply: Reply, *, slowly: bool) -> None:
        if not reply.streamed:
            self._send(json.dumps(reply.events[0][1]).encode(), reply.headers)
            return
        self.send_response(200)
        self.send_header("content-type", "text/event-stream")
        self.send_header("connection", "close")
        for name, value in reply.headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.close_connection = True
        for event, data in reply.events:
            if slowly:
                self.model_server.pause()
            text = data if isinstance(data, str) else json.dumps(data)
            head = f"event: {event}\n" if event else ""
            self.wfile.write(f"{head}data: {text}\n\n".encode())
            self.wfile.flush()

    def _send(self, data: bytes, headers: dict[str, str] | None = None) -> None:
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(data)))
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(data)

    def _body(self) -> dict[str, Any]:
        if self.headers.get("transfer-encoding") == "chunked":
            data = b""
            while size := int(self.rfile.readline().strip() or b"0", 16):
                data += self.rfile.read(size)
                self.rfile.readline()
            self.rfile.readline()
        else:
            data = self.rfile.read(int(self.headers.get("content-length") or 0))
        packing = self.headers.get("content-encoding")
        if packing == "gzip":
            data = gzip.decompress(data)
        elif packing == "zstd":
            import zstandard

            data = zstandard.ZstdDecompressor().decompressobj().decompress(data)
        try:
            found = json.loads(data)
        except ValueError:
            return {}
        return cast("dict[str, Any]", found) if isinstance(found, dict) else {}
