"""Logs that their agent has compressed with Zstandard: read as the bytes that they were."""

from __future__ import annotations

import os
import sys
from typing import IO, TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

SUFFIX: Final = ".zst"
MOST_BYTES: Final = 4 << 30
"""No log decompresses to more: it is damage or malice, and would fill the disk."""
_WINDOW_LOG: Final = 27
"""Memory of a decompressor as a power of two: what the `zstd` command accepts."""
_CHUNK: Final = 1 << 20


def is_compressed(path: str) -> bool:
    """Whether a log is compressed, by its name."""
    return path.endswith(SUFFIX)


def decompressed(fd: int) -> int:
    """A descriptor of a nameless temporary file with the decompressed bytes, for the caller.

    Memory is bounded; a file that ends too early gives what there is. OSError where it is no
    Zstandard, too large, or where nothing is installed that reads it.
    """
    import tempfile  # noqa: PLC0415  only compressed logs need it, and it is slow to load

    with tempfile.TemporaryFile(buffering=0) as whole, os.fdopen(fd, "rb", closefd=False) as file:
        size = 0
        for chunk in _chunks(file):
            size += len(chunk)
            if size > MOST_BYTES:
                raise OSError(f"compressed; holds more than {MOST_BYTES >> 30} GiB")
            left = memoryview(chunk)
            while left:
                left = left[whole.write(left) :]
        return os.dup(whole.fileno())


def _chunks(file: IO[bytes]) -> Iterator[bytes]:
    if sys.version_info >= (3, 14):
        from compression import zstd  # noqa: PLC0415  only compressed logs need it

        limit = {zstd.DecompressionParameter.window_log_max: _WINDOW_LOG}
        try:
            with zstd.ZstdFile(file, options=limit) as reader:
                while chunk := reader.read(_CHUNK):
                    yield chunk
        except EOFError:
            return
        except zstd.ZstdError as error:
            raise OSError("compressed; damaged") from error
    else:
        try:
            import zstandard  # noqa: PLC0415  an optional package, for compressed logs only
        except ImportError as error:
            raise OSError("compressed; install toktui[zst]") from error
        decompressor = zstandard.ZstdDecompressor(max_window_size=1 << _WINDOW_LOG)
        try:
            with decompressor.stream_reader(
                file, read_across_frames=True, closefd=False
            ) as reader:
                while chunk := reader.read(_CHUNK):
                    yield chunk
        except zstandard.ZstdError as error:
            raise OSError("compressed; damaged") from error
