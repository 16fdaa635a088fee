"""The screen of a team: what it says to those who are in none, the board, the days, what waits."""

from __future__ import annotations

import asyncio
import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import pytest
from textual.app import App

from toktui.pricing.rates import load_book
from toktui.team.membership import Hold, Sent, Waiting
from toktui.team.team_file import open_team_file, team_path
from toktui.team.wire.document import FIELDS, MOST, OPTIONAL, digest
from toktui.text import clean
from toktui.tui.app import ToktuiApp
from toktui.tui.views import way_to
from toktui.tui.views.team import VIEW

from .conftest import NOW, SIZES, Run, Screens, StandIn, leave

WAY = way_to(VIEW)
Check = Callable[[App[None]], None]
HOSTILE = "[/b][@click=app.quit]x[red]\u202e\x1b[31m\u05d0 " + "界" * 80
EVERY_SIZE = pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")


@pytest.fixture
def own(normal: Path, tmp_path: Path) -> Path:
    """A store and a team of this test's own."""
    folder = tmp_path / "own"
    shutil.copytree(normal.parent, folder)
    return folder / normal.name


@pytest.fixture
def hostile(own: Path) -> Path:
    """A board that somebody hostile runs, full of absurd numbers."""
    big = (1 << 63) - 1
    one = {
        "name": HOSTILE, "appearance": "name", "is_you": False, "place": 1, "index": 1.7e308,
        "missing": HOSTILE, "changes": {"S": 1 << 62, "XXL": -5}, "cost_nusd": big,
        "cost_per_unit_nusd": big, "linked_share": 1.0, "trend": 1e308, "level": HOSTILE,
        "lacks_unpriced": True,
        "holds_estimates": True, "tokens": big, "cache_hit_rate": 0.0, "active_days": MOST,
        "badges": [HOSTILE] * 50,
    }  # fmt: skip
    you = one | {"is_you": True, "name": "", "index": None, "place": -3, "badges": []}
    board = {
        "schema": "toktui.board/1", "team": HOSTILE, "zone": HOSTILE, "since": HOSTILE,
        "until": "", "usual_nusd": big, "members": MOST, "hidden": MOST, "counted": 0,
        "standings": [you, *[one] * 60], "you": you, "more": {"of": "the future"},
    }  # fmt: skip
    with open_team_file(own.parent) as file:
        file.put_board(msgspec.json.encode(board), NOW + 10**12)
        member = file.membership()
        assert member is not None
        file.remember(msgspec.structs.replace(member, team_name=clean(HOSTILE, 60)))
        said = clean(HOSTILE, 200)
        file.put_hold(Hold(attempts=9, next_ms=NOW + 10**11, code="x", what=said, hint=said))
        file.mark_sent(Sent(
            day="2026-11-20", rev=MOST, content="", sha256=said[:64], closed=True, sent_ms=0,
            result="held", flags=(clean(HOSTILE, 24),) * 8, calls=MOST, tokens=MOST, cost_nusd=big,
            version="",
        ), HOSTILE.encode("utf-8", "replace"))  # fmt: skip
        file.wait(Waiting(day="2026-11-19", attempts=1 << 50, next_ms=NOW, code="y", what=said,
                          content=""))  # fmt: skip
    return own


@EVERY_SIZE
async def test_absurd_numbers_and_hostile_names(
    size: tuple[int, int], hostile: Path, run: Run, looks_as_before: Check
):
    async with run(hostile, size=size) as screens:
        await screens.press(*WAY)
        assert "[/b][@click=app.quit]x[red]" in screens.text
        assert "\x1b" not in screens.text
        assert "\u202e" not in screens.text
        await screens.press("t", "down", "down", "enter")
        await screens.press("escape", "v", "end", "escape", "n", "p", "s", "r")
        assert screens.app.view.KEY == "team"
        await screens.press("home")
        looks_as_before(screens.app)


@EVERY_SIZE
async def test_without_a_team_it_says_what_would_be_sent_and_that_nothing_is(
    size: tuple[int, int], empty: Path, run: Run
):
    async with run(empty, size=size) as screens:
        await screens.press(*WAY)
        assert "Nothing is sent" in screens.text
        assert "toktui team join URL CODE" in screens.text
        seen = screens.text
        await screens.press("end")
        seen += screens.text
        for words in ("WHAT WOULD BE SENT", "ONLY IF YOU SAY SO", "NEVER", FIELDS[0][0], *OPTIONAL):
            assert words in seen
        await screens.press("v", "n", "p", "t", "enter")
        assert screens.app.view.KEY == "team"
    assert not team_path(empty.parent).exists()


async def test_the_standing_is_that_of_the_board(normal: Path, run: Run):
    async with run(normal) as screens:
        await screens.press(*WAY)
        assert "place 3 of 8" in screens.text
        assert "6 % below the usual" in screens.text
        assert "Mira Lund · you" in screens.text
        assert "board 12 min old" in screens.text


async def test_not_enough_yet_says_why_and_how_far_it_is(own: Path, run: Run):
    with open_team_file(own.parent) as file:
        board = msgspec.json.decode(file.board() or b"")
        board["you"] |= {"index": None, "place": None, "missing": "too few changes"}
        board["you"] |= {"active_days": 3}
        file.put_board(msgspec.json.encode(board), NOW)
    async with run(own) as screens:
        await screens.press(*WAY)
        assert "Not enough yet: too few landed changes yet" in screens.text
        assert "on 3 active days" in screens.text


async def test_what_waits_and_why_is_said(own: Path, run: Run):
    with open_team_file(own.parent) as file:
        file.put_hold(Hold(attempts=2, next_ms=NOW + 600_000, code="network",
                           what="board.harbour.example was not reached: timed out"))  # fmt: skip
    async with run(own) as screens:
        await screens.press(*WAY)
        assert "was not reached: timed out" in screens.text
        assert "Tried again 14:42" in screens.text
        assert "It is sent once the board answers; nothing is" in screens.text


async def test_the_bytes_of_a_day_are_those_that_were_sent(own: Path, run: Run):
    with open_team_file(own.parent) as file:
        body = file.body("2026-11-21")
    assert body is not None
    async with run(own) as screens:
        await screens.press(*WAY, "t", "down", "enter")
        assert screens.app.view.title == "Day 2026-11-21"
        assert digest(body) in screens.text
        assert screens.app.view.text() == body.decode()
        joined = "".join(line.strip() for line in screens.text.splitlines())
        assert body.decode()[:300].replace(" ", "") in joined.replace(" ", "")
        await screens.press("escape")
        assert screens.app.view.KEY == "team"


async def test_what_would_be_sent_today_is_the_draft(own: Path, run: Run):
    from toktui.store.connect import connect_reader
    from toktui.team.drafts import draft_of

    db = connect_reader(own)
    with open_team_file(own.parent) as file:
        member = file.membership()
        assert member is not None
        draft = draft_of(db, file, member, "2026-11-22", NOW)
    db.close()
    async with run(own) as screens:
        await screens.press(*WAY, "v")
        assert "WOULD BE SENT NOW" in screens.text
        assert draft.made.sha256 in screens.text
        assert screens.app.view.text() == draft.made.body.decode()


async def test_a_day_that_is_not_taken_is_marked_and_opens_with_the_reason(own: Path, run: Run):
    with open_team_file(own.parent) as file:
        file.wait(Waiting(day="2026-11-20", attempts=1, next_ms=NOW + 1, code="wrong_day",
                          what="The day is not one of this team's.", content="x"))  # fmt: skip
    async with run(own) as screens:
        await screens.press(*WAY, "t")
        row = next(line for line in screens.text.splitlines() if line.startswith(" 2026-11-20"))
        assert "not taken" in row
        await screens.press("down", "down", "enter")
        assert "Not taken: The day is not one" in screens.text


async def test_a_damaged_team_file_is_a_sentence(own: Path, run: Run):
    team_path(own.parent).write_bytes(b"no database" * 400)
    async with run(own) as screens:
        await screens.press(*WAY)
        assert "team.db cannot be used" in screens.text
        await screens.press("v", "n", "p", "t", "1")
        assert screens.app.view.KEY == "live"


class Outbox:
    """Notes what it is asked for."""

    def __init__(self, tell: Callable[[bool], None], data: Path) -> None:
        self.tell, self.data, self.asked = tell, data, list[str]()

    def start(self) -> None:
        self.asked.append("start")

    def stop(self) -> None:
        self.asked.append("stop")

    def ready(self, *, yes: bool) -> None:
        self.is_ready = yes

    def send_now(self) -> None:
        self.asked.append("send")
        self.tell(True)

    def pause(self, *, on: bool) -> None:
        self.asked.append(f"pause {on}")
        with open_team_file(self.data) as file:
            file.pause(on=on)
        self.tell(False)


async def test_keys_palette_and_mouse_ask_the_outbox(own: Path):
    made: list[Outbox] = []

    def outbox(tell: Callable[[bool], None]) -> Outbox:
        made.append(Outbox(tell, own.parent))
        return made[0]

    app = ToktuiApp(store=own, zone=ZoneInfo("UTC"), book=load_book, now_ms=lambda: NOW,
                    ingest=StandIn, outbox=outbox)  # fmt: skip
    async with app.run_test(size=(120, 36)) as pilot:
        screens = Screens(app, pilot)
        await screens.rest()
        tabs = screens.text.splitlines()[0]
        await pilot.click(offset=(tabs.index("Team") + 1, 0))
        await screens.rest()
        assert app.view.KEY == "team"
        screens.ingest.say(screens.ingest.progress)
        await screens.press("n")
        assert "sending …" in screens.text
        made[0].tell(False)
        await screens.rest()
        assert "sending …" not in screens.text
        titles = {command.title: command for command in app.get_system_commands(app.screen)}
        assert {"Show Team", "Team: send now", "Team: pause / go on"} <= set(titles)
        titles["Team: pause / go on"].callback()
        await screens.rest()
        assert "Paused: nothing is sent." in screens.text
        await screens.press("p")
        assert "Paused" not in screens.text
        await leave(app)
    assert made[0].is_ready
    assert made[0].asked == ["start", "send", "pause True", "pause False", "stop"]


async def test_a_click_on_a_head_sorts_and_a_second_one_on_a_day_opens_it(normal: Path, run: Run):
    async with run(normal) as screens:
        await screens.press(*WAY)
        lines = screens.text.splitlines()
        head = next(at for at, line in enumerate(lines) if "member" in line)
        await screens.pilot.click(offset=(lines[head].index("member"), head))
        await screens.rest()
        assert "Ada Okafor" in screens.text.splitlines()[head + 1] or "moss" in screens.text
        row = next(at for at, line in enumerate(lines) if line.startswith(" 2026-11-20"))
        await screens.pilot.click(offset=(4, row), times=2)
        await screens.rest()
        assert screens.app.view.title == "Day 2026-11-20"


async def test_exports_are_of_the_list_that_has_the_keys(normal: Path, run: Run):
    async with run(normal) as screens:
        await screens.press(*WAY)
        view: Any = screens.app.view
        assert [column.name for column in view.table(view.data).columns][:3] == [
            "place", "name", "index",
        ]  # fmt: skip
        await screens.press("t")
        assert view.table(view.data).columns[0].name == "day"


@pytest.mark.parametrize("size", [(20, 5), (40, 12), (80, 24)])
async def test_it_fits_any_terminal(size: tuple[int, int], normal: Path, run: Run):
    async with run(normal, size=size) as screens:
        await screens.press(*WAY, "t", "t", "v", "escape", "t", "v")
        assert screens.app.view.KEY == "team_day"


async def test_the_screens_of_a_thread_open_no_file_of_the_team(
    normal: Path, run: Run, monkeypatch: pytest.MonkeyPatch
):
    import threading

    opened: list[str] = []
    connect = sqlite3.connect

    def noticed(*args: Any, **options: Any) -> Any:
        if "team.db" in str(args[0]):
            opened.append(threading.current_thread().name)
        return connect(*args, **options)

    monkeypatch.setattr(sqlite3, "connect", noticed)
    async with run(normal) as screens:
        await screens.press(*WAY, "v", "escape")
        await asyncio.sleep(0)
    assert opened
    assert set(opened) == {"refresher"}


async def test_what_the_board_says_against_a_day_is_told_in_words(own: Path, run: Run):
    with open_team_file(own.parent) as file:
        sent = file.sent()["2026-11-21"]
        file.mark_sent(msgspec.structs.replace(sent, flags=("price", "novel")), None)
    async with run(own) as screens:
        await screens.press(*WAY, "t", "down", "enter")
        assert "flagged: another cost than the board's" in screens.text
        assert "flagged: novel" in screens.text


@pytest.mark.parametrize(
    ("shares", "words"), [((), "team agree --share outcomes"), (("outcomes",), "toktui outcomes")]
)
async def test_without_landed_changes_it_says_what_to_do(
    own: Path, run: Run, shares: tuple[str, ...], words: str
):
    with open_team_file(own.parent) as file:
        board = msgspec.json.decode(file.board() or b"")
        board["you"] |= {"index": None, "place": None, "missing": "outcomes not shared"}
        file.put_board(msgspec.json.encode(board), NOW)
        file.change(shares=shares)
    async with run(own) as screens:
        await screens.press(*WAY)
        assert words in screens.text
