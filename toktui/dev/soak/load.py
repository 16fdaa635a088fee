"""How fast: submits at a steady rate, and the board's page of a large team."""

from __future__ import annotations

import asyncio
import random
import time
from typing import TYPE_CHECKING, Any, Final

import msgspec
from sqlalchemy import update

from toktui.dev.bench.table import median, percentile
from toktui.dev.soak.device import Device, join
from toktui.dev.soak.line import Line
from toktui.dev.soak.member import sign_in
from toktui.server.database import Database
from toktui.server.tables import SUMS, member, member_day
from toktui.server.zones import days_before
from toktui.team.wire.document import encode

if TYPE_CHECKING:
    from toktui.dev.soak.board import Board

DEVICES: Final = 60
PER_S: Final = 100
MEMBERS: Final = 1_000
YEAR: Final = 365
_READERS: Final = 15
_LINES: Final = 8


class Submits(msgspec.Struct, frozen=True):
    """Latencies count from the time at which a submit was due, whether or not it could be sent."""

    per_s: float
    p50_ms: float
    p99_ms: float
    refused: int
    cpu_ms: float
    """Of the server for one submit, which does not depend on what else the machine does."""


class Pages(msgspec.Struct, frozen=True):
    """The board's page."""

    first_ms: float
    """The first page of a process, for which all members' days are added up."""
    new_ms: float
    """Median of pages that were not made before."""
    slowest_ms: float
    kept_per_s: float
    """Pages a second, of one that was made before."""
    size: int
    cpu_ms: float
    """Of the server for a page that was not made before."""


async def submits(board: Board, *, seconds: float, per_s: float = PER_S) -> Submits:
    """New revisions of full documents at a steady rate, from sixty devices of sixty members."""
    devices = await join(board.ports, board.host, board.owner, DEVICES)
    draw = random.Random(3)
    late: list[float] = []
    refused = 0
    bodies = [
        [encode(device.document(draw, device.today, rev)) for rev in range(1, 60)]
        for device in devices
    ]

    async def one(device: Device, body: bytes, due: float) -> None:
        nonlocal refused
        answer = await device.ask("PUT", f"/v1/days/{device.today}", body)
        late.append((time.perf_counter() - due) * 1000)
        refused += answer.status != 200

    async def own(number: int, device: Device, begin: float) -> None:
        """One device after the other, each in its own turn: never two requests on one line."""
        for turn, body in enumerate(bodies[number]):
            due = begin + (turn * len(devices) + number) / per_s
            if due > begin + seconds:
                return
            await asyncio.sleep(max(0.0, due - time.perf_counter()))
            await one(device, body, due)

    used = _cpu_s(board)
    begin = time.perf_counter() + 0.2
    await asyncio.gather(*(own(number, device, begin) for number, device in enumerate(devices)))
    taken = time.perf_counter() - begin
    cpu_ms = (_cpu_s(board) - used) * 1000 / len(late)
    for device in devices:
        await device.line.closed()
    return Submits(
        len(late) / taken, median(late), percentile(late, 0.99), refused, cpu_ms
    )


def _cpu_s(board: Board) -> float:
    return sum(one.cpu_s() for one in board.processes)


async def pages(board: Board, *, seconds: float) -> Pages:
    """A board of a thousand members and a year."""
    device = (await join(board.ports, board.host, board.owner, 1))[0]
    await asyncio.to_thread(_fill, board.database, device)
    # The server does not keep a connection for as long as that takes.
    device.line.close()
    cookies = [await sign_in(device) for _ in range(_READERS)]
    took: list[float] = []
    size, used = 0, 0.0
    for number, cookie in enumerate(cookies):
        if number == 1:
            used = _cpu_s(board)
        begin = time.perf_counter()
        answer = await device.line.ask("GET", "/", b"", {"Cookie": cookie})
        took.append((time.perf_counter() - begin) * 1000)
        if answer.status != 200:
            raise RuntimeError(f"page: {answer.status}")
        size = len(answer.body)
    cpu_ms = (_cpu_s(board) - used) * 1000 / (len(took) - 1)
    first_ms = took.pop(0)
    count = 0
    over = time.perf_counter() + seconds

    async def read(line: Line) -> None:
        nonlocal count
        while time.perf_counter() < over:
            answer = await line.ask("GET", "/", b"", {"Cookie": cookies[0]})
            if answer.status != 200:
                raise RuntimeError(f"page: {answer.status}")
            count += 1

    lines = [Line(board.ports[n % len(board.ports)], board.host) for n in range(_LINES)]
    await asyncio.gather(*(read(line) for line in lines))
    for line in (device.line, *lines):
        await line.closed()
    return Pages(first_ms, median(took), max(took), count / seconds, size, cpu_ms)


def _fill(url: str, device: Device) -> None:
    """A thousand members and their year, past the server: it would take it an hour."""
    draw = random.Random(7)
    database = Database(url)
    first = days_before(device.today, YEAR)
    ids = [f"m_{number:016}" for number in range(MEMBERS)]
    with database.write() as db:
        db.execute(update(member).values(first_day=first))
        db.execute(member.insert(), [
            {"id": one, "team": device.team, "appearance": "name",
             "name": f"Somebody {number}", "role": "member", "joined_ms": number,
             "first_day": first}
            for number, one in enumerate(ids)
        ])  # fmt: skip
        for one in ids:
            db.execute(member_day.insert(), [
                _day(draw, one, device.team, days_before(device.today, back))
                for back in range(YEAR) if draw.random() < 0.7
            ])  # fmt: skip
    database.close()


def _day(draw: random.Random, member_id: str, team_id: str, day: str) -> dict[str, Any]:
    calls = draw.randint(20, 400)
    return {
        **dict.fromkeys(SUMS, 0), "member": member_id, "team": team_id, "day": day,
        "shares_outcomes": True, "calls": calls, "input": calls * 1_000,
        "cache_read": calls * 50_000, "cache_write_5m": calls * 2_000, "output": calls * 500,
        "cost_nusd": calls * 50_000_000, "landed_s": draw.randint(0, 2),
        "landed_m": draw.randint(0, 1), "linked_s": calls * 10_000_000,
    }  # fmt: skip
