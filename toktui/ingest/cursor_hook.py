"""What Cursor tells its `stop` hook, cut down to what is counted, for the spool."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final, cast

from toktui.clock import iso
from toktui.errors import ToktuiError
from toktui.ingest.spool import append

if TYPE_CHECKING:
    from pathlib import Path

LONGEST: Final = 1 << 20
"""Bytes of a record; Cursor's have some hundreds."""
_AGENT: Final = "cursor"
_LOG: Final = "stop"
_KEPT: Final = (
    "conversation_id", "generation_id", "model", "status", "loop_count", "input_tokens",
    "output_tokens", "cache_read_tokens", "cache_write_tokens", "cursor_version",
    "workspace_roots",
)  # fmt: skip
"""No prompt, no answer, no address of the user, no transcript."""


def keep_stop(spool: Path, payload: bytes, now_ms: int) -> bool:
    """Keeps the end of a turn; False for other events, which say nothing of tokens.

    Raises ToktuiError where it is no event, or cannot be kept.
    """
    record = _record(payload, now_ms)
    if record is None:
        return False
    try:
        append(str(spool / _AGENT), _LOG, record, kept=None)
    except OSError as error:
        raise ToktuiError(
            f"The turn cannot be kept: {error.strerror}", "Free some space, or set TOKTUI_DATA_DIR."
        ) from error
    return True


def _record(payload: bytes, now_ms: int) -> bytes | None:
    hint = "Cursor runs this command by itself: see `toktui hook --help`."
    if len(payload) > LONGEST:
        raise ToktuiError("The event is longer than 1 MiB.", hint)
    try:
        found: object = json.loads(payload)
    except (ValueError, RecursionError) as error:
        raise ToktuiError("There is no event of Cursor on stdin.", hint) from error
    event = cast("dict[str, Any]", found) if isinstance(found, dict) else {}
    if event.get("hook_event_name", _LOG) != _LOG or not event.get("generation_id"):
        return None
    kept = {name: event[name] for name in _KEPT if event.get(name) is not None}
    record = {"type": "stop", "at": iso(now_ms), **kept}
    return json.dumps(record, separators=(",", ":")).encode()
