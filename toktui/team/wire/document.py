"""The document that a device sends for one day of its team, and everything that may be in it.

A field that is not declared here is refused on arrival, so that no client can leak one. Numbers are
whole; money is nano-dollars; a day is a day in the team's zone. No prompt, path, project, branch,
session, hour or host name has a place. The bytes are canonical: each document has one spelling,
and what is hashed, shown, sent and stored is that spelling.
"""

from __future__ import annotations

import datetime
import hashlib
from typing import Annotated, Any, Final, Literal

import msgspec

from toktui.model import Tier

V: Final = 2
"""Of what documents say. The first one wrote a cost that nobody knew as 0."""

MOST: Final = (1 << 53) - 1
MOST_BODY: Final = 64 * 1024
"""Bytes of a document."""
MOST_ROWS: Final = 64
MOST_DOCUMENTS: Final = 40
"""In a batch."""
SKETCH_BYTES: Final = 6
SKETCH_SIZE: Final = 64

OTHER: Final = "other"
"""Stands for every model that is not in the public rate book: its name may say who uses it."""

Count = Annotated[int, msgspec.Meta(ge=0, le=MOST)]
Word = Annotated[str, msgspec.Meta(pattern=r"^[a-z0-9][a-z0-9._:/@-]{0,95}\Z")]
TeamId = Annotated[str, msgspec.Meta(pattern=r"^t_[a-z2-7]{16}\Z")]
MemberId = Annotated[str, msgspec.Meta(pattern=r"^m_[a-z2-7]{16}\Z")]
DeviceId = Annotated[str, msgspec.Meta(pattern=r"^d_[a-z2-7]{16}\Z")]
Day = Annotated[str, msgspec.Meta(pattern=r"^20[0-9]{2}-[01][0-9]-[0-3][0-9]\Z")]
Size = Literal["XS", "S", "M", "L", "XL"]
SIZES: Final[tuple[Size, ...]] = ("XS", "S", "M", "L", "XL")


class Row(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Calls of one agent, model and tier on the day; the buckets are those of `model.BUCKETS`."""

    agent: Word
    model: Word
    tier: Tier
    calls: Annotated[int, msgspec.Meta(ge=1, le=MOST)]
    input: Count
    cache_read: Count
    cache_write_5m: Count
    cache_write_1h: Count
    output: Count
    reasoning: Count
    """Of which output."""
    web_search: Count
    estimated_calls: Count
    """Of which nobody logged the tokens."""
    estimated_tokens: Count
    unpriced_calls: Count
    unpriced_tokens: Count
    cost_nusd: Count | None
    """List cost of the priced calls as the client has it; null if none is priced."""

    @property
    def prompt(self) -> int:
        """Tokens that were sent."""
        return self.input + self.cache_read + self.cache_write_5m + self.cache_write_1h

    @property
    def tokens(self) -> int:
        """Tokens of all buckets."""
        return self.prompt + self.output


class Landed(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True,
             omit_defaults=True):  # fmt: skip
    """Changes of one size that landed on the day, and the cost of the sessions linked to them."""

    size: Size
    changes: Annotated[int, msgspec.Meta(ge=1, le=10_000)]
    cost_nusd: Count | None
    """List cost of what has a price; null if nothing has."""
    unpriced_changes: Annotated[int, msgspec.Meta(ge=0, le=10_000)] = 0
    """Of which the cost is not known, or only in part."""


class Outcomes(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What landed on the day; only linked changes count. Shared by those who chose to."""

    landed: Annotated[tuple[Landed, ...], msgspec.Meta(max_length=len(SIZES))]
    reverted: Annotated[int, msgspec.Meta(ge=0, le=10_000)]


class Sketch(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The smallest keyed hashes of an agent's call ids: how a copied history is recognised."""

    agent: Word
    hashes: Annotated[str, msgspec.Meta(pattern=r"^([0-9a-f]{12}){1,64}\Z")]
    """Rising, without repetition."""


class Client(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Which program made the document."""

    version: Annotated[str, msgspec.Meta(pattern=r"^[0-9A-Za-z.+-]{1,32}\Z")]


class Document(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True,
               omit_defaults=True):  # fmt: skip
    """All that a device sends for a day; a later one replaces it whole."""

    v: Annotated[int, msgspec.Meta(ge=1, le=V)]
    team: TeamId
    device: DeviceId
    day: Day
    rev: Annotated[int, msgspec.Meta(ge=1, le=MOST)]
    """Rises with each change; a lower one than the server has changes nothing."""
    closed: bool
    """The day is over."""
    client: Client
    rows: Annotated[tuple[Row, ...], msgspec.Meta(max_length=MOST_ROWS)]
    reason: Literal["", "user_deleted", "duplicate_resolved", "recounted"] = ""
    """Why a closed day holds less than before."""
    partly_unread: bool = False
    """A log that may hold calls of the day could not be read, or not every line of it: the day
    holds this much at least."""
    outcomes: Outcomes | None = None
    """Absent: not shared, which is not nothing."""
    sketches: Annotated[tuple[Sketch, ...], msgspec.Meta(max_length=32)] = ()


class WrongDocumentError(ValueError):
    """The bytes are no document, or one that contradicts itself."""


_encoder: Final = msgspec.json.Encoder(order="deterministic")
_decoder: Final = msgspec.json.Decoder(Document)


def encode(document: Document) -> bytes:
    """The bytes of a document: keys in order, no spaces."""
    return _encoder.encode(document)


def decode(body: bytes) -> Document:
    """The document of canonical bytes. WrongDocumentError says what is wrong with others."""
    if len(body) > MOST_BODY:
        raise WrongDocumentError("the document is too large")
    try:
        document = _decoder.decode(body)
    except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
        raise WrongDocumentError(str(error)[:200]) from error
    if encode(document) != body:
        raise WrongDocumentError("the bytes are not canonical")
    check(document)
    return document


def digest(body: bytes) -> str:
    """SHA-256 in hex: what preview, client and server agree on."""
    return hashlib.sha256(body).hexdigest()


def check(document: Document) -> None:
    """WrongDocumentError where numbers contradict each other or a key stands twice."""
    day_of(document.day)
    _once([(row.agent, row.model, row.tier) for row in document.rows], "row")
    _once([sketch.agent for sketch in document.sketches], "sketch")
    for row in document.rows:
        if row.reasoning > row.output:
            raise WrongDocumentError("reasoning is more than output")
        if max(row.estimated_calls, row.unpriced_calls) > row.calls:
            raise WrongDocumentError("a part of the calls is more than the calls")
        if max(row.estimated_tokens, row.unpriced_tokens) > row.tokens:
            raise WrongDocumentError("a part of the tokens is more than the tokens")
        if (row.cost_nusd is None) != (row.unpriced_calls == row.calls):
            raise WrongDocumentError("cost is null exactly where no call is priced")
    for sketch in document.sketches:
        hashes = hashes_of(sketch)
        if sorted(set(hashes)) != hashes:
            raise WrongDocumentError("the hashes of a sketch do not rise")
    if document.outcomes is not None:
        _once([landed.size for landed in document.outcomes.landed], "size")
        for landed in document.outcomes.landed:
            _check_cost(landed)


def _check_cost(landed: Landed) -> None:
    if landed.unpriced_changes > landed.changes:
        raise WrongDocumentError("a part of the changes is more than the changes")
    if landed.cost_nusd is None and landed.unpriced_changes < landed.changes:
        raise WrongDocumentError("a cost is null where that of no change is known")


def hashes_of(sketch: Sketch) -> list[str]:
    """The hashes, each of twelve hex digits."""
    width = 2 * SKETCH_BYTES
    return [sketch.hashes[i : i + width] for i in range(0, len(sketch.hashes), width)]


def day_of(day: str) -> datetime.date:
    """The date; WrongDocumentError if the calendar has no such day."""
    try:
        return datetime.date.fromisoformat(day)
    except ValueError as error:
        raise WrongDocumentError(f"there is no day {day}") from error


def _once(keys: list[Any], what: str) -> None:
    if len(set(keys)) != len(keys):
        raise WrongDocumentError(f"a {what} stands twice")


def schema_hash() -> str:
    """Of everything that a document can hold: what a consent is given to."""
    schema = msgspec.json.schema(Document)
    return digest(msgspec.json.encode(schema, order="deterministic"))[:16]


FIELDS: Final[tuple[tuple[str, str], ...]] = (
    ("day, rev, closed", "the day in the team's zone, a rising number, whether the day is over"),
    ("partly_unread", "whether some of the day's logs could not be read: yes or no, and no more"),
    ("client.version", "version of toktui"),
    ("agent, model, tier", "which agent; the model's public name, else `other`; how it was served"),
    ("calls", "how many calls, and how many of them are estimated or have no price"),
    ("tokens", "input, cache reads and writes, output, reasoning; web searches"),
    ("cost_nusd", "list cost in nano-dollars, which the server works out again"),
)
"""What a document always holds, in words, for those who are asked."""

OPTIONAL: Final = {
    "outcomes": "landed changes by size, their cost if known, how many were reverted; nothing else",
    "sketches": "64 keyed hashes of call ids per agent and day: a copied history counts once",
}
"""The parts that are sent only by those who say so, by their field."""
