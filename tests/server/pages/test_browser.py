"""Every page in a real Chromium: both themes, narrow and wide, a keyboard alone, no scripts."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from sqlalchemy import delete, select, update

from tests.server.pages.conftest import Harbour, running
from tests.server.pages.test_pages import HOSTILE
from toktui.server.people import make_code
from toktui.server.tables import document, flag, member, member_day, team

pytestmark = pytest.mark.browser

PAGES = ("/", "/consumption", "/consumption?span=day", "/you", "/team", "/signed-out")
OPTIONS = (
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync",
    "--disable-background-networking", "--disable-component-update",
)  # fmt: skip
WATCH = """
  addEventListener('securitypolicyviolation', (e) => console.error('CSP', e.violatedDirective));
"""
AXE = {"resultTypes": ["violations"], "runOnly": [
    "wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}  # fmt: skip


@pytest.fixture(scope="module")
def hostile(
    tmp_path_factory: pytest.TempPathFactory, imagined: Path, loopback_for_all: None
) -> Iterator[Harbour]:
    """The team, with names that want to break the pages, a flag, an invite and a new member."""
    folder = tmp_path_factory.mktemp("hostile")
    (folder / "board.db").write_bytes(imagined.read_bytes())
    with running(folder) as harbour:
        with harbour.database.write() as db:
            listed = (member.c.appearance != "hidden", member.c.role == "member")
            names = db.execute(select(member.c.id).where(*listed)).scalars().all()
            for one, name in zip(names, HOSTILE, strict=False):
                db.execute(update(member).where(member.c.id == one).values(name=name))
            db.execute(flag.insert().values(
                member=harbour.owner.member, day="2026-11-20", rule="price", made_ms=1,
                team=harbour.owner.team, detail="9007199254740991 nano-dollars for " + "x" * 200,
            ))  # fmt: skip
            db.execute(update(team).values(name="<i>" + "W" * 57))
            make_code(db, harbour.owner.team, now_ms=harbour.clock(), made_by=harbour.owner.member)
        yield harbour


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    """One browser for all tests."""
    from playwright.sync_api import sync_playwright

    names = ("chromium", "chromium-browser", "google-chrome")
    program = next(filter(None, map(shutil.which, names)))
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=list(OPTIONS))
        yield browser
        browser.close()


class Window:
    """A page of the browser, and everything that it should not have said or asked for."""

    def __init__(self, harbour: Harbour, browser: Any, **options: Any) -> None:
        self.harbour, self.said = harbour, list[str]()
        self.context = browser.new_context(base_url=harbour.url, **options)
        self.context.route(re.compile(".*"), self._route)
        self.context.add_init_script(WATCH)
        self.page = self.context.new_page()
        self.page.on("console", lambda message: self.said.append(message.text))
        self.page.on("pageerror", lambda error: self.said.append(str(error)))
        self.page.on("dialog", lambda dialog: self.said.append(dialog.message))

    def _route(self, route: Any) -> None:
        if route.request.url.startswith(self.harbour.url + "/"):
            route.continue_()
        else:
            self.said.append(f"asks {route.request.url}")
            route.abort()

    def sign_in(self) -> Any:
        self.page.goto(self.harbour.address(self.harbour.owner))
        self.press("Sign in")
        return self.page

    def press(self, name: str, role: str = "button") -> None:
        """Presses what leads to another page, and waits until that is there."""
        with self.page.expect_navigation():
            self.page.get_by_role(role, name=name, exact=True).click()


def check(window: Window, where: str) -> None:
    """Nothing was said, nothing is cut off or scrolls sideways, and axe finds nothing."""
    from axe_playwright_python.sync_playwright import Axe

    page = window.page
    assert window.said == [], where
    wide = page.evaluate("document.documentElement.scrollWidth - innerWidth")
    assert wide <= 0, f"{where} scrolls by {wide} pixels"
    found = Axe().run(page, options=AXE).response["violations"]
    told = [(one["id"], [node["html"][:200] for node in one["nodes"][:3]]) for one in found]
    assert told == [], where


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [375, 1280])
def test_every_page_is_readable_by_everybody_and_asks_nobody_else(
    hostile: Harbour, chromium: Any, theme: str, width: int
):
    window = Window(
        hostile, chromium, color_scheme=theme, viewport={"width": width, "height": 900}
    )
    page = window.page
    page.goto(hostile.address(hostile.owner))
    check(window, "sign-in")
    window.press("Sign in")
    for path in PAGES:
        page.goto(path)
        for summary in page.locator("summary").all():
            summary.click()
        check(window, f"{path} {theme} {width}")
    for path, status in (("/nothing", 404), ("/sign-in/x", 401)):
        assert page.goto(path).status == status
        # The browser itself says so, and only that.
        assert [text for text in window.said if f"status of {status}" not in text] == []
        window.said.clear()
        check(window, path)
    window.context.close()


def test_the_pages_of_a_hidden_member_and_of_one_who_sent_nothing(hostile: Harbour, chromium: Any):
    hidden, empty = hostile.people("hidden")[:2]
    hostile.change(
        delete(member_day).where(member_day.c.member == empty.member),
        delete(document).where(document.c.member == empty.member),
    )
    for who in (hidden, empty):
        small = {"width": 375, "height": 800}
        window = Window(hostile, chromium, color_scheme="dark", viewport=small)
        window.page.goto(hostile.address(who))
        window.press("Sign in")
        for path in ("/", "/you", "/team"):
            window.page.goto(path)
            check(window, path)
        window.context.close()


def test_what_is_wrong_would_be_found(hostile: Harbour, chromium: Any):
    window = Window(hostile, chromium)
    page = window.sign_in()
    page.evaluate("document.documentElement.removeAttribute('lang')")
    with pytest.raises(AssertionError, match="html-has-lang"):
        check(window, "/")
    page.evaluate("document.querySelector('main').setAttribute('style', 'width: 200vw')")
    assert any("style-src" in text for text in window.said)
    window.context.close()


@pytest.mark.parametrize("width", [320, 768, 1000, 1920])
def test_no_width_scrolls_sideways(hostile: Harbour, chromium: Any, width: int):
    window = Window(hostile, chromium, viewport={"width": width, "height": 700})
    window.sign_in()
    for path in PAGES:
        window.page.goto(path)
        over = window.page.evaluate(
            "[...document.querySelectorAll('body *:not(.scroll *, thead, thead *, .of *)')]"
            ".filter((e) => e.getBoundingClientRect().right > innerWidth + 1)"
            ".map((e) => e.outerHTML.slice(0, 80))"
        )
        assert over == [], f"{path} at {width}"
    assert window.said == []
    window.context.close()


def test_everything_can_be_done_with_a_keyboard_alone(hostile: Harbour, chromium: Any):
    window = Window(hostile, chromium, viewport={"width": 1280, "height": 900})
    page = window.page
    page.goto(hostile.address(hostile.owner))
    walk(page, until="Sign in")
    page.keyboard.press("Enter")
    page.wait_for_url("**/")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to the page"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"
    page.goto("/team")
    seen = walk(page, until="Make an invite")
    assert {"Board", "Consumption", "You", "Team", "Save"} <= set(seen)
    page.keyboard.press("Enter")
    page.wait_for_url("**/team?said=invite#invites")
    assert "toktui team join" in page.inner_text("main")
    page.goto("/")
    walk(page, until="Index: what a landed change costs")
    page.keyboard.press("Enter")
    assert page.locator("#index .formula").is_visible()
    walk(page, until="Dark")
    page.keyboard.press("Enter")
    page.locator("html[data-theme=dark]").wait_for()
    walk(page, until="Sign out")
    page.keyboard.press("Enter")
    page.wait_for_url("**/signed-out")
    assert window.said == []
    window.context.close()


def walk(page: Any, *, until: str) -> list[str]:
    """Presses Tab until something has the focus; what had it before. Each shows that it has it."""
    seen: list[str] = []
    for _ in range(200):
        page.keyboard.press("Tab")
        words, outlined, width = page.evaluate(
            "(() => { const e = document.activeElement, s = getComputedStyle(e);"
            " return [e.textContent.trim(), s.outlineStyle, e.getBoundingClientRect().width] })()"
        )
        assert outlined != "none", words
        assert width > 1, words
        if words == until:
            return seen
        seen.append(words)
    raise AssertionError(f"{until} is never reached: {seen}")


def test_everything_works_without_javascript(hostile: Harbour, chromium: Any):
    window = Window(
        hostile, chromium, java_script_enabled=False, viewport={"width": 375, "height": 700}
    )
    page = window.sign_in()
    window.press("Dark")
    assert page.locator("html[data-theme=dark]").count() == 1
    window.press("Consumption", "link")
    window.press("7 days", "link")
    assert urlsplit(page.url).query == "span=week"
    window.press("You", "link")
    page.get_by_label("Name to show").fill("Ada O.")
    window.press("Save")
    assert page.get_by_role("status").inner_text().startswith("Saved")
    window.press("Board", "link")
    assert page.get_by_role("rowheader", name="Ada O.").count() == 1
    assert page.locator("svg").count() > 10
    window.context.close()


def test_a_theme_that_was_chosen_wins_over_the_systems(hostile: Harbour, chromium: Any):
    window = Window(hostile, chromium, color_scheme="light")
    page = window.sign_in()
    ground = "getComputedStyle(document.documentElement).backgroundColor"
    before = page.evaluate(ground)
    window.press("Dark")
    assert page.evaluate(ground) != before
    window.press("System")
    assert page.evaluate(ground) == before
    window.context.close()
