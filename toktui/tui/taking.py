"""What is taken from the screens: onto the clipboard, into files."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Final

from textual.app import SystemCommand
from textual.binding import Binding

from toktui.clock import day_label
from toktui.errors import ToktuiError
from toktui.export.file import write_new
from toktui.export.seen import ENDINGS, row_of, text_of
from toktui.text import clean
from toktui.tui import format as fmt
from toktui.tui.ending import EndingApp
from toktui.tui.refresher import Question

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from toktui.export.seen import Format, SeenTable
    from toktui.tui.refresher import Refresher
    from toktui.tui.view import View

EXPORT: Final = "export"
"""Of the question for all rows of a table; no view has this key."""
_SHOWN: Final = 40


class TakingApp(EndingApp):
    """Copies what is under the cursor, and exports what is seen."""

    BINDINGS: ClassVar[list[Any]] = [
        Binding("y", "copy_row", "copy row", show=False),
        Binding("Y", "copy_table", "copy table", show=False),
        Binding("e", "export", "export"),
    ]
    _refresher: Refresher
    _exported: tuple[View[Any], Format] | None = None

    @property
    def view(self) -> View[Any]:
        """The view that is seen."""
        raise NotImplementedError

    def downloads(self) -> Path:
        """The folder that exports are written to."""
        import platformdirs  # noqa: PLC0415  seldom needed

        folder = Path(platformdirs.user_downloads_dir())
        return folder if folder.is_dir() else Path.cwd()

    # ---- the clipboard ----

    def action_copy_row(self) -> None:
        """Copies the row under the cursor, with tabs between its cells."""
        table, row = self._table(), self.view.cursor_row()
        if table is not None and row is not None and row < len(table.rows):
            self._copy(row_of(table, row), "row")
        else:
            self.action_copy_table()

    def action_copy_table(self) -> None:
        """Copies what is seen as a Markdown table."""
        table = self._table()
        if table is None or not table.rows:
            self._copy(self.view.text(), "text")
        else:
            rows = fmt.plural(len(table.rows), "row")
            self._copy(text_of(table, "markdown"), f"table of {rows}")

    def _copy(self, text: str, what: str) -> None:
        if not text.strip():
            self.notify("There is nothing to copy yet.", markup=False, timeout=3)
            return
        self.copy_to_clipboard(text)
        self.notify(f"Copied: {what}", markup=False, timeout=2)

    def copy_commands(self) -> Iterator[SystemCommand]:
        """One for each cell of the row under the cursor."""
        table, row = self._table(), self.view.cursor_row()
        if table is None or row is None or row >= len(table.rows):
            return
        for column, cell in zip(table.columns, table.rows[row], strict=True):
            text = cell.shown if not isinstance(cell.raw, str) else cell.raw
            if text.strip():
                yield SystemCommand(
                    f"Copy {column.head or column.name}",
                    clean(text, _SHOWN).replace("[", "("),
                    lambda text=text: self._copy(text, "cell"),
                    discover=False,
                )

    def _table(self) -> SeenTable | None:
        view = self.view
        return None if view.data is None else view.table(view.data)

    # ---- files ----

    def action_export(self) -> None:
        """Asks which kind of file, and writes it."""
        from toktui.tui.offer_sheet import FORMS, OfferSheet  # noqa: PLC0415  seldom needed

        if not isinstance(self.screen, OfferSheet):
            title = f"Export {self.view.LABEL}"
            self.push_screen(OfferSheet(title, FORMS, key="e", note="to Downloads"), self._export)

    def _export(self, form: str | None) -> None:
        view = self.view
        if form is None:
            return
        if form == "svg":
            self.call_after_refresh(self._export_picture)
        elif form in ENDINGS and view.data is not None:
            self._exported = (view, form)
            about = view.everything()
            if about is None:
                self._write_table(view.data)
            else:
                kind = type(view)
                self._refresher.ask_aside(Question(EXPORT, kind.load, about, view.scope))
        else:
            self.notify("There is nothing to export yet.", markup=False, timeout=3)

    def take_export(self, data: object) -> None:
        """All rows are at hand: writes them."""
        if data is not None:
            self._write_table(data)

    def _export_picture(self) -> None:
        picture = self.export_screenshot(title=f"toktui {self.view.LABEL}")
        self.run_worker(
            lambda: self._write("svg", lambda: picture), thread=True, exit_on_error=False
        )

    def _write_table(self, data: object) -> None:
        if self._exported is None:
            return
        (view, form), self._exported = self._exported, None

        def text() -> str:
            table = view.table(data)
            return text_of(table, form) if table is not None else ""

        self.run_worker(
            lambda: self._write(ENDINGS[form], text), thread=True, exit_on_error=False
        )

    def _write(self, ending: str, text: Callable[[], str]) -> None:
        """Runs in a thread of its own: writes, and says where."""
        view = self.view
        self.write_download(f"{view.KEY}-{day_label(view.now_ms, view.zone)}", ending, text)

    def write_download(
        self, name: str, ending: str, made: Callable[[], str | bytes]
    ) -> None:
        """The same for any file; not for the drawing thread."""
        try:
            content = made()
            if not content:
                raise ValueError("this screen has no table; SVG takes its picture")
            data = content if isinstance(content, bytes) else f"{content}\n".encode()
            path = write_new(self.downloads(), f"toktui-{name}", ending, data)
        except (OSError, ValueError, ToktuiError) as error:
            why = getattr(error, "strerror", None) or str(error)
            if isinstance(error, ToktuiError) and error.hint:
                why = f"{why} {error.hint}"
            self.call_from_thread(
                self.notify, f"Not exported: {clean(why, 200)}", severity="error", markup=False
            )
            return
        self.call_from_thread(
            self.notify, clean(str(path), 300), title="Exported", markup=False, timeout=8
        )
