"""What else travels: enrolling, receipts, the board, and errors with stable codes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Final, Literal

import msgspec

from toktui.team.wire.document import Day, DeviceId, MemberId, TeamId

Appearance = Literal["name", "pseudonym", "hidden"]
APPEARANCES: Final[tuple[Appearance, ...]] = ("name", "pseudonym", "hidden")
Share = Literal["outcomes", "sketches"]
Role = Literal["owner", "admin", "member"]
Code = Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z2-7-]{20,64}\Z")]
Name = Annotated[str, msgspec.Meta(max_length=64)]
PublicKey = Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9+/]{43}=\Z")]


class Look(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True,
           omit_defaults=True):  # fmt: skip
    """Asks what a code leads to; changes nothing."""

    code: Code
    public_key: PublicKey | None = None
    """Of a device that may have enrolled with the code already, and did not hear of it."""


class Enrol(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Makes a member, or with a code of `link` one more device of a member."""

    code: Code
    public_key: PublicKey
    appearance: Appearance = "hidden"
    name: Name = ""
    schema: Annotated[str, msgspec.Meta(pattern=r"^[0-9a-f]{16}\Z")]
    """What the member consented to: `document.schema_hash`."""


class Appear(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """How the member appears from now on."""

    appearance: Appearance
    name: Name = ""


class Batch(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Documents, each as its exact bytes."""

    documents: Annotated[tuple[msgspec.Raw, ...], msgspec.Meta(min_length=1, max_length=40)]


class NewInvite(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Asks for an invite."""

    uses: Annotated[int, msgspec.Meta(ge=1, le=1000)] = 1
    hours: Annotated[int, msgspec.Meta(ge=1, le=24 * 90)] = 72


class TeamInfo(msgspec.Struct, frozen=True, kw_only=True):
    """A team as those see it who may join it."""

    team: TeamId
    name: str
    zone: str
    today: Day
    retention_days: int
    backfill_days: int
    """How far before joining a day may lie."""
    schema: str
    consumption: bool
    """Whether the page of consumption is on."""
    kind: Literal["invite", "link", ""] = ""
    """What the code is good for."""


class Enrolled(msgspec.Struct, frozen=True, kw_only=True):
    """What a new device is told."""

    team: TeamInfo
    member: MemberId
    device: DeviceId
    pepper: str
    """Key of the sketches, in hex."""
    role: Role
    first_day: Day
    """The earliest day that is taken."""


class Receipt(msgspec.Struct, frozen=True, kw_only=True):
    """What became of a document."""

    day: Day
    rev: int
    sha256: str
    result: Literal["stored", "unchanged", "held"]
    """`held`: a closed day would have become smaller without a reason; the larger one stays."""
    flags: tuple[str, ...] = ()


class ItemResult(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What became of one document of a batch."""

    status: int
    receipt: Receipt | None = None
    problem: Problem | None = None


class BatchResult(msgspec.Struct, frozen=True, kw_only=True):
    """One result per document, in their order."""

    items: tuple[ItemResult, ...]


class Held(msgspec.Struct, frozen=True, kw_only=True):
    """A day that the server holds of a device."""

    day: Day
    rev: int
    sha256: str


class Days(msgspec.Struct, frozen=True, kw_only=True):
    """The days of the asking device."""

    days: tuple[Held, ...]


class Link(msgspec.Struct, frozen=True, kw_only=True):
    """A code or address that is good once, until a time (UTC milliseconds)."""

    value: str
    expires_ms: int


class Problem(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """RFC 9457 `application/problem+json`; `code` is stable."""

    type: str
    title: str
    status: int
    code: str
    detail: str = ""
    rev: int | None = None
    sha256: str | None = None


CODES: Final[Mapping[str, tuple[int, str]]] = {
    "bad_request": (400, "The request cannot be read."),
    "not_signed": (401, "The request is not signed, or not by a known device."),
    "wrong_signature": (401, "The signature does not fit the request."),
    "clock": (401, "The time of the request is too far from the server's."),
    "replayed": (401, "The request was made before."),
    "signed_out": (401, "You are not signed in."),
    "forbidden": (403, "This is not allowed to you."),
    "wrong_origin": (403, "The form came from another page."),
    "code_refused": (403, "The code is not valid, used up or too old."),
    "not_found": (404, "There is nothing here."),
    "method": (405, "The method is not allowed here."),
    "full": (409, "There are as many as there may be."),
    "revision": (409, "The server has a later or another document of this day."),
    "too_large": (413, "The body is too large."),
    "encoding": (415, "Bodies are not compressed, and are JSON."),
    "wrong_document": (422, "The document is not valid."),
    "wrong_day": (422, "The day is not one that this team takes."),
    "wrong_device": (422, "The document is of another device, team or day."),
    "wrong_value": (422, "A value is not valid."),
    "consent": (426, "The server speaks another version; what is sent has changed."),
    "too_many": (429, "Too many requests; try again later."),
    "slow": (408, "The body came too slowly."),
    "broken": (500, "The server failed."),
    "not_ready": (503, "The server is not ready."),
}
"""Status and title of each code."""
