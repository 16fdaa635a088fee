"""What happens at one moment on PostgreSQL, which lets many write: as if one came after another."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import Connection, select

from toktui.server.administration import remove_member, revoke_device
from toktui.server.database import Database
from toktui.server.days import read, take
from toktui.server.enrolling import enrol
from toktui.server.people import Speaker, leave, make_code, make_team, sign_in_address
from toktui.server.requests import speaker_of
from toktui.server.sessions import sign_in
from toktui.server.start import open_database
from toktui.server.tables import audit, device, document, member, member_day, session
from toktui.team.wire.document import Client, Document, encode, schema_hash
from toktui.team.wire.messages import Enrol
from toktui.team.wire.signing import new_key, public_key

pytestmark = pytest.mark.postgres
NOW_MS = 1_795_780_800_000
Act = Callable[[Connection], object]


@pytest.fixture
def database(postgres: Callable[[], str], tmp_path: Path) -> Iterator[Database]:
    made = open_database(postgres(), tmp_path)
    yield made
    made.close()


class Shop:
    """An owner, and somebody else."""

    def __init__(self, database: Database) -> None:
        with database.write() as db:
            self.id, code = make_team(
                db, name="Shop", zone="UTC", retention_days=400, now_ms=NOW_MS
            )
            self.owner = self.joined(db, code)
            self.other = self.joined(db, make_code(db, self.id, now_ms=NOW_MS))

    def joined(self, db: Connection, code: str) -> Speaker:
        made = enrol(db, Enrol(code=code, public_key=public_key(new_key()),
                               schema=schema_hash()), NOW_MS)  # fmt: skip
        return Speaker(self.id, made.member, made.device, made.role, "UTC")

    def day(self) -> bytes:
        who = self.other
        return encode(Document(
            v=2, team=who.team, device=who.device, day="2026-11-26", rev=1, closed=True,
            client=Client(version="1"), rows=(), partly_unread=True,
        ))  # fmt: skip


def at_once(database: Database, first: Act, second: Act) -> BaseException | None:
    """The second comes while the first is not stored yet; what it failed with."""
    failed: list[BaseException] = []
    begun = threading.Event()

    def run() -> None:
        try:
            with database.write() as db:
                begun.set()
                second(db)
        except BaseException as error:
            failed.append(error)

    thread = threading.Thread(target=run)
    with database.write() as db:
        first(db)
        thread.start()
        begun.wait(10)
        thread.join(0.5)
    thread.join(20)
    assert not thread.is_alive()
    return failed[0] if failed else None


def left_of(database: Database, who: Speaker) -> list[str]:
    """The tables in which something of a member is."""
    found: list[str] = []
    with database.read() as db:
        for table in (document, member_day, session, device, member, audit):
            whose = table.c.id if table is member else table.c.member
            if db.execute(select(table).where(whose == who.member)).first():
                found.append(table.name)
    return found


def remove(shop: Shop) -> Act:
    return lambda db: remove_member(db, shop.owner, shop.other.member, NOW_MS)


def test_a_day_that_is_stored_while_its_member_is_removed_goes_with_him(database: Database):
    shop = Shop(database)
    sent = read(shop.day())
    assert at_once(
        database, lambda db: take(db, shop.other, sent, day=None, now_ms=NOW_MS), remove(shop)
    ) is None  # fmt: skip
    assert left_of(database, shop.other) == []


def test_a_day_that_comes_while_its_member_is_removed_is_refused(database: Database):
    shop = Shop(database)
    sent = read(shop.day())
    failed = at_once(
        database, remove(shop), lambda db: take(db, shop.other, sent, day=None, now_ms=NOW_MS)
    )
    assert "not_signed" in str(failed)
    assert left_of(database, shop.other) == []


def test_of_a_device_that_enrols_while_its_member_leaves_nothing_stays(database: Database):
    shop = Shop(database)
    with database.write() as db:
        link = make_code(
            db, shop.id, kind="link", made_by=shop.other.member, now_ms=NOW_MS
        )
    assert at_once(
        database, lambda db: shop.joined(db, link),
        lambda db: leave(db, shop.id, shop.other.member, NOW_MS),
    ) is None  # fmt: skip
    assert left_of(database, shop.other) == []


def test_of_a_browser_that_signs_in_while_its_member_leaves_nothing_stays(database: Database):
    shop = Shop(database)
    with database.write() as db:
        address = sign_in_address(db, shop.other, "", NOW_MS)
    secret = address.rpartition("/")[2]
    assert at_once(
        database, lambda db: sign_in(db, secret, NOW_MS),
        lambda db: leave(db, shop.id, shop.other.member, NOW_MS),
    ) is None  # fmt: skip
    assert left_of(database, shop.other) == []


def test_a_device_that_is_revoked_at_this_moment_does_nothing_more(database: Database):
    shop = Shop(database)
    with database.write() as db:
        link = make_code(db, shop.id, kind="link", made_by=shop.other.member, now_ms=NOW_MS)
        lost = shop.joined(db, link)
    failed = at_once(
        database, lambda db: revoke_device(db, speaker_of(db, shop.other.device, alone=True),
                                           lost.device, NOW_MS),
        lambda db: speaker_of(db, lost.device, alone=True),
    )  # fmt: skip
    assert "not_signed" in str(failed)


def test_two_who_leave_at_once_do_not_wait_for_each_other(database: Database):
    shop = Shop(database)
    failed = at_once(
        database, remove(shop), lambda db: leave(db, shop.id, shop.other.member, NOW_MS)
    )
    assert failed is None
