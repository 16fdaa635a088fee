"""Kilo (CLI and extension since 2026, built on OpenCode).

Logs:      <data>/kilo/kilo.db, and other databases beside it; <data> is $XDG_DATA_HOME, else
           ~/.local/share, on macOS and Windows, too; the folder of $KILO_DB; storage/ as OpenCode
Record:    as OpenCode
Tokens:    as OpenCode
Identity:  as OpenCode; a session that was moved over from OpenCode is Kilo's, too
Exactness: exact
Live:      the database and its write-ahead log
Seen:      as its source of 2026 has it; golden/kilo/
Unknown:   as OpenCode; tasks of the older extension are those of the agent kilo-code
"""

from __future__ import annotations

from typing import Final

from toktui.agents._opencode_engine import OpenCodeEngine


class _Kilo(OpenCodeEngine):
    name = "kilo"
    label = "Kilo"
    folder = "kilo"
    database_variable = "KILO_DB"


AGENT: Final = _Kilo()
