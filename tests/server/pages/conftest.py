"""A made-up team behind a real HTTP server in this process, and browsers without a screen."""

from __future__ import annotations

import http.client
import re
import socket
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from html import unescape
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

import pytest
import uvicorn
from sqlalchemy import select, update

from toktui.server.app import create_app
from toktui.server.database import Database
from toktui.server.imagined import imagine
from toktui.server.people import Speaker, sign_in_address
from toktui.server.settings import Settings
from toktui.server.start import open_database
from toktui.server.tables import device, member

NOW_MS = 1_795_780_800_000
"""Friday 2026-11-27, 12:00 UTC."""


class Clock:
    """Stands still until it is told to go on."""

    now_ms = NOW_MS

    def __call__(self) -> int:
        return self.now_ms


@dataclass
class Answer:
    """What came back."""

    status: int
    headers: dict[str, str]
    cookies: list[str]
    text: str

    @property
    def words(self) -> str:
        """What a reader sees of a page, roughly."""
        return unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", self.text)))


@dataclass
class Harbour:
    """The team, its server and its clock."""

    database: Database
    owner: Speaker
    url: str
    clock: Clock
    origin: str

    def address(self, who: Speaker, **options: Any) -> str:
        """What `toktui team open` prints."""
        with self.database.write() as db:
            return sign_in_address(db, who, self.url, self.clock(), **options)

    def change(self, *statements: Any) -> None:
        """Changes days behind the server's back, and lets what it keeps of them be old."""
        with self.database.write() as db:
            for statement in statements:
                db.execute(statement)
            db.execute(update(member).values(changed=member.c.changed + 1))
        self.clock.now_ms += 5_000

    def people(self, appearance: str = "name") -> list[Speaker]:
        """Those who appear so, in the order of their names."""
        with self.database.read() as db:
            found = db.execute(
                select(member.c.id, member.c.role, device.c.id.label("device"))
                .join(device, device.c.member == member.c.id)
                .where(member.c.appearance == appearance).order_by(member.c.name, member.c.id)
            ).all()  # fmt: skip
        return [Speaker(self.owner.team, one.id, one.device, one.role, self.owner.zone)
                for one in found]  # fmt: skip

    def visitor(self, who: Speaker | None = None) -> Visitor:
        """A browser, signed in as somebody."""
        visitor = Visitor(self)
        if who is not None:
            answer = visitor.post(urlsplit(self.address(who)).path)
            assert answer.status == 303, answer.text
        return visitor


@dataclass
class Visitor:
    """Asks like a browser without scripts, and keeps cookies."""

    harbour: Harbour
    cookies: dict[str, str] = field(default_factory=dict)

    def get(self, path: str, headers: dict[str, str] | None = None) -> Answer:
        return self._ask("GET", path, None, headers or {})

    def post(self, path: str, headers: dict[str, str] | None = None, **form: str) -> Answer:
        """Sends a form as one of our pages would."""
        sent = {"Origin": self.harbour.origin,
                "Content-Type": "application/x-www-form-urlencoded", **(headers or {})}  # fmt: skip
        return self._ask("POST", path, urlencode(form).encode(), sent)

    def send(self, path: str, headers: dict[str, str] | None = None, **form: str) -> Answer:
        """The same with the token that the pages of this sign-in have."""
        return self.post(path, headers, token=self.token(), **form)

    def token(self) -> str:
        found = re.search(r'name="token" value="([0-9a-f]+)"', self.get("/you").text)
        assert found is not None
        return found[1]

    def _ask(self, method: str, path: str, body: bytes | None, headers: dict[str, str]) -> Answer:
        parts = urlsplit(self.harbour.url)
        connection = http.client.HTTPConnection("127.0.0.1", parts.port, timeout=20)
        try:
            cookie = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
            connection.request(method, path, body, {"Cookie": cookie, **headers})
            response = connection.getresponse()
            text = response.read().decode()
            set_cookies = response.headers.get_all("Set-Cookie") or []
        finally:
            connection.close()
        for one in set_cookies:
            name, _, rest = one.partition("=")
            value = rest.partition(";")[0].strip('"')
            self.cookies[name] = value
            if not value:
                del self.cookies[name]
        names = {name.lower(): value for name, value in response.headers.items()}
        return Answer(response.status, names, set_cookies, text)


@pytest.fixture
def harbour(tmp_path: Path, loopback: None, imagined: Path) -> Iterator[Harbour]:
    """A team of its own for a test that changes it."""
    (tmp_path / "board").mkdir()
    (tmp_path / "board/board.db").write_bytes(imagined.read_bytes())
    with running(tmp_path / "board") as found:
        yield found


@pytest.fixture(scope="session")
def imagined(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The database of the made-up team, made once."""
    folder = tmp_path_factory.mktemp("imagined")
    database = open_database(None, folder)
    imagine(database, NOW_MS)
    database.erase_traces()
    database.close()
    return folder / "board.db"


class running:
    """Serves the board in a folder until the block ends."""

    def __init__(
        self, folder: Path, url: str | None = None, *, database: str | None = None,
        rate: float = 10,
    ) -> None:
        self._database = open_database(database, folder)
        self._listening = socket.create_server(("127.0.0.1", 0))
        port = self._listening.getsockname()[1]
        clock = Clock()
        settings = Settings(url or f"http://127.0.0.1:{port}", now_ms=clock, rate=rate)
        config = uvicorn.Config(create_app(self._database, settings), log_config=None)
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._server.run, args=([self._listening],))
        with self._database.read() as db:
            row = db.execute(
                select(member.c.id, member.c.team, device.c.id.label("device"))
                .join(device, device.c.member == member.c.id).where(member.c.role == "owner")
            ).one()  # fmt: skip
        owner = Speaker(row.team, row.id, row.device, "owner", "Europe/Paris")
        self.harbour = Harbour(
            self._database, owner, f"http://127.0.0.1:{port}", clock, settings.origin
        )

    def __enter__(self) -> Harbour:
        self._thread.start()
        deadline = time.monotonic() + 20
        while not self._server.started:
            assert time.monotonic() < deadline
            time.sleep(0.01)
        return self.harbour

    def __exit__(self, *_: object) -> None:
        self._server.should_exit = True
        self._thread.join(20)


@pytest.fixture
def ada(harbour: Harbour) -> Visitor:
    """The owner's browser."""
    return harbour.visitor(harbour.owner)


@pytest.fixture
def bram(harbour: Harbour) -> Visitor:
    """A plain member's browser."""
    return harbour.visitor(harbour.people()[1])


@pytest.fixture
def rows(harbour: Harbour) -> Callable[[Any], list[Any]]:
    """What a statement finds in the database."""

    def ask(statement: Any) -> list[Any]:
        with harbour.database.read() as db:
            return list(db.execute(statement).all())

    return ask
