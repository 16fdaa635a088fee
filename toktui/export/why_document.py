"""The document of `toktui why --json`: `toktui.why/1`. Money is nano-dollars."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import msgspec
from msgspec import UNSET, UnsetType


class Sighting(msgspec.Struct, frozen=True, kw_only=True):
    """One line of a log."""

    counted: bool
    reason: str | None
    gives_numbers: bool | None
    kind: str
    log: str
    offset: int
    """Of a line its first byte; of an entry of a document or database a number of ours."""
    byte: int | None
    """Where it begins in its log now; null where it is no stretch of bytes, or gone."""
    row: str | None
    """What finds it in its database: table and key."""
    length: int
    session: str
    agent_id: str | None
    state: str
    """`read`, or why the line is not shown: `gone`, `changed`, `unreadable`."""
    excerpt: str | None
    stored: Mapping[str, int]
    """What the store keeps of this log's lines about the call."""


class Search(msgspec.Struct, frozen=True, kw_only=True):
    """One result row that counts web searches."""

    count: int
    log: str
    offset: int
    length: int
    state: str
    excerpt: str | None


class Part(msgspec.Struct, frozen=True, kw_only=True):
    """`count` times `rate_nusd`, per `per`, times the multipliers that are not in the rates."""

    part: str
    count: int
    rate_nusd: int | None
    per: int | None
    rate_of: str
    cost_nusd: int


class Multiplier(msgspec.Struct, frozen=True, kw_only=True):
    """A factor of the tokens' cost."""

    name: str
    numerator: int
    denominator: int
    in_rates: bool
    source: str


class Rates(msgspec.Struct, frozen=True, kw_only=True):
    """The row of the rate book that applied."""

    book: str
    source: str
    source_date: str
    provider: str
    tier: str
    valid_from: str | None
    before_first_date: bool
    prompt_tokens: int
    band_above: int
    band_up_to: int | None
    multipliers: tuple[Multiplier, ...]


class Method(msgspec.Struct, frozen=True, kw_only=True):
    """How output was estimated: `ratio` times `tokens`, `frames` for tools and their arguments, and
    the greater of `ratio` times `thinking`, `sealed_ratio` times `sealed`."""

    source: str
    """Whose calls taught it: `own`, `shipped`; or `unmeasured`."""
    model: str
    calls: int
    tokens: int
    ratio: float
    tools: int
    arguments: int
    frames: int
    thinking: int
    sealed: int
    sealed_ratio: float


class ProbableCall(msgspec.Struct, frozen=True, kw_only=True):
    """What the call probably used beyond its counts; `estimated` is all of its output."""

    output: int
    low: int
    high: int
    estimated: int
    cost_nusd: int | None
    cost_low_nusd: int | None
    cost_high_nusd: int | None
    cost_usd: float | None
    method: Method


class Spread(msgspec.Struct, frozen=True, kw_only=True):
    """What 8 of 10 outputs are between that are estimated so; input is the least that it can be."""

    low: int
    high: int


class Call(msgspec.Struct, frozen=True, kw_only=True):
    """A call, what it cost, and why."""

    id: str
    agent: str
    session: str
    agent_id: str | None
    at: str
    project: str | None
    branch: str | None
    version: str | None
    model: str
    priced_as: str | None
    tier: str
    geo: str | None
    exactness: str
    flags: tuple[str, ...]
    tokens: Mapping[str, int]
    fees: Mapping[str, int]
    cost_nusd: int | None
    cost_usd: float | None
    reported_nusd: int | None
    rate_id: str | None
    rates: Rates | None
    parts: tuple[Part, ...]
    note: str | None
    sightings: tuple[Sighting, ...]
    searches: tuple[Search, ...]
    """The rows that `fees` were counted by, where the sightings do not say it."""
    copies: Mapping[str, int]
    probable: ProbableCall | UnsetType = UNSET
    """Missing where the log got the final output, or nothing of the call can be weighed."""
    estimated: Spread | UnsetType = UNSET
    """The range of an estimated output; missing where the agent counted."""


class WhyTotals(msgspec.Struct, frozen=True):
    """Sums over the calls."""

    calls: int
    tokens: int
    cost_nusd: int | None
    cost_usd: float | None
    unpriced_calls: int


class WhyDocument(msgspec.Struct, frozen=True, kw_only=True):
    """`toktui.why/1`."""

    schema: Literal["toktui.why/1"] = "toktui.why/1"
    kind: Literal["session", "call"]
    id: str
    agent: str
    calls: tuple[Call, ...]
    totals: WhyTotals
