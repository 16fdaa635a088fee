"""Turns of which a log only has the text count where nobody else tells of them, and only there."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.golden.cursor.talks import Row, answered, asked, chat, lines, wrapped
from tests.properties.lab import Lab, write
from toktui.clock import MINUTE_MS, iso
from toktui.ingest.forget import forget
from toktui.ingest.forgetting import Rule

TALK = "c0ffee00-0000-4000-8000-000000000001"
CHILD = "c0ffee00-0000-4000-8000-000000000002"
BEGIN_MS = 1_795_165_200_000
PROJECTS = Path(".cursor/projects")
KITES = PROJECTS / "srv-kites/agent-transcripts"
SPOOL = Path(".config/Cursor/User/globalStorage")
LONG = "The kite falls because nothing holds its nose up in the wind. "


def at(minute: float) -> int:
    return BEGIN_MS + int(minute * MINUTE_MS)


class Kites(Lab):
    """A home with Cursor's logs, a store, and what was told so far."""

    def __init__(self, home: Path) -> None:
        super().__init__(home, now_ms=at(100_000))
        self._stops: list[Row] = []

    def transcript(self, *begins: float, path: Path = KITES / TALK / f"{TALK}.jsonl") -> None:
        """A transcript of turns that began at these minutes."""
        rows = [row for m in begins for row in (asked(f"why {m}?", at(m)), answered(LONG))]
        write(self.home / path, lines(rows))
        self.sync()

    def child(self, *begins: float) -> None:
        self.transcript(*begins, path=KITES / TALK / "subagents" / f"{CHILD}.jsonl")

    def stop(self, minute: float, *, output: int = 7, talk: str = TALK) -> None:
        """The hook tells of a turn that ended."""
        self._stops.append({
            "type": "stop", "at": iso(at(minute)), "conversation_id": talk, "model": "gpt-5",
            "generation_id": f"gen-{talk[-1]}-{minute}", "output_tokens": output,
            "input_tokens": 90 if output else 0, "workspace_roots": ["/srv/kites"],
        })  # fmt: skip
        write(self.home / SPOOL / "stop-000001.jsonl", lines(self._stops))
        self.sync()

    def export(self, minute: float, output: int = 7) -> None:
        """The dashboard lists a call."""
        row = {
            "Date": iso(at(minute)), "Model": "gpt-5", "Input (w/ Cache Write)": "0",
            "Input (w/o Cache Write)": "90", "Cache Read": "0", "Output Tokens": str(output),
        }  # fmt: skip
        told = lines([{"type": "csv", "nth": 0, "row": row}])
        write(self.home / SPOOL / "csv-000001.jsonl", told)
        self.sync()

    def counted(self) -> list[tuple[float, str]]:
        """Minute and exactness of every call."""
        rows = self.db.execute("select at_ms, exactness from calls order by at_ms, call_id")
        return [((at_ms - BEGIN_MS) / MINUTE_MS, exactness) for at_ms, exactness in rows]


@pytest.fixture
def kites(home: Path) -> Kites:
    return Kites(home)


def test_before_the_hook_was_there_the_transcript_tells(kites: Kites) -> None:
    kites.transcript(0, 10, 20, 30)
    kites.stop(25)
    kites.stop(35)
    assert kites.counted() == [(0, "estimated"), (10, "estimated"), (25, "exact"), (35, "exact")]


def test_a_turn_between_two_that_the_hook_told_is_left_out(kites: Kites) -> None:
    kites.transcript(0, 10, 20)
    kites.stop(5)
    kites.stop(25)
    assert kites.counted() == [(5, "exact"), (25, "exact")]


def test_a_turn_is_a_guess_until_the_hook_tells_it(kites: Kites) -> None:
    kites.stop(5)
    kites.transcript(0, 10)
    assert kites.counted() == [(5, "exact"), (10, "estimated")]
    kites.stop(15)
    assert kites.counted() == [(5, "exact"), (15, "exact")]
    assert kites.db.execute("select count(*) from sighting").fetchone() == (4,)


def test_a_turn_that_the_hook_did_not_count_is_told_by_its_text(kites: Kites) -> None:
    kites.transcript(0, 10)
    kites.stop(5, output=0)
    assert kites.counted() == [(0, "estimated"), (10, "estimated")]


def test_a_prompt_in_the_minute_of_the_hook_is_in_doubt_and_does_not_count(kites: Kites) -> None:
    kites.transcript(0, 10)
    kites.stop(10.5)
    assert kites.counted() == [(10.5, "exact")]


def test_what_the_hook_told_keeps_its_time_model_and_folder(kites: Kites) -> None:
    kites.stop(5)
    before = kites.db.execute("select * from call").fetchall()
    kites.transcript(0)
    assert kites.db.execute("select * from call").fetchall() == before


def test_a_sub_agent_in_a_turn_that_was_counted_does_not_count(kites: Kites) -> None:
    kites.transcript(0, 20)
    kites.child(1, 21, 41)
    assert len(kites.counted()) == 5
    kites.stop(25)
    assert kites.counted() == [
        (0, "estimated"), (1, "estimated"), (25, "exact"), (41, "estimated"),
    ]  # fmt: skip
    (parent,) = kites.db.execute(
        "select parent_session_id from sessions where session_id = ?", (CHILD,)
    ).fetchone()
    assert parent == TALK


def test_a_transcript_that_is_gone_stays_counted(kites: Kites) -> None:
    kites.transcript(0, 10)
    (kites.home / KITES / TALK / f"{TALK}.jsonl").unlink()
    kites.restart()
    kites.sync()
    kites.stop(15)
    assert kites.counted() == [(0, "estimated"), (15, "exact")]


@pytest.mark.parametrize(
    "path", [KITES / f"{TALK}.jsonl", PROJECTS / "mnt-copy/agent-transcripts" / f"{TALK}.jsonl"]
)
def test_a_conversation_in_two_places_counts_once(kites: Kites, path: Path) -> None:
    kites.transcript(0, 10)
    kites.transcript(0, 10, path=path)
    assert kites.counted() == [(0, "estimated"), (10, "estimated")]


def test_a_conversation_that_was_taken_up_days_later_goes_on(kites: Kites) -> None:
    kites.transcript(0)
    kites.stop(5)
    kites.transcript(0, 5_000)
    assert kites.counted() == [(5, "exact"), (5_000, "estimated")]
    kites.stop(5_003)
    assert kites.counted() == [(5, "exact"), (5_003, "exact")]


def test_a_row_of_an_export_is_the_guess_near_it_until_the_hook_tells_it(kites: Kites) -> None:
    kites.transcript(0, 60)
    kites.export(62)
    assert kites.counted() == [(0, "estimated"), (62, "exact")]
    assert kites.db.execute("select distinct session_id from calls").fetchall() == [(TALK,)]
    kites.stop(61.5)
    assert len(kites.counted()) == 2
    assert kites.counted()[0] == (0, "estimated")
    kites.stop(3)
    assert [exactness for _, exactness in kites.counted()] == ["exact", "exact"]


def _chatted(prompts: list[str]) -> Callable[[Path], None]:
    def made(path: Path) -> None:
        messages: list[Row] = [{"role": "system", "content": "fly"}]
        for prompt in prompts:
            messages.append({"role": "user", "content": prompt})
            messages.append({"role": "assistant", "content": [{"type": "text", "text": LONG * 9}]})
        chat(path, [(at(3), messages)], agentId=TALK, createdAt=at(0), lastUsedModel="gpt-5")

    return made


@pytest.mark.parametrize("first", ["chat", "transcript"])
@pytest.mark.parametrize("spelled", ["why 0?", "why 0? "])
def test_of_a_chat_and_its_transcript_each_turn_counts_once(
    kites: Kites, first: str, spelled: str
) -> None:
    path = kites.home / ".cursor/chats/00ff" / TALK / "store.db"
    if first == "transcript":
        kites.transcript(0, 10)
    _chatted([wrapped(spelled, at(0)), wrapped("Why, 10?")])(path)
    kites.sync()
    kites.transcript(0, 10)
    assert kites.counted() == [(0, "estimated"), (10, "estimated")]
    models = dict(kites.db.execute("select at_ms, model from calls"))
    assert models == {at(0): "gpt-5", at(10): "default"}


def test_what_was_forgotten_does_not_come_back_as_a_guess(kites: Kites, tmp_path: Path) -> None:
    kites.transcript(0, 10)
    kites.stop(15)
    forget(kites.settler, Rule(None, "/srv/kites"), at(20), tmp_path / "backups")
    assert kites.counted() == [(0, "estimated")]
    kites.read_again()
    kites.sync()
    assert kites.counted() == [(0, "estimated")]


def test_a_torn_last_row_is_read_when_it_is_whole(kites: Kites) -> None:
    path = kites.home / KITES / TALK / f"{TALK}.jsonl"
    data = lines([asked("why?", at(0)), answered("No tail."), answered(LONG)])
    outputs: list[int] = []
    for end in (len(data) - 40, len(data) - 1, len(data)):
        write(path, data[:end])
        kites.sync()
        ((output,),) = kites.db.execute("select output from calls").fetchall()
        outputs.append(output)
    assert outputs[0] < outputs[1] == outputs[2]
    assert json.loads(data.splitlines()[0])["role"] == "user"
