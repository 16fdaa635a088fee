"""Where logs of agents are looked for, by system and by the user's variables."""

from __future__ import annotations

from pathlib import Path

import pytest

from toktui.agents import agent

HOME = Path("/h")


@pytest.mark.parametrize(
    ("name", "log"),
    [
        ("opencode", ".local/share/opencode/opencode-dev.db"),
        ("opencode", ".local/share/opencode/storage/message/ses_1/msg_1.json"),
        ("kilo", ".local/share/kilo/kilo.db"),
        ("mimocode", ".local/share/mimocode/mimocode.db"),
        ("cline", ".config/Code/User/globalStorage/saoudrizwan.claude-dev/tasks/1"
                  "/ui_messages.json"),
        ("cline", ".cline/data/tasks/1/ui_messages.json"),
        ("cline", ".cline/data/sessions/s/agent.messages.json"),
        ("roo-code", "Library/Application Support/Cursor/User/globalStorage"
                     "/rooveterinaryinc.roo-cline/tasks/1/ui_messages.json"),
        ("roo-code", ".vscode-mock/global-storage/tasks/1/ui_messages.json"),
        ("kilo-code", "AppData/Roaming/Windsurf/User/globalStorage/kilocode.kilo-code/tasks/1"
                      "/ui_messages.json"),
        ("kilo-code", ".vscode-server/data/User/globalStorage/kilocode.kilo-code/tasks/1"
                      "/ui_messages.json"),
        ("amp", ".local/share/amp/threads/T-1.json"),
        ("rovo-dev", ".rovodev/sessions/1b2c/session_context.json"),
        ("droid", ".factory/sessions/-srv-kites/s.settings.json"),
        ("goose", ".local/share/goose/sessions/sessions.db"),
        ("goose", "Library/Application Support/Block/goose/sessions/sessions.db"),
        ("goose", "AppData/Roaming/Block/goose/data/sessions/sessions.db"),
        ("zed", "Library/Application Support/Zed/threads/threads.db"),
        ("zed", ".var/app/dev.zed.Zed/data/zed/threads/threads.db"),
        ("crush", ".local/share/crush/crush.db"),
        ("zcode", ".zcode/cli/db/db.sqlite"),
        ("hermes", ".hermes/profiles/work/state.db"),
        ("hermes", "AppData/Local/hermes/state.db"),
        ("cursor", ".cursor/projects/srv-kites/agent-transcripts/c1/c1.jsonl"),
        ("cursor", ".cursor/projects/srv-kites/agent-transcripts/c1.jsonl"),
        ("cursor", ".cursor/projects/srv-kites/agent-transcripts/c1.txt"),
        ("cursor", ".cursor/projects/srv-kites/agent-transcripts/c1/subagents/c2.jsonl"),
        ("cursor", ".cursor/chats/00ff/c1/store.db"),
        ("cursor", ".cursor/acp-sessions/c1/store.db"),
        ("cursor", ".config/cursor/chats/00ff/c1/store.db"),
    ],
)  # fmt: skip
def test_a_log_is_found_below_a_root(name: str, log: str) -> None:
    assert any(_is_log(name, root, HOME / log) for root in agent(name).roots(HOME, {}))


@pytest.mark.parametrize(
    ("name", "variable", "folder", "log"),
    [
        ("opencode", "XDG_DATA_HOME", "/x", "/x/opencode/opencode.db"),
        ("opencode", "OPENCODE_DB", "/x/mine.db", "/x/mine.db"),
        ("kilo", "KILO_DB", "mine.db", "/h/.local/share/kilo/mine.db"),
        ("cline", "CLINE_DIR", "/x", "/x/data/tasks/1/ui_messages.json"),
        ("cline", "CLINE_DATA_DIR", "/x", "/x/tasks/1/ui_messages.json"),
        ("roo-code", "XDG_CONFIG_HOME", "/x", "/x/Code/User/globalStorage"
                     "/rooveterinaryinc.roo-cline/tasks/1/ui_messages.json"),
        ("amp", "AMP_DATA_DIR", "/x", "/x/threads/T-1.json"),
        ("goose", "GOOSE_PATH_ROOT", "/x", "/x/data/sessions/sessions.db"),
        ("zed", "XDG_DATA_HOME", "/x", "/x/zed/threads/threads.db"),
        ("crush", "CRUSH_GLOBAL_DATA", "/x", "/x/crush.db"),
        ("zcode", "ZCODE_HOME", "/x", "/x/cli/db/db.sqlite"),
        ("hermes", "HERMES_HOME", "/x", "/x/state.db"),
        ("cursor", "CURSOR_DATA_DIR", "/x", "/x/chats/00ff/c1/store.db"),
    ],
)  # fmt: skip
def test_a_variable_of_the_user_moves_a_root(
    name: str, variable: str, folder: str, log: str
) -> None:
    roots = agent(name).roots(HOME, {variable: folder})
    assert any(_is_log(name, root, Path(log)) for root in roots)


@pytest.mark.parametrize(
    ("name", "log"),
    [
        ("opencode", "storage/part/msg_1/prt_1.json"), ("opencode", "opencode.db-wal"),
        ("opencode", "storage/message/ses_1/msg_1.json.tmp"),
        ("cline", "tasks/1/task_metadata.json"),
        ("cline", "tasks/1/api_conversation_history.json"), ("cline", "sessions/s/s.json"),
        ("cline", "sessions/s/s.compaction.json"), ("amp", "history.jsonl"),
        ("droid", "-srv-kites/s.jsonl"), ("goose", "sessions.db-shm"), ("crush", "projects.json"),
        ("zed", "0.db"), ("hermes", "cron/state.db"), ("zcode", "db.sqlite-wal"),
        ("rovo-dev", "1b2c/metadata.json"), ("cursor", "projects/k/terminals/1.txt"),
        ("cursor", "projects/k/agent-transcripts/c1/other.jsonl"),
        ("cursor", "chats/00ff/store.db"), ("cursor", "extensions/x/store.db"),
        ("cursor", "projects/k/agent-transcripts/c1.md"),
        ("cursor", "projects/k/agent-transcripts/c1/subagents/x/c2.jsonl"),
        ("cursor", "chats/00ff/c1/meta.json"), ("cursor", "ide_state.json"),
    ],
)  # fmt: skip
def test_what_lies_beside_logs_is_none(name: str, log: str) -> None:
    assert not agent(name).is_log(tuple(log.split("/")))


def _is_log(name: str, root: Path, log: Path) -> bool:
    """Whether a walk from the root comes to the log and takes it for one."""
    if not log.is_relative_to(root):
        return False
    parts = log.relative_to(root).parts
    module = agent(name)
    entered = all(module.is_entered(parts[:n]) for n in range(1, len(parts)))
    return entered and module.is_log(parts)
