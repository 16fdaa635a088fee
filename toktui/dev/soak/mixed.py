"""Mixed load on a board for a time, with kills in between; what is left is what the model says."""

from __future__ import annotations

import asyncio
import itertools
import random
import statistics
import time
from typing import TYPE_CHECKING, Any, Final

import msgspec

from toktui.dev.soak.device import Device, join
from toktui.dev.soak.member import Member
from toktui.dev.soak.model import Model

if TYPE_CHECKING:
    from toktui.dev.soak.board import Board

MEMBERS: Final = 16
PAUSE_S: Final = 0.15
SAMPLE_S: Final = 2.0
BETWEEN_KILLS: Final = 20
"""Submits that are acknowledged before the server is killed again."""
_SETTLED_S: Final = 20.0
"""From here on memory is compared: caches are full, and every kind of request was made."""


class Soaked(msgspec.Struct, frozen=True):
    """How it went."""

    answers: int
    acknowledged: int
    kills: int
    seconds: float
    errors: tuple[str, ...]
    differences: tuple[str, ...]
    memory: tuple[int, ...]
    """Bytes of all server processes, every two seconds."""

    @property
    def growth(self) -> float | None:
        """Memory of the last third of the time against that of the first, once it has settled."""
        settled = self.memory[int(_SETTLED_S / SAMPLE_S) :]
        third = len(settled) // 3
        if third < 3 or self.kills:
            return None
        return statistics.median(settled[-third:]) / statistics.median(settled[:third])


async def soak(
    board: Board, *, seconds: float, kills: int = 0, members: int = MEMBERS,
    pause_s: float = PAUSE_S, model: Model | None = None,
) -> Soaked:  # fmt: skip
    """Every second member has two devices; the devices are spread over the processes.

    It ends when both the time is over and every kill was made, each amid submits.
    """
    model = model or Model()
    people = await _team(board, model, members)
    begun = time.monotonic()
    memory: list[int] = []
    left = kills

    def goes_on() -> bool:
        return left > 0 or time.monotonic() < begun + seconds

    async def live(one: Member) -> None:
        while goes_on():
            await one.act()
            await asyncio.sleep(pause_s)

    async def watch() -> None:
        while goes_on():
            sizes = [await asyncio.to_thread(process.memory) for process in board.processes]
            memory.append(sum(sizes))
            await asyncio.sleep(SAMPLE_S)

    async def kill() -> None:
        nonlocal left
        draw = random.Random(kills)
        for number in range(kills):
            await model.acknowledges(BETWEEN_KILLS)
            await asyncio.sleep(draw.uniform(0, 0.05))
            await asyncio.to_thread(board.processes[number % len(board.processes)].kill)
            left -= 1

    tasks: list[Any] = [*(live(one) for one in people), kill()]
    if not kills:
        tasks.append(watch())
    await asyncio.gather(*tasks)
    for one in people:
        await one.recover()
        await one.hang_up()
    errors = [error for one in people for error in one.errors]
    return Soaked(
        sum(one.answers for one in people), model.acknowledged, kills, time.monotonic() - begun,
        tuple(errors), tuple(model.differences(board.database)), tuple(memory),
    )


async def _team(board: Board, model: Model, members: int) -> list[Member]:
    ports = board.ports
    people: list[Member] = []
    joined = await join(ports, board.host, board.owner, members)
    for number, device in enumerate(joined):
        devices = [device]
        if number % 2:
            second = Device(ports[(number + 1) % len(ports)], board.host)
            await second.enrol((await device.json("POST", "/v1/links"))["value"])
            devices.append(second)
        for one in devices:
            model.joined(one.id, one.member)
            sibling = device if one is not device else None
            people.append(Member(one, model, board, sibling=sibling))
    for before, one in itertools.pairwise(people):
        one.copied.append(before.device)
        before.copied.append(one.device)
    return people
