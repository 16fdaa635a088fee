"""Numbers as people read them, and columns that fit."""

from __future__ import annotations

import ast
from collections.abc import Sequence
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from textual.app import App
from textual.widget import Widget

import toktui.tui
from toktui.tui import format as fmt
from toktui.tui.columns import GAP, Column, layout
from toktui.tui.glyphs import columns, gauge, large
from toktui.tui.lines import fit
from toktui.tui.theme import DARK, Palette
from toktui.tui.widgets import active_rows
from toktui.tui.widgets.call_rows import CallRows
from toktui.tui.widgets.cut_fields import cut_fields
from toktui.tui.widgets.eater_rows import EaterRows
from toktui.tui.widgets.outcome_fields import change_fields, session_fields
from toktui.tui.widgets.session_rows import SessionRows


@pytest.mark.parametrize(
    ("nusd", "shown"),
    [
        (None, "–"), (0, "$0"), (1, "<$0.0001"), (123_456_789, "$0.123"), (12_345_678, "$0.0123"),
        (999_600_000, "$1.00"), (18_420_000_000, "$18.4"), (999_600_000_000, "$1.00k"),
        (-2_500_000_000, "-$2.50"), (41_070_000_000_000, "$41.1k"),
    ],
)  # fmt: skip
def test_money_has_three_digits_and_its_unit(nusd: int | None, shown: str):
    assert fmt.money(nusd) == shown


def test_money_carries_its_marks():
    assert fmt.money(10**9, lacks=True) == "≥$1.00"
    assert fmt.money(10**9, estimated=True) == "~$1.00"
    assert fmt.money(None, lacks=True) == "–"
    assert fmt.money(30, lacks=True) == "≥$0"
    assert fmt.money(30, estimated=True) == "~$0.0001"
    assert fmt.money(-30, lacks=True) == "≥-$0.0001"


@pytest.mark.parametrize(
    ("count", "shown"),
    [(None, "–"), (0, "0"), (999, "999"), (999.6, "1.00k"), (12_345, "12.3k"),
     (999_500, "1.00M"), (61_200_000, "61.2M"), (9_007_199_254_740_991, "9.01Qd")],
)  # fmt: skip
def test_tokens_are_rounded_once(count: float | None, shown: str):
    assert fmt.tokens(count) == shown


@pytest.mark.parametrize(
    ("count", "shown"),
    [(0, "0 B"), (812, "812 B"), (999.6, "1.00 kB"), (21_000, "21.0 kB"), (1_210_000, "1.21 MB"),
     (999_700, "1.00 MB"), (3_400_000_000, "3.40 GB")],
)  # fmt: skip
def test_bytes_have_three_digits_and_their_unit(count: float, shown: str):
    assert fmt.size(count) == shown


def test_a_quarter_of_an_hour_is_told_as_exactly_as_it_is_known():
    zone, now = ZoneInfo("UTC"), 1_795_357_925_000
    quarter = 15 * 60_000
    assert fmt.last_quarter(now // quarter * quarter, now, zone) == "14:30–14:45"
    assert fmt.last_quarter(now - 24 * 4 * quarter, now, zone) == "21 Nov"
    assert fmt.last_quarter(now - 17 * 24 * 4 * quarter, now, zone) == " 5 Nov"
    assert fmt.last_quarter(now - 366 * 24 * 4 * quarter, now, zone) == "2025-11-21"


def test_an_id_that_does_not_fit_is_a_beginning_that_commands_take():
    uuid, long = "9e3779b1-0000-4000-8000-000000000001", f"session_{'0123456789abcdef' * 3}"
    assert fmt.beginning(uuid, 36) == uuid
    assert fmt.beginning(uuid, 20) == "9e3779b1"
    assert fmt.beginning(long, 36) == long[:36]
    assert fmt.beginning(long, 8) == long[:8]


def test_a_session_without_a_folder_has_no_project():
    assert fmt.project_name("") == "no project"
    assert fmt.project_name("/home/dev/shop-api/") == "shop-api"


@given(st.integers(1, 2**63))
def test_no_number_is_wider_than_seven_cells(number: int):
    assert len(fmt.tokens(number)) <= 7


@given(st.floats(0, 1))
def test_a_share_is_100_only_if_it_is(share: float):
    assert (fmt.percent(share) == "100 %") is (share == 1)
    assert (fmt.percent(share) == "0 %") is (share == 0)


def test_an_unknown_share_is_no_zero():
    assert fmt.percent(None) == "–"


@pytest.mark.parametrize(
    ("span_ms", "shown"),
    [(-5, "0:00"), (7_999, "0:07"), (299_000, "4:59"), (3_723_000, "1:02:03")],
)
def test_a_countdown_is_cut_off_to_seconds(span_ms: int, shown: str):
    assert fmt.countdown(span_ms) == shown


def test_exact_money_shows_every_nano_dollar():
    assert fmt.exact_money(1_234_000_000_001) == "$1,234.000000001"


@given(st.text(max_size=60), st.integers(0, 40), st.sampled_from(["left", "right", "center"]))
def test_what_is_fitted_has_exactly_that_width(text: str, width: int, align: str):
    from rich.cells import cell_len

    from toktui.text import clean

    assert cell_len(fit(clean(text), width, align)) == width  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("table", "grow", "before"),
    [
        (SessionRows.COLUMNS, SessionRows.GROW, 0),
        (CallRows.COLUMNS, CallRows.GROW, 0),
        (active_rows.COLUMNS, active_rows._GROW, 2),
    ],
)
@pytest.mark.parametrize("width", range(40, 260))
def test_columns_never_need_more_than_there_is(table, grow, before: int, width: int):
    shown, widths = layout(table, width - before, grow)
    assert sum(widths) + GAP * (len(shown) - 1) <= width - before


MONEY = ("cost", "burn", "saved", "more")
"""Columns with sums of money, which may have a mark."""


@pytest.mark.parametrize(
    "columns",
    [
        SessionRows.COLUMNS, (SessionRows.MORE,), CallRows.COLUMNS, EaterRows.COLUMNS,
        active_rows.COLUMNS,
        [field.column for field in cut_fields({}, lambda row, palette: palette.text).values()],
        [field.column for field in change_fields(str)],
        [field.column for field in session_fields(str)],
    ],
)  # fmt: skip
def test_no_amount_of_money_is_cut(columns: Sequence[Column]):
    found = [column for column in columns if column.name in MONEY]
    amounts = (0, 3, 10**5, 123_456, 12_345_678, 10**9, 123_456 * 10**9, 10**16)
    widest = max(
        len(fmt.money(amount, **mark))
        for amount in amounts
        for mark in ({"estimated": True}, {"lacks": True})
    )
    assert found
    assert all(column.width >= widest for column in found)


@given(
    st.lists(st.lists(st.integers(0, 10**15), min_size=8, max_size=8), min_size=1, max_size=4),
    st.integers(1, 12),
)
def test_columns_are_as_high_as_asked_and_never_overflow(series: list[list[int]], height: int):
    styles = Palette({}, dark=True).buckets
    top = max(map(sum, zip(*series, strict=True)))
    lines = columns(series, styles, height=height, top=top)
    assert [line.width for line in lines] == [8] * height
    drawn = ["".join(piece.text for piece in line.pieces) for line in lines]
    for x, total in enumerate(map(sum, zip(*series, strict=True))):
        assert any(line[x] != " " for line in drawn) is (total > 0)


@given(st.one_of(st.none(), st.floats(-1, 2)), st.integers(0, 30))
def test_a_gauge_has_its_width(share: float | None, cells: int):
    palette = Palette(DARK.to_color_system().generate(), dark=True)
    assert gauge(share, cells, palette.accent, palette.faint).width == cells


def test_large_signs_are_of_one_width_on_all_lines():
    for text in ("$18.4", "≥$1.23k", "–", "~$999", "<$0.0001", "$0"):
        lines = large(text)
        assert any(line.strip() for line in lines)
        assert all(set(line) <= set(" ▀▄█") for line in lines)


ON_PURPOSE = {"_fatal_error", "_size_updated"}
"""Textual's own prints the values of variables, which can be what a log says; and a view that is
not told its size by Textual has no other way to know it."""


def test_no_widget_of_ours_covers_a_private_name_of_textual():
    """A method `_context` of ours would silently stop a widget's message loop."""
    of_textual = {name for name in {*dir(Widget), *dir(App), *vars(Widget())} if name[:1] == "_"}
    for path in Path(toktui.tui.__path__[0]).rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_bytes())):
            if isinstance(node, ast.ClassDef) and node.bases:
                ours = {
                    n.name
                    for n in node.body
                    if isinstance(n, ast.FunctionDef) and not n.name.startswith("__")
                }
                assert not (ours - ON_PURPOSE) & of_textual, (path.name, node.name)
