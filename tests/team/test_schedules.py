"""Whatever happens between a device and its server, in any order: in the end the server has each
day once, as the store has it."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from toktui.clock import DAY_MS, QUARTER_MS, day_label
from toktui.metrics.team_day import MEASURES
from toktui.store.connect import connect_writer
from toktui.store.migrate import migrate
from toktui.team.http import Answer, Server, ServerError, _refusal
from toktui.team.membership import Membership
from toktui.team.sending import Sending
from toktui.team.team_file import TeamFile, open_team_file, team_path
from toktui.team.wire.document import decode, schema_hash
from toktui.zones import ZoneInfo

from .conftest import DEVICE, MEMBER, NOW, TEAM, Told, problem

UTC = ZoneInfo("UTC")
FIRST = day_label(NOW - 35 * DAY_MS, UTC)
FAULTS = ("", "", "", "lost before", "lost after", "busy", "nonsense", "other receipt", "killed")
STEPS = st.one_of(
    st.tuples(st.just("calls"), st.integers(0, 40), st.integers(1, 9)),
    st.tuples(st.just("round"), st.sampled_from(FAULTS), st.booleans()),
    st.tuples(st.just("clock"), st.sampled_from([1, 20, 60 * 7, 60 * 24, -60 * 30, 60 * 24 * 9]),
              st.just(0)),
    st.tuples(st.just("backup"), st.sampled_from(["make", "restore"]), st.just(0)),
)  # fmt: skip


class _KilledError(Exception):
    """Stands for kill -9: what was not committed is gone."""


class Line(Server):
    """A server behind a line on which one exchange may go wrong; documents are checked as ours."""

    def __init__(self, told: Told) -> None:
        self.told, self.fault, self.clock_off_ms = told, "", None

    def ask(self, method: str, target: str, message: object = b"", *, most: int = 0) -> Answer:
        del most
        assert isinstance(message, bytes)
        fault, self.fault = self.fault, ""
        if fault == "lost before":
            raise ServerError("network", "away")
        if fault == "busy":
            status, body, _ = problem("too_many")
            raise _refusal(Answer(status, body))
        status, body, _ = self.told.honest(method, target, message)
        if fault == "lost after":
            raise ServerError("network", "away")
        if fault == "killed":
            raise _KilledError
        if fault == "nonsense":
            return Answer(200, b"<html>")
        if fault == "other receipt":
            return Answer(200, body.replace(b'"sha256": "', b'"sha256": "0'))
        answer = Answer(status, body)
        if status != 200:
            raise _refusal(answer)
        return answer


class Device:
    """A store without logs, and a team; all on a clock that can be set."""

    def __init__(self, folder: Path, told: Told) -> None:
        self.data, self.line, self.now_ms = folder, Line(told), NOW
        self.db = connect_writer(folder / "toktui.db")
        migrate(self.db)
        self.db.execute("pragma synchronous = off")
        for number, text in ((1, "codex"), (2, "gpt-5.5")):
            self.db.execute("insert or replace into name (id, text) values (?, ?)", (number, text))
        self.calls: dict[str, int] = {}
        self.backup = folder / "team.backup"

    @contextmanager
    def file(self, *, make: bool = False) -> Iterator[TeamFile]:
        with open_team_file(self.data, make=make) as file:
            file._db.execute("pragma synchronous = off")
            yield file

    def join(self) -> Membership:
        made = Membership(
            url="http://x", allow_http=True, team=TEAM, team_name="Shop", zone="UTC",
            member=MEMBER, device=DEVICE, role="member", pepper="0" * 64, first_day=FIRST,
            retention_days=400, appearance="hidden", name="", shares=(), schema=schema_hash(),
            consented_ms=NOW, key_place="file", key_name="k",
        )  # fmt: skip
        with self.file(make=True) as file:
            file.remember(made)
        return made

    def call(self, days_ago: int, count: int) -> None:
        at_ms = NOW - days_ago * DAY_MS
        day = day_label(at_ms, UTC)
        self.calls[day] = self.calls.get(day, 0) + count
        names = ("quarter", "agent", "model", "priced", "tier", "project", "branch", *MEASURES)
        row = {"calls": self.calls[day], "input": 100 * self.calls[day], "cost_nusd": 7 * count}
        values = (at_ms // QUARTER_MS, 1, 2, 2, 0, 0, 0, *(row.get(one, 0) for one in MEASURES))
        self.db.execute(
            f"insert or replace into quarter ({', '.join(names)})"
            f" values ({', '.join('?' * len(names))})", values,
        )  # fmt: skip

    def round(self, fault: str = "", *, hurry: bool = True) -> None:
        self.line.fault = fault
        try:
            with self.file() as file:
                member = file.membership()
                assert member is not None
                Sending(self.db, file, member, self.line, lambda: self.now_ms, hurry).run()
        except _KilledError:
            pass

    def back_up(self, what: str) -> None:
        if what == "make":
            shutil.copyfile(team_path(self.data), self.backup)
        elif self.backup.exists():
            shutil.copyfile(self.backup, team_path(self.data))


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(steps=st.lists(STEPS, max_size=25))
def test_in_the_end_the_server_has_each_day_once_as_the_store_has_it(steps: list[tuple]) -> None:
    told = Told("http://x")
    with tempfile.TemporaryDirectory() as folder:
        device = Device(Path(folder), told)
        device.join()
        for kind, what, more in steps:
            match kind:
                case "calls":
                    device.call(what, more)
                case "round":
                    device.round(what, hurry=more)
                case "clock":
                    device.now_ms += what * 60_000
                case _:
                    device.back_up(what)
        device.now_ms = NOW
        for _ in range(3):
            device.round()
        expected = {day: count for day, count in device.calls.items() if day >= FIRST}
        assert {day: told.calls_of(day) for day in told.days} == expected
        with device.file() as file:
            assert set(file.waiting()) == set()
            assert file.hold() is None
            for one in file.sent().values():
                rev, body = told.days[one.day]
                assert (one.rev, one.calls) == (rev, expected[one.day])
                assert file.body(one.day) == body
                assert decode(body).rev == rev
        sent = len(told.heard)
        device.round()
        assert len(told.heard) == sent, "there is nothing left to say"
        device.db.close()


def test_a_restored_backup_of_the_team_file_says_nothing_twice() -> None:
    told = Told("http://x")
    with tempfile.TemporaryDirectory() as folder:
        device = Device(Path(folder), told)
        device.join()
        device.call(1, 3)
        device.back_up("make")
        for _ in range(4):
            device.call(1, 1)
            device.round()
        device.back_up("restore")
        device.round()
        assert told.calls_of(day_label(NOW - DAY_MS, UTC)) == 7
        assert json.loads(told.days[day_label(NOW - DAY_MS, UTC)][1])["rev"] == 5
        device.db.close()
