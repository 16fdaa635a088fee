"""One more screen is one module in `views/`: tab, digit, keys, palette and help follow from it."""

from __future__ import annotations

import re
import subprocess
import sys
import unicodedata
from collections.abc import Iterator
from pathlib import Path

import pytest
from textual.app import App

from toktui.ingest.progress import Progress
from toktui.tui import views
from toktui.tui.views import tabs, view_type, view_types, way_to
from toktui.tui.widgets.header import Header

from .conftest import Run

MODULE = '''
from textual.binding import Binding
from toktui.tui.lines import Line
from toktui.tui.view import View
from toktui.tui.widgets.pages import Pages


class WeatherView(View[int]):
    KEY, LABEL, PLACE = "weather", "Weather", 1
    BINDINGS = [Binding("z", "thunder", "thunder")]
    MEANINGS = (("z", "makes thunder"),)
    said = "calm"

    def compose(self):
        yield Pages(lambda width, palette: [Line().add(f"{self.said} {self.data}")], id="sky")

    @classmethod
    def load(cls, reading, about):
        return reading.db.execute("select 40 + 2").fetchone()[0]

    def fill(self):
        self.query_one(Pages).redraw()

    def action_thunder(self):
        self.said = "thunder"
        self.redraw()


VIEW = WeatherView
'''


def forget_views() -> None:
    tabs.cache_clear()
    view_type.cache_clear()


@pytest.fixture
def one_more(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    (tmp_path / "weather.py").write_text(MODULE)
    monkeypatch.setattr(views, "__path__", [*views.__path__, str(tmp_path)])
    forget_views()
    yield
    sys.modules.pop("toktui.tui.views.weather", None)
    forget_views()


@pytest.mark.usefixtures("one_more")
async def test_a_module_is_a_screen_with_tab_digit_footer_palette_and_help(normal: Path, run: Run):
    (weather,) = (view for view in view_types() if view.KEY == "weather")
    async with run(normal, size=(160, 40)) as screens:
        assert "Weather" in screens.text.splitlines()[0]
        titles = {command.title for command in screens.app.get_system_commands(screens.app.screen)}
        assert "Show Weather" in titles
        await screens.press(*way_to(weather))
        assert "calm 42" in screens.text
        assert "z thunder" in screens.text.splitlines()[-1]
        titles = {command.title for command in screens.app.get_system_commands(screens.app.screen)}
        assert "Weather: thunder" in titles
        await screens.press("z")
        assert "thunder 42" in screens.text
        await screens.press("question_mark")
        assert "makes thunder" in screens.text


def test_every_screen_has_a_name_a_place_of_its_own_and_a_way_to_it():
    kinds = view_types()
    assert len({view.KEY for view in kinds}) == len({view.LABEL for view in kinds}) == len(kinds)
    assert len({view.PLACE for view in tabs()}) == len(tabs()) <= 9
    assert all(way_to(view) for view in kinds)


def test_the_tab_that_is_read_from_a_module_is_that_of_its_screen():
    with_tab = [(view.KEY, view.LABEL, view.PLACE) for view in view_types() if view.PLACE]
    assert [tuple(tab) for tab in tabs()] == sorted(with_tab, key=lambda tab: tab[2])
    assert all(view_type(view.KEY) is view for view in view_types())


def test_only_the_first_screen_is_imported_to_begin_with():
    asked = (
        "import sys; from toktui.tui.stage import Stage; from zoneinfo import ZoneInfo;"
        "Stage(zone=ZoneInfo('UTC'), store_name='');"
        "print(*(name for name in sys.modules if name.startswith('toktui.tui.views.')))"
    )
    found = subprocess.run(
        [sys.executable, "-c", asked], capture_output=True, text=True, check=True
    )
    assert found.stdout.split() == ["toktui.tui.views.live"]


@pytest.mark.usefixtures("one_more")
@pytest.mark.parametrize("width", [20, 24, 30, 40, 60, 80, 200])
async def test_every_tab_keeps_its_digit_and_this_one_its_word(width: int, normal: Path, run: Run):
    async with run(normal, size=(width, 24)) as screens:
        first = plain(screens.text.splitlines()[0])
        assert re.search("1 ?Live", first)
        if width >= 30:
            assert all(str(digit) in first for digit in range(1, len(tabs()) + 1))


def plain(text: str) -> str:
    """With raised digits as usual ones."""
    return unicodedata.normalize("NFKC", text)


LABELS = ("Live", "Sessions", "History", "Models", "Projects", "Limits", "Health", "Outcomes",
          "Team")  # fmt: skip


class Nine(App[None]):
    def __init__(self, current: str) -> None:
        super().__init__()
        self.header = Header([(label.lower(), label) for label in LABELS])
        self.header.current = current.lower()
        self.header.progress = Progress(phase="live", agents=("codex",))

    def compose(self):
        yield self.header


@pytest.mark.parametrize("current", ["Live", "Projects", "Outcomes", "Team"])
@pytest.mark.parametrize("width", [20, 24, 40, 80, 100, 120, 160, 200])
async def test_nine_tabs_have_room_at_every_width(width: int, current: str):
    app = Nine(current)
    async with app.run_test(size=(width, 5)):
        shown = plain(app.header.shown.splitlines()[0])
        assert current in shown
        assert all(str(digit) in shown for digit in range(1, 10))
        if width >= 60:
            assert "●" in shown
        assert all(label in shown for label in LABELS) is (width >= 80)
