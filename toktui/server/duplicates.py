"""Histories that were copied: two devices that report the same calls.

A sketch holds the 64 smallest keyed hashes of a day's call ids: all of them up to its largest, if
the day has more. So of the hashes that both sketches would hold, the share that they have in common
is the share of common calls; two histories of different calls have none in common.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

from sqlalchemy import Connection, delete, func, select

from toktui.server.tables import flag, sketch
from toktui.server.upsert import insert_new
from toktui.team.wire.document import SKETCH_BYTES, SKETCH_SIZE, Document

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from toktui.server.people import Speaker

ENOUGH: Final = 3
"""Shared hashes from which on two members' sketches are of the same calls; a small day may have
fewer."""
LOOKED_AT: Final = 16
"""The smallest hashes, of which two members' sketches must share one to be compared. Of two days
with 30 % of their calls in common, 19 of 20 do."""
_WIDTH: Final = 2 * SKETCH_BYTES


class Copied(NamedTuple):
    """Of so many calls that were looked at, so many were reported by another device, too."""

    shared: int
    looked_at: int

    @property
    def is_whole(self) -> bool:
        """Nothing of it is left to count."""
        return self.shared == self.looked_at

    def rest(self, value: int) -> int:
        """What is left of a number when the copied share is taken out, rounded up."""
        return value - value * self.shared // self.looked_at


def counted_once(
    sketches: Mapping[str, Sequence[str]], tokens: Mapping[str, int]
) -> dict[str, Copied]:
    """Of the devices of one member, agent and day those whose calls are copies, and how many.

    The device with the most tokens counts whole, ties by id; each smaller one counts with what none
    before it has.
    """
    devices = sorted(sketches, key=lambda device: (-tokens.get(device, 0), device))
    found: dict[str, Copied] = {}
    for index, device in enumerate(devices[1:], 1):
        before = [sketches[larger] for larger in devices[:index]]
        # Beyond this hash not all sketches say whether they have a call.
        reach = min((one[-1] for one in before if len(one) >= SKETCH_SIZE), default=None)
        mine = [one for one in sketches[device] if reach is None or one <= reach]
        shared = len(set(mine).intersection(*[{h for one in before for h in one}]))
        if shared:
            found[device] = Copied(shared, len(mine))
    return found


def is_copy(one: Sequence[str], other: Sequence[str]) -> bool:
    """Whether two sketches are of partly the same calls."""
    union = sorted({*one, *other})[:SKETCH_SIZE]
    shared = len({*one} & {*other} & {*union})
    return shared >= min(ENOUGH, len(one), len(other))


def flag_copies(db: Connection, speaker: Speaker, found: Document, now_ms: int) -> None:
    """Tells both members where a history of another one was copied, and whom it concerns no more.

    Whoever submits the same day of the team at this moment waits, so that one of two that come at
    once sees the other.
    """
    _alone_with(db, speaker.team, found.day)
    agents = {one.agent: split(one.hashes) for one in found.sketches}
    flagged = _flagged(db, speaker.team, found.day)
    if not agents and speaker.member not in flagged:
        return
    copied = _copied_from(db, speaker, found.day, agents)
    if copied:
        copied[speaker.member] = min(copied.values())
    for who in sorted(copied):
        insert_new(db, flag, {
            "member": who, "day": found.day, "rule": "duplicate", "team": speaker.team,
            "detail": f"Another member sent the same calls of {copied[who]}.", "made_ms": now_ms,
        })  # fmt: skip
    if speaker.member in flagged:
        _clear(db, speaker.team, found.day, flagged | copied.keys())


def days_marked(db: Connection, member_id: str) -> list[str]:
    """The days of a member on which others have sent the same calls."""
    marked = select(flag.c.day).where(flag.c.member == member_id, flag.c.rule == "duplicate")
    return list(db.execute(marked.order_by(flag.c.day)).scalars())


def take_off(db: Connection, team_id: str, day: str) -> None:
    """A day of somebody's is gone: takes the mark off those who had the same calls, if they share
    them with nobody any more."""
    _alone_with(db, team_id, day)
    _clear(db, team_id, day, _flagged(db, team_id, day))


def _alone_with(db: Connection, team_id: str, day: str) -> None:
    if db.dialect.name == "postgresql":
        key = func.hashtextextended(f"{team_id} {day}", 0)
        db.execute(select(func.pg_advisory_xact_lock(key)))


def _flagged(db: Connection, team_id: str, day: str) -> set[str]:
    return set(db.execute(
        select(flag.c.member).where(
            flag.c.team == team_id, flag.c.day == day, flag.c.rule == "duplicate"
        )
    ).scalars())  # fmt: skip


def _clear(db: Connection, team_id: str, day: str, flagged: Iterable[str]) -> None:
    """Takes the mark off those who have no calls in common with anybody else any more."""
    marked = sorted(flagged)
    rows = db.execute(
        select(sketch.c.member, sketch.c.agent, sketch.c.hashes).where(
            sketch.c.team == team_id, sketch.c.day == day, sketch.c.member.in_(marked)
        )
    )
    held = [(row.member, row.agent, split(row.hashes)) for row in rows]
    still = {
        one for one, agent, mine in held for other, same, theirs in held
        if one != other and agent == same and is_copy(mine, theirs)
    }  # fmt: skip
    for who in marked:
        if who not in still:
            db.execute(delete(flag).where(
                flag.c.member == who, flag.c.day == day, flag.c.rule == "duplicate"
            ))  # fmt: skip


def _copied_from(
    db: Connection, speaker: Speaker, day: str, agents: Mapping[str, Sequence[str]]
) -> dict[str, str]:
    """Other members with the same calls, and of which agent.

    Every submit asks this of everybody's sketches of the day, so the first hashes come first.
    """
    first = {agent: set(mine[:LOOKED_AT]) for agent, mine in agents.items()}
    of_others = (sketch.c.team == speaker.team, sketch.c.day == day,
                 sketch.c.agent.in_(list(agents)), sketch.c.member != speaker.member)  # fmt: skip
    rows: Any = db.execute(
        select(sketch.c.device, sketch.c.agent,
               func.substr(sketch.c.hashes, 1, LOOKED_AT * _WIDTH)).where(*of_others)
    )  # fmt: skip
    near = {one for one, agent, hashes in rows.all() if not first[agent].isdisjoint(split(hashes))}
    if not near:
        return {}
    rows = db.execute(
        select(sketch.c.member, sketch.c.agent, sketch.c.hashes)
        .where(*of_others, sketch.c.device.in_(near))
    )  # fmt: skip
    return {who: agent for who, agent, hashes in rows if is_copy(agents[agent], split(hashes))}


def split(hashes: str) -> list[str]:
    """The hashes of a sketch."""
    return [hashes[i : i + _WIDTH] for i in range(0, len(hashes), _WIDTH)]
