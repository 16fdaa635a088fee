"""What we charge for a session is what Claude Code's own ledger says, to the micro-dollar.

No log that was recorded for these tests has a `cost-state` row, and the totals of the conformance
cases and of the sample in the notes on the format are made up. So each ledger here gets the total
that Claude Code gives: its table and its rules, as found in 2.1.330, written out below and worked
in decimals, response by response, independent of our rate book. The tokens of the first session
are those of the sample.
"""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.properties.lab import Lab, write, wrong_sums
from tests.properties.worlds import lines
from toktui.facts import decode_ledger

SESSION = "5e550001-0000-4000-8000-000000000000"
STARTED_MS = 1_795_165_200_000
OPUS, HAIKU, LONG_HAIKU = "claude-opus-5-5", "claude-haiku-5-5", "claude-haiku-5-5 above 100k"
TABLE = {
    OPUS: "4 20 5 8 0.20",
    HAIKU: "0.10 0.50 0.125 0.20 0.01",
    LONG_HAIKU: "0.50 2.50 0.625 1.00 0.05",
    f"{OPUS} fast": "8 40 10 16 0.4",
}
"""Dollars per million tokens: input, output, short and long write, read."""


class Response(NamedTuple):
    """One response of the API."""

    model: str
    input: int
    output: int
    short: int = 0
    long: int = 0
    read: int = 0
    searches: int = 0
    speed: str = "standard"
    geo: str = "global"

    def dollars(self) -> Decimal:
        """What Claude Code adds to its ledger for it."""
        row = self.model if self.speed == "standard" else f"{self.model} {self.speed}"
        if self.model == HAIKU and self.input + self.short + self.long + self.read > 100_000:
            row = LONG_HAIKU
        rates = map(Decimal, TABLE[row].split())
        tokens = (self.input, self.output, self.short, self.long, self.read)
        cost = sum(n * rate for n, rate in zip(tokens, rates, strict=True)) / 1_000_000
        factor = Decimal("1.1") if self.geo == "us" else 1
        return cost * factor + self.searches * Decimal("0.01")


def assistant(number: int, r: Response) -> dict[str, object]:
    usage = {
        "input_tokens": r.input, "output_tokens": r.output, "cache_read_input_tokens": r.read,
        "cache_creation_input_tokens": r.short + r.long,
        "cache_creation": {
            "ephemeral_5m_input_tokens": r.short, "ephemeral_1h_input_tokens": r.long,
        },
        "server_tool_use": {"web_search_requests": r.searches},
        "speed": r.speed, "inference_geo": r.geo,
    }  # fmt: skip
    return {
        "type": "assistant", "sessionId": SESSION, "cwd": "/w/app", "version": "2.1.330",
        "timestamp": f"2026-11-20T09:{number:02}:00.000Z",
        "message": {"id": f"msg_01{number:022}", "model": r.model, "stop_reason": "end_turn",
                    "usage": usage},
    }  # fmt: skip


def ledger(responses: list[Response]) -> dict[str, object]:
    """The row that Claude Code writes when the session ends."""
    models: dict[str, dict[str, object]] = {}
    for model in {r.model for r in responses}:
        own = [r for r in responses if r.model == model]
        models[model] = {
            "inputTokens": sum(r.input for r in own),
            "outputTokens": sum(r.output for r in own),
            "cacheReadInputTokens": sum(r.read for r in own),
            "cacheCreationInputTokens": sum(r.short + r.long for r in own),
            "cacheCreationEphemeral5mInputTokens": sum(r.short for r in own),
            "cacheCreationEphemeral1hInputTokens": sum(r.long for r in own),
            "webSearchRequests": sum(r.searches for r in own),
            "costUSD": float(sum(r.dollars() for r in own)),
        }
    total = float(sum(r.dollars() for r in responses))
    return {
        "type": "cost-state", "sessionId": SESSION, "totalCostUSD": total,
        "startTime": STARTED_MS, "modelUsage": models, "hasUnknownModelCost": False,
    }  # fmt: skip


SESSIONS = {
    "the sample, with a side call": (
        [Response(OPUS, 4, 310, long=900, read=52_000)],
        [Response(OPUS, 5, 95, long=1_000, read=1_000)],
    ),
    "all in the transcript": (
        [Response(OPUS, 4, 310, long=900, read=52_000), Response(HAIKU, 100, 7, short=30)],
        [],
    ),
    "a title on a model that no call used": (
        [Response(OPUS, 4, 310, long=900, read=52_000)],
        [Response(HAIKU, 701, 33)],
    ),
    "a long prompt, and a side call that has none": (
        [Response(HAIKU, 20_001, 333, short=80_000)],
        [Response(HAIKU, 77, 11, read=3_000)],
    ),
    "side calls that are long only together": (
        [Response(OPUS, 4, 310, long=900, read=52_000)],
        [Response(HAIKU, 60_000, 11), Response(HAIKU, 60_000, 12)],
    ),
    "searches of which one is a side call's": (
        [Response(OPUS, 10, 20, searches=1)],
        [Response(OPUS, 30, 40, searches=1)],
    ),
    "served fast, and in the US": (
        [Response(OPUS, 10, 21, read=501, speed="fast"), Response(OPUS, 13, 7, geo="us")],
        [Response(OPUS, 30, 40)],
    ),
}


@pytest.mark.parametrize("name", SESSIONS)
def test_calls_and_residual_cost_what_the_ledger_says(name: str, home: Path) -> None:
    told, hidden = SESSIONS[name]
    rows: list[object] = [assistant(n, response) for n, response in enumerate(told)]
    log = home / f".claude/projects/-w-app/{SESSION}.jsonl"
    write(log, lines([*rows, ledger([*told, *hidden])]))
    lab = Lab(home)
    lab.sync()
    (body,) = lab.db.execute("select body from fact where kind = 'ledger'").fetchone()
    costs = lab.db.execute("select exactness, sum(cost_nusd) from calls group by 1").fetchall()
    assert wrong_sums(lab.db) == ""
    lab.close()

    total = decode_ledger(body).total_nusd
    assert total is not None
    assert micro(sum(nusd for _, nusd in costs)) == micro(total)
    assert micro(dict(costs).get("residual", 0)) == micro(
        int(sum(response.dollars() for response in hidden) * 10**9)
    )


def micro(nusd: int) -> int:
    return round(nusd / 1000)
