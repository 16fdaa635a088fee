"""OpenCode.

Logs:      <data>/opencode/opencode.db, and opencode-<channel>.db or backups beside it; <data> is
           $XDG_DATA_HOME, else ~/.local/share, on macOS and Windows, too; the folder of
           $OPENCODE_DB. Until 1.1: storage/message/<session>/<message>.json and storage/session/
Record:    a row of `message` with the role assistant, or of `session_message` (version 2); of
           messages before 2026 with several `step-finish` parts, each part; where the last one is
           lost, the message, which has the counts of its last step
Tokens:    `input` and both `cache` counts are disjoint; since 1.4 `output` is without `reasoning`,
           before it had it for all but Google's models; `total` tells which
Identity:  time of creation, model and counts, which are written once, when the response ends:
           forks, backups and moved stores give new ids
Exactness: exact; titles that OpenCode makes for a session are written nowhere
Live:      the database and its write-ahead log
Seen:      1.0 to 1.18; version 2 as its source has it; golden/opencode/
Unknown:   how long a cache write lives: all count as the short one; whether messages before
           `total` had reasoning in their output is told by the provider
"""

from __future__ import annotations

from typing import Final

from toktui.agents._opencode_engine import OpenCodeEngine


class _OpenCode(OpenCodeEngine):
    name = "opencode"
    label = "OpenCode"
    folder = "opencode"
    database_variable = "OPENCODE_DB"


AGENT: Final = _OpenCode()
