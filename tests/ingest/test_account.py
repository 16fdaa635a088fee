"""An export, the hook and the database tell of the same turns: each counts once, the best told."""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Callable
from itertools import permutations
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

from toktui.agents.matching import REACH_MS, Claim, matches
from toktui.cli import main
from toktui.clock import parse_ms
from toktui.ingest.cursor_hook import keep_stop
from toktui.model import Tokens

TALK = "c0ffee00-0000-4000-8000-000000000001"
HEADER = (
    "Date,Model,Input (w/ Cache Write),Input (w/o Cache Write),Cache Read,Output Tokens,"
    "Total Tokens,Cost"
)
ROWS = (
    '"2026-11-20T10:01:30.000Z","claude-4.6-sonnet",40,100,3000,20,3160,"$0.50"',
    '"2026-11-20T10:30:20.000Z","gpt-5",0,900,100,77,1077,Included',
    '"2026-11-20T18:00:00.000Z","gpt-5",0,5,0,6,11,Included',
)


def run(*args: str) -> Any:
    result = CliRunner().invoke(main, [*args])
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout) if "--json" in args else result.stdout


def turn(db: sqlite3.Connection, nth: int, at: str, model: str) -> None:
    for kind, text in ((1, "q" * 40), (2, "a" * 80)):
        bubble = {
            "type": kind, "text": text, "createdAt": at, "requestId": f"gen-{nth}",
            "modelInfo": {"modelName": model},
        }  # fmt: skip
        key = f"bubbleId:{TALK}:{nth}{'pa'[kind - 1]}"
        db.execute("insert into cursorDiskKV values (?, ?)", (key, json.dumps(bubble)))


def database(home: Path, work: Path) -> None:
    del work
    path = home / ".config/Cursor/User/globalStorage/state.vscdb"
    path.parent.mkdir(parents=True)
    db = sqlite3.connect(path)
    db.execute("create table cursorDiskKV (key text unique, value blob)")
    headers = [
        {"bubbleId": f"{nth}{letter}", "type": kind}
        for nth in (1, 2, 3)
        for kind, letter in ((1, "p"), (2, "a"))
    ]
    composer = json.dumps({"fullConversationHeadersOnly": headers})
    db.execute("insert into cursorDiskKV values (?, ?)", (f"composerData:{TALK}", composer))
    turn(db, 1, "2026-11-20T10:00:00.000Z", "default")
    turn(db, 2, "2026-11-20T10:30:00.000Z", "gpt-5-high")
    turn(db, 3, "2026-11-20T12:00:00.000Z", "gpt-5")
    db.commit()
    db.close()


def hook(home: Path, work: Path) -> None:
    del home, work
    told = {
        "hook_event_name": "stop", "conversation_id": TALK, "generation_id": "gen-1",
        "model": "claude-4.6-sonnet", "input_tokens": 3140, "output_tokens": 20,
        "cache_read_tokens": 3000, "cache_write_tokens": 40, "workspace_roots": ["/srv/kites"],
    }  # fmt: skip
    spool = Path(os.environ["TOKTUI_DATA_DIR"]) / "spool"
    at_ms = parse_ms("2026-11-20T10:02:00.000Z")
    assert at_ms is not None
    keep_stop(spool, json.dumps(told).encode(), at_ms)


def export(home: Path, work: Path, rows: tuple[str, ...] = ROWS) -> None:
    del home
    file = work / "usage.csv"
    file.write_text("\n".join([HEADER, *rows]))
    run("import", "cursor-csv", str(file))


SOURCES = (database, hook, export)


def content() -> list[dict[str, Any]]:
    sessions = run("sessions", "--json")["sessions"]
    calls = [call for s in sessions for call in run("why", s["id"], "--copies", "--json")["calls"]]
    return sorted(
        (
            {
                "id": call["id"], "session": call["session"], "at": call["at"],
                "exactness": call["exactness"], "tokens": call["tokens"], "model": call["model"],
                "copies": call["copies"], "reported": call["reported_nusd"],
            }
            for call in calls
        ),
        key=lambda call: call["at"],
    )  # fmt: skip


@pytest.mark.parametrize("order", list(permutations(SOURCES)), ids=lambda o: o[0].__name__)
def test_every_turn_counts_once_whatever_told_of_it_first(
    order: tuple[Callable[[Path, Path], None], ...], home: Path, tmp_path: Path
) -> None:
    for told in order:
        told(home, tmp_path)
        run("sync")
    first, second, third, row = content()
    assert first["id"].endswith("gen-1")
    assert first["tokens"]["input"] == 100
    assert (first["exactness"], first["session"], first["model"]) == (
        "exact", TALK, "claude-4.6-sonnet",
    )  # fmt: skip
    assert first["reported"] == 500_000_000
    assert first["copies"] == {"archive": 2}
    assert (second["tokens"]["output"], second["exactness"]) == (77, "exact")
    assert second["copies"] == {"archive": 1}
    assert second["session"] == TALK
    assert (third["exactness"], third["copies"]) == ("estimated", {})
    assert (row["tokens"]["total"], row["session"]) == (11, "dashboard-2026-11-20")


def test_a_better_fit_that_comes_later_takes_the_row_back(home: Path, tmp_path: Path) -> None:
    """A row stood in for a turn near it until its own turn was told."""
    near = {"at": "2026-11-20T10:01:00.000Z", "generation": "gen-near"}
    own = {"at": "2026-11-20T10:20:00.000Z", "generation": "gen-own"}
    export(home, tmp_path, (ROWS[0],))

    def tell(one: dict[str, str], **counts: int) -> None:
        event = {
            "conversation_id": TALK, "generation_id": one["generation"],
            "model": "claude-4.6-sonnet", **counts,
        }  # fmt: skip
        at_ms = parse_ms(one["at"])
        assert at_ms is not None
        keep_stop(Path(os.environ["TOKTUI_DATA_DIR"]) / "spool", json.dumps(event).encode(), at_ms)
        run("sync")

    tell(near, input_tokens=7, output_tokens=8)
    (call,) = content()
    assert (call["id"][-8:], call["tokens"]["total"]) == ("gen-near", 3160)
    tell(own, input_tokens=100, output_tokens=20, cache_read_tokens=3000, cache_write_tokens=40)
    calls = {call["id"].rpartition(":")[2]: call["tokens"]["total"] for call in content()}
    assert calls == {"gen-near": 15, "gen-own": 3160}


def claim(key: str, minute: int, output: int, *, model: str = "m", length: int = 0) -> Claim:
    at_ms = 1_790_000_000_000 + minute * 60_000
    return Claim(key, at_ms, at_ms + length * 60_000, model, Tokens(input=9, output=output))


claims = st.lists(
    st.tuples(st.integers(0, 200), st.integers(0, 3), st.sampled_from("ab"), st.integers(0, 30)),
    max_size=12,
)


@given(rows=claims, calls=claims, draw=st.randoms())
@settings(max_examples=200)
def test_the_answer_depends_on_nothing_but_the_claims(rows: Any, calls: Any, draw: Any) -> None:
    ours = [claim(f"r{n}", at, out, model=m) for n, (at, out, m, _) in enumerate(rows)]
    theirs = [claim(f"c{n}", at, out, model=m, length=w) for n, (at, out, m, w) in enumerate(calls)]
    found = dict(matches(ours, theirs))
    assert len(set(found.values())) == len(found)
    assert found.keys() <= {row.key for row in ours}
    draw.shuffle(ours)
    draw.shuffle(theirs)
    assert dict(matches(ours, theirs)) == found
    far = [claim(f"x{n}", at + 100_000, out) for n, (at, out, _, _) in enumerate(rows)]
    assert dict(matches([*ours, *far], theirs)) == found


def test_equal_counts_reach_far_and_a_time_alone_does_not() -> None:
    row = claim("r", 0, 5)
    minutes = REACH_MS // 60_000
    assert matches([row], [claim("c", minutes, 5)]) == {"r": "c"}
    assert matches([row], [claim("c", minutes + 1, 5)]) == {}
    assert matches([row], [claim("c", 2, 6)]) == {"r": "c"}
    assert matches([row], [claim("c", 2, 6, model="other")]) == {}
    assert matches([row], [claim("c", 2, 6, model="default")]) == {"r": "c"}
    assert matches([row], [claim("c", 20, 6)]) == {}
