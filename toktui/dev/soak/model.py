"""What the server must hold, worked out from its receipts alone: none of the server's code.

A receipt `stored` puts a document in the place of the device's day. A request whose answer was lost
may have done so or not; what the server then says it holds must be one of the two.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import select

from toktui.server.database import Database
from toktui.server.tables import document, member_day

if TYPE_CHECKING:
    from collections.abc import Iterable

    from toktui.team.wire.document import Document

SUMMED: Final = ("calls", "input", "cache_read", "cache_write_5m", "output", "cost_nusd")
_Place = tuple[str, str]


class Model:
    """Documents by device and day."""

    def __init__(self) -> None:
        self._owners: dict[str, str] = {}
        self._held: dict[_Place, tuple[Document, str]] = {}
        self._maybe: dict[_Place, dict[str, Document]] = defaultdict(dict)
        self._maybe_gone: set[_Place] = set()
        self.acknowledged = self._awaited = 0
        self._enough = asyncio.Event()

    def joined(self, device: str, member: str) -> None:
        """A device is a member's."""
        self._owners[device] = member

    def stored(self, found: Document, sha256: str) -> None:
        """The server acknowledged it. Of several that ran at once the highest revision stays."""
        self.acknowledged += 1
        if self.acknowledged >= self._awaited:
            self._enough.set()
        place = (found.device, found.day)
        held = self._held.get(place)
        if held is None or held[0].rev < found.rev:
            self._held[place] = (found, sha256)

    async def acknowledges(self, more: int) -> None:
        """Waits until the server has acknowledged so many more."""
        self._awaited = self.acknowledged + more
        self._enough.clear()
        await self._enough.wait()

    def lost(self, found: Document, sha256: str) -> None:
        """The answer did not come."""
        self._maybe[found.device, found.day][sha256] = found

    def deleted(self, device: str, day: str, *, surely: bool = True) -> None:
        """The server acknowledged that a day is gone, or its answer was lost."""
        if surely:
            self._held.pop((device, day), None)
        else:
            self._maybe_gone.add((device, day))

    def held(self, device: str, day: str) -> Document | None:
        """What was acknowledged last."""
        found = self._held.get((device, day))
        return None if found is None else found[0]

    def days(self, device: str) -> list[str]:
        """The days of a device that the server acknowledged."""
        return [day for one, day in self._held if one == device]

    def settle(self, device: str, held: Iterable[dict[str, Any]]) -> list[str]:
        """Takes over what the server says it holds of a device; what cannot be, in words."""
        wrong: list[str] = []
        days = {one["day"]: one for one in held}
        for place in [place for place in self._held if place[0] == device]:
            known, sha256 = self._held[place]
            there = days.get(place[1])
            if there is None and place in self._maybe_gone:
                del self._held[place]
            elif there is None or there["rev"] < known.rev:
                wrong.append(f"revision {known.rev} of {place[1]} was acknowledged and is gone")
            elif there["rev"] == known.rev and there["sha256"] != sha256:
                wrong.append(f"revision {known.rev} of {place[1]} has other bytes")
        for day, there in days.items():
            place = (device, day)
            maybe = self._maybe.pop(place, {})
            if place in self._held and self._held[place][1] == there["sha256"]:
                continue
            if there["sha256"] not in maybe:
                wrong.append(f"{day} holds bytes that were never sent")
            else:
                self._held[place] = (maybe[there["sha256"]], there["sha256"])
        self._maybe_gone = {place for place in self._maybe_gone if place[0] != device}
        return wrong

    def sums(self) -> dict[_Place, tuple[int, ...]]:
        """The numbers of each member's day; calls that two devices report are counted once."""
        days: dict[_Place, list[Document]] = defaultdict(list)
        for (device, day), (found, _) in self._held.items():
            days[self._owners[device], day].append(found)
        return {place: _summed(documents) for place, documents in days.items()}

    def differences(self, url: str) -> list[str]:
        """Where the database holds other numbers or bytes."""
        database = Database(url)
        columns = [member_day.c[name] for name in SUMMED]
        with database.read() as db:
            rows: list[tuple[Any, ...]] = [
                tuple(row)
                for row in db.execute(select(member_day.c.member, member_day.c.day, *columns))
            ]
            bodies = db.execute(
                select(document.c.device, document.c.day, document.c.sha256)
                .where(document.c.sha256 != "")
            ).all()  # fmt: skip
        database.close()
        held = {(row[0], row[1]): row[2:] for row in rows}
        wanted = self.sums()
        wrong = [
            f"{place}: {held.get(place)} is not {wanted.get(place)}"
            for place in sorted({*held, *wanted}) if held.get(place) != wanted.get(place)
        ]  # fmt: skip
        stored = {(row[0], row[1]): row[2] for row in bodies}
        if stored != {place: sha256 for place, (_, sha256) in self._held.items()}:
            wrong.append("other documents are stored than were acknowledged")
        return wrong


def _summed(documents: list[Document]) -> tuple[int, ...]:
    """An agent's calls count once where two devices have the same sketch of them."""
    sums = dict.fromkeys(SUMMED, 0)
    seen: set[tuple[str, str]] = set()
    for one in documents:
        sketches = {sketch.agent: sketch.hashes for sketch in one.sketches}
        for agent in sorted({row.agent for row in one.rows}):
            key = (agent, sketches.get(agent, one.device))
            if key in seen:
                continue
            seen.add(key)
            for row in one.rows:
                if row.agent == agent:
                    for name in SUMMED:
                        sums[name] += getattr(row, name) or 0
    return tuple(sums[name] for name in SUMMED)
