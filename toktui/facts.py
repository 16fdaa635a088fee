"""The bodies of facts that mean the same for every agent: what is known beside the calls."""

from __future__ import annotations

from typing import Final

import msgspec
from msgspec import Struct

from toktui.model import Tokens


class LedgerModel(Struct, frozen=True, array_like=True):
    """What the ledger of a session says of one model, cumulative."""

    model: str
    tokens: Tokens
    web_search: int


class Ledger(Struct, frozen=True, array_like=True):
    """Body of a `ledger` fact: the agent's own account of a session."""

    total_nusd: int | None
    started_ms: int | None
    models: tuple[LedgerModel, ...]
    project: str = ""
    """Where the session worked, for one of which no call is known."""


class Searches(Struct, frozen=True, array_like=True):
    """Body of a `search` fact: searches that one result row reports for a call."""

    tool_use: str
    count: int


class Thread(Struct, frozen=True, array_like=True):
    """Body of a `thread` fact: the family of a session that is a session of its own.

    `parent` is the session that spawned or was forked; `spawned` tells which of the two.
    """

    session: str
    parent: str
    spawned: bool
    replay_ends_at: int | None
    """Ordinal of the first row that is not replayed, where the log says so."""


class Ran(Struct, frozen=True, array_like=True):
    """Body of a `commit` fact: the session that made the commit which is the subject, abbreviated
    as git did it."""

    session: str


class Limit(Struct, frozen=True, array_like=True):
    """Body of a `limit` fact: how much of a plan's window is used, as the vendor says."""

    used_percent: float
    window_minutes: int | None
    resets_ms: int | None


class Status(Struct, frozen=True, array_like=True):
    """Body of a `status` fact: what the agent itself shows of a session. Unknown is None."""

    model: str
    cost_nusd: int | None
    """By the agent's own account."""
    context_tokens: int | None
    context_window: int | None
    cache_expires_ms: int | None


encode: Final = msgspec.msgpack.Encoder().encode
decode_ledger: Final = msgspec.msgpack.Decoder(Ledger).decode
decode_searches: Final = msgspec.msgpack.Decoder(Searches).decode
decode_thread: Final = msgspec.msgpack.Decoder(Thread).decode
decode_ran: Final = msgspec.msgpack.Decoder(Ran).decode
decode_limit: Final = msgspec.msgpack.Decoder(Limit).decode
decode_status: Final = msgspec.msgpack.Decoder(Status).decode
