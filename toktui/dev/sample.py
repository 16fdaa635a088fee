"""Made-up work of agents, in the shape of their logs, settled into a store by the real pipeline.

For tests and pictures: everything is seeded and hangs on one given instant.
"""

from __future__ import annotations

import json
import os
import random
import sqlite3
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from toktui.clock import iso

if TYPE_CHECKING:
    from pathlib import Path

    from toktui.pricing.rates import RateBook

MINUTE: Final = 60_000
DAY: Final = 24 * 60 * MINUTE
WEEK: Final = 7 * DAY


@dataclass
class Conversation:
    """One Claude Code log that is being written: each turn reads what the turns before cached."""

    home: Path
    session: str
    project: str
    model: str = "claude-opus-5-5"
    branch: str = "main"
    agent_id: str = ""
    agent_type: str = ""
    long_cache: bool = False
    rng: random.Random = field(default_factory=lambda: random.Random(7))
    context: int = 18_000
    lines: list[str] = field(default_factory=list)
    turns: int = 0

    @property
    def path(self) -> Path:
        """Where the agent would put it."""
        slug = "".join(c if c.isascii() and c.isalnum() else "-" for c in self.project)[:60]
        folder = self.home / ".claude/projects" / slug
        if self.agent_id:
            return folder / self.session / "subagents" / f"agent-{self.agent_id}.jsonl"
        return folder / f"{self.session}.jsonl"

    def turn(
        self, at_ms: int, *, grows: int | None = None, cold: bool = False, output: int | None = None
    ) -> None:
        """One response; `cold` writes the whole context anew."""
        self.turns += 1
        grows = self.rng.randint(400, 3_200) if grows is None else grows
        output = self.rng.randint(60, 1_400) if output is None else output
        written = self.context + grows if cold or self.turns == 1 else grows
        read = 0 if cold or self.turns == 1 else self.context
        self.context += grows
        usage = {
            "input_tokens": self.rng.randint(3, 12),
            "cache_read_input_tokens": read,
            "cache_creation_input_tokens": written,
            "cache_creation": {
                "ephemeral_5m_input_tokens": 0 if self.long_cache else written,
                "ephemeral_1h_input_tokens": written if self.long_cache else 0,
            },
            "output_tokens": output,
        }
        number = f"{self.session[:8]}{self.agent_id[:4]}{self.turns:06d}".replace("-", "")
        row = {
            "type": "assistant",
            "uuid": f"u-{number}",
            "sessionId": self.session,
            "timestamp": iso(at_ms),
            "cwd": self.project,
            "gitBranch": self.branch,
            "version": "2.1.330",
            "isSidechain": bool(self.agent_id),
            "message": {
                "id": f"msg_01{number:0>20}",
                "model": self.model,
                "role": "assistant",
                "stop_reason": "tool_use",
                "usage": usage,
                "content": [{"type": "text", "text": "."}],
            },
        }
        if self.agent_id:
            row |= {"agentId": self.agent_id, "attributionAgent": self.agent_type}
        self.lines.append(json.dumps(row))

    def work(self, start_ms: int, end_ms: int, *, pace_ms: int = 25_000) -> None:
        """Turns from `start_ms` to `end_ms`, about `pace_ms` apart."""
        at_ms = start_ms
        while at_ms <= end_ms:
            self.turn(at_ms)
            if self.context > 168_000:
                self.context = 21_000
            at_ms += round(pace_ms * self.rng.uniform(0.4, 1.8))

    def write(self, mtime_ms: int | None = None) -> None:
        """Puts the log into the home, last changed at `mtime_ms`."""
        _write(self.path, self.lines, mtime_ms)


@dataclass
class Thread:
    """One Codex log that is being written, with running totals and the limits of the plan."""

    home: Path
    thread: str
    project: str
    model: str = "gpt-5.5"
    window: int = 272_000
    parent: str = ""
    rng: random.Random = field(default_factory=lambda: random.Random(11))
    context: int = 14_000
    lines: list[str] = field(default_factory=list)
    totals: list[int] = field(default_factory=lambda: [0, 0, 0])

    @property
    def path(self) -> Path:
        """Where the agent would put it."""
        return (
            self.home
            / ".codex/sessions/2026/11/22"
            / f"rollout-2026-11-22T00-00-00-{self.thread}.jsonl"
        )

    def start(self, at_ms: int) -> None:
        """The rows before the first response."""
        meta: dict[str, object] = {
            "id": self.thread,
            "session_id": self.thread,
            "timestamp": iso(at_ms),
            "cwd": self.project,
            "originator": "codex-tui",
            "cli_version": "0.169.0",
            "git": {"branch": "main"},
        }
        if self.parent:
            meta |= {
                "parent_thread_id": self.parent,
                "thread_source": "subagent",
                "source": {"subagent": {"thread_spawn": {"parent_thread_id": self.parent}}},
            }
        self._row(at_ms, "session_meta", meta)
        self._row(
            at_ms, "turn_context", {"turn_id": "t1", "cwd": self.project, "model": self.model}
        )

    def turn(
        self,
        at_ms: int,
        *,
        used_percent: float = 31.0,
        resets_ms: int | None = None,
        week: tuple[float, int] | None = None,
    ) -> None:
        """One response; `week` is how much of the week's window is used, and when it ends."""
        grows = self.rng.randint(600, 5_000)
        cached = self.context if self.totals[0] else 0
        self.context += grows
        output = self.rng.randint(80, 1_500)
        for index, count in enumerate((self.context, cached, output)):
            self.totals[index] += count
        reset = (resets_ms or at_ms + 3 * 3_600_000) // 1000
        week_used, week_ends_ms = week or (used_percent / 2, (reset + 3 * 86_400) * 1000)
        info = {
            "total_token_usage": _codex_usage(*self.totals),
            "last_token_usage": _codex_usage(self.context, cached, output),
            "model_context_window": self.window,
        }
        limits = {
            "limit_id": "codex",
            "plan_type": "pro",
            "primary": {"used_percent": used_percent, "window_minutes": 300, "resets_at": reset},
            "secondary": {
                "used_percent": week_used,
                "window_minutes": 10_080,
                "resets_at": week_ends_ms // 1000,
            },
        }
        self._row(at_ms, "event_msg", {"type": "token_count", "info": info, "rate_limits": limits})

    def work(
        self, start_ms: int, end_ms: int, *, pace_ms: int = 40_000, used: float = 31.0
    ) -> None:
        """Turns from `start_ms` to `end_ms`, about `pace_ms` apart."""
        self.start(start_ms)
        at_ms = start_ms
        while at_ms <= end_ms:
            self.turn(at_ms, used_percent=used, resets_ms=end_ms + 2 * 3_600_000)
            at_ms += round(pace_ms * self.rng.uniform(0.4, 1.8))

    def work_in_windows(
        self, start_ms: int, end_ms: int, *, used: float, week_ends_ms: int, pace_ms: int = 40_000
    ) -> None:
        """As `work`, in a window of five hours that begins now and is filled up to `used`, and in
        weeks one of which ends at `week_ends_ms`."""
        self.start(start_ms)
        at_ms = start_ms
        while at_ms <= end_ms:
            done = (at_ms - start_ms) / max(1, end_ms - start_ms)
            back = (week_ends_ms - at_ms) // WEEK
            elapsed = 1 - (week_ends_ms - back * WEEK - at_ms) / WEEK
            share = elapsed * (38 + back * 37 % 60)
            self.turn(
                at_ms,
                used_percent=round(2 + done * used),
                resets_ms=start_ms + 5 * 3_600_000,
                week=(round(share), week_ends_ms - back * WEEK),
            )
            at_ms += round(pace_ms * self.rng.uniform(0.4, 1.8))

    def write(self, mtime_ms: int | None = None) -> None:
        """Puts the log into the home, last changed at `mtime_ms`."""
        _write(self.path, self.lines, mtime_ms)

    def _row(self, at_ms: int, kind: str, payload: dict[str, object]) -> None:
        self.lines.append(json.dumps({"timestamp": iso(at_ms), "type": kind, "payload": payload}))


def _codex_usage(prompt: int, cached: int, output: int) -> dict[str, int]:
    return {
        "input_tokens": prompt,
        "cached_input_tokens": cached,
        "output_tokens": output,
        "reasoning_output_tokens": output // 3,
        "total_tokens": prompt + output,
    }


def _write(path: Path, lines: list[str], mtime_ms: int | None) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(f"{line}\n" for line in lines))
    if mtime_ms is not None:
        os.utime(path, (mtime_ms / 1000, mtime_ms / 1000))


def busy_afternoon(home: Path, now_ms: int) -> None:
    """Four weeks of work, and an hour in which several agents are at it."""

    def ago(minutes: float) -> int:
        return round(now_ms - minutes * MINUTE)

    _weeks(home, now_ms)
    shop = Conversation(home, _uuid(1), "/home/dev/shop-api", branch="orders", context=42_000)
    shop.work(ago(58), ago(31))
    shop.work(ago(26), ago(0.2), pace_ms=17_000)
    shop.write(ago(0.05))
    for number, (kind, minutes) in enumerate((("explorer", 9), ("explorer", 8), ("reviewer", 4))):
        sub = Conversation(
            home,
            _uuid(1),
            "/home/dev/shop-api",
            model="claude-haiku-4-5",
            agent_type=kind,
            agent_id=f"ab{number}2cd34",
            rng=random.Random(number),
            context=9_000,
        )
        sub.work(ago(minutes), ago(1.2 + number / 2), pace_ms=14_000)
        sub.write(ago(1.2))
    infra = Conversation(
        home,
        _uuid(2),
        "/home/dev/infra",
        model="claude-sonnet-4-5-20250929",
        context=96_000,
        rng=random.Random(3),
    )
    infra.work(ago(49), ago(22), pace_ms=31_000)
    infra.turn(ago(4.4), cold=True)
    infra.turn(ago(4.25))
    infra.write(ago(4.25))
    web = Thread(home, _uuid(3), "/home/dev/web")
    web.work(ago(44), ago(0.6), used=58.0)
    web.write(ago(0.4))
    child = Thread(home, _uuid(4), "/home/dev/web", parent=_uuid(3), rng=random.Random(5))
    child.work(ago(7), ago(1.5), pace_ms=22_000, used=58.0)
    child.write(ago(1.4))
    docs = Conversation(
        home,
        _uuid(5),
        "/home/dev/docs",
        model="house-model-7b",
        rng=random.Random(9),
        context=31_000,
    )
    docs.work(ago(29), ago(18), pace_ms=50_000)
    docs.write(ago(18))
    notes = Conversation(
        home,
        _uuid(6),
        "/home/dev/notes",
        model="claude-opus-5-5",
        long_cache=True,
        rng=random.Random(21),
        context=55_000,
    )
    notes.work(ago(53), ago(37), pace_ms=40_000)
    notes.write(ago(37))


def _weeks(home: Path, now_ms: int) -> None:
    """One or two sessions on each of the last thirty days."""
    projects = ("shop-api", "web", "infra", "docs", "notes", "billing")
    for day in range(1, 31):
        rng = random.Random(day)
        for part in range(rng.randint(1, 3)):
            project = f"/home/dev/{rng.choice(projects)}"
            start = now_ms - day * DAY - rng.randint(0, 7) * 60 * MINUTE - part * 20 * MINUTE
            if rng.random() < 0.3:
                thread = Thread(home, _uuid(1000 + day * 10 + part), project, rng=rng)
                thread.work_in_windows(
                    start,
                    start + rng.randint(20, 90) * MINUTE,
                    used=12 + (day * 37 + part * 23) % 84,
                    week_ends_ms=now_ms - round(0.6 * MINUTE) + 2 * 60 * MINUTE + 3 * DAY,
                )
                thread.write(start + 90 * MINUTE)
                continue
            model = rng.choice(("claude-opus-5-5", "claude-sonnet-4-5-20250929", "claude-opus-4-6"))
            work = Conversation(
                home,
                _uuid(1000 + day * 10 + part),
                project,
                model=model,
                rng=rng,
                context=rng.randint(12_000, 60_000),
                branch=rng.choice(("main", "orders", "fix/tax")),
            )
            work.work(start, start + rng.randint(20, 140) * MINUTE, pace_ms=28_000)
            work.write(start + 140 * MINUTE)


def a_year(home: Path, now_ms: int) -> None:
    """What was before the last four weeks: a session on most working days, more and more of them,
    with a holiday in summer."""
    projects = ("shop-api", "web", "infra", "docs", "notes", "billing")
    week_ends_ms = now_ms - round(0.6 * MINUTE) + 2 * 60 * MINUTE + 3 * DAY
    for day in range(31, 362):
        rng = random.Random(10_000 + day)
        weekend = (day - 1) % 7 in (0, 6)
        if 96 <= day <= 118 or rng.random() < (0.82 if weekend else 0.2 + day / 700):
            continue
        start = now_ms - day * DAY - rng.randint(0, 5) * 60 * MINUTE
        end = start + rng.randint(6, 34) * MINUTE
        project = f"/home/dev/{rng.choice(projects)}"
        if rng.random() < 0.3:
            thread = Thread(home, _uuid(20_000 + day), project, rng=rng)
            used = 12 + day * 37 % 84
            thread.work_in_windows(
                start, end, used=used, week_ends_ms=week_ends_ms, pace_ms=70_000
            )
            thread.write(end)
            continue
        model = rng.choice(("claude-opus-4-6", "claude-sonnet-4-5-20250929", "claude-opus-4-6"))
        work = Conversation(
            home,
            _uuid(20_000 + day),
            project,
            model=model,
            rng=rng,
            context=rng.randint(12_000, 60_000),
            branch=rng.choice(("main", "orders", "fix/tax")),
        )
        work.work(start, end, pace_ms=70_000)
        work.write(end)


def _uuid(number: int) -> str:
    return f"{(number * 2654435761) % 2**32:08x}-0000-4000-8000-{number:012d}"


def absurd_work(home: Path, now_ms: int) -> None:
    """Names that want to be markup, fill the line or reorder it; counts of trillions."""
    names = (
        "[bold red]x[/] [link=http://a.invalid]y",
        "漢字の名前のとても長いプロジェクト名前名前名前",
        "a" * 300,
        "\u202eevil\u202c",
        "\x1b[31mred\x1b[0m",
        "e\u0301\u0301\u0301\u0301\u0301\u0301",
        "]",
        "$",
    )
    for number, name in enumerate(names):
        log = Conversation(
            home,
            _uuid(50 + number),
            f"/w/{name}",
            model=name or "x",
            branch=name,
            context=10 ** min(14, number * 2 + 1),
            rng=random.Random(number),
        )
        log.turn(now_ms - 40_000 - number * 1000, output=10**9)
        log.turn(now_ms - 2_000 - number * 1000, output=number)
        log.write(now_ms - 1000)
    huge = Conversation(home, _uuid(70), "/w/huge", context=3 * 10**12)
    huge.turn(now_ms - 10_000, output=5 * 10**9)
    huge.write(now_ms - 500)


def settle_home(home: Path, store: Path, book: RateBook, now_ms: int) -> None:
    """Reads every log of the home into the store, as the program does."""
    from toktui.config import Config
    from toktui.ingest.discover import find_logs, roots
    from toktui.ingest.reading import Checkpoint, read_log
    from toktui.ingest.settle import Settler
    from toktui.store.connect import connect_writer
    from toktui.store.migrate import migrate
    from toktui.store.writer import Writer

    store.parent.mkdir(parents=True, exist_ok=True)
    db = connect_writer(store)
    try:
        migrate(db)
        settler = Settler(Writer(db), book)
        batches = [
            batch
            for log in find_logs(roots(Config(), home, {})).logs
            for batch in read_log(log.agent, log.path, log.root, Checkpoint(), now_ms)
        ]
        if batches:
            settler.settle(batches, now_ms)
    finally:
        db.close()


def move_home(store: Path, home: Path) -> None:
    """Makes the store one of `/home/dev`, whose bytes do not tell how long the real path was."""
    db = sqlite3.connect(store)
    with db:
        for column in ("path", "root"):
            db.execute(
                f"update log set {column} = replace({column}, ?, '/home/dev')", (str(home),)
            )
    db.execute("vacuum")
    db.close()


_SUBJECTS: Final[tuple[str, ...]] = (
    "Orders can be split", "Cart keeps its place after a reload", "Search forgives typing errors",
    "Retry what the provider refused", "Invoices in the customer's language",
    "Migrate sessions to the new store", "A page for each supplier", "Faster first paint",
)


def settle_outcomes(store: Path, now_ms: int) -> None:
    """Puts changes into the store that landed in repositories, without a repository:
    made by the sessions there, with a reason of each kind."""
    from toktui.outcomes.attribution import Link, Reason
    from toktui.outcomes.chain import Commit
    from toktui.outcomes.found import Findings, Found, row_of
    from toktui.outcomes.keeping import keep
    from toktui.outcomes.landed import Change, Kind
    from toktui.outcomes.repository import Repository
    from toktui.outcomes.sizes import Extent
    from toktui.store.connect import connect_writer

    kinds: tuple[Kind, ...] = ("merge", "squash", "push")
    reasons: dict[Kind, tuple[Reason, ...]] = {
        "merge": ("merged", "branch"), "squash": ("squashed", "only_branch"),
        "push": ("committed", "time", "same_patch"),
    }  # fmt: skip
    rng = random.Random(4)
    db = connect_writer(store)
    try:
        found: list[Found] = []
        rows = db.execute(
            "select p.id, p.text, s.id, s.last_ms from session s join name p on p.id = s.project"
            " where s.last_ms < ? order by s.last_ms", (now_ms - 3_600_000,)
        ).fetchall()  # fmt: skip
        places: set[tuple[int, str]] = {(number, text) for number, text, _, _ in rows if text}
        for project, folder in sorted(places):
            changes: list[Change] = []
            links: list[Link] = []
            for at, (_, _, session, last_ms) in enumerate(r for r in rows if r[0] == project):
                if at % 4 == 3:
                    continue
                name = f"{rng.getrandbits(160):040x}"
                at_ms = last_ms + 600_000
                commit = Commit(
                    hash=name, tree=name, parents=("p",), author_ms=at_ms, at_ms=at_ms,
                    emails=frozenset(), subject=rng.choice(_SUBJECTS),
                )  # fmt: skip
                gone = at_ms + 86_400_000 if at % 9 == 4 else None
                changes.append(Change(
                    hash=name, before="p", commits=(commit,), kind=kinds[at % 3],
                    branch="orders" if at % 3 == 0 else "", reverted_ms=gone,
                    reverted_by=name[::-1] if gone else "",
                ))  # fmt: skip
                if at % 5 != 4:
                    known = reasons[kinds[at % 3]]
                    links.append(Link(session, name, known[at // 3 % len(known)]))
            landed = tuple(
                row_of(c, Extent(rng.randint(1, 12), round(4 * 2 ** rng.uniform(0, 9))))
                for c in changes
            )
            repository = Repository(
                place=f"{folder}/.git", folder=folder, ref="refs/remotes/origin/main",
                tip=changes[-1].hash if changes else "", upstream=True, shallow=False,
                emails=frozenset({"mira@example.com"}),
            )  # fmt: skip
            found.append(Found(repository, (project,), landed, tuple(links)))
        db.execute("begin")
        keep(db, Findings(tuple(found)))
        db.execute("commit")
    finally:
        db.close()
