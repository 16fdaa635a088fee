"""OpenCode, imitated: a build that keeps its messages in a database."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec

from toktui.dev.demo import words
from toktui.dev.demo.scene import Feature, Scene, Write, sql_of
from toktui.dev.demo.turns import Answered, Prompted, steps, talk_of
from toktui.dev.imitate.draw import vendor_id

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from random import Random

SHARE: Final = 0.4
FEATURES: Final[dict[Feature, float]] = {"agents": 0.2, "cold": 0.15, "fork": 0.08}

_PATH: Final = ".local/share/opencode/opencode.db"
_MODELS: Final = (
    ("anthropic", "claude-sonnet-4-6"), ("anthropic", "claude-opus-4-6"), ("openai", "gpt-5.4"),
)  # fmt: skip
_SCHEMA: Final = (
    "create table if not exists session (id text primary key, parent_id text, directory text,"
    " title text, version text, time_created integer, time_updated integer)",
    "create table if not exists message (id text primary key, session_id text,"
    " time_created integer, time_updated integer, data text)",
    "create index if not exists message_session_time_created_id_idx"
    " on message (session_id, time_created, id)",
)
_VERSION: Final = "1.18.34"
_FORKED_AT: Final = 3
"""The prompt that is given to a fork instead."""


def act(scene: Scene, rng: Random) -> Iterator[Write]:
    """A session; an answer's row is there before its tokens are. A sub-agent has a session of its
    own; a fork has copies of all messages, with new names."""
    provider, model = rng.choice(_MODELS)
    session = vendor_id(rng, "ses_")
    yield _begun(scene, session, scene.starts_ms, rng.choice(words.TITLES))
    talk = talk_of(rng, shared=13_400)
    child = vendor_id(rng, "ses_") if "agents" in scene.features else ""
    told: Mapping[str, object] = {
        "role": "assistant", "providerID": provider, "modelID": model, "agent": "build",
        "mode": "build", "path": {"cwd": scene.project, "root": scene.project},
    }  # fmt: skip
    answers: list[Answered] = []
    prompts = 0
    for step in steps(scene, rng, talk):
        prompts += isinstance(step, Prompted)
        if prompts == _FORKED_AT and "fork" in scene.features and isinstance(step, Prompted):
            session = vendor_id(rng, "ses_")
            yield _begun(scene, session, step.at_ms, "tails (fork #1)")
            copies = [_row(vendor_id(rng, "msg_"), session, one, told, done=True)
                      for one in answers]  # fmt: skip
            yield Write(step.at_ms, _PATH, tuple(copies), "sql")
        if not isinstance(step, Answered):
            continue
        owner = session
        if child and rng.random() < 0.1:
            yield _begun(scene, child, step.asked_ms, "look around (@explore)", parent=session)
            owner, child = child, ""
        else:
            answers.append(step)
        name = vendor_id(rng, "msg_")
        yield Write(step.asked_ms, _PATH, (_row(name, owner, step, told, done=False),), "sql")
        yield Write(step.at_ms, _PATH, (_row(name, owner, step, told, done=True),), "sql")


def _begun(scene: Scene, session: str, at_ms: int, title: str, *, parent: str = "") -> Write:
    row = sql_of(
        "insert or ignore into session values (?, ?, ?, ?, ?, ?, ?)",
        session, parent or None, scene.project, title, _VERSION, at_ms, at_ms,
    )  # fmt: skip
    return Write(at_ms, _PATH, (*map(sql_of, _SCHEMA), row), "sql")


def _row(
    name: str, session: str, step: Answered, told: Mapping[str, object], *, done: bool
) -> bytes:
    sent, thoughts = step.sent, step.thoughts
    tokens: dict[str, object] = {
        "input": 0, "output": 0, "reasoning": 0, "cache": {"read": 0, "write": 0},
    }  # fmt: skip
    time = {"created": step.asked_ms}
    if done:
        time["completed"] = step.at_ms
        tokens = {
            "total": sent.total + step.output, "input": sent.fresh,
            "output": step.output - thoughts, "reasoning": thoughts,
            "cache": {"read": sent.read, "write": sent.written},
        }  # fmt: skip
    data = msgspec.json.encode({**told, "cost": 0, "tokens": tokens, "time": time})
    return sql_of(
        "insert into message values (?, ?, ?, ?, ?) on conflict (id) do update set"
        " data = excluded.data, time_updated = excluded.time_updated",
        name, session, step.asked_ms, step.at_ms if done else step.asked_ms, data.decode(),
    )  # fmt: skip
