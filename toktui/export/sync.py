"""What a sync found, as a document and as a few lines."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Literal

import msgspec

from toktui.export.figures import count, count_of, size

if TYPE_CHECKING:
    from collections.abc import Sequence

    from toktui.ingest.sync import SyncResult
    from toktui.metrics.coverage import Unpriced


class Logs(msgspec.Struct, frozen=True):
    """Logs that exist, and those with something new."""

    seen: int
    read: int


class Calls(msgspec.Struct, frozen=True):
    """Calls that this run made or changed."""

    new: int
    updated: int


class After(msgspec.Struct, frozen=True):
    """The store after the run."""

    calls: int
    copies: Mapping[str, int]
    not_understood: int


class SyncDocument(msgspec.Struct, frozen=True, kw_only=True):
    """`toktui.sync/1`."""

    schema: Literal["toktui.sync/1"] = "toktui.sync/1"
    writer: str
    logs: Logs
    bytes_read: int
    lines: int
    calls: Calls
    copies: Mapping[str, int]
    not_understood: int
    seconds: float
    store: After


def as_document(result: SyncResult) -> SyncDocument:
    """The result in the shape of the contract."""
    done, store = result.outcome, result.store
    return SyncDocument(
        writer=result.writer,
        logs=Logs(result.logs_seen, done.logs_read),
        bytes_read=done.bytes_read,
        lines=done.lines,
        calls=Calls(done.new, done.updated),
        copies={reason: n for reason, n in done.copies.items() if n},
        not_understood=done.not_understood,
        seconds=round(result.seconds, 3),
        store=After(store.calls, store.copies, store.not_understood),
    )


def as_text(result: SyncResult, unpriced: Sequence[Unpriced]) -> str:
    """The result in sentences."""
    done, store = result.outcome, result.store
    lines: list[str] = []
    if result.writer == "other":
        lines.append("Another toktui writes the store; it has caught up.")
    elif not result.logs_seen:
        lines.append("No logs were found. `toktui doctor` says where they are looked for.")
    elif not done.logs_read:
        lines.append(f"Nothing new in {count_of(result.logs_seen, 'log')}.")
    else:
        changed = count_of(done.new, "new call")
        if done.updated:
            changed += f", {count(done.updated)} updated"
        lines.append(
            f"Read {size(done.bytes_read)} in {count(done.logs_read)} of"
            f" {count_of(result.logs_seen, 'log')} in {result.seconds:.1f} s: {changed}."
        )
    lines.append(f"The store holds {count_of(store.calls, 'call')}.{_copies(store.copies)}")
    if store.not_understood:
        lines.append(f"{count_of(store.not_understood, 'line')} not understood: `toktui doctor`.")
    if done.unfinished:
        ends = "1 log ends" if done.unfinished == 1 else f"{count(done.unfinished)} logs end"
        lines.append(f"{ends} in a line that may still be written; it is read when the log rests.")
    if unpriced:
        models = ", ".join(u.model for u in unpriced[:5]) + (", ..." if len(unpriced) > 5 else "")
        calls = sum(u.calls for u in unpriced)
        lines.append(f"{count_of(calls, 'call')} without a price: {models}.")
    return "\n".join(lines)


def _copies(copies: Mapping[str, int]) -> str:
    if not copies:
        return ""
    listed = ", ".join(f"{count(n)} {reason}" for reason, n in copies.items())
    return f" Copies, not counted: {listed}."
