"""What one device does all day: it submits, repeats itself, looks, deletes, and gets things wrong.
"""

from __future__ import annotations

import asyncio
import itertools
import random
from typing import TYPE_CHECKING, Any, Final

import msgspec

from toktui.dev.soak.line import Answer, Line, LostError
from toktui.server.zones import days_before
from toktui.team.wire.document import digest, encode

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    from toktui.dev.soak.board import Board
    from toktui.dev.soak.device import Device
    from toktui.dev.soak.model import Model
    from toktui.team.wire.document import Document

DAYS: Final = 14
_revs: Final = itertools.count(1)


class Member:
    """A device with what it does; each answer is compared with what must come."""

    def __init__(
        self, device: Device, model: Model, board: Board, *, sibling: Device | None
    ) -> None:
        self.device, self._model = device, model
        self.copied = [] if sibling is None else [sibling]
        self._draw = random.Random(device.id)
        self._lines = [Line(board.ports[n % len(board.ports)], board.host) for n in range(3)]
        self._cookie = ""
        self.errors: list[str] = []
        self.answers = 0
        self._acts: list[tuple[int, Callable[[], Coroutine[Any, Any, None]]]] = [
            (55, self._submit), (8, self._repeat), (6, self._outdated), (6, self._burst),
            (6, self._batch), (3, self._delete), (5, self.settle), (3, self._board),
            (4, self._page), (2, self._export), (4, self._hostile), (6, self._copy),
        ]  # fmt: skip

    async def hang_up(self) -> None:
        """Ends the connections."""
        for line in (self.device.line, *self._lines):
            await line.closed()

    async def act(self) -> None:
        """One thing, by weight. What was lost is settled as soon as the server is back."""
        weights = [weight for weight, _ in self._acts]
        (chosen,) = self._draw.choices([act for _, act in self._acts], weights)
        try:
            await chosen()
        except LostError:
            await self.recover()

    async def recover(self) -> None:
        """Waits for the server, and takes over what it says it holds."""
        for _ in range(300):
            try:
                await self.settle()
                return
            except LostError:
                await asyncio.sleep(0.1)
        self.errors.append("the server did not come back")

    async def settle(self) -> None:
        """Compares what the server says it holds with what it acknowledged."""
        answer = await self.device.ask("GET", "/v1/days")
        if self._is(answer, "days", 200):
            held = msgspec.json.decode(answer.body)["days"]
            self.errors += self._model.settle(self.device.id, held)

    async def _submit(self) -> None:
        await self._put(self._new(), self.device.line)

    async def _put(self, found: Document, line: Line, *also: int) -> None:
        body = encode(found)
        sha256 = digest(body)
        try:
            answer = await self.device.ask("PUT", f"/v1/days/{found.day}", body, line)
        except LostError:
            self._model.lost(found, sha256)
            raise
        if self._is(answer, "submit", 200, *also) and answer.status == 200:
            self._take(found, sha256, msgspec.json.decode(answer.body))

    def _take(self, found: Document, sha256: str, receipt: Any) -> None:
        if receipt["result"] == "stored" and receipt["sha256"] == sha256:
            self._model.stored(found, sha256)
        else:
            self.errors.append(f"a receipt says {receipt['result']}")

    async def _repeat(self) -> None:
        """The bytes that the server has: nothing happens."""
        found = self._any()
        if found is not None:
            answer = await self.device.ask("PUT", f"/v1/days/{found.day}", encode(found))
            if self._is(answer, "repeat", 200):
                receipt = msgspec.json.decode(answer.body)
                if receipt["result"] != "unchanged":
                    self.errors.append(f"a repetition was {receipt['result']}")

    async def _outdated(self) -> None:
        """A revision that is not higher is refused with the one that is held."""
        held = self._any()
        if held is not None and held.rev > 1:
            older = self.device.document(self._draw, held.day, held.rev - 1)
            answer = await self.device.ask("PUT", f"/v1/days/{held.day}", encode(older))
            if self._is(answer, "outdated", 409):
                problem = msgspec.json.decode(answer.body)
                if problem["rev"] != held.rev:
                    self.errors.append("another revision is held than was acknowledged")

    async def _burst(self) -> None:
        """Three revisions of one day at the same time; the highest stays."""
        first = self._new()
        later = [msgspec.structs.replace(first, rev=next(_revs)) for _ in range(2)]
        puts = [
            self._put(found, line, 409)
            for found, line in zip((first, *later), self._lines, strict=True)
        ]
        results = await asyncio.gather(*puts, return_exceptions=True)
        for result in results:
            if isinstance(result, BaseException):
                raise result

    async def _batch(self) -> None:
        found = [
            self.device.document(self._draw, days_before(self.device.today, back), next(_revs))
            for back in self._draw.sample(range(DAYS), 4)
        ]
        bodies = [encode(one) for one in found]
        try:
            answer = await self.device.ask(
                "POST", "/v1/days:batch", b'{"documents":[' + b",".join(bodies) + b"]}"
            )
        except LostError:
            for one, body in zip(found, bodies, strict=True):
                self._model.lost(one, digest(body))
            raise
        if self._is(answer, "batch", 200):
            items = msgspec.json.decode(answer.body)["items"]
            for one, body, item in zip(found, bodies, items, strict=True):
                if item["status"] != 200:
                    self.errors.append(f"a document of a batch: {item}")
                else:
                    self._take(one, digest(body), item["receipt"])

    async def _delete(self) -> None:
        found = self._any()
        if found is None:
            return
        try:
            answer = await self.device.ask("DELETE", f"/v1/days/{found.day}?again={next(_revs)}")
        except LostError:
            self._model.deleted(self.device.id, found.day, surely=False)
            raise
        if self._is(answer, "delete", 200):
            self._model.deleted(self.device.id, found.day)

    async def _copy(self) -> None:
        """Sends what the member's other device has sent, or somebody else: a copied history."""
        if not self.copied:
            return
        source = self._draw.choice(self.copied)
        days = self._model.days(source.id)
        theirs = self._model.held(source.id, self._draw.choice(days)) if days else None
        if theirs is not None:
            copied = msgspec.structs.replace(theirs, device=self.device.id, rev=next(_revs))
            await self._put(copied, self.device.line)

    async def _board(self) -> None:
        self._is(await self.device.ask("GET", "/v1/boards/main"), "board", 200)

    async def _export(self) -> None:
        self._is(await self.device.ask("GET", "/v1/me/export"), "export", 200)

    async def _page(self) -> None:
        if not self._cookie:
            self._cookie = await sign_in(self.device)
        self._is(await self.device.line.ask("GET", "/", b"", {"Cookie": self._cookie}), "page", 200)

    async def _hostile(self) -> None:
        """Refused with a code, whatever it is."""
        body = self._draw.choice((b"{}", b"[" * 5000, self._draw.randbytes(200)))
        target = f"/v1/days/{self.device.today}"
        self._is(await self.device.ask("PUT", target, body), "bad document", 422)
        self._is(await self.device.line.ask("PUT", target, body), "unsigned", 401)

    def _new(self) -> Document:
        day = days_before(self.device.today, self._draw.randrange(DAYS))
        return self.device.document(self._draw, day, next(_revs))

    def _any(self) -> Document | None:
        days = self._model.days(self.device.id)
        return self._model.held(self.device.id, self._draw.choice(days)) if days else None

    def _is(self, answer: Answer, what: str, *wanted: int) -> bool:
        self.answers += 1
        if answer.status not in wanted:
            self.errors.append(f"{what}: {answer.status} {answer.body[:200]!r}")
        return answer.status in wanted


async def sign_in(device: Device) -> str:
    """The cookie of a browser of this device."""
    # The same request twice in a second is a replay.
    address = (await device.json("POST", f"/v1/logins?again={next(_revs)}"))["value"]
    origin = address.split("/sign-in/")[0]
    answer = await device.line.ask(
        "POST", address.removeprefix(origin), b"",
        {"Origin": origin, "Content-Type": "application/x-www-form-urlencoded"},
    )  # fmt: skip
    if answer.status != 303:
        raise RuntimeError(f"sign-in: {answer.status}")
    return answer.headers["set-cookie"].split(";")[0]
