"""A device in a team, and a server that answers as it is told to."""

from __future__ import annotations

import json
import threading
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import msgspec
import pytest
from click.testing import CliRunner

from tests.cli.conftest import Logs
from toktui.cli import main, start
from toktui.clock import day_label, iso
from toktui.ingest.context import Context
from toktui.store.connect import connect_reader
from toktui.team import identity
from toktui.team.joining import KEYS
from toktui.team.membership import Membership
from toktui.team.rounds import Round, run_round
from toktui.team.state import TeamState, load_state
from toktui.team.team_file import open_team_file
from toktui.team.wire.document import digest, schema_hash
from toktui.team.wire.messages import CODES
from toktui.team.wire.signing import new_key
from toktui.zones import ZoneInfo

NOW = 1_795_357_925_000
"""2026-11-22 14:32:05 UTC, a Sunday."""
DAY_MS = 86_400_000
TEAM, DEVICE, MEMBER = "t_" + "a" * 16, "d_" + "b" * 16, "m_" + "c" * 16
Reply = tuple[int, bytes, dict[str, str]]
BOARD = {
    "schema": "toktui.board/1", "team": "Shop", "zone": "UTC", "since": "2026-10-25",
    "until": "2026-11-21", "members": 0, "counted": 0, "standings": [], "you": None,
}  # fmt: skip
INFO = {
    "team": TEAM, "name": "Shop", "zone": "UTC", "today": "2026-11-22", "retention_days": 400,
    "backfill_days": 35, "schema": schema_hash(), "consumption": False, "kind": "invite",
}  # fmt: skip


def problem(code: str, **more: Any) -> Reply:
    """What a toktui server says when it refuses."""
    status, title = CODES.get(code, (422, "No."))
    said = {"type": "about:blank", "title": title, "status": status, "code": code, **more}
    return status, json.dumps(said).encode(), {}


@dataclass
class Told:
    """A server: takes every document that has a higher revision, unless it was told what to say."""

    url: str
    says: deque[Reply | Callable[[str, str, bytes], Reply]] = field(default_factory=deque)
    heard: list[tuple[str, str, bytes]] = field(default_factory=list)
    days: dict[str, tuple[int, bytes]] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)

    def answer(self, method: str, path: str, body: bytes) -> Reply:
        self.heard.append((method, path, body))
        if self.says:
            said = self.says.popleft()
            return said if isinstance(said, tuple) else said(method, path, body)
        return self.honest(method, path, body)

    def honest(self, method: str, path: str, body: bytes) -> Reply:
        if path == "/v1/boards/main":
            return 200, json.dumps(BOARD).encode(), {}
        if path == "/v1/team":
            return 200, json.dumps(INFO).encode(), {}
        if method == "GET":
            since = path.partition("?since=")[2]
            held = [{"day": day, "rev": rev, "sha256": digest(body)}
                    for day, (rev, body) in sorted(self.days.items()) if day >= since]  # fmt: skip
            return 200, json.dumps({"days": held}).encode(), {}
        if method == "PUT":
            return self._take(body)
        class Batch(msgspec.Struct):
            documents: list[msgspec.Raw]

        items = []
        for raw in msgspec.json.decode(body, type=Batch).documents:
            status, said, _ = self._take(bytes(raw))
            items.append({"status": status, "receipt" if status == 200 else "problem":
                          json.loads(said)})  # fmt: skip
        return 200, json.dumps({"items": items}).encode(), {}

    def _take(self, body: bytes) -> Reply:
        document = json.loads(body)
        day, rev = document["day"], document["rev"]
        known = self.days.get(day)
        result = "stored"
        if known is not None and known[1] == body:
            result = "unchanged"
        elif known is not None and rev <= known[0]:
            return problem("revision", rev=known[0], sha256=digest(known[1]))
        self.days[day] = (rev, body)
        receipt = {"day": day, "rev": rev, "sha256": digest(body), "result": result, "flags": []}
        return 200, json.dumps(receipt).encode(), {}

    @property
    def sent(self) -> list[bytes]:
        """The bodies that told of days."""
        return [body for method, path, body in self.heard if "/v1/days" in path and method != "GET"]

    def calls_of(self, day: str) -> int:
        return sum(row["calls"] for row in json.loads(self.days[day][1])["rows"])


@pytest.fixture
def told(loopback: None) -> Iterator[Told]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def reply(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
            status, said, headers = server.answer(self.command, self.path, body)
            self.send_response_only(status)
            length = {"Content-Length": str(len(said))}
            for name, value in {**length, **server.headers, **headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(said)

        do_GET = do_PUT = do_POST = do_DELETE = reply

        def log_message(self, format: str, *args: Any) -> None:
            del format, args

    class Listening(ThreadingHTTPServer):
        def handle_error(self, request: Any, client_address: Any) -> None:
            """Whoever asked may be gone: he is killed in some tests."""

    listening = Listening(("127.0.0.1", 0), Handler)
    listening.daemon_threads = True
    server = Told(f"http://127.0.0.1:{listening.server_port}")
    thread = threading.Thread(target=listening.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    yield server
    listening.shutdown()
    listening.server_close()


@dataclass
class Device:
    """A toktui with a store of its own that is in a team."""

    logs: Logs
    data: Path
    url: str
    now_ms: int = NOW

    def call(self, days_ago: float = 0, **usage: Any) -> None:
        """One call so long ago."""
        self.logs.call(at=iso(round(self.now_ms - days_ago * DAY_MS) - 60_000), **usage)

    def sync(self) -> None:
        self.run("sync")

    def run(self, *args: str, exit_code: int = 0) -> Any:
        result = CliRunner().invoke(main, list(args))
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        assert result.exit_code == exit_code, result.output
        return result

    def join(self, **changes: Any) -> Membership:
        """As if it had joined just now."""
        self.data.mkdir(exist_ok=True)
        key = new_key()
        identity.create_private(self.data / KEYS)
        path = self.data / KEYS / "k.key"
        if not path.exists():
            path.touch(0o600)
            path.write_bytes(key)
        values = {
            "url": self.url, "allow_http": True, "team": TEAM, "team_name": "Shop", "zone": "UTC",
            "member": MEMBER, "device": DEVICE, "role": "member", "pepper": "0" * 64,
            "first_day": day_label(self.now_ms - 35 * DAY_MS, ZoneInfo("UTC")),
            "retention_days": 400, "appearance": "hidden", "name": "", "shares": (),
            "schema": schema_hash(), "consented_ms": self.now_ms, "key_place": "file",
            "key_name": "k",
        }  # fmt: skip
        made = Membership(**{**values, **changes})
        with open_team_file(self.data, make=True) as file:
            file.remember(made)
        return made

    def round(self, **options: Any) -> Round:
        """One round, with the calls that there are."""
        self.sync()
        db = connect_reader(self.data / "toktui.db")
        try:
            with open_team_file(self.data) as file:
                return run_round(db, file, self.data, now_ms=lambda: self.now_ms, **options)
        finally:
            db.close()

    @property
    def state(self) -> TeamState:
        found = load_state(self.data)
        assert found is not None
        return found


def results(device: Device, **options: object) -> dict[str, str]:
    """What became of each day in one round."""
    return {one.day: one.result for one in device.round(**options).outcomes}


@pytest.fixture
def device(
    home: Path, tmp_path: Path, told: Told, monkeypatch: pytest.MonkeyPatch
) -> Device:
    made = Device(Logs(home), tmp_path / "data", told.url)
    open_context = start.open_context

    def at_its_time() -> Context:
        context = open_context()
        context.now_ms = lambda: made.now_ms
        return context

    monkeypatch.setattr(start, "open_context", at_its_time)
    return made
