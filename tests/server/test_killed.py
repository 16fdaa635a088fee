"""`kill -9` amid submits, and several processes at once: what was acknowledged is stored."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import update

from toktui.dev.soak.board import Board
from toktui.dev.soak.mixed import Soaked, soak
from toktui.dev.soak.model import Model
from toktui.server.database import Database
from toktui.server.tables import document, member_day
from toktui.team.wire.document import Client, Document

KILLS = 10


@pytest.fixture
def boards(tmp_path: Path, loopback_for_all: None) -> Iterator[Callable[..., Board]]:
    """Makes boards that are stopped at the end."""
    made: list[Board] = []

    def make(database: str | None, processes: int = 1) -> Board:
        made.append(Board(tmp_path, database, processes=processes))
        return made[-1]

    yield make
    for board in made:
        board.stop()


def held(done: Soaked) -> None:
    assert done.errors == ()
    assert done.differences == ()
    assert done.acknowledged > 50


async def test_every_acknowledged_revision_is_stored_after_ten_kills(
    database: str | None, boards: Callable[..., Board]
):
    done = await soak(boards(database), seconds=1, kills=KILLS, members=6, pause_s=0.02)
    assert done.kills == KILLS
    held(done)


@pytest.mark.postgres
async def test_several_processes_add_up_what_the_same_devices_send_at_once(
    postgres: Callable[[], str], boards: Callable[..., Board]
):
    board = boards(postgres(), processes=3)
    done = await soak(board, seconds=6, members=8, pause_s=0.02)
    held(done)


async def test_the_model_sees_a_wrong_sum_and_a_revision_that_is_gone(
    boards: Callable[..., Board],
):
    board = boards(None)
    done = await soak(board, seconds=1, members=2, pause_s=0.02)
    assert done.differences == ()
    model = Model()
    assert model.differences(board.database)
    sent: dict[str, Any] = {"v": 1, "team": "t", "device": "d", "day": "2026-11-26",
                            "closed": False, "client": Client(version="1"), "rows": ()}  # fmt: skip
    model.stored(Document(rev=5, **sent), "five")
    assert model.settle("d", [{"day": "2026-11-26", "rev": 5, "sha256": "five"}]) == []
    assert model.settle("d", [{"day": "2026-11-26", "rev": 4, "sha256": "four"}])
    assert model.settle("d", [])
    model.lost(Document(rev=6, **sent), "six")
    assert model.settle("d", [{"day": "2026-11-26", "rev": 6, "sha256": "six"}]) == []


async def test_a_changed_number_in_the_database_is_a_difference(boards: Callable[..., Board]):
    board = boards(None)
    changed: list[str] = []

    class Meddling(Model):
        def differences(self, url: str) -> list[str]:
            database = Database(url)
            with database.write() as db:
                db.execute(update(member_day).values(calls=member_day.c.calls + 1))
                db.execute(update(document).values(sha256="0" * 64))
            database.close()
            changed.extend(super().differences(url))
            return changed

    done = await soak(board, seconds=1, members=2, pause_s=0.02, model=Meddling())
    assert any("is not" in one for one in done.differences)
    assert "other documents are stored than were acknowledged" in done.differences
