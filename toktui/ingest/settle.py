"""Brings what was read into the store: merges evidence, resolves calls, prices them.

One transaction per group of batches holds sightings, calls, copies, sums and checkpoints; a crash
at any moment leaves either all of it or none.
"""

from __future__ import annotations

import json
from collections import defaultdict
from typing import TYPE_CHECKING, Final

import msgspec

from toktui import facts
from toktui.agents.resolve import Known, Resolved, resolve
from toktui.evidence import Source, of_sighting, pack, unpack
from toktui.ingest.forgetting import Rule, digest, rules
from toktui.ingest.gather import DAY_MS, EARLIEST_MS, Voice, as_refused
from toktui.ingest.kinship import Kinship
from toktui.ingest.ledger import settle_ledgers
from toktui.ingest.replay import move_replays
from toktui.ingest.seen import Outcome, Seen, joined, merged
from toktui.model import EXACTNESS, REASONS, TIERS
from toktui.pricing.price import price
from toktui.store.writer import CALL_COLUMNS, CallRow, Price, Writer, keep_price

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from toktui.evidence import Evidence
    from toktui.ingest.reading import Batch
    from toktui.model import Kind, Tier, Tokens
    from toktui.pricing.periods import Rate
    from toktui.pricing.price import Cost
    from toktui.pricing.rates import RateBook

KINDS: Final[tuple[Kind, ...]] = ("row", "progress", "spawn", "ledger")
HOME: Final = -1
"""The reason of the counted sighting's evidence: it is no copy."""
_EXACT, _PLACEHOLDER, _RESIDUAL = (
    EXACTNESS.index(word) for word in ("exact", "placeholder", "residual")
)
_UNPRICED: Final = Price()
_SELECT_CALL: Final = ", ".join(f"c.{column}" for column in CALL_COLUMNS)


class Settler:
    """Settles batches with one writer and one rate book."""

    def __init__(self, writer: Writer, book: RateBook) -> None:
        self.writer = writer
        self.db = writer.db
        self.book = book
        self._sources: dict[int, tuple[str, Source, str]] = {}
        self._rates: dict[str, tuple[int, int]] = {}
        self.kinship = Kinship(self)
        self._rules: tuple[Rule, ...] = rules(self.db)

    def settle(self, batches: Sequence[Batch], now_ms: int) -> Outcome:
        """Stores the batches in one transaction. Batches of one log come in order."""
        try:
            with self.writer.transaction():
                return self._settle(batches, now_ms)
        except BaseException:
            self._sources.clear()
            self._rates.clear()
            self.kinship.forget_members()
            raise

    def _settle(self, batches: Sequence[Batch], now_ms: int) -> Outcome:
        self.writer.stamp = now_ms
        outcome = Outcome()
        by_agent: dict[int, dict[str, dict[int, Seen]]] = defaultdict(dict)
        searched: dict[int, set[str]] = defaultdict(set)
        ledgers: dict[int, set[str]] = defaultdict(set)
        logs: dict[int, set[int]] = defaultdict(set)
        for batch in batches:
            agent = self.writer.name(batch.agent)
            if batch.fresh:
                outcome.not_understood -= self._clear_log(batch)
            log = self._log(agent, batch, now_ms)
            logs[agent].add(log)
            outcome.logs_read += batch.last
            outcome.bytes_read += batch.bytes_read
            outcome.lines += batch.gathered.lines
            sources = [self._source(log, batch.path, voice) for voice in batch.gathered.voices]
            self._hear(by_agent[agent], batch, sources)
            outcome.not_understood += self._misread(log, batch)
            self._facts(agent, log, batch, searched[agent], ledgers[agent])
        for agent, heard in by_agent.items():
            self.settle_agent(agent, heard, searched[agent], ledgers[agent], logs[agent], outcome)
        self._drop_superseded(batches, outcome)
        outcome.copies = self.writer.copies_change()
        return outcome

    def retry_refused(self, now_ms: int) -> Outcome:
        """Counts rows that were refused for their time and are in range by now."""
        rows = self.db.execute(
            "select m.log, m.offset, m.nth, m.body, l.agent, l.path, l.generation, l.parser"
            " from misread m join log l on l.id = m.log where m.body <> x'' and m.at_ms >= ?"
            " and m.at_ms <= max(?, l.mtime_ns / 1000000) + ?",
            (EARLIEST_MS, now_ms, DAY_MS),
        ).fetchall()
        outcome = Outcome()
        if not rows:
            return outcome
        with self.writer.transaction():
            self.writer.stamp = now_ms
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
                source = self._source(log, path, voice)
                evidence = of_sighting(sighting, sighting.at_ms or 0, (offset, length, bits))
                new = Seen(source, generation, parser, evidence)
                self.hear(by_agent[agent], sighting.key, new)
                self.db.execute(
                    "delete from misread where log = ? and offset = ? and nth = ?",
                    (log, offset, nth),
                )
                outcome.not_understood -= 1
            for agent, heard in by_agent.items():
                self.settle_agent(agent, heard, set(heard), set(), logs[agent], outcome)
            outcome.copies = self.writer.copies_change()
        return outcome

    def move_logs(self, moved: Mapping[int, tuple[str, str]], now_ms: int) -> None:
        """Gives logs their new path and root; which sighting is counted depends on paths."""
        self.writer.stamp = now_ms
        with self.writer.transaction():
            self.db.executemany(
                "update log set path = ?, root = ?, gone_ms = null where id = ?",
                [(path, root, log) for log, (path, root) in moved.items()],
            )
            self._sources.clear()
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
        self._drop_forgotten(agent, heard)
        touched = self.resolve_keys(agent, heard, searched, outcome)
        for keys in self.kinship.ties_changed(agent, heard):
            touched |= self.resolve_keys(agent, {key: {} for key in keys}, set(), outcome)
        speakers = {source for by_source in heard.values() for source in by_source}
        touched |= {self.source(number)[1].session for number in speakers}
        settle_ledgers(self, agent, touched | ledgers, outcome)
        self.kinship.families(agent, logs | related)

    def resolve_keys(
        self, agent: int, heard: dict[str, dict[int, Seen]], searched: set[str], outcome: Outcome
    ) -> set[str]:
        """Merges, resolves, prices and stores; gives the sessions whose calls changed."""
        keys = [*heard, *(searched - heard.keys())]
        ids = self._ids(agent, keys)
        stored = self._stored(ids.values())
        before = self._rows(ids.values())
        searches = self._searches(agent, keys) if searched or ids else {}
        sessions: set[str] = set()
        new_rows: list[CallRow] = []
        changed_rows: list[CallRow] = []
        old_rows: list[CallRow] = []
        sightings: list[tuple[object, ...]] = []
        for key in keys:
            new = heard.get(key, {})
            if len(new) == 1 and key not in ids and not self._rules:
                (alone,) = new.values()
                row, session = self._alone(agent, key, alone, searches.get(key, 0), sightings)
                new_rows.append(row)
                sessions.add(session)
                outcome.new += 1
                continue
            seen = merged(stored.get(ids.get(key, 0), {}), new)
            if not seen:
                continue
            call = ids.get(key) or self.writer.new_call_id()
            known = [self._known(s) for s in seen]
            resolved = resolve(known, self.kinship.origin_of(agent))
            if self._is_forgotten(agent, key, resolved):
                continue
            self._place_copies(agent, call, seen, resolved, sightings)
            old = before.get(call)
            row = keep_price(self.call_row(agent, call, key, resolved, searches.get(key, 0)), old)
            if old == row:
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
        self.writer.add_calls(new_rows)
        self.writer.put_calls(changed_rows, old_rows)
        self.db.executemany(
            "insert or replace into sighting (call, source, generation, parser, reason, stream,"
            " reemit, rows, body) values (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            sightings,
        )
        return sessions

    def _alone(
        self, agent: int, key: str, s: Seen, searches: int, sightings: list[tuple[object, ...]]
    ) -> tuple[CallRow, str]:
        """A call that is new and that one source speaks of, which nearly all are.

        Says what `resolve` says of it; gives its session too.
        """
        writer, e = self.writer, s.evidence
        _, source, project = self.source(s.source)
        call = writer.new_call_id()
        continued = e.spots[5::3]
        stream = sum(continued)
        reemit = len(continued) - stream
        if continued:
            writer.add_copies(agent, "stream", stream)
            writer.add_copies(agent, "reemit", reemit)
        sightings.append((call, s.source, s.generation, s.parser, HOME, stream, reemit, 0, pack(e)))
        session = source.origin or source.session
        exactness = _RESIDUAL if e.residual else _EXACT if e.any_final else _PLACEHOLDER
        place = (source.agent_id, e.first_ms, project, e.branch, e.version)
        numbers = (exactness, e.flags, e.window, e.reported_nusd)
        return self._row(agent, call, key, session, place, numbers, e, searches), session

    def call_row(self, agent: int, call: int, key: str, r: Resolved, searches: int) -> CallRow:
        """The row of a resolved call, priced at the rates of its time."""
        place = (r.agent_id, r.at_ms, r.project, r.branch, r.version)
        numbers = (EXACTNESS.index(r.exactness), r.flags, r.window, r.reported_nusd)
        return self._row(agent, call, key, r.session, place, numbers, r.numbers, searches)

    def _row(
        self,
        agent: int,
        call: int,
        key: str,
        session: str,
        place: tuple[str, int, str, str, str],
        numbers: tuple[int, int, int, int | None],
        e: Evidence,
        searches: int,
    ) -> CallRow:
        """`place` is sub-agent, time, project, branch, version; `numbers` are exactness, flags,
        window, reported cost."""
        writer, t = self.writer, e.tokens
        agent_id, at_ms, project, branch, version = place
        exactness, flags, window, reported_nusd = numbers
        web_search = e.web_search or searches
        price = self._price(e.model, at_ms, e.tier, e.geo, t, web_search)
        return CallRow(
            call,
            agent,
            key,
            writer.session(agent, session),
            writer.name(agent_id),
            at_ms,
            writer.name(project),
            writer.name(branch),
            writer.name(version),
            writer.name(e.model),
            price[0],
            TIERS.index(e.tier),
            e.geo,
            exactness,
            flags,
            t.input,
            t.cache_read,
            t.cache_write_5m,
            t.cache_write_1h,
            t.output,
            t.reasoning,
            web_search,
            window,
            *price[1:],
            reported_nusd,
        )

    def priced(self, row: CallRow, model: str) -> CallRow:
        """The row at the rates of its time; `model` is the log's own name."""
        tier = TIERS[row.tier]
        return row.at(self._price(model, row.at_ms, tier, row.geo, row.tokens, row.web_search))

    def _price(
        self, model: str, at_ms: int, tier: Tier, geo: str, tokens: Tokens, web_search: int
    ) -> Price:
        cost = price(
            self.book,
            model=model,
            at_ms=at_ms,
            tier=tier,
            geo=geo,
            tokens=tokens,
            web_search=web_search,
        )
        if cost is None:
            return _UNPRICED
        known = self._rates.get(cost.rate_id)
        if known is None:
            known = self._rate(cost, self.book.rate_for(model, at_ms, tier))
        return Price._make((known[1], known[0], cost.total_nusd, *cost.parts, cost.saved_nusd))

    def _rate(self, cost: Cost, found: Rate | None) -> tuple[int, int]:
        """The numbers of the rate row that priced a call, and of the model that it names."""
        priced_as = self.writer.name(cost.priced_as)
        row = self.db.execute("select id from rate where key = ?", (cost.rate_id,)).fetchone()
        if row is None:
            body = msgspec.json.encode({"book": self.book.version, "rate": found}).decode()
            row = self.db.execute(
                "insert into rate (key, priced_as, body) values (?, ?, ?) returning id",
                (cost.rate_id, priced_as, body),
            ).fetchone()
        known = self._rates[cost.rate_id] = (int(row[0]), priced_as)
        return known

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

    def _ids(self, agent: int, keys: Sequence[str]) -> dict[str, int]:
        found = self.db.execute(
            "select c.key, c.id from json_each(?) j join call c on c.key = j.value and c.agent = ?",
            (json.dumps(keys), agent),
        )
        return dict(found.fetchall())

    def _stored(self, calls: Iterable[int]) -> dict[int, dict[int, Seen]]:
        found: dict[int, dict[int, Seen]] = defaultdict(dict)
        wanted = json.dumps(list(calls))
        for call, source, generation, parser, reason, stream, reemit, rows, body in self.db.execute(
            "select s.call, s.source, s.generation, s.parser, s.reason, s.stream, s.reemit, s.rows,"
            " s.body from json_each(?) j join sighting s on s.call = j.value",
            (wanted,),
        ):
            found[call][source] = Seen(
                source, generation, parser, unpack(body), reason, stream, reemit, rows, stored=True
            )
        return found

    def _rows(self, calls: Iterable[int]) -> dict[int, CallRow]:
        found = self.db.execute(
            f"select {_SELECT_CALL} from json_each(?) j join call c on c.id = j.value",
            (json.dumps(list(calls)),),
        )
        return {row[0]: CallRow(*row) for row in found}

    def _searches(self, agent: int, keys: Sequence[str]) -> dict[str, int]:
        del agent
        counts: dict[str, dict[str, int]] = defaultdict(dict)
        for key, body in self.db.execute(
            "select f.subject, f.body from json_each(?) j"
            " join fact f on f.kind = 'search' and f.subject = j.value",
            (json.dumps(keys),),
        ):
            searches = facts.decode_searches(body)
            by_use = counts[key]
            by_use[searches.tool_use] = max(searches.count, by_use.get(searches.tool_use, 0))
        return {key: sum(by_use.values()) for key, by_use in counts.items()}

    def _known(self, s: Seen) -> Known:
        path, source, project = self.source(s.source)
        return Known(path, source, project, s.evidence)

    def source(self, number: int) -> tuple[str, Source, str]:
        """Path, voice and project of a stored source."""
        known = self._sources.get(number)
        if known is None:
            path, kind, session, origin, agent_id, project = self.db.execute(
                "select l.path, s.kind, s.session, s.origin, s.agent_id, p.text from source s"
                " join log l on l.id = s.log join name p on p.id = s.project where s.id = ?",
                (number,),
            ).fetchone()
            known = (path, Source(KINDS[int(kind)], session, origin, agent_id), project)
            self._sources[number] = known
        return known

    def source_like(self, number: int, voice: Source) -> int:
        """The source of the same log with another voice."""
        path, _, project = self.source(number)
        log, agent_type = self.db.execute(
            "select log, agent_type from source where id = ?", (number,)
        ).fetchone()
        place = (voice.kind, voice.session, voice.origin, voice.agent_id)
        return self._source(log, path, Voice(*place, agent_type, project))

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

    def _log(self, agent: int, batch: Batch, now_ms: int) -> int:
        """Writes the log's row with its checkpoint; gives its number."""
        c, s = batch.checkpoint, batch.stat
        size, mtime = (s.size, s.mtime_ns) if batch.last and batch.complete else (c.mark.offset, 0)
        row = self.db.execute(
            "insert into log (agent, path, root, device, inode, size, mtime_ns, offset, head, tail,"
            " generation, parser, state, open_key, lines, version, problem, gone_ms, read_ms)"
            " values (?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12,?13,?14,?15,?16,'',null,?17)"
            " on conflict (path) do update set agent = ?1, root = ?3, device = ?4, inode = ?5,"
            " size = ?6, mtime_ns = ?7, offset = ?8, head = ?9, tail = ?10, generation = ?11,"
            " parser = ?12, state = ?13, open_key = ?14,"
            " lines = iif(?18, 0, lines) + ?15, version = iif(?16 = '', version, ?16),"
            " problem = '', gone_ms = null, read_ms = ?17 returning id",
            (
                agent,
                batch.path,
                batch.root,
                s.device,
                s.inode,
                size,
                mtime,
                c.mark.offset,
                c.mark.head,
                c.mark.tail,
                c.generation,
                c.parser,
                c.state,
                c.open_key,
                batch.gathered.lines,
                batch.gathered.version,
                now_ms,
                batch.fresh,
            ),
        ).fetchone()
        return int(row[0])

    def _clear_log(self, batch: Batch) -> int:
        """A log that is read from its first byte again: what it said beside calls is said again.

        Gives how many values had not been understood.
        """
        row = self.db.execute("select id from log where path = ?", (batch.path,)).fetchone()
        if row is None:
            return 0
        self.db.execute("delete from run where log = ?", row)
        self.db.execute("delete from fact where log = ? and kind = 'thread'", row)
        self.kinship.forget_members()
        return self.db.execute("delete from misread where log = ?", row).rowcount

    def _source(self, log: int, path: str, voice: Voice) -> int:
        kind = KINDS.index(voice.kind)  # type: ignore[arg-type]
        place = (log, kind, voice.session, voice.origin, voice.agent_id)
        row = self.db.execute(
            "select s.id, p.text, s.agent_type from source s join name p on p.id = s.project"
            " where log = ? and kind = ? and session = ? and origin = ? and agent_id = ?",
            place,
        ).fetchone()
        if row is None:
            row = self.db.execute(
                "insert into source (log, kind, session, origin, agent_id, agent_type, project)"
                " values (?, ?, ?, ?, ?, ?, ?) returning id",
                (*place, voice.agent_type, self.writer.name(voice.project)),
            ).fetchone()
            project = voice.project
        else:
            project = row[1]
            if voice.agent_type and not row[2]:
                self.db.execute(
                    "update source set agent_type = ? where id = ?", (voice.agent_type, row[0])
                )
        number = int(row[0])
        source = Source(KINDS[kind], voice.session, voice.origin, voice.agent_id)
        self._sources[number] = (path, source, project)
        return number

    def _hear(
        self, heard: dict[str, dict[int, Seen]], batch: Batch, sources: Sequence[int]
    ) -> None:
        generation, parser = batch.checkpoint.generation, batch.checkpoint.parser
        for one in batch.gathered.heard:
            self.hear(heard, one.key, Seen(sources[one.voice], generation, parser, one.evidence))

    def _misread(self, log: int, batch: Batch) -> int:
        count = 0
        for m in batch.gathered.misread:
            found = self.db.execute(
                "insert into misread (log, offset, nth, version, shape, at_ms, body)"
                " values (?, ?, ?, ?, ?, ?, ?) on conflict do nothing",
                (log, m.offset, m.nth, m.version, m.shape, m.at_ms, m.refused),
            )
            count += found.rowcount
        return count

    def _facts(
        self, agent: int, log: int, batch: Batch, searched: set[str], ledgers: set[str]
    ) -> None:
        for f in batch.gathered.facts:
            if f.kind == "limit":
                self._limit(agent, f.subject, f.at_ms or 0, facts.decode_limit(f.body))
                continue
            if f.latest:
                self.db.execute(
                    "delete from fact where log = ? and kind = ? and subject = ? and offset < ?",
                    (log, f.kind, f.subject, f.offset),
                )
            self.db.execute(
                "insert or replace into fact (log, kind, subject, offset, length, at_ms, body)"
                " values (?, ?, ?, ?, ?, ?, ?)",
                (log, f.kind, f.subject, f.offset, f.length, f.at_ms, f.body),
            )
            if f.kind == "search":
                searched.add(f.subject)
            elif f.kind == "thread":
                self.kinship.forget_members(agent)
            elif f.kind == "ledger":
                ledgers.add(f.subject)
        self.db.executemany(
            "insert or replace into run (log, offset, at_ms, key) values (?, ?, ?, ?)",
            [(log, r.offset, r.at_ms, r.key) for r in batch.gathered.runs],
        )

    def _limit(self, agent: int, name: str, at_ms: int, limit: facts.Limit) -> None:
        self.db.execute(
            "insert into limit_seen"
            " (agent, name, used_percent, window_minutes, resets_ms, as_of_ms)"
            " values (?, ?, ?, ?, ?, ?) on conflict (agent, name) do update set"
            " used_percent = excluded.used_percent, window_minutes = excluded.window_minutes,"
            " resets_ms = excluded.resets_ms, as_of_ms = excluded.as_of_ms"
            " where excluded.as_of_ms >= as_of_ms",
            (agent, name, limit.used_percent, limit.window_minutes, limit.resets_ms, at_ms),
        )

    def _drop_forgotten(self, agent: int, heard: dict[str, dict[int, Seen]]) -> None:
        """Takes out what the user has told us to forget."""
        if not self._rules:
            return
        for key in [key for key in heard if self.is_tombstone(agent, key)]:
            del heard[key]

    def is_tombstone(self, agent: int, key: str) -> bool:
        """Whether a call of this key, or the ledger of this session, is forgotten for good."""
        return bool(self._rules) and (
            self.db.execute(
                "select 1 from forgotten_call where agent = ? and key = ?", (agent, digest(key))
            ).fetchone()
            is not None
        )

    def _is_forgotten(self, agent: int, key: str, r: Resolved) -> bool:
        """Whether a rule holds for a call that a log brings up; it is not asked for again."""
        if not any(rule.holds(r.at_ms, r.project) for rule in self._rules):
            return False
        self.db.execute(
            "insert or ignore into forgotten_call (agent, key) values (?, ?)", (agent, digest(key))
        )
        return True

    def rules_changed(self) -> None:
        """Something was forgotten, or a rollback undid it."""
        self._rules = rules(self.db)
        self._sources.clear()
        self._rates.clear()

    def _drop_superseded(self, batches: Sequence[Batch], outcome: Outcome) -> None:
        """After a log was read whole by a newer parser: what only the older one saw goes."""
        for batch in batches:
            if not batch.last:
                continue
            stale = self.db.execute(
                "select s.call, s.source, c.agent from log l join source o on o.log = l.id"
                " join sighting s on s.source = o.id join call c on c.id = s.call"
                " where l.path = ? and s.generation = l.generation and s.parser < l.parser"
                " and o.kind <> ?",
                (batch.path, KINDS.index("ledger")),
            ).fetchall()
            for call, source, agent in stale:
                self.drop_sighting(agent, call, source, outcome)

    def drop_sighting(self, agent: int, call: int, source: int, outcome: Outcome) -> None:
        """Takes one piece of evidence out; a call without any goes too."""
        seen = self._stored([call])[call]
        gone = seen.pop(source, None)
        if gone is None:
            return
        self._count_copies(agent, gone, -1)
        self.db.execute("delete from sighting where call = ? and source = ?", (call, source))
        row = self._rows([call]).get(call)
        if row is None:
            return
        if seen:
            self.resolve_keys(agent, {row.key: {}}, set(), outcome)
        else:
            self.writer.drop_calls([row])
            outcome.new -= 1
