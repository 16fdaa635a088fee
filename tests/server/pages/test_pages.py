"""What the pages show of whom, and how browsers may keep them."""

from __future__ import annotations

import json
import re
from typing import Any, get_args
from urllib.parse import quote

import pytest
from sqlalchemy import delete, func, select, update

from tests.server.pages.conftest import Harbour, Visitor
from toktui.rounding import tokens
from toktui.server.board import Missing
from toktui.server.pages.board import REASONS
from toktui.server.people import leave
from toktui.server.tables import LANDED, day_row, flag, member, member_day

PAGES = ("/", "/consumption", "/you", "/team")
HOSTILE = (
    '"><script>alert(1)</script>', "{{ 7 * 7 }}{% raw %}", "' onmouseover='alert(1)",
    "W" * 40, "👩‍👩‍👧‍👦" * 9, "<b>&amp;", "\u202egnirts\u2066", "</style><style>*{display:none}",
)  # fmt: skip


@pytest.mark.parametrize("path", PAGES)
def test_every_page_has_strict_headers_and_no_script_or_inline_style(ada: Visitor, path: str):
    page = ada.get(path)
    assert page.status == 200
    policy = page.headers["content-security-policy"]
    assert policy.startswith("default-src 'none'")
    assert "script-src" not in policy
    assert "unsafe" not in policy
    assert "require-trusted-types-for 'script'" in policy
    assert page.headers["x-content-type-options"] == "nosniff"
    assert not re.search(r"<script|<style|\sstyle=|\son[a-z]+=|javascript:|https?://", page.text)


@pytest.mark.parametrize("path", ["/", "/consumption"])
def test_a_page_that_is_the_same_is_not_sent_again(harbour: Harbour, ada: Visitor, path: str):
    first = ada.get(path)
    tag = first.headers["etag"]
    assert first.headers["cache-control"] == "private, no-cache"
    assert "cookie" in first.headers["vary"].lower()
    again = ada.get(path, {"If-None-Match": tag})
    assert (again.status, again.text) == (304, "")
    ada.send("/team/settings", name="Quay", retention="400", consumption="on")
    changed = ada.get(path, {"If-None-Match": tag})
    assert changed.status == 200
    assert changed.headers["etag"] != tag


def test_one_reader_never_gets_the_page_of_another(ada: Visitor, bram: Visitor):
    tag = ada.get("/").headers["etag"]
    page = bram.get("/", {"If-None-Match": tag})
    assert page.status == 200
    assert re.search(r'class="you">.*?Bram de Wit', page.text, re.DOTALL)
    for path in ("/you", "/team"):
        assert ada.get(path).headers["cache-control"] == "no-store"


def test_style_and_icon_are_kept_for_ever_under_names_of_their_content(ada: Visitor):
    names = re.findall(r'href="(/static/[^"]+)"', ada.get("/").text)
    assert len(names) == 2
    for name in names:
        assert re.search(r"\.[0-9a-f]{12}\.(css|svg)$", name)
        assert "immutable" in ada.get(name).headers["cache-control"]
    for wrong in ("/static/board.css", "/static/../app.py", "/static/%2e%2e%2fapp.py", "/static/"):
        assert ada.get(wrong).status == 404


@pytest.mark.parametrize("path", [*PAGES, "/you/export", "/team/export"])
def test_a_stranger_is_told_how_to_sign_in_and_nothing_else(harbour: Harbour, path: str):
    for visitor in (Visitor(harbour), Visitor(harbour, {"toktui": "x" * 43})):
        page = visitor.get(path)
        assert page.status == 401
        assert "toktui team open" in page.words
        assert "Harbour" not in page.text


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_name_is_text_on_every_page(harbour: Harbour, ada: Visitor, name: str):
    bram = update(member).where(member.c.id == harbour.people()[1].member)
    harbour.change(bram.values(name="Bram de Wit"))
    tags = {path: len(re.findall(r"<[a-z]", ada.get(path).text)) for path in PAGES}
    harbour.change(bram.values(name=name))
    for path in PAGES:
        assert len(re.findall(r"<[a-z]", ada.get(path).text)) == tags[path]
    assert name in Visitor(harbour, ada.cookies).get("/").words


def test_the_index_of_who_asks_is_the_first_thing(ada: Visitor):
    page = ada.get("/").words
    assert re.search(r"You \d\.\d\d (\d+ % (less|more) than the team|As usual)", page)
    assert page.index("You ") < page.index("Cost per landed change")


def test_every_chart_has_its_numbers_as_a_table(ada: Visitor):
    for path, charts in (("/", 2), ("/consumption", 1), ("/you", 2)):
        page = ada.get(path).text
        assert page.count('<div class="plot"') == page.count('class="numbers"') == charts
    page = ada.get("/consumption?span=week").text
    drawn = re.findall(r"<title>(\S+): ([^<]+)</title>", page)
    table = re.findall(r'<tr><th scope="row">(2026\S+)</th><td>([^<]+)</td>', page)
    assert drawn == table[::-1]


def test_every_measure_says_how_it_is_worked_out_from_what_and_how_it_is_gamed(ada: Visitor):
    page = ada.get("/").text
    linked = set(re.findall(r'scope="col"[^>]*><a href="#(\w+)">', page))
    assert linked == {"index", "trend", "changes", "cost", "linked", "cache"}
    for name in linked:
        told = page.partition(f'<details id="{name}">')[2].partition("</details>")[0]
        for words in ("Source", "Not enough yet", "How it could be gamed"):
            assert words in told, (name, words)


def test_every_reason_for_no_index_has_words():
    assert set(REASONS) == set(get_args(Missing)) - {""}


def test_a_size_that_counts_nothing_has_no_price(ada: Visitor):
    usual = ada.get("/").text.partition("Usual cost by size")[2].partition("</table>")[0]
    assert re.findall(r"</svg> (\w+)</th>", usual) == ["S", "M", "L", "XL"]
    assert "$0" not in usual


def test_how_far_numbers_can_be_believed_is_told_of_others_only_where_it_is_good(
    harbour: Harbour, ada: Visitor, bram: Visitor
):
    who = harbour.people()[1]
    with harbour.database.write() as db:
        db.execute(flag.insert().values(member=who.member, day="2026-11-20", rule="work",
                                        team=who.team, made_ms=1, detail="x"))  # fmt: skip
    harbour.change()
    assert "Trust self-reported" in bram.get("/").words
    page = ada.get("/").words
    assert "Trust live" in page
    assert "Chiara Rossi live" in page
    assert "Bram de Wit live" not in page
    assert "Bram de Wit self-reported" not in page


def test_why_there_is_no_index_is_said_with_how_much_there_is(harbour: Harbour, ada: Visitor):
    bram = update(member_day).where(member_day.c.member == harbour.people()[1].member)
    harbour.change(bram.values(dict.fromkeys(LANDED, 0)))
    needed = r"Bram de Wit 8 landed changes of size S or more are needed\. 0 0 of 8"
    assert re.search(needed, ada.get("/").words)
    harbour.change(bram.values(shares_outcomes=False))
    assert "Bram de Wit Landed changes are not shared" in ada.get("/").words


def test_consumption_has_the_days_of_the_listed_and_the_open_one_apart(
    harbour: Harbour, ada: Visitor, rows: Any
):
    page = ada.get("/consumption?span=week").text
    drawn = re.findall(r'<rect class="(day|open)"[^>]*><title>(\S+): ([^<]+)</title>', page)
    assert [day for _, day, _ in drawn] == [f"2026-11-{day}" for day in range(21, 28)]
    assert [kind for kind, _, _ in drawn] == ["day"] * 6 + ["open"]
    sums = rows(
        select(func.sum(member_day.c.input + member_day.c.cache_read + member_day.c.cache_write_5m
                        + member_day.c.cache_write_1h + member_day.c.output))
        .join(member, member.c.id == member_day.c.member)
        .where(member.c.appearance != "hidden", member_day.c.day == "2026-11-24")
    )  # fmt: skip
    assert drawn[3][2] == tokens(int(sums[0][0]))
    assert "<title>" not in ada.get("/consumption?span=day").text.partition("<main")[2]


def test_what_lacks_a_price_or_holds_estimates_is_marked_in_every_sum(
    harbour: Harbour, ada: Visitor
):
    marks = {"unpriced_calls": 1, "estimated_calls": 1}
    harbour.change(
        update(day_row).where(day_row.c.model == "gpt-5.5", day_row.c.calls > 1).values(marks),
        update(member_day).where(member_day.c.member == harbour.owner.member).values(marks),
    )
    words = ada.get("/consumption").words
    assert re.search(r"gpt-5\.5 \S+ \S+ ≥ ~ \$", words)
    assert re.search(r"claude-sonnet-5 \S+ \S+ \$", words)
    assert re.search(r"Ada Okafor you \S+ \S+ ≥ ~ \$", words)
    assert re.search(r"Together .* List cost ≥ ~ \$", words)
    assert re.search(r"All cost ≥ ~ \$", ada.get("/").words)
    assert re.search(r"All cost ≥ ~ \$", ada.get("/you").words)


def test_nothing_used_is_said_and_draws_nothing(harbour: Harbour, ada: Visitor):
    harbour.change(delete(member_day), delete(day_row))
    page = ada.get("/consumption")
    assert "Nothing was used." in page.words
    assert re.search(r"List cost –", page.words)
    assert "$0" not in page.text
    board = ada.get("/").words
    assert "Not enough yet" in board
    assert "You Nothing was sent yet. toktui team preview shows what would be" in board
    assert "$0" not in board
    assert "$0" not in ada.get("/you").text


def test_a_flag_is_told_to_its_member_with_the_reason_and_to_nobody_else(
    harbour: Harbour, ada: Visitor, bram: Visitor
):
    who = harbour.people()[1]
    with harbour.database.write() as db:
        db.execute(flag.insert().values(
            member=who.member, day="2026-11-20", rule="work", team=who.team, made_ms=1,
            detail="31 landed changes in a day"))  # fmt: skip
    mine, theirs = bram.get("/you").words, ada.get("/").words
    assert "31 landed changes in a day" in mine
    assert "More landed changes than a day usually holds" in mine
    assert "flag" not in theirs.lower()
    assert "31 landed" not in ada.get("/team").words


def test_hidden_members_are_counted_from_five_on_and_never_shown(harbour: Harbour, ada: Visitor):
    hidden = harbour.people("hidden")
    page = ada.get("/")
    assert "5 hidden" in page.words
    assert not any(one.member in page.text or one.device in page.text for one in hidden)
    with harbour.database.write() as db:
        leave(db, harbour.owner.team, hidden[0].member, harbour.clock())
    harbour.clock.now_ms += 5_000
    assert not re.search(r"\d hidden", ada.get("/").words)


def test_how_many_are_hidden_is_not_told_by_the_back_door(harbour: Harbour, bram: Visitor):
    with harbour.database.write() as db:
        leave(db, harbour.owner.team, harbour.people("hidden")[0].member, harbour.clock())
    assert not re.search(r"\b(4|11)\b (hidden|members)", bram.get("/team").words)
    assert not re.search(r"\b(4|11)\b (hidden|members)", bram.get("/").words)


def test_a_large_team_has_pages_and_everybody_is_on_one(harbour: Harbour, ada: Visitor):
    with harbour.database.write() as db:
        db.execute(member.insert(), [
            {"id": f"m_{n:016}", "team": harbour.owner.team, "appearance": "name",
             "name": f"Member {n:03}", "role": "member", "joined_ms": 1, "first_day": "2026-01-01"}
            for n in range(150)
        ])  # fmt: skip
    seen: list[str] = []
    path: str | None = "/"
    while path:
        page = ada.get(path).text
        assert "this page" in page
        seen += re.findall(r"<bdi>(Member \d+|moss|Bram de Wit)</bdi>", page)
        more = re.search(r'href="(/\?page=\d+)" rel="next"', page)
        path = more[1] if more else None
    assert len(seen) == len(set(seen)) == 152
    assert ada.get("/?page=9").text.count("<bdi>") == ada.get("/?page=3").text.count("<bdi>")


def test_a_hidden_member_sees_own_numbers(harbour: Harbour):
    hidden = harbour.people("hidden")[0]
    me = harbour.visitor(hidden)
    page = me.get("/you").words
    assert "You are hidden" in page
    assert "Cost of each day" in page
    assert hidden.device in page
    assert re.search(r"You hidden: only you see this (\d\.\d\d|–)", me.get("/").words)


def test_the_own_page_says_what_was_received_when_and_pages_through_all_of_it(
    harbour: Harbour, ada: Visitor, rows: Any
):
    seen: list[str] = []
    path: str | None = "/you"
    while path:
        page = ada.get(path).text
        table = page[page.index("What was received") :]
        seen += re.findall(r'class="who">(\d{4}-\d\d-\d\d)', table)
        more = re.search(r'href="(/you\?before=[^"]+)" rel="next"', page)
        path = more[1] if more else None
    stored = rows(
        select(member_day.c.day).where(member_day.c.member == harbour.owner.member)
        .order_by(member_day.c.day.desc())
    )  # fmt: skip
    assert seen == [row.day for row in stored]


def test_everything_that_the_server_has_is_one_file(harbour: Harbour, ada: Visitor):
    answer = ada.get("/you/export")
    lines = [json.loads(line) for line in answer.text.splitlines()]
    assert "attachment" in answer.headers["content-disposition"]
    assert {line["kind"] for line in lines} >= {"member", "device", "document", "audit"}
    assert {line.get("member", harbour.owner.member) for line in lines} == {harbour.owner.member}


def test_who_leads_gets_the_team_as_one_file_without_numbers_of_the_hidden(
    harbour: Harbour, ada: Visitor, bram: Visitor
):
    answer = ada.get("/team/export")
    kinds = {json.loads(line)["kind"] for line in answer.text.splitlines()}
    assert kinds >= {"team", "member", "invite", "audit", "board", "consumption"}
    assert "attachment" in answer.headers["content-disposition"]
    assert answer.headers["cache-control"] == "no-store"
    assert not any(one.member in answer.text for one in harbour.people("hidden"))
    assert bram.get("/team/export").status == 403
    assert Visitor(harbour).get("/team/export").status == 401


def test_the_theme_is_kept_without_javascript_and_leads_back(ada: Visitor):
    assert "data-theme" not in ada.get("/").text
    answer = ada.post("/theme", theme="dark", back="/consumption?span=week")
    assert (answer.status, answer.headers["location"]) == (303, "/consumption?span=week")
    assert 'data-theme="dark"' in ada.get("/").text
    ada.post("/theme", theme="", back="/")
    assert "data-theme" not in ada.get("/").text


@pytest.mark.parametrize(
    "back",
    ["https://evil.example", "//evil.example", "/\\evil.example", "/%0d%0aX:y", "/a\r\nX: y",
     "javascript:alert(1)", "/x/../..//evil.example"],
)  # fmt: skip
def test_the_theme_leads_nowhere_else(ada: Visitor, back: str):
    assert ada.post("/theme", theme="dark", back=back).headers["location"] == "/"
    assert ada.post("/theme", {"Origin": "https://evil.example"}, theme="dark").status == 403


@pytest.mark.parametrize(
    "query",
    ["?page=0", "?page=99999999999999999999", "?page=x", "?page=-1", "?said=<b>", "?before=x",
     "?before=" + "9" * 300, "?skip=-1", "?skip=٣", "?span=day", "?" + "a=b&" * 500],
)  # fmt: skip
def test_a_strange_address_never_breaks_a_page(ada: Visitor, query: str):
    for path in PAGES:
        answer = ada.get(path + quote(query, safe="?&=%"))
        assert answer.status == 200
        assert "<b>" not in answer.text


def test_what_does_not_exist_is_a_page_that_says_so(ada: Visitor):
    for path in ("/nothing", "/you/", "/team/x", "/sign-in/"):
        answer = ada.get(path)
        assert answer.status == 404
        assert "text/html" in answer.headers["content-type"]
    assert ada.get("/consumption?span=year").status == 422
