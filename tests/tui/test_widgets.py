"""Widgets that screens are made of: a table at hand, a bar."""

from __future__ import annotations

from typing import NamedTuple
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from textual.app import App

from toktui.export.seen import text_of
from toktui.metrics.burn import HotCall
from toktui.metrics.cold import ColdTurn
from toktui.metrics.feed import FeedCall
from toktui.tui import format as fmt
from toktui.tui.columns import Column
from toktui.tui.theme import DARK, Palette
from toktui.tui.widgets.bars import bar, stacked_bar
from toktui.tui.widgets.feed_rows import FeedRows, cold_mark
from toktui.tui.widgets.table_rows import Field, TableRows

NOW = 1_795_357_925_000
PALETTE = Palette(DARK.to_color_system().generate(), dark=True)


class City(NamedTuple):
    name: str
    nusd: int | None


CITIES = (City("Ulm", 3), City("bern", None), City("Aarau", 10**9), City("Zug", 20))


class Towns(App[None]):
    def __init__(self) -> None:
        super().__init__()
        self.rows = TableRows[City](
            (
                Field(Column("name", "name", 10, False, 0), shown=lambda city: city.name),
                Field(
                    Column("cost", "cost", 8, True, 0), named="cost_nusd",
                    shown=lambda city: fmt.money(city.nusd), raw=lambda city: city.nusd,
                ),
                Field(
                    Column("bar", "", 10, False, 40), shown=lambda city: "",
                    drawn=lambda city, cells, palette: bar(city.nusd, 20, cells, palette.accent),
                ),
            ),
            id="towns", grow=(("name", 30),), sorted_by="cost",
        )  # fmt: skip
        self.opened: list[City] = []

    def compose(self):
        yield self.rows

    def on_mount(self) -> None:
        self.rows.set_rows(CITIES)
        self.rows.focus()

    def on_paged_rows_chosen(self, message: TableRows.Chosen) -> None:
        self.opened.append(message.row)


async def test_a_table_is_sorted_by_keys_and_unknown_comes_last():
    app = Towns()
    async with app.run_test(size=(60, 10)) as pilot:
        assert [city.name for city in app.rows.window] == ["Aarau", "Zug", "Ulm", "bern"]
        await pilot.press("r")
        assert [city.name for city in app.rows.window] == ["Ulm", "Zug", "Aarau", "bern"]
        await pilot.press("s")
        assert [city.name for city in app.rows.window] == ["Aarau", "bern", "Ulm", "Zug"]


async def test_the_cursor_stays_on_its_row_when_rows_come_in():
    app = Towns()
    async with app.run_test(size=(60, 10)) as pilot:
        await pilot.press("down")
        app.rows.set_rows((*CITIES, City("Chur", 10**12)))
        assert app.rows.chosen == City("Zug", 20)
        await pilot.press("enter")
        assert app.opened == [City("Zug", 20)]


async def test_the_cursor_stays_on_its_row_when_what_is_known_of_it_changes():
    app = Towns()
    app.rows.name_of = lambda city: city.name
    app.rows.comes_first = lambda city: city.nusd is None
    async with app.run_test(size=(60, 10)) as pilot:
        await pilot.press("down", "down")
        assert app.rows.chosen == City("Zug", 20)
        app.rows.set_rows([city._replace(nusd=(city.nusd or 0) * 2) for city in CITIES[::-1]])
        assert app.rows.chosen == City("Zug", 40)


async def test_what_has_no_price_comes_first_in_any_order():
    app = Towns()
    app.rows.comes_first = lambda city: city.nusd is None
    async with app.run_test(size=(60, 10)) as pilot:
        for _ in range(4):
            await pilot.press("s")
            assert app.rows.window[0].name == "bern"
            await pilot.press("r")
            assert app.rows.window[0].name == "bern"


async def test_a_table_is_exported_in_its_order_with_raw_values():
    app = Towns()
    async with app.run_test(size=(60, 10)):
        seen = app.rows.seen("Towns")
        assert text_of(seen, "csv").splitlines() == [
            "name,cost_nusd", "Aarau,1000000000", "Zug,20", "Ulm,3", "bern,",
        ]  # fmt: skip
        assert "| bern | – |" in text_of(seen, "markdown")


@given(st.integers(-5, 2**63 - 1), st.integers(0, 2**63 - 1), st.integers(0, 300))
def test_a_bar_is_never_longer_than_its_room(value: int, top: int, cells: int):
    assert bar(value, top, cells, PALETTE.accent).width <= cells


@given(
    st.lists(st.integers(-5, 10**12), max_size=9), st.integers(0, 10**12), st.integers(0, 300)
)
def test_a_stacked_bar_is_as_long_as_one_of_the_sum(values: list[int], top: int, cells: int):
    parts = [(value, PALETTE.series[n % 3]) for n, value in enumerate(values)]
    whole = bar(sum(value for value in values if value > 0), top, cells, PALETTE.accent)
    drawn = stacked_bar(parts, top, cells)
    assert drawn.width == whole.width <= cells
    assert [p.text for p in drawn.pieces[-1:]] == [] or drawn.pieces[-1].text[-1] == (
        whole.pieces[-1].text[-1]
    )


@pytest.mark.parametrize(
    ("room", "shown"),
    [
        (40, "▲ cold +$0.897, other model"), (20, "▲ cold +$0.897"), (13, "▲ +$0.897"),
        (8, "▲"), (0, ""),
    ],
)  # fmt: skip
def test_what_a_cold_turn_cost_more_is_shown_whole_or_not_at_all(room: int, shown: str):
    cold = ColdTurn(tokens=90_000, extra_nusd=897_000_000, why="model")
    assert "".join(piece.text for piece in cold_mark(cold, room, PALETTE).pieces) == shown


@pytest.mark.parametrize("width", range(30, 181))
def test_the_feed_shows_what_each_call_cost_and_cuts_no_number(width: int):
    call = HotCall(
        1, "key", 1, "", NOW, "claude-code", "/w/shop-api", "claude-opus-5-5", "claude-opus-5-5", 0,
        "", 0, 774, 123_456, 1_234, 0, 2_345, 200_000, 1_234_567_890, (0,) * 6, "s1",
    )  # fmt: skip
    rows = FeedRows(zone=ZoneInfo("UTC"), id="feed")
    rows.calls, rows.now_ms = (FeedCall(call, "reviewer"),), NOW
    head, line = (
        "".join(piece.text for piece in drawn.pieces) for drawn in rows.draw(width, 3, PALETTE)
    )
    assert len(line) == len(head) <= width
    assert line.endswith(" $1.23")
    assert head.endswith(" cost")
    numbers = {"read": "123k", "write": "1.23k", "input": "774", "output": "2.35k"}
    for word, number in numbers.items():
        assert (f" {word} " in head) == (f" {number} " in line)


def test_a_call_of_which_the_log_tells_no_token_is_unknown_and_not_free():
    call = HotCall(
        1, "key", 1, "", NOW, "openclaw", "/w/shop-api", "deepseek-v4", "deepseek-v4", 0, "", 1,
        0, 0, 0, 0, 0, 0, 0, (0,) * 6, "s1",
    )  # fmt: skip
    rows = FeedRows(zone=ZoneInfo("UTC"), id="feed")
    rows.calls, rows.now_ms = (FeedCall(call, ""),), NOW
    line = "".join(piece.text for piece in rows.draw(120, 3, PALETTE)[1].pieces)
    assert line.split()[-5:] == ["–"] * 5
