"""Names, roles and leaving."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Connection, select

from toktui.server.database import Database
from toktui.server.enrolling import enrol
from toktui.server.people import Speaker, appear, leave, make_code, make_team
from toktui.server.refusal import Refused
from toktui.server.start import open_database
from toktui.server.tables import member
from toktui.team.wire.document import schema_hash
from toktui.team.wire.messages import Appearance, Enrol
from toktui.team.wire.signing import new_key, public_key

NOW_MS = 1_795_780_800_000


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    made = open_database(None, tmp_path)
    yield made
    made.close()


@pytest.fixture
def db(database: Database) -> Iterator[Connection]:
    with database.write() as connection:
        yield connection


@pytest.fixture
def shop(db: Connection) -> tuple[str, str]:
    """A team, and an invite that is good for many."""
    team_id, _ = make_team(db, name="Shop", zone="UTC", retention_days=400, now_ms=NOW_MS)
    return team_id, make_code(db, team_id, uses=100, now_ms=NOW_MS)


def join(
    db: Connection, shop: tuple[str, str], name: str, appearance: Appearance = "name"
) -> Speaker:
    made = enrol(db, Enrol(code=shop[1], public_key=public_key(new_key()), appearance=appearance,
                           name=name, schema=schema_hash()), NOW_MS)  # fmt: skip
    return Speaker(shop[0], made.member, made.device, made.role, "UTC")


@pytest.mark.parametrize(
    ("one", "other"),
    [("Ada", "ada"), ("Éva", "Éva"), ("Éva", "ÉVA"), ("Straße", "STRASSE"), ("Ada", " Ada "),
     ("Ada", "A\u200bda"), ("Ada", "\uff21\uff44\uff41"), ("Ada", "\u0410d\u0430"),
     ("Eve", "\u0395ve"), ("Ilya", "llya"), ("B0b", "Bob")],
)  # fmt: skip
def test_nobody_takes_a_name_that_reads_the_same(
    db: Connection, shop: tuple[str, str], one: str, other: str
):
    first = join(db, shop, one)
    with pytest.raises(Refused, match="wrong_value"):
        join(db, shop, other)
    second = join(db, shop, "Somebody else")
    with pytest.raises(Refused, match="wrong_value"):
        appear(db, second, "pseudonym", other, NOW_MS)
    appear(db, first, "name", other, NOW_MS)


def test_a_name_that_is_free_again_can_be_taken(db: Connection, shop: tuple[str, str]):
    first = join(db, shop, "Éva")
    leave(db, shop[0], first.member, NOW_MS)
    second = join(db, shop, "Éva")
    appear(db, second, "hidden", "Éva", NOW_MS)
    join(db, shop, "Éva")


def test_names_that_only_resemble_each_other_are_two(db: Connection, shop: tuple[str, str]):
    for name in ("Ada", "Adda", "Éda", "Al", "Ai", "\u0416anna", "Janna"):
        join(db, shop, name)


def test_hidden_members_have_no_name_that_could_clash(db: Connection, shop: tuple[str, str]):
    for _ in range(3):
        join(db, shop, "whatever", "hidden")
    assert db.execute(select(member.c.name)).scalars().all() == ["", "", ""]


@pytest.mark.parametrize("name", ["", "  ", "\u202e", "\u200b\u200b", "\x00"])
def test_a_team_and_a_member_have_a_name_that_can_be_read(
    db: Connection, shop: tuple[str, str], name: str
):
    with pytest.raises(Refused, match="wrong_value"):
        make_team(db, name=name, zone="UTC", retention_days=400, now_ms=NOW_MS)
    with pytest.raises(Refused, match="wrong_value"):
        join(db, shop, name)
