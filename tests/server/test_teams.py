"""Several teams on a server; what can be taken back, how long it is kept, what may be taken."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, text

from tests.server.conftest import Board, sign_in
from tests.server.test_protocol import Device
from toktui.server.board import load_board
from toktui.server.database import Database
from toktui.server.days import expire, read, take
from toktui.server.enrolling import enrol
from toktui.server.people import Speaker, make_team
from toktui.server.refusal import Refused
from toktui.server.start import open_database
from toktui.server.tables import document, member_day, metadata
from toktui.server.zones import days_before
from toktui.team.wire.document import Client, Document, Row, encode, schema_hash
from toktui.team.wire.messages import Enrol
from toktui.team.wire.signing import new_key, public_key

NOW_MS = 1_795_780_800_000


def serve(board: Board, *args: str, code: int = 0) -> str:
    """A command of the host, beside the running server."""
    where = ["--database", board.database] if board.database else []
    env = {**os.environ, "HOME": str(board.base), "TOKTUI_DATA_DIR": str(board.base / "data")}
    done = subprocess.run(
        [sys.executable, "-m", "toktui", "serve", *where, "--url", board.url, *args], env=env,
        capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    assert done.returncode == code, done.stdout + done.stderr
    return done.stdout + done.stderr


@pytest.fixture(scope="module")
def olga(board: Board) -> Device:
    """The first team's owner."""
    return Device(board, "Olga", board.owner)


@pytest.fixture(scope="module")
def otto(board: Board, olga: Device) -> Device:
    """The owner of a second team on the same server."""
    made = serve(board, "init", "--name", "Other shop", "--zone", "Asia/Tokyo")
    return Device(board, "Otto", re.findall(r"team join \S+ (\S+)", made)[0])


def asked(device: Device, method: str, target: str, body: bytes = b"") -> Any:
    status, answer, _ = device.ask(method, target, body)
    assert status == 200, answer
    return json.loads(answer)


def test_several_teams_on_a_server_see_nothing_of_each_other(
    board: Board, olga: Device, otto: Device
):
    for device in (olga, otto):
        assert device.put(encode(device.document(rev=1)))[0] == 200
    assert olga.team != otto.team
    names = [
        {one["name"] for one in asked(device, "GET", "/v1/boards/main")["standings"]}
        for device in (olga, otto)
    ]
    assert "Otto" not in names[0]
    assert names[1] == {"Otto"}
    foreign = encode(otto.document(rev=9, team=olga.team))
    assert otto.put(foreign)[1]["code"] == "wrong_device"
    assert otto.ask("DELETE", f"/v1/devices/{olga.id}")[0] == 404
    for place in ("/v1/me/export", "/v1/team/export"):
        _, exported, _ = otto.ask("GET", place)
        assert b"Olga" not in exported
        assert olga.member.encode() not in exported
        assert olga.id.encode() not in exported


def test_the_host_names_a_team_where_there_are_several(board: Board, otto: Device):
    listed = serve(board, "teams")
    assert "Asia/Tokyo  Other shop" in listed
    assert "more than one" in serve(board, "consumption", "on", code=2)
    serve(board, "consumption", "on", "--team", "Other shop")
    assert asked(otto, "GET", "/v1/boards/consumption")["team"] == "Other shop"
    exported = [json.loads(line) for line in
                serve(board, "export", "--team", otto.team).splitlines()]  # fmt: skip
    assert exported[0]["name"] == "Other shop"
    assert "no such team" in serve(board, "export", "--team", "nobody", code=2)


def test_a_team_is_exported_to_who_leads_it_without_anybodys_days(board: Board, olga: Device):
    quiet = Device(board, "Quiet")
    asked(quiet, "PUT", "/v1/me", b'{"appearance":"hidden"}')
    assert quiet.put(encode(quiet.document(rev=1)))[0] == 200
    assert quiet.ask("GET", "/v1/team/export")[0] == 403
    _, body, headers = olga.ask("GET", "/v1/team/export")
    lines = [json.loads(line) for line in body.splitlines()]
    assert headers["content-type"].startswith("application/x-ndjson")
    kinds = {line["kind"] for line in lines}
    assert {"team", "member", "invite", "audit", "board"} <= kinds
    assert "Quiet" not in body.decode()
    assert quiet.member not in body.decode()
    assert not re.search(r'"(body|sha256|pepper|hash)"', body.decode())
    actions = [line["action"] for line in lines if line["kind"] == "audit"]
    assert actions[:2] == ["team_made", "owner_made"] or actions[0] == "team_made"
    assert {"member_joined", "device_enrolled", "appearance"} <= set(actions)
    assert "signed_in" not in actions


def test_a_revoked_device_is_refused_at_once_and_its_browsers_are_signed_out(
    board: Board, olga: Device
):
    code = asked(olga, "POST", "/v1/links")["value"]
    lost = Device(board, "", code)
    assert lost.put(encode(lost.document(rev=1)))[0] == 200
    address = asked(lost, "POST", "/v1/logins")["value"]
    cookie = {"Cookie": sign_in(board, address)[2]["set-cookie"].split(";")[0]}
    assert board.get("/", cookie)[0] == 200
    begin = time.monotonic()
    asked(olga, "DELETE", f"/v1/devices/{lost.id}")
    assert lost.put(encode(lost.document(rev=2)))[1]["code"] == "not_signed"
    assert board.get("/", cookie)[0] == 401
    assert time.monotonic() - begin < 5
    assert olga.ask("DELETE", f"/v1/devices/{lost.id}?again")[0] == 404
    devices = {one["id"]: one for one in asked(olga, "GET", "/v1/devices")["devices"]}
    assert devices[lost.id]["revoked_ms"]
    assert devices[olga.id]["revoked_ms"] is None


def test_withdrawn_invites_and_those_of_who_left_let_nobody_in(board: Board, otto: Device):
    made = asked(otto, "POST", "/v1/invites", b'{"uses":5,"hours":1}')["value"]
    guest = Device(board, "Guest", made)
    second = asked(otto, "POST", "/v1/invites", b'{"uses":5,"hours":2}')["value"]
    assert asked(otto, "DELETE", "/v1/invites")["withdrawn"] >= 2
    for code in (made, second):
        with pytest.raises(AssertionError, match="code_refused"):
            Device(board, "Late", code)
    link = asked(guest, "POST", "/v1/links")["value"]
    asked(guest, "DELETE", "/v1/me")
    with pytest.raises(AssertionError, match="code_refused"):
        Device(board, "", link)


def test_of_who_left_nothing_is_in_the_database_any_more(board: Board, olga: Device):
    """Looked for as bytes: in SQLite's file and its log, and in every row of PostgreSQL."""
    gone = Device(board, "Gwendolyn Gone")
    key = public_key(gone.key)
    sent = encode(gone.document(rev=1, client=Client(version="9.9.9-gwendolyn")))
    assert gone.put(sent)[0] == 200
    asked(gone, "POST", "/v1/links")
    marks = [gone.id, gone.member, key, "Gwendolyn", "gwendolyn"]
    assert all(mark in everything(board) for mark in marks)
    asked(gone, "DELETE", "/v1/me")
    found = everything(board)
    assert not [mark for mark in marks if mark in found]
    assert gone.ask("GET", "/v1/me/export")[0] == 401
    audit = olga.ask("GET", "/v1/team/export")[1]
    assert b"member_left" in audit


def test_a_backup_of_the_running_server_is_a_board_that_goes_on(
    board: Board, olga: Device, tmp_path: Path
):
    target = tmp_path / "copy.db"
    if board.database is not None:
        assert "pg_dump" in serve(board, "backup", str(target), code=1)
        return
    assert olga.put(encode(olga.document(rev=70)))[0] == 200
    serve(board, "backup", str(target))
    assert target.stat().st_mode & 0o077 == 0
    assert "exists" in serve(board, "backup", str(target), code=1)
    assert olga.put(encode(olga.document(rev=71)))[0] == 200
    copy = Database(f"sqlite:///{target}")
    copy.migrate()
    who = Speaker(olga.team, olga.member, olga.id, "owner", "UTC")
    with copy.write() as db:
        assert put_raw(db, who, olga, 70) == "unchanged"
        assert put_raw(db, who, olga, 72) == "stored"
    copy.close()


def put_raw(db: Any, who: Speaker, device: Device, rev: int) -> str:
    now_ms = int(time.time() * 1000)  # noqa: TID251
    received = read(encode(device.document(rev=rev)))
    return take(db, who, received, day=None, now_ms=now_ms).result


def everything(board: Board) -> str:
    """All that is stored, as text."""
    if board.database is None:
        files = sorted((board.base / "data/board").glob("board.db*"))
        return "".join(file.read_bytes().decode("latin-1") for file in files)
    database = Database(board.database)
    rows: list[str] = []
    with database.read() as db:
        for table in metadata.tables.values():
            for row in db.execute(select(table)):
                rows += [one.decode("latin-1") if isinstance(one, bytes) else str(one)
                         for one in row]  # fmt: skip
        dead = db.execute(text("select coalesce(sum(n_dead_tup), 0) from pg_stat_user_tables"))
        assert dead.scalar() is not None
    database.close()
    return "\n".join(rows)


def test_days_older_than_the_team_keeps_are_deleted_and_not_taken_again(
    database: str | None, tmp_path: Path
):
    opened = open_database(database, tmp_path)
    with opened.write() as db:
        team_id, owner = make_team(db, name="Short", zone="UTC", retention_days=35, now_ms=NOW_MS)
        made = enrol(db, Enrol(code=owner, public_key=public_key(new_key()), schema=schema_hash(),
                               appearance="name", name="Ada"), NOW_MS)  # fmt: skip
        who = Speaker(team_id, made.member, made.device, made.role, "UTC")
        today = made.team.today
        for back in (0, 34, 35):
            put(db, who, days_before(today, back), NOW_MS)
        ten_days = 10 * 86_400_000
        later = days_before(today, -10)
        assert expire(db, team_id, days_before(later, 35)) == 2
        left = db.execute(select(document.c.day).where(document.c.team == team_id)).scalars().all()
        assert left == [today]
        days = select(member_day.c.day).where(member_day.c.team == team_id)
        assert db.execute(days).scalars().all() == [today]
        with pytest.raises(Refused) as refused:
            put(db, who, days_before(today, 34), NOW_MS + ten_days)
        assert refused.value.problem.code == "wrong_day"
        assert load_board(db, who, NOW_MS + ten_days).you is not None
        db.rollback()
    opened.close()


def put(db: Any, who: Speaker, day: str, now_ms: int) -> None:
    row = Row(
        agent="codex", model="gpt-5.5", tier="standard", calls=1, input=100, cache_read=0,
        cache_write_5m=0, cache_write_1h=0, output=0, reasoning=0, web_search=0,
        estimated_calls=0, estimated_tokens=0, unpriced_calls=0, unpriced_tokens=0, cost_nusd=1,
    )  # fmt: skip
    made = Document(v=1, team=who.team, device=who.device, day=day, rev=1, closed=True,
                    client=Client(version="1"), rows=(row,))  # fmt: skip
    assert take(db, who, read(encode(made)), day=None, now_ms=now_ms).result == "stored"
