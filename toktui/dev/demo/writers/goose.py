"""Goose, imitated: a build with a ledger of its requests."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from toktui.dev.demo.scene import Feature, Scene, Write, sql_of
from toktui.dev.demo.turns import Answered, steps, talk_of
from toktui.dev.imitate.draw import stamp

if TYPE_CHECKING:
    from collections.abc import Iterator
    from random import Random

SHARE: Final = 0.12
FEATURES: Final[dict[Feature, float]] = {"cold": 0.15}

_PATH: Final = ".local/share/goose/sessions/sessions.db"
_MODELS: Final = ("claude-sonnet-4-6", "gpt-5.4")
_SCHEMA: Final = (
    "create table if not exists sessions (id text primary key, working_dir text,"
    " updated_at text, accumulated_input_tokens integer, accumulated_output_tokens integer)",
    "create table if not exists usage_ledger (id integer primary key, session_id text,"
    " created_timestamp integer, model text, input_tokens integer, output_tokens integer,"
    " cache_read_tokens integer, cache_write_tokens integer, cost real, is_compaction integer)",
)


def act(scene: Scene, rng: Random) -> Iterator[Write]:
    """A session: a row of the ledger for each request, and totals that only report."""
    model = rng.choice(_MODELS)
    day = stamp(scene.starts_ms)[:10].replace("-", "")
    session = f"{day}_{rng.randrange(10**6)}"
    begun = sql_of(
        "insert or ignore into sessions values (?, ?, ?, 0, 0)",
        session, scene.project, stamp(scene.starts_ms)[:19].replace("T", " "),
    )  # fmt: skip
    yield Write(scene.starts_ms, _PATH, (*map(sql_of, _SCHEMA), begun), "sql")
    for step in steps(scene, rng, talk_of(rng, shared=7_900)):
        if isinstance(step, Answered):
            sent = step.sent
            row = sql_of(
                "insert into usage_ledger (session_id, created_timestamp, model, input_tokens,"
                " output_tokens, cache_read_tokens, cache_write_tokens, is_compaction)"
                " values (?, ?, ?, ?, ?, ?, ?, 0)",
                session, step.at_ms // 1000, model, sent.total, step.output, sent.read,
                sent.written,
            )  # fmt: skip
            total = sql_of(
                "update sessions set accumulated_input_tokens = accumulated_input_tokens + ?,"
                " accumulated_output_tokens = accumulated_output_tokens + ? where id = ?",
                sent.total, step.output, session,
            )  # fmt: skip
            yield Write(step.at_ms, _PATH, (row, total), "sql")
