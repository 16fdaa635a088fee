"""Calls whose agent counted nothing: what their text lets guess, with a range."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from toktui.ingest.counting import COUNTER
from toktui.ingest.weigh import weigh
from toktui.model import Tokens
from toktui.pricing.calibrate import calibration_for, estimate, measured_name

if TYPE_CHECKING:
    from collections.abc import Sequence

    from toktui.agents.base import Entry
    from toktui.agents.content import Uncounted


def estimated(entries: Sequence[Entry]) -> list[Entry]:
    """The entries, with estimates for those that were not counted.

    Raises CountingError where they cannot be made now.
    """
    lacking = [entry.uncounted for entry in entries if entry.uncounted is not None]
    if not lacking:
        return list(entries)
    counts = COUNTER.count(_texts(lacking))
    return [
        entry if entry.uncounted is None else _estimated(entry, entry.uncounted, counts)
        for entry in entries
    ]


def _texts(lacking: Sequence[Uncounted]) -> set[str]:
    texts: set[str] = set()

    def noted(text: str) -> int:
        texts.add(text)
        return 0

    for one in lacking:
        weigh((*one.asked, *one.said), noted)
    return texts


def _estimated(entry: Entry, lacking: Uncounted, counts: dict[str, int]) -> Entry:
    """What was said has the range of its model's calibration; of what was sent only the user's own
    text is known, which is the least that it can be."""
    by = calibration_for(measured_name(entry.sighting.model), {})
    output = estimate(by, weigh(lacking.said, counts.__getitem__))
    asked = estimate(by, weigh(lacking.asked, counts.__getitem__))
    tokens = Tokens(input=asked.mid, output=output.mid)
    told = replace(entry.sighting, tokens=tokens, low=output.low, high=output.high)
    return replace(entry, sighting=told, uncounted=None)
