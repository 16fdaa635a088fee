"""The process that looks at repositories for the ingest thread, so that neither it nor a screen
waits: the last in line for a processor, as is the git that it asks.

It is asked once, through its stdin, answers part by part through its stdout, and ends.
"""

from __future__ import annotations

import contextlib
import logging
import os
import signal
import subprocess
import sys
from typing import TYPE_CHECKING, BinaryIO, Final

import msgspec

from toktui.ingest.messages import Inbox, send, start_module
from toktui.outcomes.found import Findings

if TYPE_CHECKING:
    from types import FrameType

_NICE: Final = 15
_MOST: Final = 1 << 28
"""Bytes that no part of an answer reaches."""

_log = logging.getLogger("toktui.ingest")


class Asked(msgspec.Struct, frozen=True, array_like=True):
    """What to look at: the arguments of `survey`."""

    store: str
    env: dict[str, str]
    emails: tuple[str, ...]
    root: str
    now_ms: int


_pack: Final = msgspec.msgpack.Encoder().encode
_as_asked: Final = msgspec.msgpack.Decoder(Asked).decode
_as_findings: Final = msgspec.msgpack.Decoder(Findings).decode


class SurveyProcess:
    """Asks at once; its parts are there as they come."""

    def __init__(self, asked: Asked) -> None:
        """OSError where it cannot be started."""
        # In a session of its own it ends with all that it started.
        self._process = start_module(__name__, own_session=True)
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._inbox = Inbox(self._process.stdout, most=_MOST)
        self.is_over = False
        """Nothing more comes."""
        with contextlib.suppress(BrokenPipeError):
            self._process.stdin.write(_pack(asked))
            self._process.stdin.close()

    def part(self) -> Findings | None:
        """The next part, if it has come."""
        try:
            packed = self._inbox.next()
            return None if packed is None else _as_findings(packed)
        except EOFError:
            self._ended()
            return None
        except msgspec.DecodeError:
            _log.warning("looking at repositories failed: something else writes to its stdout")
            self.is_over = True
            return None

    def close(self) -> None:
        """Ends it at once: what it has not said is found by the next look."""
        self.is_over = True
        with contextlib.suppress(ProcessLookupError, PermissionError):
            if self._process.poll() is None:
                os.kill(self._process.pid, signal.SIGTERM)
        try:
            self._process.wait(2.0)
        except subprocess.TimeoutExpired:
            self._process.kill()
            # One that waits for a dead mount cannot be ended, nor waited for.
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(1.0)
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                with contextlib.suppress(BrokenPipeError):
                    pipe.close()

    def _ended(self) -> None:
        self.is_over = True
        if code := self._process.wait():
            _log.warning("looking at repositories ended with %s", code)


def answer(asked: BinaryIO, parts: BinaryIO) -> None:
    """The life of the process."""
    from contextlib import closing  # noqa: PLC0415
    from pathlib import Path  # noqa: PLC0415

    from toktui.outcomes.survey import survey  # noqa: PLC0415
    from toktui.store.connect import connect_reader  # noqa: PLC0415

    what = _as_asked(asked.read())
    with closing(connect_reader(Path(what.store))) as db:
        for part in survey(db, what.env, what.emails, now_ms=what.now_ms, root=what.root):
            send(parts, _pack(part))


def _stop(number: int, frame: FrameType | None) -> None:
    """Ends by way of every `finally`, which ends the git that runs."""
    del number, frame
    raise SystemExit(0)


def main() -> None:
    """What `python -m` runs."""
    signal.signal(signal.SIGTERM, _stop)
    os.nice(_NICE)
    try:
        answer(sys.stdin.buffer, sys.stdout.buffer)
    except BrokenPipeError:
        os._exit(0)  # Nobody is there to be answered.


if __name__ == "__main__":
    main()
