"""Histories that were copied: two devices that report the same calls.

Sketches hold the smallest keyed hashes of a day's call ids, so two of the same calls share hashes
and two of different calls share none.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Final

from sqlalchemy import Connection, select

from toktui.server.tables import flag, sketch
from toktui.server.upsert import insert_new
from toktui.team.wire.document import SKETCH_SIZE, Document, hashes_of

if TYPE_CHECKING:
    from toktui.server.people import Speaker

ENOUGH: Final = 3
"""Shared hashes from which on two sketches are of the same calls; a small day may have fewer."""


def is_copy(one: Sequence[str], other: Sequence[str]) -> bool:
    """Whether two sketches are of partly the same calls."""
    union = sorted({*one, *other})[:SKETCH_SIZE]
    shared = len({*one} & {*other} & {*union})
    return shared >= min(ENOUGH, len(one), len(other))


def counted_once(
    sketches: Mapping[str, Sequence[str]], tokens: Mapping[str, int]
) -> frozenset[str]:
    """Of the devices of one member, agent and day those that are not counted.

    Of devices that share calls the one with the most tokens counts; ties go by id.
    """
    left_out: set[str] = set()
    devices = sorted(sketches, key=lambda device: (-tokens.get(device, 0), device))
    for index, device in enumerate(devices):
        if device in left_out:
            continue
        for smaller in devices[index + 1 :]:
            if smaller not in left_out and is_copy(sketches[device], sketches[smaller]):
                left_out.add(smaller)
    return frozenset(left_out)


def flag_others(db: Connection, speaker: Speaker, found: Document, now_ms: int) -> None:
    """Tells both members where a history of another one was copied."""
    for one in found.sketches:
        others = db.execute(
            select(sketch.c.member, sketch.c.hashes).where(
                sketch.c.team == speaker.team, sketch.c.day == found.day,
                sketch.c.agent == one.agent, sketch.c.member != speaker.member,
            )
        )
        mine = hashes_of(one)
        width = len(mine[0])
        for other in others.all():
            theirs = [other.hashes[i : i + width] for i in range(0, len(other.hashes), width)]
            if is_copy(mine, theirs):
                for member_id in (speaker.member, other.member):
                    insert_new(db, flag, {
                        "member": member_id, "day": found.day, "rule": "duplicate",
                        "team": speaker.team, "made_ms": now_ms,
                        "detail": f"Another member sent the same calls of {one.agent}.",
                    })  # fmt: skip
