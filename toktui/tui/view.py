"""What a screen is: a key, a label, what it reads, how it is drawn."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Generic, TypeVar

from textual.message import Message
from textual.widget import Widget

from toktui.metrics.scope import EVERYTHING
from toktui.tui.widgets.drawing import Drawing
from toktui.tui.widgets.paged_rows import PagedRows
from toktui.tui.widgets.table_rows import TableRows

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from textual.geometry import Size

    from toktui.export.seen import SeenTable
    from toktui.ingest.progress import Progress
    from toktui.metrics.scope import Scope
    from toktui.tui.refresher import Reading

Data = TypeVar("Data")


class Ask(Message):
    """A view wants to be loaded, for it looks at something else now."""


class Open(Message):
    """Somebody wants to see another view, about something."""

    def __init__(self, view: str, about: object = None) -> None:
        super().__init__()
        self.view = view
        self.about = about


class DemoWanted(Message):
    """Somebody wants to see imitated agents at work instead."""


class View(Widget, Generic[Data]):
    """One screen. A module in `views/` whose `VIEW` is a subclass of this is a screen."""

    KEY: ClassVar[str]
    """Its name: the module's."""
    LABEL: ClassVar[str]
    """What its tab says."""
    PLACE: ClassVar[int | None] = None
    """Order among the tabs, which gives its digit; None: it has no tab, another view opens it."""
    LED_TO_BY: ClassVar[tuple[str, str]]
    """Of a view without a tab: the key of the view that leads here, and what is pressed there."""
    MEANINGS: ClassVar[tuple[tuple[str, str], ...]] = ()
    """Keys of this screen beyond its bindings, and marks, for the help."""
    OPENS: ClassVar[bool] = False
    """Whether something on it can be opened."""
    FILTERED: ClassVar[str] = ""
    """How far the filter of all screens holds on this one; empty: all of it does."""
    FOLLOWS_OUTBOX: ClassVar[bool] = False
    """Whether it shows what the outbox of a team changes."""
    DEFAULT_CSS = "View { width: 100%; height: 100%; }"

    def __init__(self, *, zone: ZoneInfo, about: Any = None) -> None:
        super().__init__()
        self.zone = zone
        self.about = about
        self.data: Data | None = None
        self.progress: Progress | None = None
        self.now_ms = 0
        self.scope = EVERYTHING
        """What all screens are about; `load` has it as `reading.scope`."""
        self.sending = False
        """Whether the outbox of a team is at it."""
        self.store_name = ""
        """Where the store is, as people write it."""
        self.home = ""
        """The folder that people write as `~`."""

    @classmethod
    def filter_note(cls, scope: Scope) -> str:
        """What is to be said about a filter, on this screen; by default `FILTERED`."""
        del scope
        return cls.FILTERED

    @classmethod
    def load(cls, reading: Reading, about: Any) -> Data:
        """Reads what the view shows. Runs in the refresher's thread."""
        raise NotImplementedError

    def show(self, data: Data, now_ms: int) -> None:
        """Takes what was loaded."""
        self.data = data
        self.now_ms = now_ms
        self.redraw()

    def redraw(self) -> None:
        """Draws anew whatever may have changed."""
        self.fill()
        self._fit_if_sized()

    def fill(self) -> None:
        """Gives every part its share of the data."""

    def fit_parts(self, width: int, height: int) -> None:
        """Says which parts are seen, and how large, in so many cells."""

    def _size_updated(
        self, size: Size, virtual_size: Size, container_size: Size, layout: bool = True
    ) -> bool:
        # Not on `Resize`: Textual does not send it to a view that a focus or the mouse was looked
        # up in before it was laid out first.
        changed = super()._size_updated(size, virtual_size, container_size, layout)
        if changed:
            self.call_later(self._fit_if_sized)
        return changed

    def _fit_if_sized(self) -> None:
        width, height = self.size
        if width and height:
            self.fit_parts(width, height)

    def tick(self, now_ms: int) -> None:
        """A second went by while something counts down."""
        self.now_ms = now_ms
        self.redraw()

    def counts_down(self) -> bool:
        """Whether a countdown is on the screen."""
        return False

    def changes_ms(self) -> int | None:
        """When loading anew would find something else without a new call."""
        return None

    def show_progress(self, progress: Progress) -> None:
        """Takes how far the ingest is."""
        self.progress = progress

    def scoped(self) -> None:
        """The scope is another one; the data for it are asked for right after this."""

    def entered(self) -> None:
        """The view has come into sight."""

    def can(self, action: str) -> bool:
        """Whether an action of a key does something now: others are not offered."""
        del action
        return True

    def action_open(self) -> None:
        """Opens what is under the cursor."""

    @property
    def title(self) -> str:
        """What is seen, in a few words, for the trail and for exports."""
        return self.LABEL

    def table(self, data: Data) -> SeenTable | None:
        """What `data` shows as a table, for the clipboard and for files.

        By default that of the first list on the screen. May run in another thread: it looks at
        values only. None: there is no table.
        """
        del data
        rows = next(iter(self.query(PagedRows)), None)
        return None if rows is None else rows.seen(self.title)

    def everything(self) -> Any | None:
        """`about`, with which `load` gives all rows of a list; None: all are at hand already."""
        return None

    def cursor_row(self) -> int | None:
        """Which row of the table the cursor is on; by default that of the first list."""
        rows = next(iter(self.query(PagedRows)), None)
        return None if rows is None else rows.cursor - rows.first

    def text(self) -> str:
        """What is seen, as lines of text, for the clipboard."""
        parts = (part.shown for part in self.query(Drawing) if part.display)
        return "\n\n".join(part for part in parts if part)

    def action_sort_table(self, name: str) -> None:
        """Sorts the first table by a column, for clicks on its heads."""
        for rows in self.query(PagedRows):
            if isinstance(rows, TableRows):
                rows.sort_by(name)
                return
