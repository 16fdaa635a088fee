"""Brings what was read into the store: merges evidence, resolves calls, prices them.

One transaction per group of batches holds sightings, calls, copies, sums and checkpoints; a crash
at any moment leaves either all of it or none.
"""

from __future__ import annotations

import json
from collections import defaultdict
from contextlib import contextmanager
from typing import TYPE_CHECKING

from toktui.agents.resolve import Known, Resolved, resolve
from toktui.evidence import pack, unpack
from toktui.ingest.account import match_account
from toktui.ingest.call_rows import CallRows
from toktui.ingest.cold_turns import ColdTurns
from toktui.ingest.forgetting import Forgetting
from toktui.ingest.guesses import place_guesses
from toktui.ingest.kinship import Kinship
from toktui.ingest.ledger import settle_ledgers
from toktui.ingest.new_calls import HOME, NewCalls
from toktui.ingest.record import Record
from toktui.ingest.replay import move_replays
from toktui.ingest.seen import Outcome, Seen, joined, merged
from toktui.ingest.stored import call_ids, call_rows, searches_of, sightings_of
from toktui.ingest.voices import KINDS, Voices
from toktui.model import REASONS
from toktui.store.spreads import ESTIMATED, put_spreads
from toktui.store.writer import CallRow, Writer, keep_price

if TYPE_CHECKING:
    from collections.abc import Generator, Mapping, Sequence

    from toktui.ingest.reading import Batch
    from toktui.pricing.rates import RateBook


class Settler:
    """Settles batches with one writer and one rate book."""

    def __init__(self, writer: Writer, book: RateBook) -> None:
        self.writer = writer
        self.db = writer.db
        self.book = book
        self.rows = CallRows(writer, book)
        self.cold_turns = ColdTurns(writer, book)
        self.voices = Voices(writer)
        self.new_calls = NewCalls(writer, self.rows, self.voices)
        self.kinship = Kinship(self)
        self.record = Record(self.db, self.kinship)
        self.forgetting = Forgetting(self.db)

    def settle(self, batches: Sequence[Batch], now_ms: int) -> Outcome:
        """Stores the batches in one transaction. Batches of one log come in order."""
        with self.transaction(now_ms):
            return self._settle(batches, now_ms)

    @contextmanager
    def transaction(self, now_ms: int) -> Generator[None]:
        """A transaction of the writer; nothing that it made is remembered if it fails."""
        self.writer.stamp = now_ms
        try:
            with self.writer.transaction():
                yield
        except BaseException:
            self.voices.clear()
            self.rows.clear()
            self.cold_turns.clear()
            self.new_calls.clear()
            self.kinship.forget_members()
            raise

    def _settle(self, batches: Sequence[Batch], now_ms: int) -> Outcome:
        outcome = Outcome()
        by_agent: dict[int, dict[str, dict[int, Seen]]] = defaultdict(dict)
        searched: dict[int, set[str]] = defaultdict(set)
        ledgers: dict[int, set[str]] = defaultdict(set)
        logs: dict[int, set[int]] = defaultdict(set)
        for batch in batches:
            agent = self.writer.name(batch.agent)
            if batch.fresh:
                outcome.not_understood -= self.record.clear(batch)
            elif batch.in_place:
                outcome.not_understood -= self.record.clear_places(batch)
            log = self.record.log(agent, batch, now_ms)
            logs[agent].add(log)
            outcome.logs_read += batch.last
            outcome.unfinished += batch.last and not batch.complete
            outcome.bytes_read += batch.bytes_read
            outcome.lines += batch.gathered.lines
            anew = batch.in_place and batch.fresh
            sources = [
                self.voices.number(log, batch.path, voice, anew=anew, fills=batch.in_place)
                for voice in batch.gathered.voices
            ]
            self._hear(by_agent[agent], batch, sources)
            outcome.not_understood += self.record.misread(log, batch)
            self.record.facts(agent, log, batch, searched[agent], ledgers[agent])
        for agent, heard in by_agent.items():
            self.settle_agent(agent, heard, searched[agent], ledgers[agent], logs[agent], outcome)
        self._drop_superseded(batches, outcome)
        outcome.copies = self.writer.copies_change()
        return outcome

    def move_logs(self, moved: Mapping[int, tuple[str, str]], now_ms: int) -> None:
        """Gives logs their new path and root; which sighting is counted depends on paths."""
        with self.transaction(now_ms):
            self.db.executemany(
                "update log set path = ?, root = ?, gone_ms = null where id = ?",
                [(path, root, log) for log, (path, root) in moved.items()],
            )
            self.voices.clear()
            self.kinship.forget_members()
            shared: dict[int, set[str]] = defaultdict(set)
            for agent, key in self.db.execute(
                "select c.agent, c.key from json_each(?) j join source o on o.log = j.value"
                " join sighting s on s.source = o.id join call c on c.id = s.call"
                " where (select count(*) from sighting t where t.call = c.id) > 1",
                (json.dumps(list(moved)),),
            ).fetchall():
                shared[agent].add(key)
            for agent, keys in shared.items():
                self.settle_agent(agent, {}, keys, set(), set(moved), Outcome())

    def settle_agent(
        self,
        agent: int,
        heard: dict[str, dict[int, Seen]],
        searched: set[str],
        ledgers: set[str],
        logs: set[int],
        outcome: Outcome,
    ) -> None:
        """Resolves every key of one agent that new evidence or facts touch."""
        related = move_replays(self, agent, heard, logs, outcome)
        place_guesses(self, agent, heard, outcome)
        match_account(self, agent, heard, outcome)
        for key in self.forgetting.tombstones(agent, heard):
            del heard[key]
        touched = self.resolve_keys(agent, heard, searched, outcome)
        for keys in self.kinship.ties_changed(agent, heard):
            touched |= self.resolve_keys(agent, {key: {} for key in keys}, set(), outcome)
        speakers = {source for by_source in heard.values() for source in by_source}
        touched |= {self.voices.get(number)[1].session for number in speakers}
        settle_ledgers(self, agent, touched | ledgers, outcome)
        self.kinship.families(agent, logs | related, touched)

    def resolve_keys(
        self, agent: int, heard: dict[str, dict[int, Seen]], searched: set[str], outcome: Outcome
    ) -> set[str]:
        """Merges, resolves, prices and stores; gives the sessions whose calls changed."""
        keys = [*heard, *(searched - heard.keys())]
        ids = call_ids(self.db, agent, keys)
        stored = sightings_of(self.db, ids.values())
        before = call_rows(self.db, ids.values())
        searches = searches_of(self.db, keys) if searched or ids else {}
        sessions: set[str] = set()
        new_rows: list[CallRow] = []
        changed_rows: list[CallRow] = []
        old_rows: list[CallRow] = []
        sightings: list[tuple[object, ...]] = []
        spreads: list[tuple[int, int, int]] = []
        alone: list[tuple[str, Seen]] = []
        for key in keys:
            new = heard.get(key, {})
            if len(new) == 1 and key not in ids and not self.forgetting:
                alone.append((key, next(iter(new.values()))))
                continue
            seen = merged(stored.get(ids.get(key, 0), {}), new)
            if not seen:
                continue
            call = ids.get(key) or self.writer.new_call_id()
            known = [self._known(s) for s in seen]
            resolved = resolve(known, self.kinship.origin_of(agent))
            if self.forgetting.takes(agent, key, resolved.at_ms, resolved.project):
                continue
            self._place_copies(agent, call, seen, resolved, sightings)
            old = before.get(call)
            row = keep_price(
                self.rows.resolved(agent, call, key, resolved, searches.get(key, 0)), old
            )
            if row.exactness == ESTIMATED:
                spreads.append((call, resolved.numbers.low, resolved.numbers.high))
            if old == row:
                self.writer.lines_changed(row)
                continue
            sessions.add(resolved.session)
            if old is None:
                outcome.new += 1
                new_rows.append(row)
            else:
                outcome.updated += 1
                changed_rows.append(row)
                old_rows.append(old)
                if old.session != row.session:
                    sessions.add(self._session_key(old.session))
        sessions |= self.new_calls.add(agent, alone, searches)
        outcome.new += len(alone)
        self.writer.add_calls(new_rows)
        self.writer.put_calls(changed_rows, old_rows)
        put_spreads(self.db, spreads)
        self.db.executemany(
            "insert or replace into sighting (call, source, generation, parser, reason, stream,"
            " reemit, rows, body) values (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            sightings,
        )
        return sessions

    def _place_copies(
        self,
        agent: int,
        call: int,
        seen: Sequence[Seen],
        resolved: Resolved,
        sightings: list[tuple[object, ...]],
    ) -> None:
        for s, copies in zip(seen, resolved.copies, strict=True):
            reason = REASONS.index(copies.reason) if copies.reason else HOME
            if s.stored:
                self._count_copies(agent, s, -1)
            s.reason, s.stream, s.reemit = reason, copies.stream, copies.reemit
            s.rows = copies.rows if copies.reason else 0
            self._count_copies(agent, s, 1)
            sightings.append(
                (
                    call,
                    s.source,
                    s.generation,
                    s.parser,
                    s.reason,
                    s.stream,
                    s.reemit,
                    s.rows,
                    pack(s.evidence),
                )
            )

    def _count_copies(self, agent: int, s: Seen, sign: int) -> None:
        if s.reason != HOME:
            self.writer.add_copies(agent, REASONS[s.reason], sign * s.rows)
        self.writer.add_copies(agent, "stream", sign * s.stream)
        self.writer.add_copies(agent, "reemit", sign * s.reemit)

    def _known(self, s: Seen) -> Known:
        path, source, project = self.voices.get(s.source)
        return Known(path, source, project, s.evidence)

    def agent_name(self, number: int) -> str:
        """The name of an agent."""
        row = self.db.execute("select text from name where id = ?", (number,)).fetchone()
        return str(row[0])

    @staticmethod
    def hear(heard: dict[str, dict[int, Seen]], key: str, new: Seen) -> None:
        """Adds evidence for a key to what this transaction has heard."""
        by_source = heard.setdefault(key, {})
        known = by_source.get(new.source)
        by_source[new.source] = new if known is None else joined(known, new)

    def _session_key(self, number: int) -> str:
        row = self.db.execute("select key from session where id = ?", (number,)).fetchone()
        return str(row[0])

    def _hear(
        self, heard: dict[str, dict[int, Seen]], batch: Batch, sources: Sequence[int]
    ) -> None:
        generation, parser = batch.checkpoint.generation, batch.checkpoint.parser
        for one in batch.gathered.heard:
            new = Seen(sources[one.voice], generation, parser, one.evidence)
            new.in_place = batch.in_place
            self.hear(heard, one.key, new)

    def rules_changed(self) -> None:
        """Something was forgotten, or a rollback undid it."""
        self.forgetting.reload()
        self.voices.clear()
        self.rows.clear()
        self.cold_turns.clear()
        self.new_calls.clear()

    def _drop_superseded(self, batches: Sequence[Batch], outcome: Outcome) -> None:
        """After a log was read whole by a newer parser: what only the older one saw goes.

        An entry that its document no longer has keeps its old parse.
        """
        for batch in batches:
            if not batch.last and not batch.in_place:
                continue
            read = set(batch.places)
            stale = self.db.execute(
                "select s.call, s.source, c.agent, s.body from log l join source o on o.log = l.id"
                " join sighting s on s.source = o.id join call c on c.id = s.call"
                " where l.path = ? and s.generation = l.generation and s.parser < l.parser"
                " and o.kind <> ?",
                (batch.path, KINDS.index("ledger")),
            ).fetchall()
            for call, source, agent, body in stale:
                if not batch.in_place or read.issuperset(unpack(body).spots[::3]):
                    self.drop_sighting(agent, call, source, outcome)

    def drop_sighting(self, agent: int, call: int, source: int, outcome: Outcome) -> None:
        """Takes one piece of evidence out; a call without any goes too."""
        seen = sightings_of(self.db, [call])[call]
        gone = seen.pop(source, None)
        if gone is None:
            return
        self._count_copies(agent, gone, -1)
        self.db.execute("delete from sighting where call = ? and source = ?", (call, source))
        row = call_rows(self.db, [call]).get(call)
        if row is None:
            return
        if seen:
            self.resolve_keys(agent, {row.key: {}}, set(), outcome)
        else:
            self.writer.drop_calls([row])
            outcome.new -= 1
