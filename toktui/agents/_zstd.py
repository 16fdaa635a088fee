"""Zstandard in values of a database."""

from __future__ import annotations

import sys
from typing import Final

from toktui.agents.base import UnreadableError
from toktui.agents.documents import NotUnderstoodError

MOST_BYTES: Final = 256 << 20
"""No value decompresses to more: it is damage or malice."""
_WINDOW_LOG: Final = 27


def decompressed(data: bytes) -> bytes:
    """The bytes behind a compressed value.

    Raises NotUnderstoodError where it is no Zstandard or too large, UnreadableError where nothing
    is installed that reads it.
    """
    found = _decompressed(data)
    if len(found) > MOST_BYTES:
        raise NotUnderstoodError(f"compressed; holds more than {MOST_BYTES >> 20} MiB")
    return found


def _decompressed(data: bytes) -> bytes:
    if sys.version_info >= (3, 14):
        from compression import zstd  # noqa: PLC0415  only compressed values need it

        limit = {zstd.DecompressionParameter.window_log_max: _WINDOW_LOG}
        reader = zstd.ZstdDecompressor(options=limit)
        try:
            found = reader.decompress(data, MOST_BYTES + 1)
        except zstd.ZstdError as error:
            raise NotUnderstoodError("compressed; damaged") from error
        if not reader.eof and len(found) <= MOST_BYTES:
            raise NotUnderstoodError("compressed; damaged")
        return found
    try:
        import zstandard  # noqa: PLC0415  an optional package, for compressed values only
    except ImportError as error:
        raise UnreadableError("compressed; install toktui[zst]") from error
    try:
        with zstandard.ZstdDecompressor(max_window_size=1 << _WINDOW_LOG).stream_reader(
            data
        ) as reader:
            return reader.read(MOST_BYTES + 1)
    except zstandard.ZstdError as error:
        raise NotUnderstoodError("compressed; damaged") from error
