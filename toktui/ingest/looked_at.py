"""Contexts that somebody looked at, on their way into the store.

Who looks only reads the store, and another process may be its writer. What was counted lies in a
small file beside the store until whoever writes takes it in.
"""

from __future__ import annotations

import logging
import os
from contextlib import suppress
from hashlib import blake2b
from typing import TYPE_CHECKING, Final

import msgspec

from toktui.agents.documents import open_beside
from toktui.errors import ToktuiError
from toktui.ingest.count_prompt import Counted, encode_counted
from toktui.paths import create_private
from toktui.store.compositions import LARGEST, keep_composition
from toktui.store.lock import StoreLock

if TYPE_CHECKING:
    from pathlib import Path

    from toktui.ingest.settle import Settler
    from toktui.paths import Paths

_ENDING: Final = ".counted"
_PART: Final = ".part"
_MOST: Final = 64
"""Files that may wait."""

_log = logging.getLogger("toktui.ingest")


class LookedAt(msgspec.Struct, frozen=True, array_like=True):
    """The prompt of a call, counted."""

    agent: str
    key: str
    computed_ms: int
    counted: Counted


_pack: Final = msgspec.msgpack.Encoder().encode
_unpack: Final = msgspec.msgpack.Decoder(LookedAt).decode


def hand_in(paths: Paths, one: LookedAt) -> bool:
    """Puts it where the writer finds it, and tells him; False where it cannot be kept."""
    packed = _pack(one)
    if len(packed) > 2 * LARGEST:
        return False
    name = blake2b(f"{one.agent}\0{one.key}".encode(), digest_size=8).hexdigest()
    try:
        create_private(paths.looked_at)
        if len(os.listdir(paths.looked_at)) >= _MOST:
            return False
        part = paths.looked_at / f"{name}{_PART}"
        fd = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
        with os.fdopen(fd, "wb") as file:
            file.write(packed)
        part.replace(paths.looked_at / f"{name}{_ENDING}")
        StoreLock(paths.lock).request("catch-up")
    except (OSError, ToktuiError) as error:
        _log.warning("a context is not kept: %s", error)
        return False
    return True


def take_in(settler: Settler, folder: Path) -> int:
    """Keeps what was handed in; gives how many. The caller is the writer."""
    waiting = _waiting(folder)
    if not waiting:
        return 0
    kept = 0
    with settler.writer.transaction():
        for path in waiting:
            one = _read(path)
            if one is not None:
                kept += keep_composition(
                    settler.db, one.agent, one.key, one.computed_ms, encode_counted(one.counted)
                )
    for path in waiting:
        with suppress(OSError):
            path.unlink()
    return kept


def _waiting(folder: Path) -> list[Path]:
    try:
        return sorted(folder / name for name in os.listdir(folder) if name.endswith(_ENDING))
    except OSError:
        return []


def _read(path: Path) -> LookedAt | None:
    """What lies in a file; None where it is not ours or half written."""
    try:
        with open_beside(str(path)) as file:
            return _unpack(file.read(2 * LARGEST))
    except (OSError, msgspec.DecodeError):
        return None
