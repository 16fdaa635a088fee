"""What is not known is told apart from nothing: on the wire, in the database, on the board."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec
import pytest
from sqlalchemy import Connection, select

from tests.server.test_gaming import NOW_MS, WINDOW, Team, day_of, send
from toktui.server.board import load_board, load_board_and_ids
from toktui.server.consumption import load_consumption, load_day_tokens
from toktui.server.database import Database
from toktui.server.mine import load_days
from toktui.server.start import open_database
from toktui.server.tables import flag, member, member_day
from toktui.server.tables import team as team_row
from toktui.team.wire.document import Landed, Outcomes, WrongDocumentError, decode, encode


@pytest.fixture(scope="module")
def shop(
    database: str | None, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Database, Team]]:
    made = open_database(database, tmp_path_factory.mktemp("board"))
    with made.write() as db:
        team = Team(db)
    yield made, team
    made.close()


@pytest.fixture
def team(shop: tuple[Database, Team]) -> Team:
    return shop[1]


@pytest.fixture
def db(shop: tuple[Database, Team]) -> Iterator[Connection]:
    """A transaction that is rolled back."""
    with shop[0].write() as db:
        yield db
        db.rollback()


def with_landed(db: Connection, team: Team, number: int, *landed: Landed, v: int = 2) -> None:
    """One day of Mallory's anew, with these changes."""
    made = day_of(team.mallory, WINDOW[number], 1.0)
    outcomes = Outcomes(landed=landed, reverted=0)
    assert send(
        db, team.mallory, msgspec.structs.replace(made, v=v, rev=9, outcomes=outcomes)
    ) == "stored"  # fmt: skip


def stored(db: Connection, team: Team, number: int) -> int:
    return db.execute(
        select(member_day.c.linked_unpriced)
        .where(member_day.c.member == team.mallory.member, member_day.c.day == WINDOW[number])
    ).scalar_one()  # fmt: skip


def test_changes_without_a_known_cost_are_counted_apart(db: Connection, team: Team):
    with_landed(db, team, 1, Landed(size="S", changes=2, cost_nusd=None, unpriced_changes=2),
                Landed(size="M", changes=3, cost_nusd=5, unpriced_changes=1))  # fmt: skip
    assert stored(db, team, 1) == 3
    you = team.standing(db)
    assert you.linked_unpriced == 3
    assert you.linked_share is not None


def test_a_cost_of_nothing_is_no_unknown_one(db: Connection, team: Team):
    with_landed(db, team, 1, Landed(size="S", changes=2, cost_nusd=0))
    assert stored(db, team, 1) == 0


def test_the_first_protocol_wrote_nothing_where_it_did_not_know(db: Connection, team: Team):
    with_landed(db, team, 1, Landed(size="S", changes=2, cost_nusd=0),
                Landed(size="M", changes=1, cost_nusd=7), v=1)  # fmt: skip
    assert stored(db, team, 1) == 2


def test_where_no_linked_cost_is_known_the_share_is_not_either(db: Connection, team: Team):
    for number in range(len(WINDOW)):
        with_landed(
            db, team, number, Landed(size="S", changes=1, cost_nusd=None, unpriced_changes=1)
        )
    you = team.standing(db)
    assert (you.linked_share, you.linked_unpriced) == (None, len(WINDOW))
    assert "mostly landed" not in you.badges


@pytest.mark.parametrize(
    "wrong",
    [
        Landed(size="S", changes=2, cost_nusd=None, unpriced_changes=1),
        Landed(size="S", changes=2, cost_nusd=None),
        Landed(size="S", changes=2, cost_nusd=1, unpriced_changes=3),
    ],
)
def test_a_cost_that_contradicts_itself_is_refused(team: Team, wrong: Landed):
    made = day_of(team.mallory, WINDOW[0], 1.0)
    body = encode(
        msgspec.structs.replace(made, outcomes=Outcomes(landed=(wrong,), reverted=0))
    )
    with pytest.raises(WrongDocumentError, match=r"changes|cost"):
        decode(body)


def test_the_bytes_of_the_first_protocol_are_still_taken(team: Team):
    old = (
        f'{{"v":1,"team":"{team.id}","device":"{team.mallory.device}","day":"2026-11-20","rev":1,'
        '"closed":true,"client":{"version":"1"},"rows":[],"outcomes":{"landed":[{"size":"S",'
        '"changes":1,"cost_nusd":0}],"reverted":0}}'
    ).encode()
    assert decode(old).outcomes is not None


def test_partly_unread_days_are_told_on_the_board_and_where_they_are_summed(
    db: Connection, team: Team
):
    who = team.mallory
    for number in (2, 3):
        made = day_of(who, WINDOW[number], 1.0)
        send(db, who, msgspec.structs.replace(made, v=2, rev=9, partly_unread=True))
    assert team.standing(db).unread_days == 2
    db.execute(team_row.update().values(consumption=True))
    consumed = {one.name: one.unread_days for one in
                load_consumption(db, who, "28 days", NOW_MS).members}  # fmt: skip
    assert consumed["Mallory"] == 2
    assert consumed["Ada"] == 0
    days = {one.day: one.is_partly_unread for one in load_days(db, who, WINDOW[-1], WINDOW[0])}
    assert [day for day, unread in days.items() if unread] == [WINDOW[3], WINDOW[2]]


def test_a_day_of_which_nothing_could_be_read_is_not_a_day_without_calls(
    db: Connection, team: Team
):
    made = day_of(team.mallory, WINDOW[2], 1.0)
    send(db, team.mallory, msgspec.structs.replace(
        made, v=2, rev=9, rows=(), outcomes=None, partly_unread=True, reason="recounted",
    ))  # fmt: skip
    row = db.execute(
        select(member_day.c.calls, member_day.c.partly_unread)
        .where(member_day.c.member == team.mallory.member, member_day.c.day == WINDOW[2])
    ).one()  # fmt: skip
    assert tuple(row) == (0, 1)
    assert team.standing(db).active_days == len(WINDOW) - 1


def test_the_ids_beside_the_standings_are_those_of_their_members(db: Connection, team: Team):
    """Also of two who are shown by one name."""
    db.execute(member.update().where(member.c.name.in_(["Ada", "Finn"])).values(name="Twin"))
    board, ids = load_board_and_ids(db, team.mallory, NOW_MS)
    spent = {who.member: board_of.cost_nusd for who in team.people.values()
             if (board_of := load_board(db, who, NOW_MS).you) is not None}  # fmt: skip
    assert [one.cost_nusd for one in board.standings] == [spent[one] for one in ids]
    assert len(set(ids)) == len(ids)


def test_calls_without_any_tokens_are_no_finished_work_for_nothing(db: Connection, team: Team):
    for day in WINDOW:
        made = day_of(team.mallory, day, 1.0)
        empty = msgspec.structs.replace(
            made.rows[0], model="other", input=0, cache_read=0, output=0, cost_nusd=None,
            unpriced_calls=made.rows[0].calls,
        )  # fmt: skip
        send(db, team.mallory, msgspec.structs.replace(
            made, rev=9, rows=(empty,), reason="recounted"
        ))  # fmt: skip
    db.execute(flag.delete())
    you = team.standing(db)
    assert (you.index, you.missing) == (None, "too much without a price")


def test_absurd_numbers_of_one_member_break_no_page_of_the_others(db: Connection, team: Team):
    most = (1 << 53) - 1
    who = team.mallory
    for day in WINDOW:
        row = day_of(who, day, 1.0).rows[0]
        rows = tuple(
            msgspec.structs.replace(
                row, agent=f"agent-{n}", calls=most, input=most, cache_read=most, output=most,
                cache_write_5m=most, cache_write_1h=most, cost_nusd=most,
            )
            for n in range(64)
        )  # fmt: skip
        send(db, who, msgspec.structs.replace(day_of(who, day, 1.0), rev=9, rows=rows))
    db.execute(team_row.update().values(consumption=True))
    found = load_consumption(db, who, "28 days", NOW_MS)
    (model,) = found.models
    (own,) = [one for one in found.members if one.name == "Mallory"]
    assert own.tokens <= model.tokens < 1 << 63
    assert max(load_day_tokens(db, who, WINDOW[-1], WINDOW[0]).values()) < 1 << 63
    assert load_board(db, who, NOW_MS).standings
