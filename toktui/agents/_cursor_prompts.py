"""A prompt as Cursor wraps it for the model, and what is made of a turn of which only text is left.

Prompt: <timestamp>Tuesday, Jul 21, 2026, 1:11 PM (UTC+3)</timestamp> <user_query>...</user_query>,
        the time in the user's zone, to the minute; older builds have no time, the oldest no tags
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final, cast

from msgspec import Struct
from msgspec.structs import replace

from toktui.agents.base import Entry, place_of
from toktui.agents.content import Block, Uncounted
from toktui.agents.json_lines import json_of, list_of, object_of, text_of
from toktui.agents.lines import key_of
from toktui.clock import MINUTE_MS, parse_ms
from toktui.model import FLAG_SUM, FLAG_TIME_MOVED, Sighting, Tokens
from toktui.text import clean

if TYPE_CHECKING:
    from collections.abc import Iterator

_KEY: Final = "said:"
_LOOKED_AT: Final = 4_096
"""Characters at the beginning of a prompt in which its time may stand."""
_STAMP: Final = re.compile(r"<timestamp>([^<]{1,80})</timestamp>")
_QUERY: Final = re.compile(r"<user_query>(.*?)(?:</user_query>|\Z)", re.DOTALL)
_TIME: Final = re.compile(
    r"(?:[^\W\d_]+,\s)?([A-Z][a-z]{2})[a-z]*\s(\d{1,2}),\s(\d{4}),?\s"
    r"(\d{1,2}):(\d\d)(?::\d\d)?(?:\s([AaPp])[Mm])?\s\((?:UTC|GMT)(?:([+-])(\d{1,2})(?::?(\d\d))?)?\)"
)
_MONTHS: Final = ("Jan", "Feb", "Mar", "Apr", "May", "Jun",
                  "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")  # fmt: skip
_CONTEXT: Final = (
    "<user_info>", "<rules>", "<system_reminder>", "<attached_files>", "<git_status>",
    "<additional_data>", "<open_and_recently_viewed_files>",
)  # fmt: skip
"""How messages begin that Cursor adds to what the user wrote."""
_HIDDEN: Final = "[REDACTED]"
"""Stands behind a text for what was thought."""
MOST_TEXT: Final = 16 << 20
"""Characters of a turn that are counted; no turn has as many."""


class Prompt(Struct):
    """What the user wrote, and when if it says so."""

    query: str
    at_ms: int | None = None


class Speaker(Struct):
    """Whose turns they are; all strings are clean."""

    session: str
    project: str = ""
    model: str = ""


class Spoken(Struct):
    """A turn while it is read: its prompt, then what was answered. `at` is where it begins."""

    at: int
    query: str = ""
    at_ms: int | None = None
    asked: list[Block] = []
    said: list[Block] = []
    answered: bool = False
    model: str = ""
    seen_ms: int = 0
    """When its log knew of it first; 0: it does not tell."""
    first: bytes = b""
    """The first answer with a text, and its place."""
    first_at: int = 0
    length: int = 0
    """Bytes of all answers."""
    size: int = 0

    def ask(self, prompt: Prompt) -> None:
        """A prompt; of several in a row the last one is answered, and all were sent."""
        self.query = prompt.query
        self.at_ms = prompt.at_ms if prompt.at_ms is not None else self.at_ms
        if prompt.query and self._has_room(len(prompt.query)):
            self.asked.append(Block("text", prompt.query))

    def answer(self, content: object, at: int, raw: bytes) -> None:
        """More of the answer; two equal calls of a tool are two."""
        self.answered = True
        self.length += len(raw)
        for block in blocks_in(content):
            size = len(block.text) + sum(len(value) for _, value in block.arguments)
            if not self._has_room(size):
                return
            if not self.first:
                self.first, self.first_at = raw, at
            named = str(len(self.said)) if block.kind == "tool" else ""
            self.said.append(replace(block, id=named))

    def _has_room(self, size: int) -> bool:
        self.size += size
        return self.size <= MOST_TEXT


class Talk:
    """Takes messages in their order apart into turns."""

    def __init__(self) -> None:
        self.turn: Spoken | None = None
        """The last one, which may go on."""

    def hear(self, role: object, content: object, at: int, raw: bytes) -> Spoken | None:
        """A message, and the turn that is over by it. `raw` are its bytes, `at` its place."""
        if role == "assistant":
            self.turn = self.turn or Spoken(at)
            self.turn.answer(content, at, raw)
            return None
        text = text_in(content) if role == "user" else None
        if text is None or is_context(text):
            return None
        over = None
        if self.turn is None or self.turn.answered:
            over, self.turn = self.turn, Spoken(at)
        self.turn.ask(prompt_of(text))
        return over

    def end(self) -> None:
        """A turn is over; a prompt without an answer gets none any more."""
        if self.turn is not None and not self.turn.answered:
            self.turn = None


def is_context(text: str) -> bool:
    """Whether a message of the user's role is what Cursor itself tells the model."""
    return text.lstrip().startswith(_CONTEXT) and "<user_query>" not in text


def prompt_of(text: str) -> Prompt:
    """A prompt without its wrapping."""
    queries = [found.strip() for found in _QUERY.findall(text)]
    begin = text.find("<user_query>")
    stamp = _STAMP.search(text, 0, min(_LOOKED_AT, begin if begin >= 0 else _LOOKED_AT))
    at_ms = _stamp_ms(stamp[1]) if stamp else None
    if begin < 0:
        queries = [(text[: stamp.start()] + text[stamp.end() :] if stamp else text).strip()]
    return Prompt("\n".join(queries), at_ms)


def _stamp_ms(text: str) -> int | None:
    """UTC milliseconds; None where the zone is not told."""
    found = _TIME.fullmatch(text.strip())
    if found is None:
        return parse_ms(text.strip()) if "T" in text else None
    month, day, year, hour, minute, half, sign, hours, minutes = found.groups()
    if month not in _MONTHS or (half and not 1 <= int(hour) <= 12):
        return None
    hour = int(hour) % 12 + 12 * (half in "Pp") if half else int(hour)
    at_ms = parse_ms(
        f"{year}-{_MONTHS.index(month) + 1:02}-{int(day):02}T{hour:02}:{minute}:00.000Z"
    )
    if at_ms is None:
        return None
    east = (int(hours or 0) * 60 + int(minutes or 0)) * MINUTE_MS
    return at_ms - east if sign == "+" else at_ms + east


def text_in(content: object) -> str | None:
    """The text of a message's content; None where it has none, as the result of a tool."""
    if isinstance(content, str):
        return content
    blocks = [object_of(block) for block in list_of(content)]
    texts = [text_of(block, "text") for block in blocks if block.get("type") == "text"]
    return "\n".join(texts) if texts else None


def blocks_in(content: object) -> Iterator[Block]:
    """What the model wrote: text, thoughts where a log has them, and what it gave to tools."""
    if isinstance(content, str):
        yield from _text(content)
    for value in list_of(content):
        block = object_of(value)
        kind = block.get("type")
        if kind == "text":
            yield from _text(text_of(block, "text"))
        elif kind in ("reasoning", "thinking") and (thought := text_of(block, "text")):
            yield Block("thinking", thought)
        elif kind in ("tool_use", "tool-call"):
            name = text_of(block, "name") or text_of(block, "toolName")
            given = block.get("input", block.get("args"))
            yield Block("tool", name, arguments=tuple(_arguments(given)))


def _text(text: str) -> Iterator[Block]:
    said = text.rstrip().removesuffix(_HIDDEN).rstrip()
    if said:
        yield Block("text", said)


def _arguments(given: object) -> Iterator[tuple[str, str]]:
    if isinstance(given, dict):
        for name, value in cast("dict[str, Any]", given).items():
            yield name, value if isinstance(value, str) else json_of(value)
    elif given is not None:
        yield "", given if isinstance(given, str) else json_of(given)


def digest_of(query: str) -> str:
    """Knows a prompt again, however its blanks were kept."""
    return key_of(" ".join(query.split())).removeprefix("h:")[:16]


def entry_of(
    turn: Spoken, speaker: Speaker, nth: int, *, grade: int, else_ms: int | None
) -> Entry | None:
    """The guess that a turn is; None where there is no text. `nth` counts equal prompts of the
    conversation, `else_ms` is the best time that is known where it has none of its own."""
    if not turn.said:
        return None
    key = f"{_KEY}{key_of(speaker.session, digest_of(turn.query), nth).removeprefix('h:')}"
    at_ms = turn.at_ms if turn.at_ms is not None else turn.seen_ms or None
    sighting = Sighting(
        key=key,
        session=speaker.session,
        at_ms=at_ms if at_ms is not None else else_ms,
        model=clean(turn.model or speaker.model, 120) or "default",
        tokens=Tokens(),
        kind="guess",
        project=speaker.project,
        flags=FLAG_SUM | (0 if at_ms is not None else FLAG_TIME_MOVED),
        grade=grade,
    )
    uncounted = Uncounted(tuple(turn.asked), tuple(turn.said))
    return Entry(place_of(key), turn.length, sighting, uncounted)
