"""Roo Code (VS Code extension).

Logs:      <storage>/tasks/<task>/ui_messages.json; <storage> is
           globalStorage/rooveterinaryinc.roo-cline of VS Code, Cursor, Windsurf, VSCodium and
           their like, on Linux, macOS and Windows, and of their servers, or
           ~/.vscode-mock/global-storage
Record:    a message `api_req_started`, whose text is JSON; it is filled in when the answer ends
Tokens:    since 3.29.5 (November 2025) `tokensIn` is the whole prompt; before it was without the
           caches over Anthropic's protocol, and the whole prompt over OpenAI's
Identity:  task and time of the message
Exactness: exact; of a condensed conversation only the money is known, and of requests that were
           deleted before they were read only their sum: both are residual
Live:      ui_messages.json, written anew with each change
Seen:      3.3 to 3.53, as its source has it; golden/roo-code/
Unknown:   reasoning; which of the two `tokensIn` a request before August 2025 has, where neither
           it nor another one of its task shows it
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from toktui.agents._vscode_tasks import TaskAgent

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path


class _RooCode(TaskAgent):
    name = "roo-code"
    label = "Roo Code"
    extension = "rooveterinaryinc.roo-cline"
    total_since_ms = 1_761_955_200_000
    """2025-11-01: 3.29.5."""

    def roots(self, home: Path, env: Mapping[str, str]) -> Sequence[Path]:
        return [*super().roots(home, env), home / ".vscode-mock/global-storage"]


AGENT: Final = _RooCode()
