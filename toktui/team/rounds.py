"""One round: send what is due, fetch the board. Of all toktuis of a user one does so at a time.

Nothing of it is imported, and no file opened, before somebody has joined.
"""

from __future__ import annotations

import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

import msgspec

from toktui.errors import ToktuiError
from toktui.store.lock import StoreLock
from toktui.team.board import MOST_BOARD, read_board
from toktui.team.failures import is_due, kind_of_error
from toktui.team.http import ServerError, nonsense
from toktui.team.identity import KeyMissingError
from toktui.team.joining import KEYS, server_of
from toktui.team.membership import Hold
from toktui.team.preview import first_taken
from toktui.team.sending import Outcome, Sending, hold_back
from toktui.team.wire.document import schema_hash
from toktui.team.wire.messages import APPEARANCES, Days, TeamInfo
from toktui.text import clean

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Collection, Generator
    from pathlib import Path

    from toktui.team.http import Server
    from toktui.team.membership import Membership, Sent
    from toktui.team.preview import OutcomesOf
    from toktui.team.team_file import TeamFile

LOCK_S: Final = 60.0
"""How long a command waits for another toktui that sends."""
KEY_AGAIN_MS: Final = 60 * 60_000
"""When a keyring that gave no key is asked again: it may want the user each time."""
COMPARE_MS: Final = 24 * 60 * 60_000
"""How often it is asked what the server holds."""
CLOCK_OFF_MS: Final = 5 * 60_000
"""From when on a difference of clocks is told."""
_LOCK: Final = "team.lock"
_UNKNOWN_HERE: Final = frozenset({"not_signed", "wrong_signature"})
"""The server knows this device no more: it will take no day, either."""


class Round(msgspec.Struct, frozen=True):
    """What a round did. `why_not` says why nothing could be sent: `paused`, `consent`, ``."""

    outcomes: tuple[Outcome, ...] = ()
    why_not: str = ""


@contextmanager
def alone(data: Path, who: str, *, wait_s: float = LOCK_S) -> Generator[None]:
    """Nobody else sends meanwhile. ToktuiError names who does for longer than `wait_s`."""
    lock = StoreLock(data / _LOCK)
    if not _taken(lock, who, wait_s):
        raise ToktuiError(f"{lock.holder()} is sending.", "Try again when it has finished.")
    try:
        yield
    finally:
        lock.release()


def _taken(lock: StoreLock, who: str, wait_s: float) -> bool:
    end = time.monotonic() + wait_s
    while not lock.acquire(who):
        if time.monotonic() >= end:
            return False
        time.sleep(0.05)
    return True


def run_round(
    db: sqlite3.Connection, file: TeamFile, data: Path, *, now_ms: Callable[[], int],
    hurry: bool = False, outcomes: OutcomesOf | None = None, corrected: Collection[str] = (),
) -> Round:  # fmt: skip
    """Sends what is due and fetches the board; the caller is `alone`.

    What goes wrong is kept in the file, for whoever asks what it waits for.
    """
    member = file.membership()
    if member is None:
        return Round()
    if why_not := hindrance(member):
        return Round(why_not=why_not)
    try:
        server = server_of(member, data / KEYS, now_ms)
    except KeyMissingError as error:
        file.put_hold(Hold(attempts=1, next_ms=now_ms() + KEY_AGAIN_MS, code="key",
                           what=error.what, hint=error.hint))  # fmt: skip
        return Round()
    hold = file.hold()
    if hold is not None and hold.code == "key":
        file.put_hold(hold := None)
    if hold is not None and not hurry and not is_due(hold.next_ms, now_ms()):
        return Round()
    done = Sending(db, file, member, server, now_ms, hurry, outcomes, corrected).run()
    after, now = file.hold(), file.membership()
    # Where nothing was sent that could tell whether the server is there again, this does.
    if after in (None, hold) and now is not None and not hindrance(now):
        _fetch(file, member, server, now_ms)
        if file.hold() is None and _compare(file, member, server, now_ms, hurry=hurry):
            done += Sending(db, file, member, server, now_ms, hurry, outcomes, corrected).run()
    off = server.clock_off_ms
    if off is not None:
        file.note(clock_off_ms=off if abs(off) > CLOCK_OFF_MS else 0)
    file.note(round_ms=now_ms())
    return Round(tuple(done))


def _compare(
    file: TeamFile, member: Membership, server: Server, now_ms: Callable[[], int], *, hurry: bool
) -> bool:
    """Looks once a day whether the server still has what it took; whether anything is missing.

    It has not, where its host had to go back to a backup.
    """
    before_ms, at_ms = file.notes().compared_ms, now_ms()
    if not hurry and not is_due(before_ms + COMPARE_MS, at_ms):
        return False
    missing: list[Sent] = []
    if before_ms or hurry:
        first = first_taken(member, at_ms)
        sent = [one for day, one in file.sent().items() if day >= first]
        try:
            held = server.ask("GET", f"/v1/days?since={first}").as_(Days).days if sent else ()
        except ServerError as error:
            file.note(board_problem=error.what)
            return False
        revisions = {one.day: one.rev for one in held}
        missing = [one for one in sent if revisions.get(one.day, 0) < one.rev]
        file.sent_in_vain(missing)
    # What was sent just now, for the first time, need not be asked for.
    file.note(compared_ms=at_ms)
    return bool(missing)


def hindrance(member: Membership) -> str:
    """What keeps a member from sending at all."""
    if member.leaving:
        return "leaving"
    if member.schema != schema_hash():
        return "consent"
    return "paused" if member.paused else ""


def _fetch(
    file: TeamFile, member: Membership, server: Server, now_ms: Callable[[], int]
) -> None:
    """The board, and what the server says of the team now. What was held back goes on after it."""
    held = file.hold() is not None
    try:
        body = server.ask("GET", "/v1/boards/main", most=MOST_BOARD).body
        board = read_board(body)
        if board is None:
            raise nonsense("The board that the server gave cannot be read.")
        file.put_board(body, now_ms())
        if board.you is not None and board.you.appearance in APPEARANCES:
            # Another device, or the board's own page, may have changed it.
            hidden = board.you.appearance == "hidden"
            file.change(appearance=board.you.appearance, name="" if hidden else board.you.name)
        info = server.ask("GET", "/v1/team").as_(TeamInfo)
        file.note(
            others_schema=info.schema != schema_hash(),
            others_zone="" if info.zone == member.zone else clean(info.zone, 40),
        )
        if clean(info.name, 60) != member.team_name:
            file.change(team_name=clean(info.name, 60))
    except ServerError as error:
        is_away = held and kind_of_error(error) == "later"
        if is_away or error.code in _UNKNOWN_HERE:
            hold_back(file, error, now_ms())
        else:
            # It gives no board, say for a clock that is wrong, but may well take days.
            file.put_hold(None)
            file.note(board_problem=error.what)
    else:
        file.put_hold(None)
