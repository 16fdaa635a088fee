"""Chats of Cursor's command line: `store.db`, the messages as they are sent to a model.

Tables: `meta` has one row, JSON as hexadecimal text: when it began, its id, its last model, and a
        key that is not asked for; `blobs` has everything else by its SHA-256
Root:   a protobuf for each step: 1 the ids of the messages in their order, 9 the workspace, 26 the
        time. What Cursor sums up is no longer in later ones: all of them together have all
Message: {"role","content"}, content a text or blocks `text`, `reasoning`, `tool-call`; no counts
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final
from urllib.parse import unquote, urlsplit

import msgspec
from msgspec import Struct

from toktui.agents._cursor_guesses import CHAT
from toktui.agents._cursor_prompts import Speaker, Spoken, Talk, digest_of, entry_of
from toktui.agents._protobuf import BrokenMessageError, fields
from toktui.agents._sqlite_values import as_bytes, as_ms, as_text
from toktui.agents.base import excerpt_at, place_of
from toktui.agents.database import snapshot
from toktui.agents.documents import NotUnderstoodError, Pages, decode
from toktui.agents.json_lines import object_of, text_of
from toktui.text import clean, clean_id

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from toktui.agents.base import Document, Entry
    from toktui.agents.database import Snapshot

_ROOTS: Final = 200
"""Roots that are read at once."""
_LARGEST: Final = 16 << 20
_ID: Final = 32
_KNOWN_BY: Final = 16
"""Digits of an id by which a message is known again."""
_HEARD: Final = ("user", "assistant")
_OPENING: Final = ("system", "user")
_MESSAGES, _WORKSPACE, _TIME = 1, 9, 26
_TIMES: Final = range(1_577_836_800_000, 4_102_444_800_000)
"""2020 to 2100: another number at the place of the time is none."""
_META: Final = (
    "with said (json) as (select case when json_valid(value) then value"
    " else cast(unhex(value) as text) end from meta where octet_length(value) <= 1000000)"
    " select json_extract(json, '$.agentId'), json_extract(json, '$.createdAt'),"
    " json_extract(json, '$.lastUsedModel') from said where json_valid(json) limit 1"
)
"""SQLite takes the fields out, so that the key beside them comes nowhere."""


class _Role(Struct):
    role: Any = None


class _Message(_Role):
    content: Any = None
    providerOptions: Any = None


class _Since(Struct, array_like=True):
    """The last root that was read, and what is known of the messages before it."""

    row: int = 0
    id: str = ""
    times: dict[str, int] = {}
    """How often each message is in the conversation."""
    nth: dict[str, int] = {}
    """How often each prompt was there, by a digest."""
    last: list[tuple[str, int]] = []
    """The messages of the last turn, each with the time of the root that brought it."""
    workspace: str = ""


_pack: Final = msgspec.msgpack.Encoder().encode
_unpack: Final = msgspec.msgpack.Decoder(_Since).decode


def read_chat(path: str, since: bytes) -> Document:
    """The turns that are new, or may have grown."""
    return snapshot(path, lambda db: _Chat(db, path, since).read())


def find_messages(path: str, places: Collection[int]) -> Mapping[int, bytes]:
    """The first answer of the turns at places."""
    return snapshot(path, lambda db: _find(db, path, set(places)))


def _find(db: Snapshot, path: str, places: set[int]) -> dict[int, bytes]:
    found: dict[int, bytes] = {}
    since, more = b"", True
    while more:
        chat = _Chat(db, path, since)
        document = chat.read()
        since, more = document.since, document.more
        found |= {place: chat.firsts[place] for place in places & chat.firsts.keys()}
    return found


class _Chat:
    """Reads on in a chat."""

    def __init__(self, db: Snapshot, path: str, since: bytes) -> None:
        db.need("meta", "key", "value")
        db.need("blobs", "id", "data")
        self._db = db
        self._pages = Pages()
        self._known = self._still(_unpack(since) if since else _Since())
        agent, begun, model = next(iter(db.rows(_META)), (None, None, None))
        self._begun_ms = as_ms(begun)
        named = as_text(agent) or path.split("/")[-2]
        self._speaker = Speaker(clean_id(named), model=as_text(model))
        self._openings: dict[str, bool] = {}
        self.firsts: dict[int, bytes] = {}
        """The first answers, by the places of their turns."""

    def _still(self, known: _Since) -> _Since:
        same = self._db.rows("select id from blobs where rowid = ?", (known.row,))
        return known if same == [(known.id,)] else _Since()

    def read(self) -> Document:
        """The next page."""
        known = self._known
        rows = self._db.rows(
            "select rowid, id, data from blobs where rowid > ? and substr(data, 1, 2) = x'0a20'"
            " and octet_length(data) <= ? order by rowid limit ?",
            (known.row, _LARGEST, _ROOTS),
        )
        messages = list(known.last)
        for _, _, data in rows:
            messages += self._new_in(as_bytes(data))
        self._speaker.project = known.workspace
        known.last = self._tell(messages)
        if rows and isinstance(rows[-1][0], int):
            known.row, known.id = rows[-1][0], as_text(rows[-1][1])
        return self._pages.document(since=_pack(known), more=len(rows) == _ROOTS)

    def _new_in(self, root: bytes) -> list[tuple[str, int]]:
        """The messages that a root has beyond those that are known, in its order."""
        ids: list[str] = []
        at_ms, workspace = 0, ""
        try:
            for field, value in fields(root):
                if field == _MESSAGES and isinstance(value, bytes) and len(value) == _ID:
                    ids.append(value.hex())
                elif field == _WORKSPACE and isinstance(value, bytes):
                    workspace = workspace or _folder(value)
                elif field == _TIME and isinstance(value, int) and value in _TIMES:
                    at_ms = value
        except BrokenMessageError:
            return []
        if not ids or not self._begins(ids[0]):
            return []
        known, here, new = self._known, dict[str, int](), list[tuple[str, int]]()
        known.workspace = known.workspace or workspace
        for name in ids:
            short = name[:_KNOWN_BY]
            here[short] = here.get(short, 0) + 1
            if here[short] > known.times.get(short, 0):
                known.times[short] = here[short]
                new.append((name, at_ms))
        return new

    def _begins(self, name: str) -> bool:
        """Whether a conversation can begin with a message: other nodes name messages, too."""
        known = self._openings.get(name)
        if known is None:
            try:
                role = decode(self._message(name), _Role).role
            except NotUnderstoodError:
                role = None
            known = self._openings[name] = role in _OPENING
        return known

    def _message(self, name: str) -> bytes:
        """The bytes of a message; empty where it is not there, or too large."""
        rows = self._db.rows(
            "select data from blobs where id = ? and octet_length(data) <= ?", (name, _LARGEST)
        )
        return as_bytes(rows[0][0]) if rows else b""

    def _tell(self, messages: list[tuple[str, int]]) -> list[tuple[str, int]]:
        """Tells the turns; gives the messages of the last one, which may go on."""
        talk = Talk()
        for at, (name, at_ms) in enumerate(messages):
            over = self._hear(talk, at, name, at_ms)
            if over is not None and self._turn(over, messages) is not None:
                prompt = digest_of(over.query)
                self._known.nth[prompt] = self._known.nth.get(prompt, 0) + 1
        if talk.turn is None:
            return []
        self._turn(talk.turn, messages)
        return messages[talk.turn.at :]

    def _hear(self, talk: Talk, at: int, name: str, at_ms: int) -> Spoken | None:
        data = self._message(name)
        if not data:
            return None
        self._pages.looked()
        try:
            if decode(data, _Role).role not in _HEARD:
                return None
            message = decode(data, _Message)
        except NotUnderstoodError as error:
            self._pages.doubt(place_of(name), error)
            return None
        over = talk.hear(message.role, message.content, at, data)
        if talk.turn is not None:
            options = object_of(object_of(message.providerOptions).get("cursor"))
            talk.turn.model = talk.turn.model or text_of(options, "modelName")
            talk.turn.seen_ms = talk.turn.seen_ms or at_ms
        return over

    def _turn(self, turn: Spoken, messages: list[tuple[str, int]]) -> Entry | None:
        nth = self._known.nth.get(digest_of(turn.query), 0)
        entry = entry_of(turn, self._speaker, nth, grade=CHAT, else_ms=self._begun_ms)
        if entry is not None:
            self._pages.entry(entry.place, entry.length, entry.sighting, entry.uncounted)
            name = messages[turn.first_at][0]
            self.firsts[entry.place] = excerpt_at(turn.first, "blobs", f"id {name}")
        return entry




def _folder(address: bytes) -> str:
    """A workspace's folder; one that is elsewhere keeps its address."""
    text = address.decode("utf-8", "replace")
    try:
        parts = urlsplit(text)
    except ValueError:
        return ""
    return clean(unquote(parts.path) if parts.scheme == "file" else text, 512)
