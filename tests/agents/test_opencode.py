"""OpenCode's database while it is being written, moved, tidied and forked."""

from __future__ import annotations

import json
import sqlite3
from typing import TYPE_CHECKING, Any

import pytest

from tests.properties.lab import NOW_MS, Lab, wrong_sums
from toktui.agents import agent
from toktui.agents._opencode_message import Cache, Counts, disjoint
from toktui.facts import decode_ran

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

T = NOW_MS - 3_600_000
SCHEMA = """
create table session (id text primary key, parent_id text, directory text, version text,
  time_created integer, time_updated integer);
create table message (id text primary key, session_id text, time_created integer,
  time_updated integer, data text);
create table part (id text primary key, message_id text, session_id text, data text);
"""


class Client:
    """Writes as OpenCode does: one connection, a write-ahead log, rows changed in place."""

    def __init__(self, home: Path) -> None:
        folder = home / ".local/share/opencode"
        folder.mkdir(parents=True)
        self.path = folder / "opencode.db"
        self.db = sqlite3.connect(self.path, isolation_level=None)
        self.db.execute("pragma journal_mode = wal")
        self.db.executescript(SCHEMA)
        self.session("ses_a", T)

    def session(self, name: str, created: int, parent: str | None = None) -> None:
        row = (name, parent, "/srv/kites", "1.18.34", created, created)
        self.db.execute("insert or replace into session values (?, ?, ?, ?, ?, ?)", row)

    def answer(
        self, name: str, at: int, tokens: tuple[int, int] | None, *,
        done: bool = True, session: str = "ses_a",
    ) -> None:  # fmt: skip
        given, output = tokens or (0, 0)
        time = {"created": at} | ({"completed": at + 900} if done else {})
        data: dict[str, Any] = {
            "role": "assistant", "modelID": "gpt-5.4", "providerID": "openai", "time": time,
            "cost": 0, "path": {"cwd": "/srv/kites"},
            "tokens": {"input": given, "output": output, "reasoning": 0,
                       "cache": {"read": 0, "write": 0}},
        }  # fmt: skip
        self.db.execute(
            "insert into message values (?, ?, ?, ?, ?)"
            " on conflict (id) do update set data = excluded.data",
            (name, session, at, at, json.dumps(data)),
        )


@pytest.fixture
def home(tmp_path: Path) -> Path:
    (tmp_path / "home").mkdir()
    return tmp_path / "home"


@pytest.fixture
def client(home: Path) -> Iterator[Client]:
    client = Client(home)
    yield client
    client.db.close()


@pytest.fixture
def lab(home: Path) -> Iterator[Lab]:
    lab = Lab(home)
    yield lab
    lab.close()


def outputs(lab: Lab) -> list[tuple[str, int]]:
    assert wrong_sums(lab.db) == ""
    return lab.db.execute("select session_id, output from calls order by at_ms, 2").fetchall()


def test_an_answer_is_counted_once_it_has_tokens_and_then_in_place(
    client: Client, lab: Lab
) -> None:
    client.answer("m1", T, None, done=False)
    lab.sync()
    assert outputs(lab) == []
    client.answer("m1", T, (10, 7), done=False)
    lab.sync()
    assert outputs(lab) == [("ses_a", 7)]
    client.answer("m1", T, (10, 7))
    client.answer("m2", T + 1000, (10, 3))
    lab.sync()
    assert outputs(lab) == [("ses_a", 7), ("ses_a", 3)]
    assert lab.db.execute("select count(*) from sighting").fetchone() == (2,)


def test_only_rows_that_are_new_are_looked_at_again(client: Client, lab: Lab) -> None:
    for n in range(100):
        client.answer(f"m{n:03}", T + n, (1, 1))
    assert lab.sync().outcome.lines == 100
    client.answer("m999", T + 999, (1, 1))
    assert lab.sync().outcome.lines < 20
    assert len(outputs(lab)) == 101


def test_what_is_reverted_or_deleted_stays_counted(client: Client, lab: Lab) -> None:
    for n in range(30):
        client.answer(f"m{n:02}", T + n, (1, 1 + n))
    lab.sync()
    client.db.execute("delete from message where id >= 'm05'")
    client.answer("m99", T + 500, (1, 99))
    lab.sync()
    assert [output for _, output in outputs(lab)] == [*range(1, 31), 99]


def test_a_vacuum_gives_new_row_ids_and_nothing_else(client: Client, lab: Lab) -> None:
    for n in range(60):
        client.answer(f"m{n:02}", T + n, (1, 1 + n))
    lab.sync()
    client.db.execute("delete from message where id < 'm40'")
    client.db.execute("vacuum")
    client.answer("m98", T + 500, (1, 98))
    lab.sync()
    assert [output for _, output in outputs(lab)] == [*range(1, 61), 98]


def test_a_fork_is_no_spend_and_knows_where_it_came_from(client: Client, lab: Lab) -> None:
    client.answer("m1", T, (5, 50))
    client.session("ses_0fork", T + 60_000)
    client.answer("f1", T, (5, 50), session="ses_0fork")
    client.answer("f2", T + 70_000, (5, 51), session="ses_0fork")
    client.answer("m2", T + 80_000, (5, 52))
    lab.sync()
    assert outputs(lab) == [("ses_a", 50), ("ses_0fork", 51), ("ses_a", 52)]
    assert lab.db.execute("select reason, rows from copy_total where rows > 0").fetchall() == [
        ("fork", 1)
    ]


def test_the_steps_of_an_old_message_are_calls_as_they_come(client: Client, lab: Lab) -> None:
    old = 1_756_000_000_000

    def step(n: int, output: int, *, done: bool = False) -> None:
        tokens = {"input": 5, "output": output, "reasoning": 0, "cache": {"read": 0, "write": 0}}
        part = json.dumps({"type": "step-finish", "tokens": tokens, "cost": 0.5})
        client.db.execute("insert into part values (?, 'm1', 'ses_a', ?)", (f"p{n}", part))
        client.answer("m1", old, (5, output), done=done)
        lab.sync()

    client.db.execute("insert into part values ('p0', 'm1', 'ses_a', 'torn {')")
    step(1, 30)
    assert outputs(lab) == [("ses_a", 30)]
    step(2, 40)
    step(3, 50, done=True)
    assert [output for _, output in outputs(lab)] == [30, 40, 50]


def test_steps_that_are_there_before_the_first_leave_no_trace_of_it(home: Path, lab: Lab) -> None:
    storage = home / ".local/share/opencode/storage"

    def put(name: str, data: dict[str, Any]) -> None:
        path = storage / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(data))

    def counts(output: int) -> dict[str, Any]:
        return {"input": 5, "output": output, "reasoning": 0, "cache": {"read": 0, "write": 0}}

    def step(n: int, output: int) -> None:
        finished = {"type": "step-finish", "tokens": counts(output), "cost": 0.5}
        put(f"part/msg_1/prt_{n}.json", finished)

    old = 1_756_000_000_000
    message = {"id": "msg_1", "sessionID": "ses_a", "role": "assistant", "modelID": "gpt-5",
               "providerID": "openai", "time": {"created": old, "completed": old + 9}}  # fmt: skip
    put("message/ses_a/msg_1.json", message | {"tokens": counts(50)})
    lab.sync()
    assert outputs(lab) == [("ses_a", 50)]
    for n, output in ((3, 50), (2, 40), (1, 30)):
        step(n, output)
        lab.sync()
    assert [output for _, output in outputs(lab)] == [30, 40, 50]
    assert lab.db.execute("select count(*) from copy_total where rows").fetchone() == (0,)


def test_a_last_step_whose_part_is_lost_is_known_from_its_message(
    client: Client, lab: Lab
) -> None:
    for n, output in enumerate((30, 40)):
        tokens = {"input": 5, "output": output, "reasoning": 0, "cache": {"read": 0, "write": 0}}
        part = json.dumps({"type": "step-finish", "tokens": tokens, "cost": 0.5})
        client.db.execute("insert into part values (?, 'm1', 'ses_a', ?)", (f"p{n}", part))
    client.answer("m1", 1_756_000_000_000, (5, 50))
    lab.sync()
    assert [output for _, output in outputs(lab)] == [30, 40, 50]


def test_a_step_was_sent_what_the_steps_before_it_said_and_heard(client: Client) -> None:
    old = 1_756_000_000_000
    client.answer("m1", old, (5, 50))
    tokens = {"input": 5, "reasoning": 0, "cache": {"read": 0, "write": 0}}
    for n, part in enumerate(
        [
            {"type": "text", "text": "first"},
            {"type": "step-finish", "tokens": tokens | {"output": 30}},
            {"type": "text", "text": "second"},
            {"type": "step-finish", "tokens": tokens | {"output": 50}},
        ]
    ):
        row = (f"p{n}", json.dumps(part))
        client.db.execute("insert into part values (?, 'm1', 'ses_a', ?)", row)
    module, path = agent("opencode"), str(client.path)
    said = {
        entry.sighting.tokens.output: [
            piece.text for turn in module.turns(path, entry.place) for piece in turn.pieces
        ]
        for entry in module.read(path, b"").entries
    }
    assert said == {30: [], 50: ["first"]}
    quoted = module.excerpts(path, {entry.place for entry in module.read(path, b"").entries})
    assert sorted(json.loads(data)["tokens"]["output"] for data in quoted.values()) == [30, 50]


def test_a_quote_is_the_row_or_the_part_that_was_counted(client: Client, lab: Lab) -> None:
    client.answer("m1", T, (5, 50))
    lab.sync()
    (place,) = lab.db.execute("select offset from misread").fetchone() or (None,)
    assert place is None
    module = agent("opencode")
    document = module.read(str(client.path), b"")
    found = module.excerpts(str(client.path), {entry.place for entry in document.entries})
    assert [json.loads(data)["tokens"]["output"] for data in found.values()] == [50]
    assert module.excerpts(str(client.path), {12345}) == {}


def test_another_database_in_the_folder_is_none_of_ours(client: Client, lab: Lab) -> None:
    other = sqlite3.connect(client.path.parent / "notes.db")
    other.executescript("create table note (text)")
    other.close()
    empty = sqlite3.connect(client.path.parent / "opencode-new.db")
    empty.executescript("create table migration (id)")
    empty.close()
    client.answer("m1", T, (5, 50))
    result = lab.sync()
    assert [why for _, why in result.problems] == ["another schema: no table of messages"]
    assert outputs(lab) == [("ses_a", 50)]


@pytest.mark.parametrize(
    ("total", "provider", "model", "output"),
    [
        (150, "openai", "gpt-5", 50), (190, "openai", "gpt-5", 90), (None, "openai", "gpt-5", 50),
        (None, "google", "gemini-3-pro", 90), (None, "opencode", "gemini-3-pro", 90),
        (999, "anthropic", "claude-opus-4-6", 90),
    ],
)  # fmt: skip
def test_reasoning_is_added_where_the_output_is_without_it(
    total: int | None, provider: str, model: str, output: int
) -> None:
    counts = Counts(total=total, input=60, output=50, reasoning=40, cache=Cache(read=40))
    assert disjoint(counts, provider, model).output == output


def test_a_folder_that_a_variable_names_is_looked_into(home: Path) -> None:
    roots = agent("opencode").roots(home, {"OPENCODE_DB": "/elsewhere/mine.db"})
    assert [str(root) for root in roots] == [f"{home}/.local/share/opencode", "/elsewhere"]
    assert agent("opencode").is_log(("mine.db",))
    assert [str(r) for r in agent("kilo").roots(home, {"XDG_DATA_HOME": "/x"})] == ["/x/kilo"]


def test_neither_parts_nor_snapshots_are_walked() -> None:
    enters = agent("opencode").is_entered
    assert enters(("storage",))
    assert enters(("storage", "message"))
    assert enters(("storage", "session", "p1"))
    assert not enters(("storage", "part"))
    assert not enters(("snapshot",))


def test_a_commit_of_its_shell_is_a_fact_of_the_session(client: Client, lab: Lab) -> None:
    client.answer("msg_1", T, (10, 5))
    part = {"type": "tool", "tool": "bash", "callID": "c", "state": {
        "status": "completed", "input": {"command": "git commit -m x"},
        "output": "[main 0a1b2c3d] x\n", "time": {"start": T, "end": T + 5},
    }}  # fmt: skip
    client.db.execute("insert into part values (?, ?, ?, ?)",
                      ("prt_1", "msg_1", "ses_a", json.dumps(part)))  # fmt: skip
    lab.sync()
    rows = lab.db.execute("select subject, at_ms, body from fact where kind = 'commit'").fetchall()
    assert [(subject, at_ms) for subject, at_ms, _ in rows] == [("0a1b2c3d", T + 5)]
    assert decode_ran(rows[0][2]).session == "ses_a"
