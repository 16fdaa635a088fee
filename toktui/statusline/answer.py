"""One call of `toktui statusline`: hear, keep, look, answer."""

from __future__ import annotations

import contextlib
import json
import os
import select
import sys
from typing import TYPE_CHECKING, Final

from toktui import clock, zones
from toktui.errors import ToktuiError
from toktui.ingest.spool import append
from toktui.paths import user_paths
from toktui.statusline.heard import hear
from toktui.statusline.memory import Remembered, only_one, recall, remember, tidy

if TYPE_CHECKING:
    from collections.abc import Mapping

    from toktui.metrics.glimpse import Glimpse, LimitSeen
    from toktui.paths import Paths
    from toktui.statusline.heard import Heard, Record

AGENT: Final = "claude-code"
SPOOL_NAME: Final = "status"
_MOST_BYTES: Final = 1 << 20
_PATIENCE_S: Final = 0.2
"""How long to wait for more on stdin; Claude Code closes it at once."""
_OF_A_RESPONSE: Final = ("cost", "context_window", "rate_limits")
"""Fields that change with a response. Without a change the limits are old ones."""


def main() -> int:
    """Answers the call at hand; gives the exit code: 2 for a wrong configuration, else 0."""
    try:
        line = answer(read_stdin(), os.environ, clock.now_ms())
    except ToktuiError as error:
        sys.stderr.write(f"toktui: {error.what}\n{error.hint}\n")
        return error.exit_code
    with contextlib.suppress(OSError):  # an agent that no longer waits has closed the pipe
        os.write(1, f"{line}\n".encode("utf-8", "replace"))
    return 0


def read_stdin() -> bytes:
    """All of stdin, nothing from a terminal; what has come in time if nobody closes it."""
    said = b""
    try:
        if os.isatty(0):
            return b""
        while len(said) < _MOST_BYTES and select.select([0], [], [], _PATIENCE_S)[0]:
            more = os.read(0, _MOST_BYTES)
            if not more:
                break
            said += more
    except OSError:
        pass
    return said


def answer(data: bytes, env: Mapping[str, str], now_ms: int) -> str:
    """The line for what an agent says. Raises ConfigError for a configuration that is wrong."""
    paths = user_paths(env)
    folder = str(paths.statusline)
    heard = hear(data)
    before = Remembered({}, "")
    kept: Record = {}
    if heard is not None and heard.session:
        before = recall(folder, heard.session)
        kept = _keep(heard.record, before.kept, paths, now_ms)
    with only_one(folder) as alone:
        if not alone and before.line:
            line = before.line
        else:
            line = _line(heard, paths, env, now_ms, look=alone)
        if heard is not None and heard.session and (kept, line) != before:
            remember(folder, heard.session, Remembered(kept, line))
        if alone:
            tidy(folder, now_ms)
    return line


def _keep(said: Record, before: Record, paths: Paths, now_ms: int) -> Record:
    """Spools what is new since the last call of the session; gives what is kept now."""
    if said == before:
        return before
    kept = {"type": "statusline", "at": clock.iso(now_ms), **said}
    if all(said.get(name) == before.get(name) for name in _OF_A_RESPONSE):
        kept.pop("rate_limits", None)
    record = json.dumps(kept, separators=(",", ":")).encode()
    try:
        append(str(paths.spool / AGENT), SPOOL_NAME, record)
    except OSError:
        return before
    return said


def _line(
    heard: Heard | None, paths: Paths, env: Mapping[str, str], now_ms: int, *, look: bool
) -> str:
    from toktui.metrics.glimpse import LimitSeen  # noqa: PLC0415
    from toktui.statusline.line import Shown, line_of  # noqa: PLC0415  not for a remembered line
    from toktui.statusline.settings import load_settings  # noqa: PLC0415

    settings = load_settings(paths.config_file, str(paths.statusline))
    zone = zones.zone(None, env, config=settings.timezone)
    said = [LimitSeen(*window, now_ms) for window in heard.windows] if heard else []
    glimpse = _look(heard, said, paths, clock.today(now_ms, zone), now_ms) if look else None
    limits = said if glimpse is None else glimpse.limits
    shown = Shown(heard, glimpse, limits, now_ms, zone, colored=not env.get("NO_COLOR"))
    return line_of(shown, settings.parts)


def _look(
    heard: Heard | None, said: list[LimitSeen], paths: Paths, today: clock.Range, now_ms: int
) -> Glimpse | None:
    """What the store knows; None if it cannot say at once."""
    import sqlite3  # noqa: PLC0415  only for the one that looks

    from toktui.metrics.glimpse import load_glimpse  # noqa: PLC0415
    from toktui.store.peek import peek  # noqa: PLC0415

    try:
        db = peek(str(paths.store))
        if db is None:
            return None
        with contextlib.closing(db):
            return load_glimpse(
                db,
                AGENT,
                said,
                session=heard.session if heard else "",
                log=heard.transcript if heard else "",
                today=today,
                now_ms=now_ms,
            )
    except sqlite3.Error:
        return None
