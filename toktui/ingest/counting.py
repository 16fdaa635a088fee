"""Counts tokens in a process of its own, so that who reads logs never holds a tokenizer.

Only agents that count nothing need it, and of them only what is new. The process takes 80 MB, is
started when a text has to be counted, and ends when none was for a while, or with who asked.
"""

from __future__ import annotations

import atexit
import os
import select
import signal
import sys
from typing import IO, TYPE_CHECKING, Final

import msgspec

from toktui.ingest.messages import receive, send, start_module

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Collection, Sequence

_IDLE_S: Final = 30.0
_AT_ONCE: Final = 16 << 20
"""Bytes of texts that are sent together."""
_pack: Final = msgspec.msgpack.Encoder().encode
_as_texts: Final = msgspec.msgpack.Decoder(list[bytes]).decode
_as_counts: Final = msgspec.msgpack.Decoder(list[int]).decode


class CountingError(OSError):
    """The texts could not be counted now; it is worth another try."""

    def __init__(self, why: str) -> None:
        super().__init__(0, f"the tokenizer failed: {why}")


class Counter:
    """Asks the process; what was counted last is remembered. For one thread."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        self._owner = 0
        self._known: dict[str, int] = {}

    def count(self, texts: Collection[str]) -> dict[str, int]:
        """Tokens of each text. Raises CountingError."""
        self._known = {text: n for text in texts if (n := self._known.get(text)) is not None}
        batch: list[str] = []
        size = 0
        for text in texts:
            if text in self._known:
                continue
            if batch and size + len(text) > _AT_ONCE:
                self._ask(batch)
                batch, size = [], 0
            batch.append(text)
            size += len(text)
        if batch:
            self._ask(batch)
        return self._known

    def close(self) -> None:
        """Ends the process."""
        process, self._process = self._process, None
        if process is None or self._owner != os.getpid():
            return
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                pipe.close()
        process.kill()
        process.wait()

    def _ask(self, texts: Sequence[str]) -> None:
        try:
            counts = self._answer(texts)
        except (OSError, msgspec.DecodeError):
            self.close()
            try:  # It ends by itself when it has nothing to do.
                counts = self._answer(texts)
            except (OSError, msgspec.DecodeError) as error:
                self.close()
                raise CountingError(str(error) or type(error).__name__) from error
        self._known.update(zip(texts, counts, strict=True))

    def _answer(self, texts: Sequence[str]) -> list[int]:
        process = self._process
        if process is None or self._owner != os.getpid() or process.poll() is not None:
            self.close()
            process = self._process = start_module(__name__)
            self._owner = os.getpid()
        assert process.stdin is not None
        assert process.stdout is not None
        # Half a surrogate pair counts as the sign that replaces it.
        send(process.stdin, _pack([text.encode("utf-8", "replace") for text in texts]))
        counts = _as_counts(receive(process.stdout))
        if len(counts) != len(texts):
            raise OSError(0, "its answer is of another question")
        return counts


COUNTER: Final = Counter()
"""Of this process."""
atexit.register(COUNTER.close)


def answer(asked: IO[bytes], replies: IO[bytes]) -> None:
    """The life of the process: the counts of each list of texts."""
    from toktui.pricing.tokenizer import UncountableError, count  # noqa: PLC0415  loads tiktoken

    def counted(text: bytes) -> int:
        try:
            return count(text.decode())
        except UncountableError:
            return len(text) // 4  # No text that anybody wrote comes here.

    while select.select([asked], [], [], _IDLE_S)[0] and (packed := receive(asked)):
        send(replies, _pack([counted(text) for text in _as_texts(packed)]))


def main() -> None:
    """What `python -m` runs."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        answer(sys.stdin.buffer, sys.stdout.buffer)
    except BrokenPipeError:
        os._exit(0)  # Nobody is there to be answered.


if __name__ == "__main__":
    main()
