"""What the board shows of whom: on a made-up team of twelve."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from sqlalchemy import select

from toktui.server.board import load_board
from toktui.server.consumption import load_consumption
from toktui.server.database import Database
from toktui.server.imagined import PEOPLE, imagine
from toktui.server.people import Speaker, leave
from toktui.server.start import open_database
from toktui.server.tables import member

NOW_MS = 1_795_780_800_000
LISTED = sum(person.appearance != "hidden" for person in PEOPLE)


@pytest.fixture(scope="module")
def harbour(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Database, Speaker]]:
    database = open_database(None, tmp_path_factory.mktemp("board"))
    yield database, imagine(database, NOW_MS)
    database.close()


def test_named_members_are_listed_by_index_and_hidden_ones_only_counted(
    harbour: tuple[Database, Speaker],
):
    database, who = harbour
    with database.read() as db:
        board = load_board(db, who, NOW_MS)
    assert len(board.standings) == LISTED
    assert next(one.place for one in board.standings if one.index is not None) == 1
    indices = [one.index for one in board.standings if one.index is not None]
    assert indices == sorted(indices)
    assert board.hidden == 5
    assert board.usual_nusd
    assert board.you is not None
    assert board.you.name == "Ada Okafor"


def test_four_hidden_members_are_in_no_number(harbour: tuple[Database, Speaker]):
    database, who = harbour
    with database.write() as db:
        everybody = load_board(db, who, NOW_MS)
        hidden = db.execute(select(member.c.id).where(member.c.appearance == "hidden")).scalars()
        leave(db, who.team, hidden.all()[0], NOW_MS)
        fewer = load_board(db, who, NOW_MS)
        assert everybody.hidden == 5
        assert fewer.hidden is None
        assert fewer.counted == sum(not one.missing for one in fewer.standings)
        db.rollback()


def test_a_hidden_member_sees_himself_and_nobody_else_does(harbour: tuple[Database, Speaker]):
    database, who = harbour
    with database.read() as db:
        hidden = db.execute(select(member.c.id).where(member.c.appearance == "hidden")).scalars()
        me = Speaker(who.team, hidden.all()[0], "", "member", who.zone)
        mine, theirs = load_board(db, me, NOW_MS), load_board(db, who, NOW_MS)
    assert mine.you is not None
    assert mine.you.appearance == "hidden"
    assert mine.standings == tuple(
        msgspec.structs.replace(one, is_you=False) for one in theirs.standings
    )


def test_consumption_is_in_the_order_of_names_and_without_the_hidden(
    harbour: tuple[Database, Speaker],
):
    database, who = harbour
    with database.read() as db:
        found = load_consumption(db, who, "28 days", NOW_MS)
    names = [one.name.lower() for one in found.members]
    assert names == sorted(names)
    assert len(names) == LISTED


def test_a_backup_is_a_whole_board(harbour: tuple[Database, Speaker], tmp_path: Path):
    database, who = harbour
    database.back_up(tmp_path / "copy.db")
    copy = Database(f"sqlite:///{tmp_path / 'copy.db'}")
    with copy.read() as db, database.read() as original:
        assert load_board(db, who, NOW_MS) == load_board(original, who, NOW_MS)
    copy.close()
