"""People with homes of their own join a team on a real server, see themselves, and are gone."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
from collections.abc import Callable
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from tests.server.conftest import Board, Person, _command, request, restart, sign_in
from tests.tui.conftest import Screens, StandIn, leave
from toktui.clock import now_ms
from toktui.config import Config
from toktui.ingest.context import Context
from toktui.paths import Paths
from toktui.pricing.rates import load_book
from toktui.team import outbox
from toktui.team.joining import KEYS, server_of
from toktui.team.state import load_state
from toktui.tui import program
from toktui.tui.app import ToktuiApp


def board_of(person: Person) -> dict[str, Any]:
    return json.loads(person.run("team", "board"))


def standings(person: Person) -> dict[str, Any]:
    return {one["name"]: one for one in board_of(person)["standings"]}


def documents(person: Person) -> dict[str, bytes]:
    """What the server has of a member, by device: the very bytes of its last document."""
    lines = [json.loads(line) for line in person.run("team", "export").splitlines()]
    found = [line["body"] for line in lines if line["kind"] == "document"]
    return {json.loads(body)["device"]: body.encode() for body in found}


def consent(board: Board, code: str, name: str) -> list[str]:
    return ["team", "join", board.url, code, "--as", "name", "--name", name, "--yes",
            "--allow-http"]  # fmt: skip


async def seen_by(person: Person, *keys: str) -> str:
    """The screen Team of somebody."""
    app = ToktuiApp(
        store=person.base / "data/toktui.db", zone=ZoneInfo("UTC"), book=load_book, now_ms=now_ms,
        ingest=StandIn,
    )  # fmt: skip
    async with app.run_test(size=(120, 36)) as pilot:
        screens = Screens(app, pilot)
        await screens.rest()
        await screens.press("9", *keys)
        text = screens.text
        await leave(app)
    return text


def switch_consumption_on(board: Board) -> None:
    command, env = _command(board.base, board.database, board.url)
    done = subprocess.run([*command, "consumption", "on"], env=env, capture_output=True, text=True,
                          check=False)  # fmt: skip
    assert done.returncode == 0, done.stderr


def counted(person: Person, name: str) -> int:
    """How many calls of today the server counts, over all devices of a member."""
    data = person.base / "data"
    state = load_state(data)
    assert state is not None
    server = server_of(state.membership, data / KEYS, now_ms)
    page = json.loads(server.ask("GET", "/v1/boards/consumption?span=day").body)
    return next(one["calls"] for one in page["members"] if one["name"] == name)


@pytest.fixture
def cookie_of(board: Board) -> Callable[[Person], dict[str, str]]:
    """Signs somebody's browser in."""

    def signed_in(person: Person) -> dict[str, str]:
        address = person.run("team", "open").strip()
        assert request(address)[0] == 200
        status, _, headers = sign_in(board, address)
        assert status == 303
        assert sign_in(board, address)[0] == 401, "the address is good once"
        return {"Cookie": headers["set-cookie"].split(";")[0]}

    return signed_in


async def test_people_join_submit_see_themselves_and_leave(
    board: Board, person: Callable[[str], Person], cookie_of: Any
):
    ada, bob = person("ada"), person("bob")
    ada.call()
    bob.call()
    bob.call("acme-secret-model")
    assert "Nothing is sent" in await seen_by(ada)
    ada.run("team", "submit", code=2)
    ada.run(*consent(board, board.owner, "Ada"))
    bob.run(*consent(board, board.owner, "Bob"), code=1)
    bob.run(*consent(board, board.invite, "Bob"), "--share", "sketches")

    # The bytes that are shown are those that are sent, received, kept and given back.
    shown = bob.run("team", "preview").encode()
    assert b"secret" not in shown
    assert b'"other"' in shown
    submitted = bob.run("team", "submit")
    assert f"stored  {hashlib.sha256(shown).hexdigest()[:12]}" in submitted
    assert list(documents(bob).values()) == [shown]
    assert bob.run("team", "preview").encode() == shown
    assert "Nothing has changed" in bob.run("team", "submit")
    assert list(documents(bob).values()) == [shown]
    ada.run("team", "submit")
    bob.call()
    bob.run("team", "submit")
    (grown,) = documents(bob).values()
    assert (json.loads(grown)["rev"], sum(r["calls"] for r in json.loads(grown)["rows"])) == (2, 3)

    # On the screen and on the page, by everybody.
    assert set(standings(ada)) == set(standings(bob)) == {"Ada", "Bob"}
    text = await seen_by(bob)
    assert "Bob · you" in text
    assert "Ada" in text
    assert "Not enough yet" in text
    assert "taken" in text or "goes on" in text
    assert hashlib.sha256(grown).hexdigest()[:12] in text
    assert hashlib.sha256(grown).hexdigest() in await seen_by(bob, "v")
    cookie = cookie_of(ada)
    status, page, headers = board.get("/", cookie)
    assert status == 200
    assert b"Ada" in page
    assert b"Bob" in page
    assert "default-src 'none'" in headers["content-security-policy"]
    for path, words in (("/you", b"Cost of each day"), ("/team", b"Audit log")):
        status, page, _ = board.get(path, cookie)
        assert status == 200
        assert words in page
    assert board.get("/consumption", cookie)[0] == 404
    assert board.get("/")[0] == 401

    assert "nothing of you" in bob.run("team", "leave", "--yes")
    assert set(standings(ada)) == {"Ada"}
    assert b"Bob" not in board.get("/", cookie)[1]
    assert "Nothing is sent" in await seen_by(bob)
    bob.run("team", "status", code=2)
    ada.run("team", "submit")
    assert "Bob" not in await seen_by(ada)
    assert "nothing of you" in ada.run("team", "leave", "--yes")
    assert b"Ada" not in board.get("/", cookie)[1]


def test_a_copied_home_counts_once(board: Board, person: Callable[[str], Person]):
    """As logs on a second device of the member, and as a whole, with the key of the first."""
    eva = person("eva")
    for _ in range(5):
        eva.call()
    eva.run(*consent(board, board.invite, "Eva"), "--share", "sketches")
    eva.run("team", "submit")
    switch_consumption_on(board)
    assert counted(eva, "Eva") == 5

    laptop = person("laptop")
    shutil.copytree(eva.base / ".claude", laptop.base / ".claude")
    code = eva.run("team", "link").strip()
    laptop.run("team", "join", board.url, code, "--yes", "--allow-http", "--share", "sketches")
    assert "stored" in laptop.run("team", "submit")
    assert len(documents(eva)) == 2
    assert counted(eva, "Eva") == 5

    clone = person("clone")
    for folder in (".claude", "data"):
        shutil.copytree(eva.base / folder, clone.base / folder)
    assert "Nothing has changed" in clone.run("team", "submit")
    clone.call()
    clone.run("team", "submit")
    eva.call()
    assert "stored" in eva.run("team", "submit")
    assert "Another copy of this device's key" in eva.run("team", "status")
    assert len(documents(eva)) == 2
    # What the copy said is replaced, never added.
    assert counted(eva, "Eva") == 6

    # A device that is lost is revoked from another one, and says so.
    lost = json.loads(laptop.run("team", "status", "--json"))["device"]
    assert lost in eva.run("team", "devices")
    eva.run("team", "devices", "--revoke", lost)
    laptop.call()
    laptop.run("team", "submit", code=1)
    assert "not by a known device" in laptop.run("team", "status")
    laptop.run("team", "leave", "--yes", code=1)
    laptop.run("team", "leave", "--here", "--yes")
    assert "nothing of you" in eva.run("team", "leave", "--yes")
    clone.run("team", "submit", "--now", code=1)


def test_nothing_is_sent_before_a_consent(board: Board, person: Callable[[str], Person]):
    eve = person("eve")
    eve.call()
    eve.run("team", "join", board.url, board.invite, "--allow-http", code=2)
    eve.run("team", "submit", code=2)
    eve.run("team", "join", board.url, board.invite, "--yes", code=2)
    assert not (eve.base / "data/team.db").exists()


async def test_offline_days_catch_up_and_a_server_that_is_away_costs_nothing(
    board: Board, person: Callable[[str], Person]
):
    joe = person("joe")
    joe.call()
    joe.run(*consent(board, board.invite, "Joe"))
    board.process.terminate()
    board.process.wait(20)
    joe.run("team", "submit", code=1)
    assert "was not reached" in joe.run("team", "status")
    assert "was not reached" in await seen_by(joe)
    joe.call()
    restart(board)
    for _ in range(200):
        try:
            if board.get("/healthz")[0] == 200:
                break
        except OSError:
            pass
    assert "stored" in joe.run("team", "submit", "--now")
    (body,) = documents(joe).values()
    assert sum(row["calls"] for row in json.loads(body)["rows"]) == 2
    assert "waits   nothing" in joe.run("team", "status")


async def test_the_running_program_sends_by_itself_what_comes_while_it_runs(
    board: Board, person: Callable[[str], Person], monkeypatch: pytest.MonkeyPatch
):
    """With its real ingest and outbox; nobody calls `toktui team submit`."""
    monkeypatch.setattr(outbox, "_LOOK_S", 0.1)
    monkeypatch.setattr(outbox, "_FIRST_S", 0.0)
    kim = person("kim")
    kim.call()
    kim.run(*consent(board, board.invite, "Kim"))
    env = {**os.environ, "HOME": str(kim.base),
           "PYTHON_KEYRING_BACKEND": "keyring.backends.fail.Keyring"}  # fmt: skip
    paths = Paths(kim.base / "data", kim.base / "config")
    context = Context(paths, Config(), kim.base, env)
    app = ToktuiApp(
        store=paths.store, zone=ZoneInfo("UTC"), book=load_book, now_ms=now_ms,
        ingest=partial(program._ingest_of, context), outbox=partial(program._outbox_of, context),
    )  # fmt: skip
    async with app.run_test(size=(120, 36)) as pilot:
        screens = Screens(app, pilot)
        await pilot.press("9")
        await seen(screens, "Kim · you")
        assert "All is sent" in screens.text
        kim.call()
        await seen(screens, "+1")
        await pilot.press("n")
        await seen(screens, "All is sent")
        await leave(app)
    (body,) = documents(kim).values()
    assert sum(row["calls"] for row in json.loads(body)["rows"]) == 2


async def seen(screens: Screens, words: str) -> None:
    """Waits until the screen says so."""
    for _ in range(600):
        await screens.pilot.pause(0.05)
        if words in screens.text:
            return
    raise AssertionError(f"{words!r} does not come:\n{screens.text}")
