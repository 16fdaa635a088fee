"""What all screens are about: a filter and a range of time, as one types them into one line.

    agent:codex  model:opus*  project:shop  branch:main  since:7d  until:2026-11-20  other words

A value without `*` is a part of a name, `=value` is the whole of it; letters match in any case.
`agent:a,b` and `agent:a agent:b` mean either. A value or a word with spaces or colons stands
between `"`.
"""

from __future__ import annotations

import re
from glob import escape
from typing import TYPE_CHECKING, Final, NamedTuple

import msgspec

from toktui.clock import Range, day_range
from toktui.errors import UsageError
from toktui.metrics.filters import NO_FILTERS, Filters
from toktui.metrics.question import ALWAYS, is_limited
from toktui.text import clean

if TYPE_CHECKING:
    from collections.abc import Iterator
    from zoneinfo import ZoneInfo

    from toktui.metrics.burn import HotCall

KEYS: Final = ("agent", "model", "project", "branch", "since", "until")
_FIELDS: Final = {
    "agent": "agents", "model": "models", "project": "projects", "branch": "branches",
}  # fmt: skip
_TERM: Final = re.compile(r'(?:[^\s"]|"[^"]*(?:"|$))+')
_LONGEST: Final = 400
_MAKERS: Final = ("claude-",)
"""What screens leave out at the beginning of a model's name."""


class Scope(msgspec.Struct, frozen=True):
    """What screens are about; without limits: everything."""

    filters: Filters = NO_FILTERS
    within: Range = ALWAYS
    text: str = ""
    """As it was typed."""

    @property
    def is_limited(self) -> bool:
        """Whether it leaves anything out."""
        return bool(self.filters) or is_limited(self.within)

    def fits(self, call: HotCall) -> bool:
        """Whether a call is meant."""
        return self.holds(call.at_ms) and self.filters.fits(
            agent=call.agent, model=call.model, priced_as=call.priced_as or None,
            project=call.project, branch=call.branch,
        )  # fmt: skip

    def holds(self, at_ms: int) -> bool:
        """Whether a time is in the range."""
        return self.within.start_ms <= at_ms < self.within.end_ms


EVERYTHING: Final = Scope()


def overlap(one: Range, other: Range) -> Range:
    """What is in both; empty if nothing is."""
    start = max(one.start_ms, other.start_ms)
    return Range(start, max(start, min(one.end_ms, other.end_ms)))


class Reading(NamedTuple):
    """A line that was read: its scope, or what is wrong with it."""

    scope: Scope | None
    problem: str = ""


class Term(NamedTuple):
    """A part of the line; `key` is empty for a word."""

    key: str
    value: str


def terms(text: str) -> Iterator[Term]:
    """The parts of a line, in their order."""
    for match in _TERM.finditer(text[:_LONGEST]):
        piece = match[0]
        key, colon, value = piece.partition(":")
        if colon and '"' not in key:
            yield Term(key.casefold(), value.replace('"', ""))
        elif word := piece.replace('"', ""):
            yield Term("", word)


def read_scope(text: str, *, now_ms: int, zone: ZoneInfo) -> Reading:
    """The scope that a line means, or one sentence about what it does not mean."""
    text = clean(text, _LONGEST).strip()
    named: dict[str, list[str]] = {field: [] for field in _FIELDS.values()}
    words: list[str] = []
    days: dict[str, str] = {}
    for key, value in terms(text):
        if not key:
            words.append(value)
        elif key not in KEYS:
            return Reading(None, f"{_short(key)}: is no key; there are {', '.join(KEYS)}")
        elif key in _FIELDS:
            found = [pattern for each in value.split(",") for pattern in _patterns(key, each)]
            named[_FIELDS[key]] += found
        elif value:
            days[key] = value.casefold()
    filters = Filters(
        **{field: tuple(patterns) for field, patterns in named.items()},
        words=tuple(words),
        any_case=True,
    )
    filters = filters or NO_FILTERS
    try:
        within = day_range(
            days.get("since"), days.get("until"), now_ms=now_ms, zone=zone, names=("since", "until")
        )
    except UsageError as error:
        return Reading(None, f"{error.what}; {_lowered(error.hint or '')}")
    return Reading(Scope(filters, within, text))


def of_whole(name: str) -> tuple[str, ...]:
    """Patterns that only this name fits."""
    return (escape(name),)


def _patterns(key: str, value: str) -> tuple[str, ...]:
    """What a typed value means as globs."""
    if value.startswith("="):
        whole = escape(value[1:])
    elif "*" in value:
        whole = "*".join(map(escape, value.split("*")))
    elif value:
        return (f"*{escape(value)}*",)
    else:
        return ()
    if key != "model":
        return (whole,)
    shown = (whole, *(f"{maker}{whole}" for maker in _MAKERS))
    return (*shown, *(f"*/{name}" for name in shown))


def _short(text: str) -> str:
    return clean(text, 20)


def _lowered(sentence: str) -> str:
    return (sentence[:1].lower() + sentence[1:]).rstrip(".")
