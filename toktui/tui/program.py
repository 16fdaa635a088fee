"""The program with screens, made of what a run was started with."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from toktui import zones
from toktui.text import clean
from toktui.tui import format as fmt
from toktui.tui.app import ToktuiApp
from toktui.tui.choices import Choices, keep_choices, load_choices

if TYPE_CHECKING:
    from collections.abc import Callable

    from toktui.ingest.context import Context
    from toktui.ingest.progress import Change
    from toktui.tui.ingesting import Ingest
    from toktui.tui.teaming import TeamOutbox


def run(
    context: Context, *, demo: bool = False,
    outbox: Callable[[Callable[[bool], None]], TeamOutbox] | None = None,
    show_demo: Callable[[], int] | None = None,
) -> int:  # fmt: skip
    """Runs the screens until the user leaves; gives the exit code. `demo` is only shown, and brings
    an `outbox` of its own; `show_demo` is where to go from screens that have nothing to show."""
    app = ToktuiApp(
        store=context.paths.store,
        zone=zones.zone(None, context.env, config=context.config.ui.timezone),
        book=context.book,
        now_ms=context.now_ms,
        ingest=partial(_ingest_of, context),
        outbox=outbox or partial(_outbox_of, context),
        theme=context.config.ui.theme or load_choices(context.paths.choices).theme,
        keep_theme=lambda name: keep_choices(context.paths.choices, Choices(theme=name)),
        store_name=clean(fmt.place(str(context.paths.store), str(context.home)), 200),
        home=str(context.home),
        demo=demo,
    )
    app.run()
    if app.wants_demo and show_demo is not None:
        return show_demo()
    return app.return_code or 0


def _ingest_of(context: Context, tell: Callable[[Change], None]) -> Ingest:
    from toktui.ingest.service import IngestService  # noqa: PLC0415  imports watchdog

    return IngestService(context, tell)


def _outbox_of(context: Context, tell: Callable[[bool], None]) -> TeamOutbox:
    from toktui.team.outbox import Outbox  # noqa: PLC0415  once something is seen

    return Outbox(context.paths.data, context.env, tell, now_ms=context.now_ms)
