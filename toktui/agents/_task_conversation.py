"""What Cline, Roo Code and Kilo Code send: the messages that lie beside those of the screen."""

from __future__ import annotations

import os

from toktui.agents._claude_conversation import told_pieces
from toktui.agents._vscode_tasks import BESIDE
from toktui.agents.content import Turn
from toktui.agents.documents import load_if_there
from toktui.agents.json_lines import BrokenLineError, list_of, object_of, values


def turns_before_the_last_answer(path: str) -> list[Turn]:
    """The task's messages, without its last answer and what came after it."""
    data = load_if_there(os.path.join(os.path.dirname(path), BESIDE[0]))
    try:
        found = values(data)
    except BrokenLineError:
        return []
    messages = [object_of(m) for m in list_of(found[0] if found else None)]
    answers = [i for i, m in enumerate(messages) if m.get("role") == "assistant"]
    sent = messages[: answers[-1]] if answers else []
    return [Turn(tuple(told_pieces(m))) for m in sent]
