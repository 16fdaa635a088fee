"""What a failure means for what is sent next: try all again later, ask the user, or leave a day."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Final, Literal

if TYPE_CHECKING:
    from toktui.team.http import ServerError

Kind = Literal["later", "stop", "day"]
"""`later`: the server is away or busy, and will be back. `stop`: nothing helps but that somebody
does something. `day`: this one document is not taken, others are."""

FIRST_WAIT_MS: Final = 30_000
LONGEST_WAIT_MS: Final = 6 * 3_600_000
STOPPED_MS: Final = 24 * 3_600_000
"""When what waits for somebody is tried again all the same: it may have been mended elsewhere."""
_LATER: Final = frozenset({"network", "nonsense", "slow", "too_many", "broken", "not_ready"})
_STOP: Final = frozenset({
    "not_signed", "wrong_signature", "clock", "replayed", "forbidden", "consent", "not_found",
    "method",
})  # fmt: skip


def kind_of(code: str, status: int | None = None) -> Kind:
    """What a failure with this code is; the status says it for codes of servers to come."""
    if code in _LATER or (status is not None and (status >= 500 or status in (408, 425, 429))):
        return "later"
    if code in _STOP or status in (401, 403, 426):
        return "stop"
    return "day"


def kind_of_error(error: ServerError) -> Kind:
    """The same of an error."""
    return kind_of(error.code, error.problem.status if error.problem else None)


def next_try_ms(kind: Kind, attempts: int, now_ms: int, retry_s: int | None = None) -> int:
    """When to try again after so many failures in a row.

    Some time within a span that doubles, so that clients do not come back together; never before
    the server has asked us to.
    """
    if kind != "later":
        return now_ms + STOPPED_MS
    span = min(LONGEST_WAIT_MS, FIRST_WAIT_MS << min(max(0, attempts - 1), 16))
    asked = min(STOPPED_MS, (retry_s or 0) * 1000)
    return now_ms + max(random.randint(span // 4, span), asked)


def is_due(next_ms: int, now_ms: int) -> bool:
    """Whether the time has come; also where a clock that was wrong has set it far ahead."""
    return next_ms <= now_ms or next_ms > now_ms + STOPPED_MS
