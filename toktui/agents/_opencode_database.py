"""The databases of the OpenCode engine: `message` of the first engine, `session_message` of the
second, whichever are there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec
from msgspec import Struct

from toktui.agents._new_rows import Mark, new_rows
from toktui.agents._opencode_commits import committed
from toktui.agents._opencode_message import (
    Counts,
    Message,
    Place,
    Times,
    call_key,
    calls_of,
    is_unfinished,
    kin,
    may_have_steps,
    read_message,
    sighting,
)
from toktui.agents._sqlite_values import AMONG, as_bytes, as_text, json_of
from toktui.agents.base import place_of
from toktui.agents.database import snapshot
from toktui.agents.documents import Dollars, NotUnderstoodError, Pages, decode
from toktui.model import Tokens
from toktui.text import clean, clean_id

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from toktui.agents._sqlite_vfs import Value
    from toktui.agents.base import Document
    from toktui.agents.database import Snapshot
    from toktui.model import Sighting

_SESSION: Final = ("parent_id", "fork_session_id", "directory", "version", "time_created")
_CAN_BE_ANSWER: Final = (
    "case when json_valid(data) then json_extract(data, '$.role') = 'assistant' else 1 end"
)
"""Messages of the user can hold whole files."""
_FIELDS: Final = "'$.model', '$.agent', '$.cost', '$.tokens', '$.time'"


_LONGEST_PART: Final = 1 << 20
"""Bytes of a part with the output of a command."""


class _Since(Struct, array_like=True):
    first: Mark
    second: Mark


class _Model(Struct):
    id: str | None = None
    provider: str | None = msgspec.field(default=None, name="providerID")


class _Answer(Struct, array_like=True):
    """The fields of a message of the second engine, in the order of `_FIELDS`."""

    model: _Model | None = None
    agent: str | None = None
    cost: Dollars = None
    tokens: Counts | None = None
    time: Times | None = None


class _Session(Struct, frozen=True):
    """What the tables of sessions say of one."""

    parent: str = ""
    forked: str = ""
    directory: str = ""
    version: str = ""
    created: int = 0

    def place(self, session: str, origin: str) -> Place:
        name = clean_id(session)
        origin = "" if origin == name else origin
        return Place(name, self.parent, origin, self.directory, self.version)


_pack: Final = msgspec.msgpack.Encoder().encode
_unpack: Final = msgspec.msgpack.Decoder(_Since).decode


def read_database(path: str, since: bytes) -> Document | None:
    """What is new in both tables; None if there is neither."""
    known = _unpack(since) if since else _Since(Mark(), Mark())
    return snapshot(path, lambda db: _read(db, known))


def _read(db: Snapshot, known: _Since) -> Document | None:
    tables = db.tables().keys() & {"message", "session_message"}
    if not tables:
        return None
    pages, more = Pages(), False
    first, second = known.first, known.second
    if "message" in tables:
        db.need("message", "id", "session_id", "data")
        first, full = _read_first(db, first, pages)
        more |= full
    if "session_message" in tables:
        db.need("session_message", "id", "session_id", "type", "data")
        second, full = _read_second(db, second, pages)
        more |= full
    return pages.document(since=_pack(_Since(first, second)), more=more)


# ---- the first engine ----


def _read_first(db: Snapshot, mark: Mark, pages: Pages) -> tuple[Mark, bool]:
    found = new_rows(db, "message", "session_id, cast(data as blob)", mark, _CAN_BE_ANSWER)
    pages.looked(len(found.rows))
    messages: list[tuple[str, str, bytes, Message]] = []
    pending: list[str] = []
    for name, session, data in found.rows:
        raw = as_bytes(data)
        try:
            message = read_message(raw)
        except NotUnderstoodError as error:
            pages.doubt(place_of(str(name)), error)
            continue
        if message.role == "assistant":
            messages.append((str(name), str(session), raw, message))
            if is_unfinished(message):
                pending.append(str(name))
    sessions = _sessions(db, {session for _, session, _, _ in messages}, pages)
    origins = _origins(db, messages, sessions)
    steps = step_parts(db, [name for name, _, _, message in messages if may_have_steps(message)])
    ran = _ran(db, [name for name, _, _, _ in messages])
    for name, session, raw, message in messages:
        for part in ran.get(name, ()):
            for fact in committed(part, clean_id(session)):
                pages.fact(fact)
        place = sessions.get(session, _Session()).place(session, origins.get(name, ""))
        parts = steps.get(name, [])
        try:
            for call in calls_of(name, raw, message, place, parts):
                pages.entry(call.place, len(call.data), call.sighting)
        except NotUnderstoodError as error:
            pages.doubt(place_of(name), error)
    return found.mark(pending), found.full


def _origins(
    db: Snapshot,
    messages: Sequence[tuple[str, str, bytes, Message]],
    sessions: Mapping[str, _Session],
) -> dict[str, str]:
    """For messages older than their session: the session that they were copied from.

    A copy has its original's time, and of all sessions with that time only the original was there
    before it.
    """
    copies = {
        name: created
        for name, session, _, message in messages
        if (created := _created(message.time)) < sessions.get(session, _Session()).created
    }
    if not copies or not {"time_created"} <= db.tables()["message"] & db.tables()["session"]:
        return {}
    owners: dict[Value, set[str]] = {}
    for created, session in db.rows(
        "select distinct m.time_created, m.session_id from message m"
        " join session s on s.id = m.session_id"
        f" where m.time_created {AMONG}"
        " and s.time_created <= m.time_created",
        (json_of(sorted(set(copies.values()))),),
    ):
        owners.setdefault(created, set()).add(str(session))
    return {
        name: clean_id(next(iter(owners[created])))
        for name, created in copies.items()
        if len(owners.get(created, ())) == 1
    }


def step_parts(db: Snapshot, messages: Sequence[str]) -> dict[str, list[bytes]]:
    """The parts that end a step, by message, in the order of their ids, which is that of time."""
    found: dict[str, list[bytes]] = {}
    if not messages or not {"id", "message_id", "data"} <= db.tables().get("part", frozenset()):
        return found
    for message, data in db.rows(
        f"select message_id, cast(data as blob) from part where message_id {AMONG}"
        " and case when json_valid(data) then json_extract(data, '$.type') end = 'step-finish'"
        " order by id",
        (json_of(messages),),
    ):
        found.setdefault(str(message), []).append(as_bytes(data))
    return found


def _ran(db: Snapshot, messages: Sequence[str]) -> dict[str, list[bytes]]:
    """The parts in which a tool may have committed, by message."""
    found: dict[str, list[bytes]] = {}
    if not messages or not {"id", "message_id", "data"} <= db.tables().get("part", frozenset()):
        return found
    for message, data in db.rows(
        f"select message_id, cast(data as blob) from part where message_id {AMONG}"
        " and instr(data, '\"tool\"') > 0 and instr(data, 'git ') > 0 and length(data) < ?",
        (json_of(messages), _LONGEST_PART),
    ):
        found.setdefault(str(message), []).append(as_bytes(data))
    return found


# ---- the second engine ----


def _read_second(db: Snapshot, mark: Mark, pages: Pages) -> tuple[Mark, bool]:
    answer = f"case when json_valid(data) then json_extract(data, {_FIELDS}) end"
    wanted = f"session_id, length(cast(data as blob)), {answer}"
    found = new_rows(db, "session_message", wanted, mark, "type = 'assistant'")
    pages.looked(len(found.rows))
    sessions = _sessions(db, {str(row[1]) for row in found.rows}, pages)
    pending: list[str] = []
    for name, session, length, data in found.rows:
        try:
            said = decode(as_bytes(data), _Answer)
        except NotUnderstoodError as error:
            pages.doubt(place_of(str(name)), error)
            continue
        if said.time is None or not said.time.completed:
            pending.append(str(name))
        owner = sessions.get(str(session), _Session())
        copied = owner.forked if _created(said.time) < owner.created else ""
        one = _of_second(said, owner.place(str(session), copied))
        if one is not None:
            pages.entry(place_of(str(name)), int(length) if isinstance(length, int) else 0, one)
    return found.mark(pending), found.full


def _of_second(said: _Answer, place: Place) -> Sighting | None:
    """A call of the second engine, whose `output` is always without `reasoning`."""
    counts, model = said.tokens or Counts(), said.model or _Model()
    given, output, reasoning, read, written = counts.logged()
    used = Tokens(
        input=given,
        cache_read=read,
        cache_write_5m=written,
        output=output + reasoning,
        reasoning=reasoning,
    )
    if not used.total:
        return None
    key = call_key(said.time, model.id, counts)
    message = Message(model=model.id, time=said.time, agent=said.agent)
    return sighting(message, place, used, key, said.cost)


# ---- sessions ----


def _sessions(db: Snapshot, wanted: set[str], pages: Pages) -> dict[str, _Session]:
    """What is known of sessions; their parents become facts."""
    found: dict[str, _Session] = {}
    for table in ("session", "session_v2"):
        columns = db.tables().get(table, frozenset())
        if "id" not in columns:
            continue
        asked = ", ".join(name if name in columns else "null" for name in _SESSION)
        for name, *values in db.rows(
            f"select id, {asked} from {table} where id {AMONG}",
            (json_of(sorted(wanted)),),
        ):
            parent, forked, directory, version, created = values
            found[str(name)] = _Session(
                clean_id(as_text(parent)),
                clean_id(as_text(forked)),
                as_text(directory),
                clean(as_text(version), 24),
                created if isinstance(created, int) else 0,
            )
    for name, session in found.items():
        if session.parent:
            pages.fact(kin(clean_id(name), session.parent))
    return found


def _created(time: Times | None) -> int:
    return (time.created if time is not None else None) or 0
