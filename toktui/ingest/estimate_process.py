"""The process that weighs calls for the ingest thread, so that neither it nor a screen waits.

Counting takes 80 MB and all of a core, for a minute after a first index with many old logs. The
process reads the store, is the last in line for a processor, answers through its stdout, and ends
when nothing was asked of it for a while, or when who asked is gone.
"""

from __future__ import annotations

import logging
import os
import select
import signal
import sys
import time
from typing import TYPE_CHECKING, BinaryIO, Final

import msgspec

from toktui.ingest.estimate import Measured, is_any_waiting, keep_learned, measure, store
from toktui.ingest.messages import Inbox, send, start_module
from toktui.pricing.calibrate import Calibration

if TYPE_CHECKING:
    import subprocess
    from pathlib import Path

    from toktui.ingest.settle import Settler

_LOOK_EVERY_S: Final = 2.0
_IDLE_S: Final = 20.0
_AFTER_FAILURE_S: Final = 600.0
_NICE: Final = 15
_MOST: Final = 1 << 20
"""Bytes that no part of an answer reaches."""

_log = logging.getLogger("toktui.estimate")


class Reply(msgspec.Struct, frozen=True, array_like=True):
    """A part of the answer; `last` ends it."""

    learned: tuple[Calibration, ...] = ()
    tried: tuple[str, ...] = ()
    """Models that were to be learned."""
    measured: tuple[Measured, ...] = ()
    last: bool = False


_pack: Final = msgspec.msgpack.Encoder().encode
_unpack: Final = msgspec.msgpack.Decoder(Reply).decode


class Estimating:
    """Asks the process for what waits, and stores what it answers. Belongs to the ingest thread."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._process: subprocess.Popen[bytes] | None = None
        self._inbox: Inbox | None = None
        self._asked = False
        self._next_look = 0.0

    @property
    def is_asked(self) -> bool:
        """Whether more of an answer is to come."""
        return self._asked

    def turn(self, settler: Settler, now_ms: int) -> int | None:
        """Does a little, within some 30 ms; how many estimates it made, None if nothing came."""
        if self._asked:
            return self._store(settler, now_ms)
        now = time.monotonic()
        if now >= self._next_look:
            self._next_look = now + _LOOK_EVERY_S
            if is_any_waiting(settler.db):
                self._ask(now_ms)
        return None

    def close(self) -> None:
        """Ends the process."""
        process, self._process = self._process, None
        self._asked = False
        self._inbox = None
        if process is not None:
            process.kill()
            process.wait()
            for pipe in (process.stdin, process.stdout):
                if pipe is not None:
                    pipe.close()

    def _ask(self, now_ms: int) -> None:
        try:
            if self._process is None or self._process.poll() is not None:
                self.close()
                self._process = start_module(__name__, os.fspath(self._path), bufsize=0)
                assert self._process.stdout is not None
                self._inbox = Inbox(self._process.stdout, most=_MOST)
            assert self._process.stdin is not None
            self._process.stdin.write(b"%d\n" % now_ms)
        except OSError as error:
            self._failed(error.strerror or str(error))
            return
        self._asked = True

    def _store(self, settler: Settler, now_ms: int) -> int | None:
        reply = self._reply()
        if reply is None:
            return None
        if reply.tried:
            keep_learned(settler, reply.learned, reply.tried, now_ms)
        if reply.last:
            self._asked = False
        return store(settler, reply.measured, now_ms) if reply.measured else None

    def _reply(self) -> Reply | None:
        """The next part of the answer, if it has come."""
        assert self._inbox is not None
        try:
            packed = self._inbox.next()
            return None if packed is None else _unpack(packed)
        except EOFError:
            self._failed("it ended in the middle of an answer")
            return None
        except msgspec.DecodeError:
            self._failed("something else writes to its stdout")
            return None

    def _failed(self, why: str) -> None:
        """What waits is asked for again, but not soon."""
        _log.warning("estimating failed: %s", why)
        self.close()
        self._next_look = time.monotonic() + _AFTER_FAILURE_S


def answer(path: Path, asked: BinaryIO, replies: BinaryIO) -> None:
    """The life of the process: one answer for each line that asks, which holds the time."""
    from contextlib import closing  # noqa: PLC0415

    from toktui.ingest.learn import learn_models, wanted  # noqa: PLC0415
    from toktui.pricing.tokenizer import count  # noqa: PLC0415  loads tiktoken
    from toktui.store.connect import connect_reader  # noqa: PLC0415

    def reply(part: Reply) -> None:
        send(replies, _pack(part))

    with closing(connect_reader(path)) as db:
        while select.select([asked], [], [], _IDLE_S)[0] and (line := asked.readline()):
            models = wanted(db, int(line))
            reply(Reply(learned=tuple(learn_models(db, models, count)), tried=tuple(models)))
            for measured in measure(db, count):
                reply(Reply(measured=tuple(measured)))
            reply(Reply(last=True))


def main() -> None:
    """What `python -m` runs; the store's path is the argument."""
    from pathlib import Path  # noqa: PLC0415

    signal.signal(signal.SIGINT, signal.SIG_IGN)
    os.nice(_NICE)
    try:
        answer(Path(sys.argv[1]), sys.stdin.buffer, sys.stdout.buffer)
    except BrokenPipeError:
        os._exit(0)  # Nobody is there to be answered.


if __name__ == "__main__":
    main()
