"""What fills the window of a session, as a document and as a table."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal

import msgspec

from toktui.clock import iso
from toktui.export.figures import count, percent
from toktui.export.table import Column, Table, as_text
from toktui.text import clean

if TYPE_CHECKING:
    from toktui.metrics.composition import Composition, Part
    from toktui.metrics.find import Target

_FAR: Final = (0.7, 1.4)
"""A scale outside of this is told."""


class PartRow(msgspec.Struct, frozen=True, kw_only=True):
    """A part of the prompt; `tool` is null where it is of none or unknown."""

    kind: str
    tool: str | None
    tokens: int
    share: float
    pieces: int | None


class ContextDocument(msgspec.Struct, frozen=True, kw_only=True):
    """`toktui.context/1`: the parts add up to `prompt_tokens`, as the provider reported it. `log`
    says whether that of the session can still be read."""

    schema: Literal["toktui.context/1"] = "toktui.context/1"
    session: str
    agent: str
    call: str
    at: str
    model: str
    prompt_tokens: int
    context_window: int | None
    parts: tuple[PartRow, ...]
    scale: float
    calibration: str
    computed_at: str
    log: Literal["read", "gone"]


def as_document(found: Composition, target: Target) -> ContextDocument:
    """All of it."""
    return ContextDocument(
        session=target.id,
        agent=found.agent,
        call=found.call,
        at=iso(found.at_ms),
        model=found.model,
        prompt_tokens=found.prompt,
        context_window=found.window,
        parts=tuple(_row(part, found.prompt) for part in found.parts),
        scale=found.scale,
        calibration=found.source,
        computed_at=iso(found.computed_ms),
        log=found.log,
    )


def _row(part: Part, prompt: int) -> PartRow:
    return PartRow(
        kind=part.kind,
        tool=part.tool or None,
        tokens=part.tokens,
        share=round(part.tokens / prompt, 4),
        pieces=part.count or None,
    )


def as_lines(found: Composition, target: Target, *, cells: int, colored: bool) -> str:
    """A line for each part, the largest first."""
    filled = ""
    if found.window:
        filled = f", {percent(found.prompt / found.window)} of its window of {count(found.window)}"
    head = (
        f"Session {clean(target.id, 200)} ({found.agent}) sent {count(found.prompt)} tokens to"
        f" {clean(found.model)} at {iso(found.at_ms)}{filled}:"
    )
    rows = [
        [
            clean(part.name, 80), count(part.count) if part.count else "", count(part.tokens),
            percent(part.tokens / found.prompt),
        ]
        for part in found.parts
    ]  # fmt: skip
    columns = (Column("", "text"), Column("Pieces", spare=1), Column("Tokens"), Column("Share"))
    lines = [head, "", as_text(Table(columns, rows), cells=cells, colored=colored), ""]
    lines.append("The sum is the provider's; the parts are estimated from the log and scaled.")
    if found.log == "gone":
        lines.append(f"The log is gone: this was computed at {iso(found.computed_ms)}.")
    else:
        lines.append(f"Computed at {iso(found.computed_ms)}.")
    if not _FAR[0] <= found.scale <= _FAR[1]:
        lines.append(
            f"They had to be scaled by {found.scale:g}: the log does not have just what was sent."
        )
    return "\n".join(lines)
