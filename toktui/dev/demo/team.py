"""The team of the demo and of the pictures: a board that is made up, and an outbox that sends to
nobody."""

from __future__ import annotations

import random
import sqlite3
from typing import TYPE_CHECKING, Any, Final
from zoneinfo import ZoneInfo

import msgspec

from toktui.clock import DAY_MS, MINUTE_MS, day_label
from toktui.errors import ToktuiError
from toktui.paths import create_private
from toktui.store.connect import connect_reader
from toktui.team.drafts import drafts
from toktui.team.membership import Membership, Sent
from toktui.team.team_file import open_team_file
from toktui.team.turns import Turns
from toktui.team.wire.document import SIZES, decode, digest, encode, schema_hash

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from toktui.team.team_file import TeamFile

_YOU: Final = "Mira Lund"
_PEOPLE: Final = (
    ("Ada Okafor", "name", 0.71), ("Eun-ji Park", "name", 0.83), (_YOU, "name", 0.94),
    ("Bram de Wit", "name", 0.97), ("night owl", "pseudonym", 1.02), ("Deniz Kaya", "name", 1.11),
    ("Chiara Rossi", "name", 1.34), ("moss", "pseudonym", 1.68), ("Priya N.", "name", None),
)  # fmt: skip
"""Name, how they appear, and their index; None: not enough yet."""
_USUAL_NUSD: Final = 3_180_000_000
_TURN_S: Final = 2.0
_ROUND_MS: Final = 3 * MINUTE_MS


def join_imagined(data: Path, now_ms: int, zone: str = "Europe/Paris") -> None:
    """Puts a membership and a board into the data folder; there is no key, and no such server."""
    create_private(data)
    with open_team_file(data, make=True) as file:
        file.remember(Membership(
            url="https://board.harbour.example", allow_http=False, team="t_" + "a" * 16,
            team_name="Harbour", zone=zone, member="m_" + "a" * 16, device="d_" + "a" * 16,
            role="member", pepper="0" * 64,
            first_day=day_label(now_ms - 35 * DAY_MS, ZoneInfo(zone)), retention_days=400,
            appearance="name", name=_YOU, shares=(), schema=schema_hash(),
            consented_ms=now_ms - 35 * DAY_MS, key_place="file", key_name="none",
        ))  # fmt: skip
        fetch_imagined(file, now_ms, zone)


def fetch_imagined(file: TeamFile, now_ms: int, zone: str) -> None:
    """The board as of now."""
    file.put_board(msgspec.json.encode(_board(now_ms, zone)), now_ms)
    file.note(round_ms=now_ms)


def _board(now_ms: int, zone: str) -> dict[str, Any]:
    draw = random.Random(5)
    standings = [_standing(draw, *one) for one in _PEOPLE]
    place = 0
    for one in standings:
        if one["index"] is not None:
            place += 1
            one["place"] = place
    where = ZoneInfo(zone)
    return {
        "schema": "toktui.board/1", "team": "Harbour", "zone": zone,
        "since": day_label(now_ms - 28 * DAY_MS, where), "until": day_label(now_ms - DAY_MS, where),
        "usual_nusd": _USUAL_NUSD, "members": len(standings), "hidden": 5, "counted": 13,
        "standings": standings, "you": next(one for one in standings if one["is_you"]),
    }  # fmt: skip


def _standing(
    draw: random.Random, name: str, appearance: str, index: float | None
) -> dict[str, Any]:
    rates = (0.3, 0.5, 0.28, 0.08, 0.02)
    days = draw.randint(14, 21) if index is not None else 4
    changes = {size: round(days * rate * draw.uniform(0.6, 1.5))
               for size, rate in zip(SIZES, rates, strict=True)}  # fmt: skip
    units = sum(n * 4.0 ** (at - 1) for at, n in enumerate(changes.values()))
    cost = round(_USUAL_NUSD * units * (index or 1.2) * draw.uniform(0.97, 1.03))
    hit, share = draw.uniform(0.8, 0.97), draw.uniform(0.45, 0.8)
    trend = None if index is None or name == "moss" else round(draw.uniform(0.86, 1.3), 4)
    badges = [word for word, earned in (
        ("healthy cache", index is not None and index <= 1 and hit >= 0.85),
        ("mostly landed", index is not None and share >= 0.6),
        ("own best", trend is not None and trend <= 1),
    ) if earned]  # fmt: skip
    return {
        "name": name, "appearance": appearance, "is_you": name == _YOU, "place": None,
        "index": index, "missing": "" if index is not None else "too few days", "changes": changes,
        "cost_nusd": cost, "cost_per_unit_nusd": round(cost / units) if units else None,
        "trend": trend, "level": "live" if index is not None and days > 15 else None,
        "linked_share": round(share, 4), "lacks_unpriced": name == "moss",
        "holds_estimates": name == "Bram de Wit", "tokens": cost // 2000,
        "cache_hit_rate": round(hit, 4), "active_days": days, "badges": badges,
    }  # fmt: skip


def pretend_to_send(
    db: sqlite3.Connection, file: TeamFile, now_ms: int, *, today: bool = True
) -> int:
    """Marks every day that has changed as sent, and sends nothing; gives how many."""
    member = file.membership()
    if member is None or member.paused:
        return 0
    last = day_label(now_ms, ZoneInfo(member.zone))
    count = 0
    for draft in drafts(db, file, member, now_ms):
        made, day = draft.made, draft.made.document.day
        if not draft.is_news or (day == last and not today):
            continue
        count += 1
        file.mark_sent(Sent(
            day=day, rev=made.document.rev, content=made.content, sha256=digest(made.body),
            closed=made.document.closed, sent_ms=now_ms, result="stored", flags=(),
            calls=made.calls, tokens=made.tokens, cost_nusd=made.cost_nusd,
            version=made.document.client.version, lacks_unpriced=made.lacks_unpriced,
            holds_estimates=made.holds_estimates,
            partly_unread=made.document.partly_unread,
        ), made.body)  # fmt: skip
    return count


def settle_team(store: Path, now_ms: int) -> None:
    """The team of the pictures beside a store: everything sent but the calls of the last hour."""
    data = store.parent
    join_imagined(data, now_ms - 12 * MINUTE_MS)
    db = connect_reader(store)
    try:
        with open_team_file(data) as file:
            pretend_to_send(db, file, now_ms - 12 * MINUTE_MS)
            (last, *_) = reversed(file.sent().values())
            sent = decode(file.body(last.day) or b"")
            body = encode(msgspec.structs.replace(sent, rev=7))
            file.mark_sent(msgspec.structs.replace(
                last, content="of before", calls=max(1, last.calls - 38), rev=7,
                sha256=digest(body),
            ), body)  # fmt: skip
    finally:
        db.close()


class ImaginedOutbox(Turns):
    """The outbox of the demo: does as if, every few minutes, without a network."""

    def __init__(
        self, data: Path, tell: Callable[[bool], None], now_ms: Callable[[], int]
    ) -> None:
        super().__init__(data, tell, now_ms, every_s=_TURN_S)
        self._due_ms = 0

    def _rest(self, error: Exception) -> None:
        # The demo's store comes into being.
        if not isinstance(error, (ToktuiError, sqlite3.Error, FileNotFoundError)):
            raise error

    def _turn(self) -> None:
        now_ms = self._now_ms()
        pause = self._asked_to_pause()
        with open_team_file(self._data) as file:
            if pause is not None:
                file.pause(on=pause)
            if self._ready and (self._hurry or now_ms >= self._due_ms):
                self._hurry = False
                db = connect_reader(self._data / "toktui.db")
                try:
                    if pretend_to_send(db, file, now_ms):
                        self._due_ms = now_ms + _ROUND_MS
                finally:
                    db.close()
                member = file.membership()
                if member is not None and not member.paused:
                    fetch_imagined(file, now_ms, member.zone)
            elif pause is None:
                return
        self._tell(False)
