"""People with homes of their own join a team on a real server, see themselves, and are gone."""

from __future__ import annotations

import hashlib
import json
import shutil
from typing import Any

from tests.server.conftest import Board, request, sign_in


def standings(person: Any) -> dict[str, Any]:
    return {one["name"]: one for one in json.loads(person.run("team", "board"))["standings"]}


def consent(board: Board, code: str, name: str) -> list[str]:
    return ["team", "join", board.url, code, "--as", "name", "--name", name, "--yes",
            "--allow-http"]  # fmt: skip


def test_two_people_join_submit_see_themselves_and_leave(board: Board, person: Any):
    ada, bob = person("ada"), person("bob")
    ada.call()
    bob.call()
    bob.call("acme-secret-model")
    assert "toktui team join" not in ada.run("team", "submit", code=2)
    ada.run(*consent(board, board.owner, "Ada"))
    bob.run(*consent(board, board.owner, "Bob"), code=1)
    bob.run(*consent(board, board.invite, "Bob"), "--share", "sketches")

    shown = bob.run("team", "preview")
    assert "secret" not in shown
    assert '"other"' in shown
    submitted = bob.run("team", "submit")
    assert "stored" in submitted
    assert hashlib.sha256(shown.encode()).hexdigest()[:12] in submitted
    assert "Nothing has changed" in bob.run("team", "submit")
    ada.run("team", "submit")
    assert set(standings(ada)) >= {"Ada", "Bob"}
    exported = [json.loads(line) for line in bob.run("team", "export").splitlines()]
    (sent,) = [line for line in exported if line["kind"] == "document"]
    assert sent["body"] == shown

    # A second device with a copied history: its calls count once.
    laptop = person("laptop")
    shutil.copytree(bob.base / ".claude", laptop.base / ".claude")
    code = bob.run("team", "link").strip()
    laptop.run("team", "join", board.url, code, "--yes", "--allow-http", "--share", "sketches")
    laptop.run("team", "submit")
    documents = [
        json.loads(line) for line in bob.run("team", "export").splitlines() if '"document"' in line
    ]
    assert len(documents) == 2

    address = ada.run("team", "open").strip()
    assert request(address)[0] == 200
    status, _, headers = sign_in(board, address)
    assert status == 303
    cookie = {"Cookie": headers["set-cookie"].split(";")[0]}
    assert sign_in(board, address)[0] == 401
    status, page, headers = board.get("/", cookie)
    assert status == 200
    assert b"Ada" in page
    assert b"Bob" in page
    assert "default-src 'none'" in headers["content-security-policy"]
    for path, words in (("/you", b"Cost of each day"), ("/team", b"Audit log")):
        status, page, _ = board.get(path, cookie)
        assert (status, words in page) == (200, True)
    assert board.get("/consumption", cookie)[0] == 404
    assert board.get("/")[0] == 401

    assert "nothing of you" in bob.run("team", "leave", "--yes")
    assert "Bob" not in standings(ada)
    assert b"Bob" not in board.get("/", cookie)[1]
    assert "This device is in no team" not in ada.run("team", "status")
    # The device of the one who left is known no more.
    laptop.call()
    laptop.run("team", "submit", code=1)
    assert "not by a known device" in laptop.run("team", "status")


def test_nothing_is_sent_before_a_consent(board: Board, person: Any):
    eve = person("eve")
    eve.call()
    eve.run("team", "join", board.url, board.invite, "--allow-http", code=2)
    eve.run("team", "submit", code=2)
    eve.run("team", "join", board.url, board.invite, "--yes", code=2)
