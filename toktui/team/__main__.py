"""`python -m toktui.team`: one round, for the screens, in a process of its own.

So that nothing that speaks to a network is ever loaded into the program with the screens, and a
keyring that hangs holds up nobody. It reads the store as it is; who shows the screens fills it.
"""

from __future__ import annotations

import os
import sqlite3
import sys
from contextlib import suppress
from zoneinfo import ZoneInfo

from toktui.clock import now_ms
from toktui.errors import ToktuiError
from toktui.paths import user_paths
from toktui.store.connect import connect_reader
from toktui.team.landed import outcomes_of
from toktui.team.rounds import alone, run_round
from toktui.team.team_file import open_team_file


def main(arguments: list[str]) -> int:
    """Does the round; gives the exit code. `--now` tries what is not due yet."""
    data = user_paths(os.environ).data
    with suppress(OSError):
        os.nice(5)  # the screens come first
    try:
        with open_team_file(data) as file, alone(data, "toktui", wait_s=0):
            member = file.membership()
            if member is None:
                return 0
            db = connect_reader(data / "toktui.db")
            try:
                shares = "outcomes" in member.shares
                outcomes = outcomes_of(db, ZoneInfo(member.zone)) if shares else None
                run_round(db, file, data, now_ms=now_ms, hurry="--now" in arguments,
                          outcomes=outcomes)  # fmt: skip
            finally:
                db.close()
    except FileNotFoundError:
        return 0
    except (ToktuiError, sqlite3.Error) as error:
        sys.stderr.write(f"{type(error).__name__}: {error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
