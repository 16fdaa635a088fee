"""The share card: the same bytes for the same data, nobody's projects, marks where due."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from xml.etree import ElementTree
from zoneinfo import ZoneInfo

import msgspec
import pytest

from toktui.dev.sample import absurd_work, busy_afternoon, settle_home
from toktui.export.card import draw_card, title_of
from toktui.export.card_png import png_of
from toktui.metrics.card import Card, Part, load_card
from toktui.pricing.rates import load_book
from toktui.store.connect import connect_reader

NOW = 1_795_357_925_000
"""2026-11-22 14:32:05 UTC, a Sunday."""
UTC = ZoneInfo("UTC")
PROJECTS = ("shop-api", "infra", "notes", "billing", "docs")


@pytest.fixture(scope="module")
def stores(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    made: dict[str, Path] = {}
    for name, work in (
        ("busy", busy_afternoon), ("absurd", absurd_work), ("empty", lambda _home, _now: None),
    ):  # fmt: skip
        folder = tmp_path_factory.mktemp(name)
        (folder / "home").mkdir()
        work(folder / "home", NOW)
        made[name] = folder / "data/toktui.db"
        settle_home(folder / "home", made[name], load_book(), NOW)
    return made


@pytest.fixture
def db(stores: dict[str, Path]) -> Iterator[sqlite3.Connection]:
    db = connect_reader(stores["busy"])
    yield db
    db.close()


def load(db: sqlite3.Connection, period: Any = "week", **options: Any) -> Card:
    return load_card(db, period, now_ms=NOW, zone=UTC, **options)


def words(card: Card) -> list[str]:
    root = ElementTree.fromstring(draw_card(card, "dark").svg(title_of(card)))
    return [node.text or "" for node in root.iter("{http://www.w3.org/2000/svg}text")]


@pytest.mark.parametrize("period", ["week", "month", "year"])
def test_the_sums_are_those_of_the_calls(db: sqlite3.Connection, period: str):
    card = load(db, period)
    start, end = card.span.range(UTC)
    calls, cost, unpriced = db.execute(
        "select count(*), sum(cost_nusd), sum(cost_nusd is null) from calls"
        " where at_ms >= ? and at_ms < ? and at_ms <= ?",
        (start, end, NOW),
    ).fetchone()
    assert (card.sums.calls, card.sums.cost_nusd, card.sums.unpriced) == (calls, cost, unpriced)
    for parts in (card.models, card.agents):
        assert sum(part.sums.calls for part in parts) == calls
        assert sum(part.sums.priced_nusd for part in parts) == cost


def test_the_same_data_give_the_same_bytes(db: sqlite3.Connection):
    one, other = (draw_card(load(db), "dark") for _ in range(2))
    assert one.svg("t") == other.svg("t")
    assert png_of(one, "t") == png_of(other, "t")


def test_no_project_is_named_unless_asked_for(db: sqlite3.Connection):
    said = " ".join(words(load(db, "month")))
    assert not [name for name in PROJECTS if name in said]
    asked = " ".join(words(load(db, "month", projects=True)))
    assert "shop-api" in asked
    assert "/home/dev" not in asked


def test_what_lacks_a_price_is_marked_and_explained(db: sqlite3.Connection):
    card = load(db)
    assert card.sums.unpriced
    said = words(card)
    assert any(word.startswith("≥$") for word in said)
    assert any("14 calls without a price" in word for word in said)
    priced = msgspec.structs.replace(
        card, sums=msgspec.structs.replace(card.sums, unpriced=0, unpriced_tokens=0)
    )
    assert not any("without a price" in word for word in words(priced))


def test_names_are_never_markup(db: sqlite3.Connection):
    bad = '<script>x&"\x1b[31m\u202e'
    card = load(db)
    hostile = msgspec.structs.replace(card, models=(Part(bad, card.sums),))
    said = words(hostile)
    assert any("<script>x&" in word for word in said)
    assert not any("\x1b" in word or "\u202e" in word for word in said)


@pytest.mark.parametrize("theme", ["dark", "light"])
@pytest.mark.parametrize("world", ["absurd", "empty"])
@pytest.mark.parametrize("period", ["week", "month", "year"])
def test_any_store_has_a_card(stores: dict[str, Path], world: str, period: str, theme: Any):
    db = connect_reader(stores[world])
    card = load(db, period, projects=True)
    drawn = draw_card(card, theme)
    ElementTree.fromstring(drawn.svg(title_of(card)))
    assert png_of(drawn, "t")[:4] == b"\x89PNG"
    db.close()


def test_a_card_carries_its_font_and_asks_the_network_for_nothing(db: sqlite3.Connection):
    svg = draw_card(load(db), "dark").svg("t")
    assert svg.count("@font-face") == 2
    assert set(re.findall(r"(?:https?://)[^\"']+", svg)) == {"http://www.w3.org/2000/svg"}
    assert "href" not in svg
