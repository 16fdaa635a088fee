"""A request that is not granted, as RFC 9457 has it."""

from __future__ import annotations

from toktui.team.wire.messages import CODES, Problem


class Refused(Exception):
    """Carries a code of `messages.CODES` to whoever asked."""

    def __init__(
        self, code: str, detail: str = "", *, rev: int | None = None, sha256: str | None = None
    ) -> None:
        super().__init__(code, detail)
        status, title = CODES[code]
        self.problem = Problem(
            type=f"urn:toktui:{code}", title=title, status=status, code=code, detail=detail,
            rev=rev, sha256=sha256,
        )
