"""Everything that `toktui team status` and the screen say of a team: read at once, sent nowhere."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec

from toktui.team.board import Board, Standing, read_board
from toktui.team.membership import Hold, Membership, Notes, Sent, Waiting
from toktui.team.team_file import open_team_file
from toktui.team.wire.document import schema_hash

if TYPE_CHECKING:
    from pathlib import Path

_MINUTE_MS: Final = 60_000
_HOUR_MS: Final = 60 * _MINUTE_MS


class Wait(msgspec.Struct, frozen=True, kw_only=True):
    """Something that is waited for, or is to be known: what, what to do, and when it is tried
    again by itself; None: not before somebody has done something."""

    what: str
    hint: str = ""
    next_ms: int | None = None
    stops: bool = True
    """Nothing is sent meanwhile."""


class TeamState(msgspec.Struct, frozen=True, kw_only=True):
    """A team as this device knows it."""

    membership: Membership
    sent: tuple[Sent, ...]
    """By day, the latest first."""
    waiting: tuple[Waiting, ...]
    hold: Hold | None
    notes: Notes
    board: Board | None

    @property
    def you(self) -> Standing | None:
        """One's own standing."""
        return self.board.you if self.board else None


def load_state(data: Path) -> TeamState | None:
    """What `team.db` says; None where nobody has joined."""
    try:
        with open_team_file(data, reads=True) as file:
            membership = file.membership()
            if membership is None:
                return None
            body = file.board()
            return TeamState(
                membership=membership, sent=tuple(reversed(file.sent().values())),
                waiting=tuple(file.waiting().values()), hold=file.hold(), notes=file.notes(),
                board=None if body is None else read_board(body),
            )  # fmt: skip
    except FileNotFoundError:
        return None


def waits_of(state: TeamState) -> tuple[Wait, ...]:
    """What this device waits for, the most pressing first; empty if all is well."""
    member = state.membership
    found: list[Wait] = []
    if member.leaving:
        found.append(Wait(
            what="Leaving: the board has not confirmed yet that all is deleted.",
            hint="`toktui team leave` asks again, `toktui team resume` stays.",
        ))  # fmt: skip
    elif member.schema != schema_hash():
        found.append(Wait(what="What is sent has changed since you agreed: nothing is sent.",
                          hint="`toktui team agree` shows it and asks."))  # fmt: skip
    elif member.paused:
        found.append(Wait(what="Paused: nothing is sent.", hint="`toktui team resume` goes on."))
    elif state.hold is not None:
        hold = state.hold
        found.append(Wait(what=_sentence(hold.what), hint=hold.hint or _HINTS.get(hold.code, ""),
                          next_ms=hold.next_ms))  # fmt: skip
    found.extend(
        Wait(what=_sentence(f"{one.day} is not taken: {one.what}"), next_ms=one.next_ms,
             hint=_HINTS.get(one.code, ""), stops=False)
        for one in state.waiting
    )  # fmt: skip
    return (*found, *_to_be_known(state))


def _to_be_known(state: TeamState) -> list[Wait]:
    notes, found = state.notes, list[Wait]()
    found.extend(
        Wait(what=f"{one.day} holds less than before: the board keeps the larger one.", stops=False,
             hint=f"`toktui team submit --correct {one.day}` if the smaller one is right.")
        for one in state.sent if one.result == "held"
    )  # fmt: skip
    if notes.clock_off_ms:
        way = "ahead of" if notes.clock_off_ms > 0 else "behind"
        found.append(Wait(
            what=f"This machine's clock is {_span(abs(notes.clock_off_ms))} {way} the board's:"
            " calls may be counted on wrong days.", stops=False,
        ))  # fmt: skip
    if notes.copied_ms:
        found.append(Wait(
            what="Another copy of this device's key sends, too: each replaces the other's days.",
            hint="On one of them: `toktui team leave --here`, then join with a code of `toktui team"
            " link` from the other.", stops=False,
        ))  # fmt: skip
    if notes.others_schema:
        found.append(Wait(what="The board takes other fields than this toktui sends.",
                          hint="Bring the older of the two up to date.", stops=False))  # fmt: skip
    if notes.others_zone:
        found.append(Wait(
            what=f"The team's days are those of {notes.others_zone} now, not those agreed to.",
            hint="Leave and join again.", stops=False,
        ))  # fmt: skip
    if notes.board_problem:
        what = _sentence(f"The board is not the latest: {notes.board_problem}")
        found.append(Wait(what=what, stops=False))
    return found


def _sentence(text: str) -> str:
    return text if text.endswith((".", "!", "?", "…")) else f"{text}."


_HINTS: Final = {
    "not_signed": "This device was revoked, or its member has left. `toktui team leave --here`"
    " forgets the team on this device.",
    "clock": "Set this machine's clock.",
    "consent": "Bring toktui up to date.",
    "wrong_day": "Is this machine's clock right?",
    "network": "It is sent once the board answers; nothing is lost.",
}


def _span(ms: int) -> str:
    if ms < 2 * _HOUR_MS:
        return f"{ms // _MINUTE_MS} min"
    return f"{ms // _HOUR_MS} h" if ms < 72 * _HOUR_MS else f"{ms // (24 * _HOUR_MS)} days"
