"""Kilo Code (VS Code extension up to 5, before it was built on OpenCode).

Logs:      <storage>/tasks/<task>/ui_messages.json; <storage> is globalStorage/kilocode.kilo-code
           of VS Code, Cursor, Windsurf, VSCodium and their like, on Linux, macOS and Windows, and
           of their servers
Record:    a message `api_req_started`, whose text is JSON; it is filled in when the answer ends
Tokens:    since 4.119 (November 2025) `tokensIn` is the whole prompt; before as Roo Code
Identity:  task and time of the message
Exactness: exact; of a condensed conversation only the money is known, and of requests that were
           deleted before they were read only their sum: both are residual
Live:      ui_messages.json, written anew with each change
Seen:      4 and 5, as its source has it; golden/kilo-code/
Unknown:   as Roo Code; later versions are the agent kilo
"""

from __future__ import annotations

from typing import Final

from toktui.agents._vscode_tasks import TaskAgent


class _KiloCode(TaskAgent):
    name = "kilo-code"
    label = "Kilo Code"
    extension = "kilocode.kilo-code"
    total_since_ms = 1_762_905_600_000
    """2025-11-12: 4.119.0."""


AGENT: Final = _KiloCode()
