"""What of the logs was not understood, and whether a new version of an agent writes another way."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

import msgspec

from toktui.text import clean

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator

_MOST_SHAPES: Final = 200


class Misread(msgspec.Struct, frozen=True):
    """Values that were not understood, by who wrote them and what they look like."""

    agent: str
    version: str
    shape: str
    count: int


def misread_by_shape(db: sqlite3.Connection) -> tuple[Misread, ...]:
    """What was not understood, the most frequent first."""
    rows = db.execute(
        "select a.text, x.version, x.shape, count(*) from misread x join log l on l.id = x.log"
        " join name a on a.id = l.agent group by 1, 2, 3 order by 4 desc, 1, 2, 3 limit ?",
        (_MOST_SHAPES,),
    )
    return tuple(Misread(*row) for row in rows)


class Alarm(msgspec.Struct, frozen=True):
    """The newest version of an agent writes lines that are not understood. Shares are 0 to 1."""

    agent: str
    version: str
    lines: int
    share: float
    share_before: float

    def sentence(self) -> str:
        """What it means, for people."""
        return (
            f"{self.agent} {clean(self.version, 60)} writes lines that are not understood:"
            f" {self.share:.1%} of {self.lines:,}, {self.share_before:.1%} in older versions."
            " toktui may need an update."
        )


_ALARM_LINES: Final = 20
_ALARM_SHARE: Final = 0.01
_ALARM_TIMES: Final = 4


def alarms(db: sqlite3.Connection) -> Iterator[Alarm]:
    """Agents whose newest version is understood much worse than those before it."""
    by_agent: dict[str, list[tuple[tuple[int, ...], str, int, int]]] = {}
    for agent, version, lines, misread in db.execute(
        "select a.text, l.version, sum(l.lines), sum((select count(distinct x.offset)"
        " from misread x where x.log = l.id)) from log l join name a on a.id = l.agent"
        " where l.version <> '' group by l.agent, l.version"
    ):
        by_agent.setdefault(agent, []).append((version_order(version), version, lines, misread))
    for agent, rows in sorted(by_agent.items()):
        *before, (_, version, lines, misread) = sorted(rows)
        share = misread / lines if lines else 0.0
        known = sum(row[2] for row in before)
        share_before = sum(row[3] for row in before) / known if known else 0.0
        if (
            misread
            and lines >= _ALARM_LINES
            and share >= max(_ALARM_SHARE, _ALARM_TIMES * share_before)
        ):
            yield Alarm(agent, version, lines, share, share_before)


def version_order(version: str) -> tuple[int, ...]:
    """What sorts 2.1.9 before 2.1.10."""
    return tuple(int(part) for part in re.findall(r"\d{1,9}", version))
