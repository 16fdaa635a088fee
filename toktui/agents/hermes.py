"""Hermes.

Logs:      <home>/state.db and <home>/profiles/<profile>/state.db; <home> is $HERMES_HOME, else
           ~/.hermes, or AppData/Local/hermes on Windows
Record:    a row of `session_model_usage`, the running total of a session on one model; what the
           total in `sessions` has beyond them
Tokens:    `input_tokens` and both cache counts are disjoint; `reasoning_tokens` are inside
           `output_tokens`
Identity:  session, model, provider and task: each is one call, which grows
Exactness: residual: sums are known, responses are not
Live:      the sums, at the time when a model was used last; never in burn rates
Seen:      as its source of 2026 has it; golden/hermes/
Unknown:   when what part of a sum was used; the models of a session's total
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from toktui.agents._one_database import OneDatabase
from toktui.agents._sqlite_values import as_count, as_dollars, as_ms, as_text, row_of
from toktui.agents.base import MAX_COUNT, Document, excerpt_at, place_of
from toktui.agents.documents import NotUnderstoodError, Pages, nusd
from toktui.agents.folders import named_folder
from toktui.facts import Ledger, LedgerModel, encode
from toktui.model import FLAG_SUM, Fact, Sighting, Tokens
from toktui.text import clean, clean_id

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from toktui.agents.database import Snapshot

_COUNTS: Final = (
    "input_tokens", "output_tokens", "cache_read_tokens", "cache_write_tokens",
    "reasoning_tokens",
)  # fmt: skip
_MONEY: Final = ("actual_cost_usd", "estimated_cost_usd")
_BY_MODEL: Final = (
    "session_id", "model", "last_seen", *_COUNTS, *_MONEY, "billing_provider", "billing_base_url",
    "billing_mode", "task",
)  # fmt: skip
_SESSIONS: Final = ("id", "model", "started_at", *_COUNTS, *_MONEY)


class _Hermes(OneDatabase):
    name = "hermes"
    label = "Hermes"
    database = "state.db"

    def roots(self, home: Path, env: Mapping[str, str]) -> Sequence[Path]:
        usual = named_folder(home, env, "HERMES_HOME") or home / ".hermes"
        return [usual, home / "AppData/Local/hermes"]

    def roots_of(self, folder: Path) -> Sequence[Path]:
        return [folder, folder / ".hermes"]

    def is_log(self, parts: Sequence[str]) -> bool:
        in_profile = len(parts) == 3 and parts[0] == "profiles"
        return parts[-1] == self.database and (len(parts) == 1 or in_profile)

    def is_entered(self, parts: Sequence[str]) -> bool:
        return parts[0] == "profiles" and len(parts) <= 2

    def take(self, db: Snapshot, path: str, since: bytes) -> Document:
        del path, since
        db.need("sessions", "id", "started_at", *_COUNTS[:2])
        pages = Pages()
        told: dict[str, list[tuple[Sighting, bool]]] = {}
        for key, row in _by_model(db):
            pages.looked()
            try:
                one = _sighting(key, row)
            except NotUnderstoodError as error:
                pages.doubt(place_of(key), error)
                continue
            if one.tokens.total:
                told.setdefault(one.session, []).append((one, not as_text(row[-1])))
                pages.entry(place_of(key), len(row_of(_BY_MODEL, row)), one)
        for row in _sessions(db):
            pages.looked()
            session = clean_id(as_text(row[0]))
            try:
                every = _sighting(session, row)
            except NotUnderstoodError as error:
                pages.doubt(place_of(session), error)
                continue
            if every.tokens.total:
                pages.fact(_ledger(every, told.get(session, [])))
        return pages.document()

    def find(self, db: Snapshot, places: set[int]) -> Mapping[int, bytes]:
        found = {
            place_of(key): excerpt_at(
                row_of(_BY_MODEL, row),
                "session_model_usage",
                f"session_id {as_text(row[0])}, model {as_text(row[1])}",
            )
            for key, row in _by_model(db)
        }
        for row in _sessions(db):
            session = as_text(row[0])
            found[place_of(clean_id(session))] = excerpt_at(
                row_of(_SESSIONS, row), "sessions", f"id {session}"
            )
        return {place: data for place, data in found.items() if place in places}


def _by_model(db: Snapshot) -> Iterator[tuple[str, Sequence[Any]]]:
    """The sums by model, each with the key of its call."""
    there = db.tables().get("session_model_usage", frozenset())
    if {"session_id", "model", "last_seen", *_COUNTS[:2]} <= there:
        for row in db.rows(f"select {_asked(_BY_MODEL, there)} from session_model_usage"):
            route = ":".join(as_text(value) for value in (row[1], *row[-4:]))
            yield clean_id(f"{as_text(row[0])}:{route}"), row


def _sessions(db: Snapshot) -> list[Any]:
    return db.rows(f"select {_asked(_SESSIONS, db.tables()['sessions'])} from sessions")


def _ledger(every: Sighting, told: Sequence[tuple[Sighting, bool]]) -> Fact:
    """What a session used in all, as its ledger on its own model: the sums of the session's main
    task on other models are not part of it."""
    main = [one.tokens for one, is_main in told if is_main]
    own = [one.tokens for one, _ in told if one.model == every.model]

    def owed(bucket: str) -> int:
        rest = getattr(every.tokens, bucket) - sum(getattr(tokens, bucket) for tokens in main)
        return min(MAX_COUNT, max(0, rest) + sum(getattr(tokens, bucket) for tokens in own))

    total = Tokens(**{bucket: owed(bucket) for bucket in Tokens.__struct_fields__})
    models = (LedgerModel(every.model, total, 0),)
    body = encode(Ledger(every.reported_nusd, every.at_ms, models))
    return Fact(kind="ledger", subject=every.session, body=body, at_ms=every.at_ms)


def _asked(columns: Sequence[str], there: frozenset[str]) -> str:
    return ", ".join(name if name in there else "null" for name in columns)


def _sighting(key: str, row: Sequence[Any]) -> Sighting:
    """A sum as a call."""
    session, model, at, *rest = row
    given, output, read, written, reasoning = map(as_count, rest[:5], _COUNTS)
    actual, estimated = map(as_dollars, rest[5:7], _MONEY)
    used = Tokens(
        input=given,
        cache_read=read,
        cache_write_5m=written,
        output=output,
        reasoning=min(output, reasoning),
    )
    return Sighting(
        key=key,
        session=clean_id(as_text(session)),
        at_ms=as_ms(at),
        model=clean(as_text(model) or "unknown", 120),
        tokens=used,
        residual=True,
        flags=FLAG_SUM,
        reported_nusd=nusd(actual) or nusd(estimated),
    )


AGENT: Final = _Hermes()
