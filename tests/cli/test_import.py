"""Exports of Cursor's dashboard: every generation, each row once."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result

Toktui = Callable[..., Result]
Document = Callable[..., dict[str, Any]]

FIRST = "Date,Model,Input (w/ Cache Write),Input (w/o Cache Write),Cache Read,Output Tokens,"
V1 = FIRST + "Total Tokens,Cost,Cost to you"
V3 = (
    "Date,Cloud Agent ID,Automation ID,Kind,Model,Max Mode,Input (w/ Cache Write),"
    "Input (w/o Cache Write),Cache Read,Output Tokens,Total Tokens,Cost"
)
TEAM = "Date,User,Kind,Model,Max Mode,Input (w/ Cache Write),Input (w/o Cache Write)," + (
    "Cache Read,Output Tokens,Total Tokens,Requests"
)
AT = "2026-11-20T10:03:12.345Z"


def test_generations_of_the_export_share_their_rows(
    toktui: Toktui, document: Document, tmp_path: Path
) -> None:
    counts = "1200,19270,38208,473,59151"
    texts = [
        f'{V1}\n"{AT}","gpt-5",{counts},"$0.09","$0.00"\n',
        f'{V3}\n"{AT}","","","Included","gpt-5","No",{counts},"0.09"\n',
        f'\ufeff{TEAM}\r\n"{AT}","me@x","Included","gpt-5","No",{counts},2\r\n',
    ]
    for nth, text in enumerate(texts):
        file = tmp_path / f"{nth}.csv"
        file.write_text(text, encoding="utf-8", newline="")
        said = toktui("import", "cursor-csv", str(file)).stdout
        assert said == ("1 row: 1 new.\n" if nth == 0 else "1 row: 0 new, 1 known already.\n")
    totals = document("report", "all")["totals"]
    assert (totals["calls"], totals["tokens"]["total"]) == (1, 59151)
    assert totals["exactness"]["exact"] == 1


@pytest.mark.parametrize(
    ("separator", "given"), [(";", "19.270"), ("\t", "19,270"), (";", "19 270"), (",", "19270.0")]
)
def test_spreadsheets_may_have_been_at_it(
    toktui: Toktui, document: Document, tmp_path: Path, separator: str, given: str
) -> None:
    file = tmp_path / "a.csv"
    names = V1.split(",")
    values = [AT, "gpt-5", "1200", given, "0", "5", "", "0,09", "-"]
    file.write_text(separator.join(names) + "\n" + separator.join(values) + "\n")
    toktui("import", "cursor-csv", str(file))
    tokens = document("report", "all")["totals"]["tokens"]
    assert (tokens["input"], tokens["cache_write_5m"], tokens["output"]) == (19270, 1200, 5)


def test_a_windows_export_is_read(toktui: Toktui, document: Document, tmp_path: Path) -> None:
    file = tmp_path / "a.csv"
    file.write_bytes(f'{V1}\r\n"{AT}","gpt-5",0,10,0,5,15,Free,-\r\n'.encode("utf-16"))
    toktui("import", "cursor-csv", str(file))
    assert document("report", "all")["totals"]["calls"] == 1


def test_rows_that_were_not_charged_are_no_calls(
    toktui: Toktui, document: Document, tmp_path: Path
) -> None:
    file = tmp_path / "a.csv"
    rows = [
        f'"{AT}","","","{kind}","gpt-5","No",0,{given},0,1,1,"-"'
        for kind, given in [("Errored, No Charge", 5), ("Aborted, Not Charged", 5), ("Free", 7)]
    ] + [f'"{AT}","","","Included","gpt-5","No",0,0,0,0,0,"-"']
    file.write_text("\n".join([V3, *rows]))
    said = toktui("import", "cursor-csv", str(file)).stdout
    assert said == "4 rows: 1 new, 3 not charged or without tokens.\n"
    assert document("report", "all")["totals"]["calls"] == 1


def test_rows_that_are_not_understood_are_named_and_kept_once(
    toktui: Toktui, document: Document, tmp_path: Path
) -> None:
    file = tmp_path / "a.csv"
    file.write_text(
        f'{V1}\n"{AT}","gpt-5",0,minus,0,5,5,0,0\n"soon","gpt-5",0,1,0,5,5,0,0\n'
        f'"{AT}","gpt-5",0,3,0,5,5,0,0\n"{AT}","gpt-5",0,-3,0,5,5,0,0\n'
    )
    for _ in range(2):
        said = toktui("import", "cursor-csv", str(file))
        assert "3 not understood" in said.stdout
        assert "Expected a count - at `Input (w/o Cache Write)`" in said.stderr
    synced = document("sync")
    assert (synced["store"]["calls"], synced["store"]["not_understood"]) == (1, 3)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "no column “Date”"),
        ("Date,Model,Tokens,Cost\n1,2,3,4\n", "“Output Tokens”"),
        ("\0\0\0", "no column"),
        ('{"a": 1}', "no column"),
        (f'{V1}\n"{"x" * 200_000}"\n', "broken"),
    ],
)
def test_a_file_that_is_no_export_is_refused_by_name(
    toktui: Toktui, document: Document, tmp_path: Path, text: str, said: str
) -> None:
    file = tmp_path / "a.csv"
    file.write_text(text)
    assert said in toktui("import", "cursor-csv", str(file), exit_code=1).stderr
    assert document("report", "all")["totals"]["calls"] == 0


def test_a_file_that_is_not_there_is_said(toktui: Toktui, tmp_path: Path) -> None:
    said = toktui("import", "cursor-csv", str(tmp_path / "none.csv"), exit_code=1).stderr
    assert "No such file" in said


def test_their_dollars_are_kept_beside_ours(
    toktui: Toktui, document: Document, tmp_path: Path
) -> None:
    file = tmp_path / "a.csv"
    file.write_text(
        f'{V1}\n"{AT}","gpt-5",0,100,0,5,5,"$1.25","$0.00"\n"{AT}","gpt-5",0,7,0,5,5,Included,-\n'
    )
    toktui("import", "cursor-csv", str(file))
    (session,) = document("sessions")["sessions"]
    calls = document("why", session["id"])["calls"]
    assert sorted(str(call["reported_nusd"]) for call in calls) == ["1250000000", "None"]
