"""Messages of the OpenCode engine: what one says of the calls that it reports."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from msgspec import Struct, field

from toktui.agents.base import place_of
from toktui.agents.documents import Count, Dollars, NotUnderstoodError, decode, nusd
from toktui.facts import Thread, encode
from toktui.model import Fact, Sighting, Tokens
from toktui.text import clean, clean_id

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

STEPS_UNTIL_MS: Final = 1_767_225_600_000
"""2026-01-01: builds of 2025 ran many steps in one message, and kept the last one's tokens."""


class Cache(Struct):
    read: Count = None
    write: Count = None


class Counts(Struct):
    total: Count = None
    input: Count = None
    output: Count = None
    reasoning: Count = None
    cache: Cache | None = None

    def logged(self) -> tuple[int, int, int, int, int]:
        """Input, output, reasoning, cache read and cache write as they stand there."""
        cache = self.cache or Cache()
        return (
            self.input or 0,
            self.output or 0,
            self.reasoning or 0,
            cache.read or 0,
            cache.write or 0,
        )


class Times(Struct):
    created: Count = None
    completed: Count = None


class Folders(Struct):
    cwd: str | None = None
    root: str | None = None


class Message(Struct):
    """A message of the first engine, in a file or in a row."""

    id: str | None = None
    session: str | None = field(default=None, name="sessionID")
    role: str | None = None
    provider: str | None = field(default=None, name="providerID")
    model: str | None = field(default=None, name="modelID")
    cost: Dollars = None
    tokens: Counts | None = None
    time: Times | None = None
    path: Folders | None = None
    agent: str | None = None


class _Role(Struct):
    role: str | None = None


class Step(Struct):
    """A part that ends a step: one response."""

    type: str | None = None
    cost: Dollars = None
    tokens: Counts | None = None


class Session(Struct):
    """A session in a file."""

    id: str | None = None
    parent: str | None = field(default=None, name="parentID")


class Place(Struct, frozen=True):
    """What a session says of its messages; `origin` is set on those that it copied."""

    session: str
    parent: str = ""
    origin: str = ""
    directory: str = ""
    version: str = ""


class Call(NamedTuple):
    """A call with where it stands: its place, and the message or the part of its step."""

    place: int
    step: int
    """From 0; of a message that is one call, too."""
    data: bytes
    sighting: Sighting


def read_message(data: bytes) -> Message:
    """A message of the first engine. Raises NotUnderstoodError where it can be an answer."""
    try:
        return decode(data, Message)
    except NotUnderstoodError:
        role = decode(data, _Role).role
        if role == "assistant":
            raise
        return Message(role=role)


def is_unfinished(message: Message) -> bool:
    """The response is still being written, or never was to its end."""
    return message.role == "assistant" and (message.time is None or not message.time.completed)


def may_have_steps(message: Message) -> bool:
    """Whether its parts can tell of more calls than the message itself."""
    created = message.time.created if message.time is not None else None
    return message.role == "assistant" and (created or 0) < STEPS_UNTIL_MS


def calls_of(
    name: str, data: bytes, message: Message, place: Place, parts: Sequence[bytes] = ()
) -> Iterator[Call]:
    """The calls of a message; none before any tokens are known.

    `parts` are those that end a step: each is a call, and so are the message's own counts, which
    are those of its last step, where that one's part is lost or not there yet. Of several calls
    each is at a place that its counts decide, which is the same whatever else is there by then.
    Raises NotUnderstoodError.
    """
    if message.role != "assistant":
        return
    steps = [decode(part, Step) for part in parts]
    said = [(step.tokens, step.cost, part) for step, part in zip(steps, parts, strict=True)]
    own = message.tokens or Counts()
    if call_key(message.time, message.model, own) not in {
        call_key(message.time, message.model, tokens or Counts()) for tokens, _, _ in said
    }:
        said.append((own, message.cost if not said else None, data))
    seen: dict[str, int] = {}
    for step, (tokens, cost, found) in enumerate(said):
        counts = tokens or Counts()
        used = disjoint(counts, message.provider or "", message.model or "")
        if not used.total:
            continue
        key = call_key(message.time, message.model, counts)
        nth = seen[key] = seen.get(key, 0) + 1
        known = key if nth == 1 else f"{key}:{nth}"
        where = place_of(f"{name}/{known}" if may_have_steps(message) else name)
        yield Call(where, step, found, sighting(message, place, used, known, cost))


def disjoint(counts: Counts, provider: str, model: str) -> Tokens:
    """The buckets of a response.

    Until 1.4 `output` was the vendor's own, with `reasoning` in it for all but Google's; since
    then it is without. `total` is the vendor's sum and tells which; builds that had none yet are
    told by the provider.
    """
    given, output, reasoning, read, written = counts.logged()
    rest = given + output + read + written
    if counts.total is not None:
        inside = counts.total == rest
    else:
        google = provider.startswith("google") or "gemini" in model.lower()
        inside = not google
    if not inside or reasoning > output:
        output += reasoning
    return Tokens(
        input=given,
        cache_read=read,
        cache_write_5m=written,
        output=output,
        reasoning=reasoning,
    )


def call_key(time: Times | None, model: str | None, counts: Counts) -> str:
    """What a copy in a fork, a backup or a migrated store keeps; ids are new in every copy."""
    created = (time.created if time is not None else None) or 0
    return clean_id(f"{created}:{model or 'unknown'}:{'.'.join(map(str, counts.logged()))}")


def sighting(
    message: Message, place: Place, used: Tokens, key: str, cost: float | None
) -> Sighting:
    """One call of a message."""
    folders = message.path or Folders()
    return Sighting(
        key=key,
        session=place.session,
        at_ms=message.time.created if message.time is not None else None,
        model=clean(message.model or "unknown", 120),
        tokens=used,
        origin=place.origin,
        agent_type=clean(message.agent or "", 48) if place.parent else "",
        project=clean(folders.cwd or place.directory or folders.root or "", 512),
        version=place.version,
        reported_nusd=nusd(cost),
    )


def kin(session: str, parent: str, *, spawned: bool = True) -> Fact:
    """A session that another one started, or was forked from."""
    body = encode(Thread(session, parent, spawned, None))
    return Fact(kind="thread", subject=session, body=body)
