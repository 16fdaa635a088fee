"""The outbox of the running program: starts a round in a process of its own whenever one is due.

Before somebody has joined it looks once in a while whether `team.db` is there, and nothing else.
"""

from __future__ import annotations

import logging
import os
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final

from toktui.errors import ToktuiError
from toktui.team.failures import is_due
from toktui.team.team_file import open_team_file, team_path
from toktui.team.turns import Turns
from toktui.team.wire.document import schema_hash
from toktui.text import clean

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from toktui.team.team_file import TeamFile

EVERY_MS: Final = 15 * 60_000
"""How often a day that goes on is sent, and the board fetched."""
_LOOK_S: Final = 20.0
_FIRST_S: Final = 5.0
"""After the start, which has better things to do."""
_REST_S: Final = 5.0
"""Between two rounds at least, whatever is due."""
_LONGEST_S: Final = 600.0
_AFTER_FAILING_S: Final = 60.0
_LATEST_S: Final = 3600.0
_ROUND: Final = (
    "import sys; sys.path.append(sys.argv.pop(1));"
    " from toktui.team.__main__ import main; sys.exit(main(sys.argv[1:]))"
)
"""Finds this toktui also where it runs from its sources, and there only after everything else."""

_log = logging.getLogger("toktui.team")


class Outbox(Turns):
    """Rounds that are processes of their own."""

    def __init__(
        self, data: Path, env: Mapping[str, str], tell: Callable[[bool], None], *,
        now_ms: Callable[[], int],
    ) -> None:  # fmt: skip
        super().__init__(data, tell, now_ms, every_s=_LOOK_S)
        self._env = env
        self._seen: tuple[int, int] | None = None
        self._failed = 0
        self._not_before = time.monotonic() + _FIRST_S
        self._process: subprocess.Popen[bytes] | None = None

    def stop(self) -> None:
        """Ends it, and a round that is under way: what it did not hear of is asked for again."""
        self._stopping.set()
        process = self._process
        if process is not None:
            with suppress(OSError):
                process.terminate()
        super().stop()

    def _rest(self, error: Exception) -> None:
        if isinstance(error, (ToktuiError, OSError)):
            _log.warning("the outbox rests: %s", clean(str(error), 200))
        else:
            _log.error("the outbox failed", exc_info=error)
        self._fail()

    def _turn(self) -> None:
        """Does what was asked for; a round if one is due; tells of what others changed."""
        if not team_path(self._data).exists():
            if self._seen is not None:
                self._seen = None
                self._tell(False)
            return
        pause = self._asked_to_pause()
        with open_team_file(self._data) as file:
            if pause is not None:
                file.pause(on=pause)
            due = self._is_due(file)
            if not due and self._ready:
                self._hurry = False
        if due:
            self._round()
        changed = self._file_state()
        if changed != self._seen or pause is not None or due:
            self._seen = changed
            self._tell(False)

    def _is_due(self, file: TeamFile) -> bool:
        member = file.membership()
        if member is None or not self._ready:
            return False
        if member.paused or member.leaving or member.schema != schema_hash():
            return False
        if self._hurry:
            return True
        if time.monotonic() < self._not_before:
            return False
        hold, now_ms = file.hold(), self._now_ms()
        if hold is not None:
            return is_due(hold.next_ms, now_ms)
        return is_due(file.notes().round_ms + EVERY_MS, now_ms)

    def _round(self) -> None:
        """Waits for the end of a round, which is another process."""
        self._tell(True)
        # -P: a folder in which somebody starts toktui is no place to load programs from.
        command = [sys.executable, "-P", "-c", _ROUND, str(Path(__file__).parents[2])]
        command += ["--now"] if self._hurry else []
        self._hurry = False
        self._process = process = subprocess.Popen(
            command, env={**self._env, "TOKTUI_DATA_DIR": str(self._data)}, cwd=self._data,
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
            start_new_session=True,
        )  # fmt: skip
        try:
            _, said = process.communicate(timeout=_LONGEST_S)
        except subprocess.TimeoutExpired:
            process.kill()
            _, said = process.communicate()
        finally:
            self._process = None
        if process.returncode and not self._stopping.is_set():
            last = said.decode(errors="replace").strip().rpartition("\n")[2]
            _log.warning("a round failed with %s: %s", process.returncode, clean(last, 200))
            self._fail()
        else:
            self._failed = 0
            self._not_before = time.monotonic() + _REST_S

    def _fail(self) -> None:
        """A round that could not even say why is not begun again at once."""
        self._failed += 1
        wait_s = min(_LATEST_S, _AFTER_FAILING_S * 2 ** min(self._failed, 8))
        self._not_before = time.monotonic() + wait_s
        self._hurry = False

    def _file_state(self) -> tuple[int, int]:
        status = os.stat(team_path(self._data))
        return status.st_mtime_ns, status.st_size
