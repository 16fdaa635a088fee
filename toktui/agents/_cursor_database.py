"""Cursor's own database, `state.vscdb`: the conversations, turn by turn.

Keys:   `composerData:<conversation>` names the messages in order; `bubbleId:<conversation>:<id>`
        holds one: a prompt (type 1), or a piece of the answer (2): text, thinking, a call of a tool
Turn:   a prompt and all pieces behind it. Some builds put what was counted into the last piece;
        then that is the turn's. Newer ones put 0 everywhere; then there is only the text
Again:  pieces are changed in place while an answer grows. What is new has a higher row id; the last
        turns of the conversations that grew last are read again each time

Nothing but these keys is asked for: the other table has the user's credentials.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Final

import msgspec
from msgspec import Struct

from toktui.agents._cursor_places import known_projects
from toktui.agents._cursor_turns import (
    ANSWER,
    Bubble,
    Composer,
    Turn,
    committed,
    sighting_of,
    turns_of,
)
from toktui.agents._sqlite_values import AMONG, as_bytes, json_of
from toktui.agents.base import excerpt_at, place_of
from toktui.agents.database import snapshot
from toktui.agents.documents import NotUnderstoodError, Pages, decode
from toktui.facts import Thread, encode
from toktui.model import Fact
from toktui.text import clean_id

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

    from toktui.agents.base import Document
    from toktui.agents.database import Snapshot

_PAGE: Final = 1_000
_RECENT: Final = 4
"""Conversations that grew last, and the turns at the end of each, that are read again."""
_LAST_TURNS: Final = 3
_ALL_TURNS: Final = 1 << 30
_HOMELESS: Final = 200
_LARGEST: Final = 16 << 20
_CONVERSATION_BITS: Final = 20
_BUBBLE_BITS: Final = 33
"""Bits of a place. Many messages of one conversation still have places of their own."""
_BUBBLE: Final = "bubbleId"
_COMPOSER: Final = "composerData"


class _Since(Struct, array_like=True):
    """The last row that was read, by number and key, and the conversations that grew last."""

    row: int = 0
    key: str = ""
    recent: list[str] = []
    homeless: list[str] = []
    """Conversations that no workspace knew, some of the last."""


_pack: Final = msgspec.msgpack.Encoder().encode
_unpack: Final = msgspec.msgpack.Decoder(_Since).decode


def read_database(path: str, since: bytes) -> Document:
    """The turns that are new, or may have changed."""
    known = _unpack(since) if since else _Since()
    return snapshot(path, lambda db: _read(db, path, known))


def find_turns(path: str, places: Collection[int]) -> Mapping[int, bytes]:
    """The piece with the counts, or the first one, of the turns at places."""
    return snapshot(path, lambda db: _find(db, set(places)))


def _read(db: Snapshot, path: str, known: _Since) -> Document:
    db.need("cursorDiskKV", "key", "value")
    if known.row and db.rows("select key from cursorDiskKV where rowid = ?", (known.row,)) != [
        (known.key,)
    ]:
        known = _Since()
    rows = db.rows(
        "select rowid, key from cursorDiskKV where rowid > ? order by rowid limit ?",
        (known.row, _PAGE),
    )
    changed: dict[str, set[str]] = defaultdict(set)
    for _, key in rows:
        kind, conversation, bubble = _taken_apart(key)
        if kind == _BUBBLE:
            changed[conversation].add(bubble)
        elif kind == _COMPOSER:
            changed[conversation].update()
    pages, projects = Pages(), known_projects(path)
    found = [conversation for conversation in known.homeless if conversation in projects]
    for conversation in dict.fromkeys([*found, *known.recent, *changed]):
        last = 0 if changed.get(conversation) else _LAST_TURNS
        if conversation in known.recent:
            last = _LAST_TURNS
        if conversation in found:
            last = _ALL_TURNS
        project = projects.get(conversation, "")
        _Conversation(db, conversation, project).read(
            changed.get(conversation, set()), pages, last=last
        )
    row, key = (rows[-1][0], rows[-1][1]) if rows else (known.row, known.key)
    now = _Since(
        row if isinstance(row, int) else 0,
        str(key),
        _last([*known.recent, *changed], _RECENT),
        _last([c for c in (*known.homeless, *changed) if c not in projects], _HOMELESS),
    )
    return pages.document(since=_pack(now), more=len(rows) == _PAGE)


def _last(names: Sequence[str], most: int) -> list[str]:
    """The last of the names, each once, in their order."""
    return list(dict.fromkeys(reversed(names)))[:most][::-1]


def _taken_apart(key: object) -> tuple[str, str, str]:
    """What a key is about; keys of conversations inside others have line ends and are passed."""
    if not isinstance(key, str) or not key.startswith((_BUBBLE, _COMPOSER)) or "\n" in key:
        return "", "", ""
    parts = key.split(":")
    if parts[0] == _BUBBLE and len(parts) == 3:
        return _BUBBLE, parts[1], parts[2]
    return (_COMPOSER, parts[1], "") if len(parts) == 2 else ("", "", "")


class _Conversation:
    """One conversation of the database."""

    def __init__(self, db: Snapshot, name: str, project: str = "") -> None:
        self._db = db
        self._name = name
        self._project = project
        self._lengths: dict[str, int] = {}

    def read(self, changed: set[str], pages: Pages, *, last: int) -> None:
        """Adds the turns with changed pieces and the last ones."""
        composer = self._composer(pages)
        turns = turns_of(composer.fullConversationHeadersOnly)
        named = {bubble for turn in turns for bubble in (turn.prompt, *turn.answers)}
        wanted = [
            turn
            for nth, turn in enumerate(turns)
            if nth >= len(turns) - last or changed.intersection((turn.prompt, *turn.answers))
        ]
        for turn in wanted:
            bubbles = self._bubbles((turn.prompt, *turn.answers), pages)
            self._tell(turn, bubbles, composer, pages)
        if changed - named or last == _ALL_TURNS:
            self._tell_unnamed(named, composer, pages)
        for child in composer.subComposerIds or ():
            thread = Thread(clean_id(child), clean_id(self._name), True, None)
            pages.fact(Fact(kind="thread", subject=thread.session, body=encode(thread)))

    def _tell_unnamed(self, named: set[str], composer: Composer, pages: Pages) -> None:
        """Messages that the conversation does not name (any more): an answer that was taken back
        was paid as well. What belongs to one turn is told by the turn's id."""
        keys = _keys(self._db, f"{_BUBBLE}:{self._name}:")
        there = [_taken_apart(key)[2] for key in keys]
        bubbles = self._bubbles([name for name in there if name not in named], pages)
        turns: dict[str, Turn] = {}
        for name, bubble in bubbles.items():
            if bubble.type == ANSWER and (bubble.generation or bubble.input or bubble.output):
                turns.setdefault(bubble.generation or name, Turn("", [])).answers.append(name)
        for turn in turns.values():
            self._tell(turn, bubbles, composer, pages)

    def _tell(
        self, turn: Turn, bubbles: Mapping[str, Bubble], composer: Composer, pages: Pages
    ) -> None:
        for bubble in (bubbles[name] for name in turn.answers if name in bubbles):
            for fact in committed(bubble, self._name):
                pages.fact(fact)
        found = sighting_of(turn, bubbles, composer, session=self._name, project=self._project)
        if found is not None:
            length = sum(self._lengths.get(bubble, 0) for bubble in turn.answers)
            pages.entry(self._place(turn.answers[0]), length, *found)

    def turn_of(self, bubble: str) -> bytes:
        """The piece with the counts, or the first, of the turn that a piece begins."""
        turns = turns_of(self._composer(Pages()).fullConversationHeadersOnly)
        turn = next((t for t in turns if t.answers[0] == bubble), Turn("", [bubble]))
        found = dict(self._values(turn.answers))
        first = found.get(bubble, b"")
        for data in found.values():
            try:
                piece = decode(data, Bubble)
            except NotUnderstoodError:
                continue
            if piece.input or piece.output:
                return data
        return first

    def _composer(self, pages: Pages) -> Composer:
        key = f"{_COMPOSER}:{self._name}"
        rows = self._db.rows(
            "select value from cursorDiskKV where key = ? and octet_length(value) <= ?",
            (key, _LARGEST),
        )
        try:
            return decode(as_bytes(rows[0][0]), Composer) if rows else Composer()
        except NotUnderstoodError as error:
            pages.doubt(place_of(key), error)
            return Composer()

    def _bubbles(self, names: Iterable[str], pages: Pages) -> dict[str, Bubble]:
        found: dict[str, Bubble] = {}
        for name, data in self._values([name for name in names if name]):
            pages.looked()
            self._lengths[name] = len(data)
            try:
                found[name] = decode(data, Bubble)
            except NotUnderstoodError as error:
                pages.doubt(self._place(name), error)
        return found

    def _values(self, names: Sequence[str]) -> Iterator[tuple[str, bytes]]:
        """The messages that are there, in the order of their names."""
        rows = self._db.rows(
            f"select key, cast(value as blob) from cursorDiskKV where key {AMONG}"
            " and octet_length(value) <= ?",
            (json_of(map(self._key, names)), _LARGEST),
        )
        found = {str(key): as_bytes(value) for key, value in rows if value}
        for name in names:
            if data := found.get(self._key(name)):
                yield name, data

    def _place(self, bubble: str) -> int:
        return _place(self._name, self._key(bubble))

    def _key(self, bubble: str) -> str:
        return f"{_BUBBLE}:{self._name}:{bubble}"


def _find(db: Snapshot, places: set[int]) -> dict[int, bytes]:
    db.need("cursorDiskKV", "key", "value")
    listed = [_taken_apart(key)[1] for key in _keys(db, f"{_COMPOSER}:")]
    wanted = {place >> _BUBBLE_BITS for place in places}
    found: dict[int, bytes] = {}
    for conversation in listed:
        if _conversation_bits(conversation) in wanted:
            found |= _find_in(db, f"{_BUBBLE}:{conversation}:", places)
    if places - found.keys():
        found |= _find_in(db, f"{_BUBBLE}:", places - found.keys())
    return found


def _find_in(db: Snapshot, begin: str, places: set[int]) -> dict[int, bytes]:
    found: dict[int, bytes] = {}
    for key in _keys(db, begin):
        kind, conversation, bubble = _taken_apart(key)
        place = _place(conversation, key)
        if kind and place in places:
            data = _Conversation(db, conversation).turn_of(bubble)
            if data:
                found[place] = excerpt_at(data, "cursorDiskKV", f"key {key}")
    return found


def _keys(db: Snapshot, begin: str) -> list[str]:
    """The keys that begin so; `begin` ends in a colon. Their index is enough for this."""
    rows = db.rows(
        "select key from cursorDiskKV where key > ? and key < ? order by key",
        (begin, f"{begin[:-1]};"),
    )
    return [str(key) for (key,) in rows]


def _place(conversation: str, key: str) -> int:
    """Where a message is: what finds its conversation, then what finds it there."""
    bubble = place_of(key) & (1 << _BUBBLE_BITS) - 1
    return _conversation_bits(conversation) << _BUBBLE_BITS | bubble


def _conversation_bits(conversation: str) -> int:
    return place_of(conversation) & (1 << _CONVERSATION_BITS) - 1
