"""`toktui team status` as lines and as JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec

from toktui.clock import iso, local_minute
from toktui.team.state import TeamState, waits_of

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from toktui.team.membership import Membership

_LAST: Final = 7
"""Days that are listed."""


def status_lines(state: TeamState, now_ms: int, zone: ZoneInfo) -> list[str]:
    """What is known, a fact a line, and the last days."""
    member, sent = state.membership, state.sent
    lines = [
        f"{member.team_name} on {member.url}",
        f"  you     {_how(member)}, {member.role}",
        f"  days    those of {member.zone}, kept for {member.retention_days} days",
        f"  sent    {_sent(state, now_ms, zone)}",
        f"  shares  {', '.join(member.shares) or 'no optional part'}",
        f"  board   {_board(state, zone)}",
    ]
    waits = waits_of(state)
    if not any(wait.stops for wait in waits):
        lines.append("  waits   nothing")
    for wait in waits:
        later = "" if wait.next_ms is None else f" Tried again {local_minute(wait.next_ms, zone)}."
        lines.append(f"  {'waits' if wait.stops else 'note':<7} {wait.what}{later}")
        if wait.hint:
            lines.append(f"  {'':<7} {wait.hint}")
    lines.extend(
        f"{one.day}  rev {one.rev}  {one.result}  {one.sha256[:12]}"
        f"{'' if one.closed else '  open'}{''.join(f'  flag {flag}' for flag in one.flags)}"
        for one in sent[:_LAST]
    )
    return lines


def _how(member: Membership) -> str:
    if not member.appearance:
        return "as on your other device"
    return f"{member.name} ({member.appearance})" if member.name else member.appearance


def _sent(state: TeamState, now_ms: int, zone: ZoneInfo) -> str:
    del now_ms
    if not state.sent:
        return "nothing yet"
    last = max(one.sent_ms for one in state.sent)
    days = "1 day" if len(state.sent) == 1 else f"{len(state.sent)} days"
    return f"{days}, last {local_minute(last, zone)}"


def _board(state: TeamState, zone: ZoneInfo) -> str:
    board = state.board
    if board is None:
        return "not fetched yet"
    when = f"as of {local_minute(state.notes.board_ms, zone)}"
    you = board.you
    if you is None:
        return f"you are not on it yet; {when}"
    if you.index is None:
        why = you.missing or "no index"
        if why == "outcomes not shared" and "outcomes" in state.membership.shares:
            why = "no repository of yours could be read: `toktui outcomes` says why"
        return f"not enough yet: {why}; {when}"
    placed = sum(one.index is not None for one in board.standings)
    place = "hidden" if you.place is None else f"place {you.place} of {placed}"
    return f"{place}, index {you.index:.2f}; {when}"


def status_document(state: TeamState) -> str:
    """`toktui.team/1`."""
    member = state.membership
    document = {
        "schema": "toktui.team/1", "url": member.url, "team": member.team_name, "zone": member.zone,
        "member": member.member, "device": member.device, "role": member.role,
        "appearance": member.appearance or None, "name": member.name or None,
        "shares": member.shares, "consented_at": iso(member.consented_ms), "paused": member.paused,
        "first_day": member.first_day,
        "sent": [
            {"day": one.day, "rev": one.rev, "sha256": one.sha256, "closed": one.closed,
             "sent_at": iso(one.sent_ms), "result": one.result, "flags": one.flags,
             "calls": one.calls, "tokens": one.tokens, "cost_nusd": one.cost_nusd}
            for one in reversed(state.sent)
        ],
        "waits": [
            {"what": wait.what, "hint": wait.hint, "stops": wait.stops,
             "next_at": None if wait.next_ms is None else iso(wait.next_ms)}
            for wait in waits_of(state)
        ],
        "last_round_at": iso(state.notes.round_ms) if state.notes.round_ms else None,
        "board_at": iso(state.notes.board_ms) if state.notes.board_ms else None,
        "you": None if state.you is None else msgspec.to_builtins(state.you),
    }  # fmt: skip
    return msgspec.json.encode(document).decode()
