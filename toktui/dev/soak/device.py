"""A device that speaks the protocol, and the documents that it sends."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any, Final

import msgspec

from toktui import clock
from toktui.dev.soak.line import Answer, Line
from toktui.model import Tokens
from toktui.pricing.price import price
from toktui.server.repricing import public_book
from toktui.server.zones import range_of
from toktui.team.wire.document import (
    Client,
    Document,
    Landed,
    Outcomes,
    Row,
    Sketch,
    V,
    schema_hash,
)
from toktui.team.wire.messages import Enrolled
from toktui.team.wire.signing import NEW_DEVICE, new_key, public_key, sign, signed_string

if TYPE_CHECKING:
    from collections.abc import Sequence

    from toktui.team.wire.document import Size
    from toktui.team.wire.messages import Appearance

MODELS: Final = (("claude-code", "claude-opus-4-8"), ("claude-code", "claude-sonnet-5"),
                 ("codex", "gpt-5.5"))  # fmt: skip
_SIZES: Final[tuple[Size, ...]] = ("S", "S", "M", "L")


class Device:
    """Enrolled, with a connection of its own."""

    def __init__(self, port: int, host: str) -> None:
        self.line, self._host = Line(port, host), host
        self._key, self.id = new_key(), NEW_DEVICE
        self.member = self.team = self.today = ""

    async def enrol(self, code: str, name: str = "") -> None:
        """Becomes a member, listed if it has a name."""
        appearance: Appearance = "name" if name else "hidden"
        asked = {"code": code, "public_key": public_key(self._key), "appearance": appearance,
                 "name": name, "schema": schema_hash()}  # fmt: skip
        answer = await self.ask("POST", "/v1/enrol", msgspec.json.encode(asked))
        if answer.status != 200:
            raise RuntimeError(answer.body.decode())
        found = msgspec.json.decode(answer.body, type=Enrolled)
        self.id, self.member = found.device, found.member
        self.team, self.today = found.team.team, found.team.today

    async def ask(
        self, method: str, target: str, body: bytes = b"", line: Line | None = None
    ) -> Answer:
        """A signed request, on a connection of its own or on another."""
        at = clock.now_ms() // 1000
        message = signed_string(
            method=method, host=self._host, target=target, body=body, device=self.id, unix_time=at
        )
        return await (line or self.line).ask(method, target, body, {
            "Toktui-Device": self.id, "Toktui-Time": str(at),
            "Toktui-Signature": sign(self._key, message),
        })  # fmt: skip

    async def json(self, method: str, target: str, body: bytes = b"") -> Any:
        """The answer's JSON; RuntimeError if it is an error."""
        answer = await self.ask(method, target, body)
        if answer.status != 200:
            raise RuntimeError(f"{method} {target}: {answer.status}")
        return msgspec.json.decode(answer.body)

    def document(self, draw: random.Random, day: str, rev: int) -> Document:
        """A day of some calls, with a sketch and with what landed."""
        rows = tuple(_row(draw, agent, model, day) for agent, model in MODELS)
        cost = sum(row.cost_nusd or 0 for row in rows)
        size = draw.choice(_SIZES)
        return Document(
            v=V, team=self.team, device=self.id, day=day, rev=rev, closed=False,
            # Of a day that is over a smaller document is taken only with a reason.
            client=Client(version="soak"), rows=rows, reason="recounted",
            outcomes=Outcomes(
                landed=(Landed(size=size, changes=draw.randint(1, 3), cost_nusd=cost // 4),),
                reverted=0,
            ),
            sketches=tuple(_sketch(draw, agent) for agent in ("claude-code", "codex")),
        )  # fmt: skip


async def join(ports: Sequence[int], host: str, owner: str, count: int) -> list[Device]:
    """The owner and others of a team, spread over the processes that listen at these ports."""
    invite = owner
    made: list[Device] = []
    for number in range(count):
        device = Device(ports[number % len(ports)], host)
        await device.enrol(invite, f"member {number}")
        if number == 0:
            asked = b'{"uses":1000,"hours":24}'
            invite = (await device.json("POST", "/v1/invites", asked))["value"]
        made.append(device)
    return made


def _sketch(draw: random.Random, agent: str) -> Sketch:
    hashes = {f"{draw.getrandbits(44):012x}" for _ in range(64)}
    return Sketch(agent=agent, hashes="".join(sorted(hashes)))


def _row(draw: random.Random, agent: str, model: str, day: str) -> Row:
    calls = draw.randint(20, 200)
    tokens = Tokens(
        input=calls * draw.randint(300, 3_000), cache_read=calls * draw.randint(20_000, 80_000),
        cache_write_5m=calls * draw.randint(1_000, 4_000), output=calls * draw.randint(200, 900),
    )  # fmt: skip
    at_ms = range_of(day, "UTC").start_ms
    cost = price(public_book(), model=model, at_ms=at_ms, tokens=tokens, summed=True)
    return Row(
        agent=agent, model=model, tier="standard", calls=calls, input=tokens.input,
        cache_read=tokens.cache_read, cache_write_5m=tokens.cache_write_5m, cache_write_1h=0,
        output=tokens.output, reasoning=0, web_search=0, estimated_calls=0, estimated_tokens=0,
        unpriced_calls=0, unpriced_tokens=0, cost_nusd=None if cost is None else cost.total_nusd,
    )  # fmt: skip
