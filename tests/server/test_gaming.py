"""The cheap moves that do no work, played against the server: none improves a place on the board.

Six people work alike for twelve weeks; Mallory, in the middle of them, tries each move.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from sqlalchemy import Connection, update

from toktui.clock import day_label
from toktui.model import Tokens
from toktui.pricing.price import price
from toktui.server.board import Standing, index_of, load_board, trend_of
from toktui.server.database import Database
from toktui.server.days import forget_day, read, take
from toktui.server.enrolling import enrol
from toktui.server.people import Speaker, make_code, make_team
from toktui.server.refusal import Refused
from toktui.server.repricing import public_book
from toktui.server.start import open_database
from toktui.server.tables import member
from toktui.server.worth import WORTH
from toktui.server.zones import days_before, range_of, zone_named
from toktui.team.wire.document import (
    Client,
    Document,
    Landed,
    Outcomes,
    Row,
    Sketch,
    encode,
    schema_hash,
)
from toktui.team.wire.messages import Enrol
from toktui.team.wire.signing import new_key, public_key

NOW_MS = 1_795_780_800_000
TODAY = day_label(NOW_MS, zone_named("UTC"))
WINDOW = [days_before(TODAY, back) for back in range(1, 29)]
MODEL = "claude-opus-4-8"
THRIFT = {"Ada": 0.6, "Bram": 0.8, "Mallory": 1.0, "Deniz": 1.2, "Eve": 1.4, "Finn": 1.6}


def row(day: str, **buckets: int) -> Row:
    tokens = Tokens(**{"input": 0, "cache_read": 0, "output": 0, **buckets})
    cost = price(public_book(), model=MODEL, at_ms=range_of(day, "UTC").start_ms, tokens=tokens,
                 summed=True)  # fmt: skip
    assert cost is not None
    return Row(
        agent="claude-code", model=MODEL, tier="standard", calls=100, input=tokens.input,
        cache_read=tokens.cache_read, cache_write_5m=0, cache_write_1h=0, output=tokens.output,
        reasoning=0, web_search=0, estimated_calls=0, estimated_tokens=0, unpriced_calls=0,
        unpriced_tokens=0, cost_nusd=cost.total_nusd,
    )  # fmt: skip


def day_of(who: Speaker, day: str, thrift: float) -> Document:
    """A day with a change of size S, and every fourth one with an M and an L."""
    number = WINDOW.index(day) if day in WINDOW else 0
    sizes = ["S"] if number % 4 else ["S", "M", "L"]
    return Document(
        v=1, team=who.team, device=who.device, day=day, rev=1, closed=True,
        client=Client(version="1"),
        rows=(row(day, input=int(200_000 * thrift), cache_read=int(4_000_000 * thrift),
                  output=int(50_000 * thrift)),),
        outcomes=Outcomes(
            landed=tuple(landed(size, 1) for size in sizes), reverted=0
        ),
    )  # fmt: skip


def landed(size: Any, changes: int) -> Landed:
    return Landed(size=size, changes=changes, cost_nusd=10_000_000)


class Team:
    """The people, and Mallory's two devices."""

    def __init__(self, db: Connection) -> None:
        self.id, owner = make_team(db, name="Shop", zone="UTC", retention_days=400, now_ms=NOW_MS)
        self.people: dict[str, Speaker] = {}
        for name in THRIFT:
            code = make_code(db, self.id, now_ms=NOW_MS) if self.people else owner
            self.people[name] = self.device(db, code, name)
        link = make_code(db, self.id, kind="link", made_by=self.mallory.member, now_ms=NOW_MS)
        self.second = self.device(db, link)
        db.execute(update(member).values(first_day=days_before(TODAY, 120)))
        for name, who in self.people.items():
            for back in range(1, 85):
                send(db, who, day_of(who, days_before(TODAY, back), THRIFT[name]))

    def device(self, db: Connection, code: str, name: str = "") -> Speaker:
        asked = Enrol(code=code, public_key=public_key(new_key()), schema=schema_hash(), name=name,
                      appearance="name" if name else "hidden")  # fmt: skip
        made = enrol(db, asked, NOW_MS)
        return Speaker(self.id, made.member, made.device, made.role, "UTC")

    @property
    def mallory(self) -> Speaker:
        return self.people["Mallory"]

    def standing(self, db: Connection) -> Standing:
        you = load_board(db, self.mallory, NOW_MS).you
        assert you is not None
        return you


def send(db: Connection, who: Speaker, found: Document) -> str:
    received = read(encode(found))
    return take(db, who, received, day=None, now_ms=range_of(found.day, "UTC").end_ms).result


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
def played(shop: tuple[Database, Team]) -> Iterator[tuple[Connection, Team]]:
    """A transaction in which a move is played, and that is rolled back."""
    database, team = shop
    with database.write() as db:
        yield db, team
        db.rollback()


def no_better(after: Standing, before: Standing) -> bool:
    """Neither a better place nor a lower index; no index at all is no gain either."""
    assert before.index is not None
    assert before.place is not None
    if after.index is None or after.place is None:
        return after.badges == ()
    return after.index >= before.index and after.place >= before.place


def replaced(found: Document, **changes: Any) -> Document:
    return msgspec.structs.replace(found, rev=2, **changes)


def used(found: Document, **more: int) -> Document:
    """The same work with more tokens."""
    old = found.rows[0]
    buckets = {name: getattr(old, name) + more.get(name, 0)
               for name in ("input", "cache_read", "output")}  # fmt: skip
    return replaced(found, rows=(row(found.day, **buckets),))


def landing(found: Document, *, reverted: int = 0, **sizes: int) -> Document:
    """The same day with more or fewer changes of each size."""
    assert found.outcomes is not None
    changes = {one.size: one.changes for one in found.outcomes.landed}
    for size, more in sizes.items():
        changes[size] = changes.get(size, 0) + more  # pyright: ignore[reportArgumentType]
    made = tuple(landed(size, count) for size, count in changes.items() if count > 0)
    return replaced(found, outcomes=Outcomes(landed=made, reverted=reverted))


def split(found: Document, size: str, into: str) -> Document:
    assert found.outcomes is not None
    has = any(one.size == size for one in found.outcomes.landed)
    return landing(found, **({size: -1, into: 4} if has else {}))


def priced_at(found: Document, **changes: Any) -> Document:
    return replaced(found, rows=(msgspec.structs.replace(found.rows[0], **changes),))


def under_another_name(found: Document) -> Document:
    """A tenth of the tokens by a model that nobody can price."""
    whole = found.rows[0]
    part = row(found.day, input=whole.input * 9 // 100, cache_read=whole.cache_read * 9 // 100,
               output=whole.output * 9 // 100)  # fmt: skip
    rest = row(found.day, input=whole.input - part.input, output=whole.output - part.output,
               cache_read=whole.cache_read - part.cache_read)  # fmt: skip
    hidden = msgspec.structs.replace(part, model="other", cost_nusd=None, unpriced_calls=part.calls,
                                     unpriced_tokens=part.tokens)  # fmt: skip
    return replaced(found, rows=(rest, hidden))


MOVES: dict[str, Callable[[Document], Document]] = {
    "pad the context with cached tokens": lambda one: used(one, cache_read=100_000_000),
    "verbose answers": lambda one: used(one, output=2_000_000),
    "burn input": lambda one: used(one, input=20_000_000),
    "cut S into XS": lambda one: split(one, "S", "XS"),
    "cut M into S": lambda one: split(one, "M", "S"),
    "cut L into M": lambda one: split(one, "L", "M"),
    "a farm of typos": lambda one: landing(one, XS=20),
    "land and revert": lambda one: landing(one, S=-1, reverted=1),
    "revert much of it": lambda one: landing(one, reverted=2),
    "more landed changes than one can believe": lambda one: landing(one, S=40),
    "leave a repository out": lambda one: landing(one, M=-1, L=-1),
    "share no outcomes any more": lambda one: replaced(one, outcomes=None),
    "say that it cost nothing": lambda one: priced_at(one, cost_nusd=0),
    "say that it has no price": lambda one: priced_at(
        one, cost_nusd=None, unpriced_calls=100, unpriced_tokens=one.rows[0].tokens
    ),
    "say that most of it has no price": lambda one: priced_at(
        one, cost_nusd=0, unpriced_calls=99, unpriced_tokens=0
    ),
    "a tenth under another name": under_another_name,
    "all of it under another name": lambda one: priced_at(
        one, model="other", cost_nusd=None, unpriced_calls=100,
        unpriced_tokens=one.rows[0].tokens,
    ),
    "fewer calls than the tokens need": lambda one: priced_at(one, calls=1),
    "forget what was sent": lambda one: priced_at(one, input=1, cache_read=0, cost_nusd=5_000),
    "the same again": lambda one: replaced(one),
}  # fmt: skip


@pytest.mark.parametrize("move", MOVES.values(), ids=MOVES.keys())
def test_a_move_that_does_no_work_improves_no_place(
    played: tuple[Connection, Team], move: Callable[[Document], Document]
):
    db, team = played
    before = team.standing(db)
    for day in WINDOW:
        send(db, team.mallory, move(day_of(team.mallory, day, 1.0)))
    assert no_better(team.standing(db), before)


@pytest.mark.parametrize("every", [2, 4, 7])
def test_a_move_on_the_dearest_days_only_improves_no_place(
    played: tuple[Connection, Team], every: int
):
    """Days without much landed are made unbelievable, so that they might be left out."""
    db, team = played
    before = team.standing(db)
    for day in WINDOW[1::every]:
        send(db, team.mallory, priced_at(day_of(team.mallory, day, 1.0), calls=1))
    assert no_better(team.standing(db), before)


def test_taking_dear_days_back_leaves_no_place(played: tuple[Connection, Team]):
    db, team = played
    forget_day(db, team.mallory, WINDOW[1], NOW_MS)
    assert team.standing(db).missing == "a day was deleted"
    assert team.standing(db).level == "self-reported"
    send(db, team.mallory, used(day_of(team.mallory, WINDOW[1], 0.1)))
    assert team.standing(db).missing == "a day was deleted"


@pytest.mark.parametrize(
    ("reason", "left", "missing"),
    [("user_deleted", 0.95, "a day was deleted"), ("recounted", 0.5, "a day was deleted"),
     ("recounted", 0.96, "")],
)  # fmt: skip
def test_a_day_that_was_forgotten_or_that_shrank_much_leaves_no_place(
    played: tuple[Connection, Team], reason: Any, left: float, missing: str
):
    db, team = played
    smaller = replaced(day_of(team.mallory, WINDOW[1], left), reason=reason)
    assert send(db, team.mallory, smaller) == "stored"
    assert team.standing(db).missing == missing
    again = msgspec.structs.replace(day_of(team.mallory, WINDOW[1], left * 0.98), rev=3,
                                    reason="recounted")  # fmt: skip
    assert send(db, team.mallory, again) == "stored"
    assert team.standing(db).missing == "a day was deleted"


def test_a_smaller_document_of_a_closed_day_is_held(played: tuple[Connection, Team]):
    db, team = played
    smaller = priced_at(day_of(team.mallory, WINDOW[0], 1.0), input=1)
    assert send(db, team.mallory, smaller) == "held"


def test_a_day_that_is_over_stays_closed_whatever_a_document_says(played: tuple[Connection, Team]):
    db, team = played
    whole = day_of(team.mallory, WINDOW[0], 1.0)
    assert send(db, team.mallory, replaced(whole, closed=False)) == "stored"
    smaller = msgspec.structs.replace(day_of(team.mallory, WINDOW[0], 0.1), rev=3, closed=False)
    assert send(db, team.mallory, smaller) == "held"


def test_a_flag_stays_while_any_device_gives_reason(played: tuple[Connection, Team]):
    db, team = played
    send(db, team.mallory, landing(day_of(team.mallory, WINDOW[0], 1.0), S=40))
    clean = replaced(day_of(team.mallory, WINDOW[0], 1.0), device=team.second.device)
    send(db, team.second, clean)
    assert team.standing(db).level == "self-reported"
    settled = msgspec.structs.replace(day_of(team.mallory, WINDOW[0], 1.0), rev=3)
    assert send(db, team.mallory, settled) == "stored"
    assert team.standing(db).level == "live"


def sketched(found: Document, who: Speaker, calls: Iterable[int]) -> Document:
    hashes = "".join(f"{n:012x}" for n in sorted(calls))
    made = (Sketch(agent="claude-code", hashes=hashes),)
    return replaced(found, device=who.device, sketches=made)


def test_a_second_device_with_the_same_history_and_changes_gains_nothing(
    played: tuple[Connection, Team],
):
    db, team = played
    before = team.standing(db)
    for number, day in enumerate(WINDOW):
        mine = day_of(team.mallory, day, 1.0)
        calls = range(1000 * number, 1000 * number + 64)
        send(db, team.mallory, sketched(mine, team.mallory, calls))
        send(db, team.second, sketched(mine, team.second, calls))
    assert team.standing(db) == before


def test_a_second_device_that_shares_a_few_calls_hides_nothing_of_its_own(
    played: tuple[Connection, Team],
):
    """Three common calls do not make a copy of the whole day."""
    db, team = played
    alone = team.standing(db)
    for day in WINDOW:
        mine = day_of(team.mallory, day, 1.0)
        calls, others = {*range(0, 128, 2)}, {*range(1, 123, 2), 120, 122, 124}
        send(db, team.mallory, sketched(mine, team.mallory, calls))
        send(db, team.second, sketched(mine, team.second, others))
    both = team.standing(db)
    assert alone.cost_nusd is not None
    assert both.cost_nusd is not None
    assert both.cost_nusd > 1.9 * alone.cost_nusd
    assert both.holds_estimates
    assert no_better(both, alone)


def test_another_members_history_is_no_gain(played: tuple[Connection, Team]):
    db, team = played
    ada = team.people["Ada"]
    before = team.standing(db)
    for number, day in enumerate(WINDOW):
        theirs = day_of(ada, day, THRIFT["Ada"])
        calls = range(1000 * number, 1000 * number + 64)
        send(db, ada, sketched(theirs, ada, calls))
        send(db, team.mallory, sketched(theirs, team.mallory, calls))
    assert no_better(team.standing(db), before)


def test_days_before_the_window_and_after_today_count_nothing(played: tuple[Connection, Team]):
    db, team = played
    before = team.standing(db)
    cheap = landing(day_of(team.mallory, WINDOW[0], 0.01), XL=5)
    send(db, team.mallory, replaced(cheap, day=days_before(TODAY, 40)))
    later = read(encode(replaced(cheap, day=days_before(TODAY, -3))))
    with pytest.raises(Refused):
        take(db, team.mallory, later, day=None, now_ms=NOW_MS)
    after = team.standing(db)
    assert (after.index, after.place) == (before.index, before.place)


def test_doing_badly_for_a_while_improves_no_trend(played: tuple[Connection, Team]):
    """The best of the past counts, however bad the rest of it was."""
    db, team = played
    before = team.standing(db).trend
    assert before is not None
    for back in range(29, 57):
        bad = used(day_of(team.mallory, days_before(TODAY, back), 1.0), output=5_000_000)
        send(db, team.mallory, bad)
    after = team.standing(db).trend
    assert after is not None
    assert after >= before


def test_empty_days_are_not_active_days(played: tuple[Connection, Team]):
    db, team = played
    for day in WINDOW[5:]:
        forget_day(db, team.mallory, day, NOW_MS)
        send(db, team.mallory, replaced(day_of(team.mallory, day, 1.0), rows=()))
    found = team.standing(db)
    assert found.active_days == 5
    assert found.index is None


def test_little_data_stays_near_what_is_usual_and_near_the_own_past():
    assert index_of(0, 100, 4.0) < index_of(0, 1, 4.0) < 1
    assert trend_of(1.0, 2.0, 100) < trend_of(1.0, 2.0, 8) < 1
    assert trend_of(1e9, 1.0, 10**6) == pytest.approx(3.0, abs=0.01)


def test_each_size_from_s_on_is_worth_four_of_the_one_below_and_xs_nothing():
    worth = list(WORTH.values())
    assert worth[0] == 0
    assert all(big == 4 * small for small, big in itertools.pairwise(worth[1:]))


def test_days_sent_in_time_make_a_member_live_and_days_made_up_later_do_not(
    played: tuple[Connection, Team],
):
    db, team = played
    assert team.standing(db).level == "live"
    late = team.device(db, make_code(db, team.id, now_ms=NOW_MS), "Late")
    for rev in (1, 2):
        for day in WINDOW:
            found = msgspec.structs.replace(day_of(late, day, 1.0), rev=rev)
            take(db, late, read(encode(found)), day=None, now_ms=NOW_MS + 3 * 86_400_000)
        you = load_board(db, late, NOW_MS).you
        assert you is not None
        assert you.level == "checked"
    (seen,) = [one for one in load_board(db, team.mallory, NOW_MS).standings if one.name == "Late"]
    assert seen.level is None


def test_a_database_path_is_no_part_of_a_board(tmp_path: Path):
    odd = tmp_path / "a?b%20#c"
    made = open_database(None, odd)
    made.close()
    assert (odd / "board.db").exists()
