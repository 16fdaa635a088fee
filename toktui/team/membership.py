"""What this device knows of its team: who it is there, what was consented to, what was sent."""

from __future__ import annotations

from typing import Literal

import msgspec

from toktui.team.identity import Place
from toktui.team.wire.messages import Appearance, Role

SendResult = Literal["stored", "unchanged", "held"]


class Membership(msgspec.Struct, frozen=True, kw_only=True):
    """The team this device belongs to. `schema` is what its user consented to, at `consented_ms`.
    """

    url: str
    allow_http: bool
    team: str
    team_name: str
    zone: str
    member: str
    device: str
    role: Role
    pepper: str
    first_day: str
    retention_days: int
    appearance: Appearance | Literal[""]
    """Empty on a further device: it is that of the first one."""
    name: str
    shares: tuple[str, ...]
    schema: str
    consented_ms: int
    key_place: Place
    key_name: str
    code_name: str = ""
    """Under which the key is kept, too, until joining is over: by the code."""
    paused: bool = False
    leaving: bool = False
    """The server was told to delete everything; whether it did is not known yet."""


class Sent(msgspec.Struct, frozen=True, array_like=True, kw_only=True):
    """A day as the server last took it. `content` is the digest of what it says whatever its
    revision; of a day that is `held` the one that the server did not take, while tokens, cost and
    revision are those that it kept. It is empty where the server does not have it any more."""

    day: str
    rev: int
    content: str
    sha256: str
    closed: bool
    sent_ms: int
    result: SendResult
    flags: tuple[str, ...]
    calls: int
    tokens: int
    cost_nusd: int | None
    version: str
    """Of the toktui that sent it."""
    lacks_unpriced: bool = False
    holds_estimates: bool = False
    partly_unread: bool = False


class Waiting(msgspec.Struct, frozen=True, kw_only=True):
    """A day that the server does not take as it is: tried so often, again from a time on."""

    day: str
    attempts: int
    next_ms: int
    code: str
    what: str
    content: str


class Trying(msgspec.Struct, frozen=True, kw_only=True):
    """What was on its way when nothing more was heard of it."""

    day: str
    rev: int
    content: str
    sha256: str


class Hold(msgspec.Struct, frozen=True, kw_only=True):
    """Why nothing at all is sent before a time: the server is away, or the user has to act."""

    attempts: int
    next_ms: int
    code: str
    what: str
    hint: str = ""


class Notes(msgspec.Struct, frozen=True, kw_only=True):
    """What the last round found out."""

    compared_ms: int = 0
    """When what the server holds was compared with what was sent; 0: not yet."""
    round_ms: int = 0
    """When it ended; 0: there was none."""
    board_ms: int = 0
    """When the board was fetched."""
    clock_off_ms: int = 0
    """How far this machine's clock is ahead of the server's; negative: behind."""
    others_schema: bool = False
    """The server takes other fields than this toktui sends."""
    others_zone: str = ""
    """The zone of the team, where it is not that of joining any more."""
    copied_ms: int = 0
    """When the server last had a document under this device's name that we did not send."""
    board_problem: str = ""
    """Why the board could not be fetched."""
