"""A store with as many calls as wanted, written straight into the tables, to measure questions."""

from __future__ import annotations

import random
from pathlib import Path

from toktui.store.connect import connect_writer
from toktui.store.migrate import migrate
from toktui.store.writer import CallRow, Writer

_MINUTE = 60_000


def write_big_store(path: Path, *, calls: int, now_ms: int, per_session: int = 60) -> None:
    """Sessions of `per_session` calls, evenly over the year before `now_ms`; some are hot."""
    path.parent.mkdir(parents=True, exist_ok=True)
    db = connect_writer(path)
    migrate(db)
    writer = Writer(db)
    rng = random.Random(4)
    sessions = max(1, calls // per_session)
    step = 365 * 24 * 60 * _MINUTE // sessions
    with writer.transaction():
        agents = [writer.name("claude-code"), writer.name("codex")]
        models = [writer.name(m) for m in ("claude-opus-5-5", "claude-sonnet-4-5", "gpt-5.5")]
        projects = [writer.name(f"/home/dev/project-{n}") for n in range(200)]
        branch, version = writer.name("main"), writer.name("2.1.330")
        number = 0
        for index in range(sessions):
            end_ms = now_ms - (sessions - 1 - index) * step
            agent, project = rng.choice(agents), rng.choice(projects)
            session = writer.session(agent, f"{index:08x}-0000-4000-8000-000000000000")
            rows = []
            for turn in range(per_session):
                number += 1
                model = rng.choice(models)
                parts = (10, 20_000, 9_000, 0, 30_000, 0)
                values = {
                    "id": number, "agent": agent, "key": f"msg_{number:020d}", "session": session,
                    "agent_id": 0, "at_ms": end_ms - (per_session - turn) * 30_000,
                    "project": project, "branch": branch, "version": version, "model": model,
                    "priced": model, "tier": 0, "geo": "", "exactness": 0, "flags": 0, "input": 10,
                    "cache_read": 40_000 + turn * 900, "cache_write_5m": 900, "cache_write_1h": 0,
                    "output": 400, "reasoning": 0, "web_search": 0, "window": 200_000, "rate": 0,
                    "cost_input": parts[0], "cost_cache_read": parts[1],
                    "cost_cache_write_5m": parts[2], "cost_cache_write_1h": parts[3],
                    "cost_output": parts[4], "cost_fees": parts[5],
                    "cost_nusd": sum(parts), "saved_nusd": 100_000, "reported_nusd": None,
                }  # fmt: skip
                rows.append(CallRow(**values))
            writer.put_calls(rows)
    db.execute("pragma wal_checkpoint(truncate)")
    db.close()
