"""MiMo Code (built on OpenCode).

Logs:      <data>/mimocode/mimocode.db, and other databases beside it; <data> is $XDG_DATA_HOME,
           else ~/.local/share, on macOS and Windows, too; storage/ as OpenCode
Record:    as OpenCode
Tokens:    as OpenCode
Identity:  as OpenCode
Exactness: exact
Live:      the database and its write-ahead log
Seen:      as others who read it tell of it; golden/mimocode/
Unknown:   as OpenCode
"""

from __future__ import annotations

from typing import Final

from toktui.agents._opencode_engine import OpenCodeEngine


class _MimoCode(OpenCodeEngine):
    name = "mimocode"
    label = "MiMo Code"
    folder = "mimocode"
    database_variable = "MIMOCODE_DB"


AGENT: Final = _MimoCode()
