"""Whatever happens to logs, the store keeps every call that ever stood complete in one, once.

A model beside the store holds what each log contains now and what was complete when the program
looked; after each look both must agree.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from tests.properties.lab import WRITTEN_NS, Lab, wrong_sums
from tests.properties.worlds import OWN_WORLDS, claude_row, lines, record, session_meta, stamp

_THREAD = "019a8f00-0000-7000-8000-000000000001"
_SLOTS = st.integers(0, 3)


class TailModel(RuleBasedStateMachine):
    """Four places for logs of one agent; `agent` is set by a subclass."""

    agent = ""

    @initialize()
    def begin(self) -> None:
        self.base = Path(tempfile.mkdtemp(prefix="toktui-tail-"))
        self.home = self.base / "home"
        for slot in (0, 3):
            self.path(slot).parent.mkdir(parents=True, exist_ok=True)
        self.lab = Lab(self.home, now_ms=WRITTEN_NS // 1_000_000 + 1_000)
        self.made = 0
        self.written = 0
        self.logs: dict[Path, list[tuple[bytes, frozenset[int]]]] = {}
        """Lines of each log that is there, with the calls that each holds when it is complete."""
        self.halves: dict[Path, tuple[bytes, bytes, frozenset[int]]] = {}
        """Logs that end in half a line: its head, its rest and what both are together."""
        self.kept: set[int] = set()
        self.looked = True

    def teardown(self) -> None:
        if hasattr(self, "lab"):
            self.lab.close()
            shutil.rmtree(self.base)

    # ---- lines and places ----

    def path(self, slot: int) -> Path:
        if self.agent == "claude-code":
            return self.home / f".claude/projects/-w/{slot:08x}-0000-4000-8000-000000000000.jsonl"
        folder = "sessions/2026/11/20" if slot < 3 else "archived_sessions"
        return self.home / f".codex/{folder}/rollout-2026-11-20T09-00-0{slot}-{_THREAD}.jsonl"

    def call(self) -> tuple[bytes, int]:
        self.made += 1
        n = self.made
        if self.agent == "claude-code":
            row = claude_row(f"msg_01{n:022d}", "", stamp(n % 50), output=n)
        else:
            row = record(stamp(n % 50), _THREAD, f"resp_{n}", n)
        return lines([row]), n

    def stored(self) -> dict[str, int]:
        return dict(self.lab.db.execute("select key, output from call"))

    def key(self, n: int) -> str:
        return f"msg_01{n:022d}" if self.agent == "claude-code" else f"resp_{n}"

    def fresh_lines(self, count: int) -> list[tuple[bytes, frozenset[int]]]:
        head = []
        if self.agent == "codex":
            head = [(lines([session_meta(stamp(0), _THREAD)]), frozenset[int]())]
        made = [self.call() for _ in range(count)]
        return head + [(line, frozenset({n})) for line, n in made]

    def put(self, path: Path, *, replace: bool = False) -> None:
        """Writes what the model says a log holds."""
        data = b"".join(line for line, _ in self.logs[path])
        if path in self.halves:
            data += self.halves[path][0]
        path.parent.mkdir(parents=True, exist_ok=True)
        target = path.with_name(path.name + ".tmp") if replace else path
        target.write_bytes(data)
        if replace:
            target.replace(path)
        self.touch(path)

    def touch(self, path: Path) -> None:
        self.written += 1
        at = WRITTEN_NS + self.written * 1_000_000
        os.utime(path, ns=(at, at))
        self.looked = False

    def add(self, path: Path, data: bytes) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("ab") as log:
            log.write(data)
        self.touch(path)

    def a_log(self, slot: int) -> Path | None:
        path = self.path(slot)
        return path if path in self.logs else None

    # ---- what agents do to their logs ----

    @rule(slot=_SLOTS, count=st.integers(1, 3))
    def append(self, slot: int, count: int) -> None:
        path = self.path(slot)
        if path in self.halves:
            return
        new = self.fresh_lines(count) if path not in self.logs else []
        if not new:
            new = [(line, frozenset({n})) for line, n in (self.call() for _ in range(count))]
        self.logs.setdefault(path, []).extend(new)
        self.add(path, b"".join(line for line, _ in new))

    @rule(slot=_SLOTS, share=st.floats(0.01, 0.99))
    def append_half_a_line(self, slot: int, share: float) -> None:
        path = self.a_log(slot)
        if path is None or path in self.halves:
            return
        line, n = self.call()
        cut = max(1, int(share * len(line)))
        self.halves[path] = (line[:cut], line[cut:], frozenset({n}))
        self.add(path, line[:cut])

    @rule(slot=_SLOTS)
    def complete_it(self, slot: int) -> None:
        path = self.path(slot)
        if path not in self.halves:
            return
        head, rest, calls = self.halves.pop(path)
        self.logs[path].append((head + rest, calls))
        self.add(path, rest)

    @rule(slot=_SLOTS)
    def crash_and_go_on_behind_half_a_line(self, slot: int) -> None:
        path = self.path(slot)
        if path not in self.halves:
            return
        head, rest, _ = self.halves.pop(path)
        line, n = self.call()
        whole = frozenset({n}) if rest == b"\n" else frozenset[int]()
        if rest == b"\n":
            whole |= {n - 1} if self.key(n - 1) in head.decode() else set()
        self.logs[path].append((head + line, whole))
        self.add(path, line)

    @rule(slot=_SLOTS)
    def glue(self, slot: int) -> None:
        path = self.a_log(slot)
        if path is None or path in self.halves:
            return
        (one, n), (other, m) = self.call(), self.call()
        glued = one.rstrip(b"\n") + other
        self.logs[path].append((glued, frozenset({n, m})))
        self.add(path, glued)

    @rule(slot=_SLOTS)
    def truncate_in_place(self, slot: int) -> None:
        path = self.a_log(slot)
        if path is None:
            return
        self.logs[path] = []
        self.halves.pop(path, None)
        os.truncate(path, 0)
        self.touch(path)

    @rule(slot=_SLOTS, other=_SLOTS)
    def copy_and_truncate(self, slot: int, other: int) -> None:
        path, copy = self.a_log(slot), self.path(other)
        if path is None or copy == path or path in self.halves:
            return
        self.logs[copy] = list(self.logs[path])
        self.halves.pop(copy, None)
        self.put(copy)
        self.truncate_in_place(slot)

    @rule(slot=_SLOTS, count=st.integers(0, 6), replace=st.booleans())
    def rewrite(self, slot: int, count: int, *, replace: bool) -> None:
        path = self.a_log(slot)
        if path is None:
            return
        self.halves.pop(path, None)
        self.logs[path] = self.fresh_lines(count)
        self.put(path, replace=replace)

    @rule(slot=_SLOTS, dropped=st.integers(1, 3), replace=st.booleans())
    def drop_early_rows(self, slot: int, dropped: int, *, replace: bool) -> None:
        path = self.a_log(slot)
        if path is None:
            return
        first = 1 if self.agent == "codex" else 0
        del self.logs[path][first : first + dropped]
        self.put(path, replace=replace)

    @rule(slot=_SLOTS)
    def delete(self, slot: int) -> None:
        path = self.a_log(slot)
        if path is None:
            return
        del self.logs[path]
        self.halves.pop(path, None)
        path.unlink()
        self.looked = False

    @rule(slot=_SLOTS, other=_SLOTS)
    def move(self, slot: int, other: int) -> None:
        path, target = self.a_log(slot), self.path(other)
        if path is None or target in self.logs:
            return
        target.parent.mkdir(parents=True, exist_ok=True)
        path.rename(target)
        self.logs[target] = self.logs.pop(path)
        if path in self.halves:
            self.halves[target] = self.halves.pop(path)
        self.looked = False

    @rule(slot=_SLOTS, other=_SLOTS, count=st.integers(1, 6))
    def delete_and_make_another_with_its_inode(self, slot: int, other: int, count: int) -> None:
        path, target = self.a_log(slot), self.path(other)
        if path is None or target in self.logs:
            return
        del self.logs[path]
        self.halves.pop(path, None)
        target.parent.mkdir(parents=True, exist_ok=True)
        path.rename(target)
        self.logs[target] = self.fresh_lines(count)
        self.put(target)

    # ---- what the program does ----

    def remember(self) -> None:
        for held in self.logs.values():
            for _, calls in held:
                self.kept |= calls
        self.looked = True

    @rule()
    def sync(self) -> None:
        self.lab.sync()
        self.remember()

    @rule()
    def look_everywhere(self) -> None:
        self.lab.look(everything=True)
        self.remember()

    @rule()
    def look_where_hints_point(self) -> None:
        self.lab.look(self.logs)
        self.remember()

    @rule()
    def restart(self) -> None:
        self.lab.restart()
        self.sync()

    @precondition(lambda self: getattr(self, "looked", False))
    @invariant()
    def every_call_is_kept_once(self) -> None:
        assert self.stored() == {self.key(n): n for n in self.kept}
        assert wrong_sums(self.lab.db) == ""


@pytest.mark.parametrize("agent", OWN_WORLDS)
def test_every_call_that_was_complete_is_kept_once(agent: str) -> None:
    machine = type("Model", (TailModel,), {"agent": agent})
    from hypothesis.stateful import run_state_machine_as_test

    run_state_machine_as_test(
        machine, settings=settings(max_examples=60, stateful_step_count=30, deadline=None)
    )
