"""Responses of relays that give their responses no ids of their own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from msgspec import Struct

if TYPE_CHECKING:
    from toktui.model import Tokens

_ROWS_KEPT: Final = 4096
_OPEN_KEPT: Final = 256
"""Scopes that are remembered: a relay with an id per response opens one for each."""


class OpenResponse(Struct, array_like=True):
    """The response that a scope (origin session and relay id) wrote last."""

    ordinal: int
    block: int | None
    prompt: tuple[int, int, int, int]
    uuids: list[str]
    left: bool = False
    """A user row stands behind it that does not belong to it."""


class WeakIds(Struct, array_like=True):
    """Tells the responses of one log apart; part of the parser's state."""

    open: dict[str, OpenResponse] = {}
    rows: dict[str, int] = {}
    """Ordinals of rows that were seen, by digest, the oldest first."""

    def key(
        self, place: str, line: bytes, *, uuid: str, block: int | None, tokens: Tokens
    ) -> tuple[str, bool]:
        """The key of the response that a row belongs to, and whether the row stood here before."""
        from hashlib import blake2b  # noqa: PLC0415  loads OpenSSL, which ids do not need

        digest = blake2b(line, digest_size=8).hexdigest()
        known = self.rows.get(digest)
        if known is not None:
            return f"weak:{place}:{known}", True
        ordinal = self._ordinal(place, uuid, block, tokens)
        self.rows[digest] = ordinal
        if len(self.rows) > _ROWS_KEPT:
            del self.rows[next(iter(self.rows))]
        return f"weak:{place}:{ordinal}", False

    def _ordinal(self, place: str, uuid: str, block: int | None, tokens: Tokens) -> int:
        """Blocks rise within one response, and its prompt does not change."""
        prompt = (tokens.input, tokens.cache_read, tokens.cache_write_5m, tokens.cache_write_1h)
        last = self.open.pop(place, None)
        if last is None:
            ordinal = 0
        elif block is not None and last.block is not None:
            ordinal = last.ordinal + (block <= last.block)
        else:
            ordinal = last.ordinal + (last.left or prompt != last.prompt)
        uuids = last.uuids if last is not None and last.ordinal == ordinal else []
        uuids.append(uuid)
        self.open[place] = OpenResponse(ordinal, block, prompt, uuids)
        if len(self.open) > _OPEN_KEPT:
            del self.open[next(iter(self.open))]
        return ordinal

    def user_row(self, uuid: str, parent: str) -> None:
        """A user row that answers a response belongs to it; any other ends it."""
        for response in self.open.values():
            if parent in response.uuids:
                response.uuids.append(uuid)
            else:
                response.left = True
