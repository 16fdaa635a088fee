"""Totals by period and any combination of keys, under any combination of filters.

The rollups answer what they can; what needs both a session and a period is added up from the calls
of the sessions that lived in the range.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import msgspec
from msgspec import UNSET, UnsetType

from toktui.clock import (
    LABELS,
    QUARTER_MS,
    day_start_ms,
    local_date,
)
from toktui.metrics.coverage import not_understood
from toktui.metrics.estimated import NO_ESTIMATES, Estimated, estimated_groups, estimated_of
from toktui.metrics.names import has_table
from toktui.metrics.one_state import one_state
from toktui.metrics.probable import NOTHING, Probable, probable_groups, probable_of
from toktui.metrics.range_sums import of_quarters
from toktui.metrics.select import SUMS, Source, source_for
from toktui.model import BUCKETS, EXACTNESS
from toktui.store.absurd import MOST

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Iterable, Sequence
    from zoneinfo import ZoneInfo

    from toktui.metrics.question import Key, Question
    from toktui.metrics.select import Group


class TokenSums(msgspec.Struct, frozen=True):
    """Tokens of many calls; `reasoning` is of which output and not in `total`."""

    input: int
    cache_read: int
    cache_write_5m: int
    cache_write_1h: int
    output: int
    total: int
    reasoning: int

    @property
    def prompt(self) -> int:
        """All that was sent."""
        return self.total - self.output


class Fees(msgspec.Struct, frozen=True):
    """Things billed per use."""

    web_search: int


class Totals(msgspec.Struct, frozen=True, kw_only=True):
    """Sums over calls, and which: a period and one value of each key that was asked for.

    Money is nano-dollars, null if no call is priced. The sum of everything has no place.
    """

    period: str | UnsetType = UNSET
    agent: str | UnsetType = UNSET
    model: str | UnsetType = UNSET
    priced_as: str | UnsetType | None = UNSET
    project: str | UnsetType | None = UNSET
    session: str | UnsetType = UNSET
    branch: str | UnsetType | None = UNSET
    tier: str | UnsetType = UNSET
    calls: int
    tokens: TokenSums
    fees: Fees
    cost_nusd: int | None
    cost_usd: float | None
    cache_hit_rate: float | None
    exactness: Mapping[str, int]
    estimated_calls: int
    unpriced_calls: int
    probable: Probable | UnsetType = UNSET
    """Beyond all of the above, and in none of it; missing if no call has an estimate."""
    estimated: Estimated | UnsetType = UNSET
    """The range of what is estimated in the above; missing if nothing is."""


class Coverage(msgspec.Struct, frozen=True):
    """Shares of the total tokens; null without tokens."""

    reported: float | None
    estimated: float | None
    unpriced: float | None
    not_understood: int


class Report(msgspec.Struct, frozen=True):
    """Rows by period, then by the keys in their order; and the sum of all."""

    rows: tuple[Totals, ...]
    totals: Totals
    coverage: Coverage


def load_report(db: sqlite3.Connection, question: Question, zone: ZoneInfo) -> Report:
    """The answer from one state of the store."""
    with one_state(db):
        source = source_for(question, parts=has_table(db, "session_part"))
        return _report(db, question, source, zone)


def _report(
    db: sqlite3.Connection, question: Question, source: Source, zone: ZoneInfo
) -> Report:
    periods = _Periods(db, question, source, zone)
    sums: dict[tuple[str, ...], list[int]] = {}
    priced: dict[tuple[str, ...], dict[str, int]] = {}
    everything = [0] * len(SUMS)
    for group in _groups(db, question, source, periods):
        key = (periods.labels[group.period], *group.words)
        known = sums.get(key)
        sums[key] = group.sums if known is None else _added(known, group.sums)
        everything = _added(everything, group.sums)
        if group.priced_as:
            by_name = priced.setdefault(key, {})
            by_name[group.priced_as] = by_name.get(group.priced_as, 0) + group.sums[0]
    more, all_more = _besides(probable_groups(db, question, periods.index_of), periods, NOTHING)
    spread, all_spread = _besides(
        estimated_groups(db, question, periods.index_of), periods, NO_ESTIMATES
    )

    def besides(more: Sequence[int], spread: Sequence[int]) -> dict[str, Any]:
        return {
            "probable": probable_of(more) or UNSET,
            "estimated": estimated_of(spread) or UNSET,
        }

    rows = tuple(
        _row(
            key, sums[key], question.by, priced.get(key, {}),
            besides(more.get(key, NOTHING), spread.get(key, NO_ESTIMATES)),
        )
        for key in sorted(sums)
    )  # fmt: skip
    lines = not_understood(db, question.filters.agents)
    totals = Totals(**_fields(everything), **besides(all_more, all_spread))
    return Report(rows, totals, _coverage(everything, lines))


def _groups(
    db: sqlite3.Connection, question: Question, source: Source, periods: _Periods
) -> Iterable[Group]:
    if source.table != "quarter":
        return source.rows(db, question, periods.index_of)
    return of_quarters(db, periods.edges, question.by, question.filters, SUMS)


def _besides(
    groups: Iterable[Group], periods: _Periods, nothing: Sequence[int]
) -> tuple[dict[tuple[str, ...], list[int]], list[int]]:
    """What is told beside the sums, by the keys of the rows, and of all."""
    sums: dict[tuple[str, ...], list[int]] = {}
    everything = list(nothing)
    for group in groups:
        key = (periods.labels[group.period], *group.words)
        sums[key] = _added(sums.get(key, list(nothing)), group.sums)
        everything = _added(everything, group.sums)
    return sums, everything


def _added(one: list[int], other: Sequence[int]) -> list[int]:
    return [min(a + b, MOST) for a, b in zip(one, other, strict=True)]


def _row(
    key: tuple[str, ...],
    numbers: list[int],
    by: Sequence[Key],
    priced: Mapping[str, int],
    besides: Mapping[str, Any],
) -> Totals:
    """`priced` counts calls by the rate book's name; the row shows the one with the most."""
    words: dict[str, str | None] = {
        name: value or (None if name in ("project", "branch") else "")
        for name, value in zip(by, key[1:], strict=True)
    }
    if "model" in by:
        words["priced_as"] = min(priced, key=lambda name: (-priced[name], name), default=None)
    return Totals(period=key[0], **words, **_fields(numbers), **besides)  # pyright: ignore[reportArgumentType]


def _fields(numbers: Sequence[int]) -> dict[str, Any]:
    """The fields of `Totals` from sums in the order of SUMS."""
    n = dict(zip(SUMS, numbers, strict=True))
    prompt = n["input"] + n["cache_read"] + n["cache_write_5m"] + n["cache_write_1h"]
    cost = n["cost_nusd"] if n["calls"] > n["unpriced"] else None
    return {
        "calls": n["calls"],
        "tokens": TokenSums(
            n["input"], n["cache_read"], n["cache_write_5m"], n["cache_write_1h"], n["output"],
            min(prompt + n["output"], MOST), n["reasoning"],
        ),
        "fees": Fees(n["web_search"]),
        "cost_nusd": cost,
        "cost_usd": None if cost is None else cost / 1e9,
        "cache_hit_rate": _share(n["cache_read"], prompt),
        "exactness": {word: n[word] for word in EXACTNESS},
        "estimated_calls": n["estimated"],
        "unpriced_calls": n["unpriced"],
    }


def _share(part: int, whole: int) -> float | None:
    return round(part / whole, 4) if whole else None


def _coverage(numbers: Sequence[int], lines: int) -> Coverage:
    n = dict(zip(SUMS, numbers, strict=True))
    total = sum(n[bucket] for bucket in BUCKETS)
    return Coverage(
        _share(total - n["estimated_tokens"], total),
        _share(n["estimated_tokens"], total),
        _share(n["unpriced_tokens"], total),
        lines,
    )


class _Periods:
    """The labels of a range, and which of them a quarter of an hour belongs to."""

    def __init__(
        self, db: sqlite3.Connection, question: Question, source: Source, zone: ZoneInfo
    ) -> None:
        self.labels: list[str] = ["all"]
        self._starts: list[int] = []
        self._within = question.within
        span = None if question.period == "all" else source.span(db, question.within)
        if span is not None:
            self.labels = []
            self._fill(span, LABELS[question.period], zone)

    @property
    def edges(self) -> list[int]:
        """The quarters of an hour between which the labels hold, inside the range."""
        first = self._within.start_ms // QUARTER_MS
        end = -(-self._within.end_ms // QUARTER_MS)
        return [first, *(max(first, start) for start in self._starts[1:]), end]

    def _fill(
        self, span: tuple[int, int], label: Callable[[int, ZoneInfo], str], zone: ZoneInfo
    ) -> None:
        day, last = (local_date(at_ms, zone) for at_ms in span)
        while day <= last:
            start = day_start_ms(day, zone)
            name = label(start, zone)
            if not self.labels or self.labels[-1] != name:
                self.labels.append(name)
                self._starts.append(start // QUARTER_MS)
            day += timedelta(days=1)

    def index_of(self, quarter: int) -> int:
        """Index of the label; SQLite asks for each row."""
        return bisect_right(self._starts, quarter) - 1 if self._starts else 0
