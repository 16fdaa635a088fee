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
from typing import TYPE_CHECKING, Any, Final, cast

import msgspec
from msgspec import Struct

from toktui.agents._cursor_places import known_projects
from toktui.agents._cursor_spool import generation_key
from toktui.agents._sqlite_values import AMONG, as_bytes, json_of
from toktui.agents.base import place_of
from toktui.agents.database import snapshot
from toktui.agents.documents import Count, NotUnderstoodError, Pages, decode
from toktui.clock import parse_ms
from toktui.facts import Thread, encode
from toktui.model import FLAG_TIME_MOVED, Fact, Sighting, Tokens
from toktui.text import clean, clean_id

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

    from toktui.agents.base import Document
    from toktui.agents.database import Snapshot

COUNTED: Final = 1
ESTIMATED: Final = -1
"""Grades: what Cursor counted, without its caches; what only its text lets guess."""
CHARACTERS_PER_TOKEN: Final = 4
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
_PROMPT, _ANSWER = 1, 2


class _Since(Struct, array_like=True):
    """The last row that was read, by number and key, and the conversations that grew last."""

    row: int = 0
    key: str = ""
    recent: list[str] = []
    homeless: list[str] = []
    """Conversations that no workspace knew, some of the last."""


class _Named(Struct):
    modelName: str | None = None


class _Counted(Struct):
    inputTokens: Count = None
    outputTokens: Count = None


class _Tool(Struct):
    rawArgs: Any = None


class _Bubble(Struct):
    type: int
    createdAt: Any = None
    text: Any = None
    modelInfo: _Named | None = None
    requestId: str | None = None
    usageUuid: str | None = None
    tokenCount: _Counted | None = None
    toolFormerData: _Tool | None = None
    thinking: Any = None

    @property
    def generation(self) -> str:
        return clean_id(self.usageUuid or self.requestId or "")

    @property
    def model(self) -> str:
        return (self.modelInfo.modelName or "") if self.modelInfo else ""

    @property
    def input(self) -> int:
        return (self.tokenCount.inputTokens or 0) if self.tokenCount else 0

    @property
    def output(self) -> int:
        return (self.tokenCount.outputTokens or 0) if self.tokenCount else 0

    @property
    def characters(self) -> int:
        """Of what was said, thought and given to a tool."""
        thought: object = self.thinking
        if isinstance(thought, dict):
            thought = cast("dict[str, object]", thought).get("text")
        arguments = self.toolFormerData.rawArgs if self.toolFormerData else None
        return sum(len(part) for part in (self.text, thought, arguments) if isinstance(part, str))


class _Header(Struct):
    bubbleId: str
    type: int | None = None


class _Composer(Struct):
    fullConversationHeadersOnly: list[_Header] = []
    createdAt: Any = None
    modelConfig: _Named | None = None
    contextTokenLimit: Any = None
    subComposerIds: list[str] | None = None


class _Turn(Struct):
    """The pieces of an answer, and the prompt before them if there is one."""

    prompt: str
    answers: list[str]


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
        turns = _turns(composer.fullConversationHeadersOnly)
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

    def _tell_unnamed(self, named: set[str], composer: _Composer, pages: Pages) -> None:
        """Messages that the conversation does not name (any more): an answer that was taken back
        was paid as well. What belongs to one turn is told by the turn's id."""
        keys = _keys(self._db, f"{_BUBBLE}:{self._name}:")
        there = [_taken_apart(key)[2] for key in keys]
        bubbles = self._bubbles([name for name in there if name not in named], pages)
        turns: dict[str, _Turn] = {}
        for name, bubble in bubbles.items():
            if bubble.type == _ANSWER and (bubble.generation or bubble.input or bubble.output):
                turns.setdefault(bubble.generation or name, _Turn("", [])).answers.append(name)
        for turn in turns.values():
            self._tell(turn, bubbles, composer, pages)

    def _tell(
        self, turn: _Turn, bubbles: Mapping[str, _Bubble], composer: _Composer, pages: Pages
    ) -> None:
        found = self._sighting(turn, bubbles, composer)
        if found is not None:
            length = sum(self._lengths.get(bubble, 0) for bubble in turn.answers)
            pages.entry(self._place(turn.answers[0]), length, found)

    def turn_of(self, bubble: str) -> bytes:
        """The piece with the counts, or the first, of the turn that a piece begins."""
        turns = _turns(self._composer(Pages()).fullConversationHeadersOnly)
        turn = next((t for t in turns if t.answers[0] == bubble), _Turn("", [bubble]))
        found = dict(self._values(turn.answers))
        first = found.get(bubble, b"")
        for data in found.values():
            try:
                piece = decode(data, _Bubble)
            except NotUnderstoodError:
                continue
            if piece.input or piece.output:
                return data
        return first

    def _sighting(
        self, turn: _Turn, bubbles: Mapping[str, _Bubble], composer: _Composer
    ) -> Sighting | None:
        prompt = bubbles.get(turn.prompt)
        answers = [
            bubbles[name]
            for name in turn.answers
            if name in bubbles and bubbles[name].type == _ANSWER
        ]
        if not answers:
            return None
        tokens = Tokens(input=sum(b.input for b in answers), output=sum(b.output for b in answers))
        grade = COUNTED
        if not tokens.total:
            told, asked = sum(b.characters for b in answers), prompt.characters if prompt else 0
            tokens, grade = Tokens(input=_tokens(asked), output=_tokens(told)), ESTIMATED
            if not told:
                return None
        both = [*answers, prompt] if prompt else answers
        generation = next((b.generation for b in both if b.generation), "")
        at_ms = next((at for b in both if (at := _ms(b.createdAt)) is not None), None)
        model = next((b.model for b in both if b.model), "")
        if not model and composer.modelConfig is not None:
            model = composer.modelConfig.modelName or ""
        window = composer.contextTokenLimit
        return Sighting(
            key=generation_key(generation) if generation else f"turn:{clean_id(turn.answers[0])}",
            session=clean_id(self._name),
            at_ms=at_ms if at_ms is not None else _ms(composer.createdAt),
            model=clean(model, 120) or "default",
            tokens=tokens,
            project=self._project,
            flags=0 if at_ms is not None else FLAG_TIME_MOVED,
            window=window if isinstance(window, int) and 0 < window < 1 << 40 else 0,
            grade=grade,
        )

    def _composer(self, pages: Pages) -> _Composer:
        key = f"{_COMPOSER}:{self._name}"
        rows = self._db.rows(
            "select value from cursorDiskKV where key = ? and octet_length(value) <= ?",
            (key, _LARGEST),
        )
        try:
            return decode(as_bytes(rows[0][0]), _Composer) if rows else _Composer()
        except NotUnderstoodError as error:
            pages.doubt(place_of(key), error)
            return _Composer()

    def _bubbles(self, names: Iterable[str], pages: Pages) -> dict[str, _Bubble]:
        found: dict[str, _Bubble] = {}
        for name, data in self._values([name for name in names if name]):
            pages.looked()
            self._lengths[name] = len(data)
            try:
                found[name] = decode(data, _Bubble)
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
                found[place] = data
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


def _turns(headers: Iterable[_Header]) -> list[_Turn]:
    """The turns of a conversation that have an answer."""
    turns = [_Turn("", [])]
    for header in headers:
        if header.type == _PROMPT:
            turns.append(_Turn(header.bubbleId, []))
        else:
            turns[-1].answers.append(header.bubbleId)
    return [turn for turn in turns if turn.answers]


def _tokens(characters: int) -> int:
    return -(-characters // CHARACTERS_PER_TOKEN)


def _ms(time: object) -> int | None:
    """A time that is text, or milliseconds."""
    if isinstance(time, str):
        return parse_ms(time)
    return int(time) if isinstance(time, int | float) and 0 < time < 1e14 else None
