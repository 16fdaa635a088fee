"""Rows that were refused for their time."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from toktui.evidence import of_sighting
from toktui.ingest.gather import DAY_MS, EARLIEST_MS, Voice, as_refused
from toktui.ingest.seen import Outcome, Seen

if TYPE_CHECKING:
    from toktui.ingest.settle import Settler


def retry_refused(settler: Settler, now_ms: int) -> Outcome:
    """Counts rows that were refused for their time and are in range by now."""
    rows = settler.db.execute(
        "select m.log, m.offset, m.nth, m.body, l.agent, l.path, l.generation, l.parser"
        " from misread m join log l on l.id = m.log where m.body <> x'' and m.at_ms >= ?"
        " and m.at_ms <= max(?, l.mtime_ns / 1000000) + ?",
        (EARLIEST_MS, now_ms, DAY_MS),
    ).fetchall()
    outcome = Outcome()
    if not rows:
        return outcome
    with settler.transaction(now_ms):
        by_agent: dict[int, dict[str, dict[int, Seen]]] = defaultdict(dict)
        logs: dict[int, set[int]] = defaultdict(set)
        for log, offset, nth, body, agent, path, generation, parser in rows:
            logs[agent].add(log)
            sighting, length, bits = as_refused(body)
            voice = Voice(
                sighting.kind,
                sighting.session,
                sighting.origin,
                sighting.agent_id,
                sighting.agent_type,
                sighting.project,
            )
            source = settler.voices.number(log, path, voice)
            evidence = of_sighting(sighting, sighting.at_ms or 0, (offset, length, bits))
            new = Seen(source, generation, parser, evidence)
            settler.hear(by_agent[agent], sighting.key, new)
            settler.db.execute(
                "delete from misread where log = ? and offset = ? and nth = ?",
                (log, offset, nth),
            )
            outcome.not_understood -= 1
        for agent, heard in by_agent.items():
            settler.settle_agent(agent, heard, set(heard), set(), logs[agent], outcome)
        outcome.copies = settler.writer.copies_change()
    return outcome
