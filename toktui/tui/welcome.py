"""What an empty Live screen says: who was found, what is being read, what to do."""

from __future__ import annotations

from typing import TYPE_CHECKING

from toktui.tui import format as fmt
from toktui.tui.lines import Line

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from toktui.ingest.progress import Progress
    from toktui.metrics.live import Live
    from toktui.tui.theme import Palette


def welcome(
    live: Live | None,
    progress: Progress | None,
    palette: Palette,
    *,
    zone: ZoneInfo,
    place: str,
) -> list[Line]:
    """A few lines for the place where sessions would be."""
    if live is not None and live.last_call_ms is not None:
        last = fmt.moment(live.last_call_ms, live.at_ms, zone)
        if progress is not None and progress.phase == "indexing":
            return [
                Line().add("No active session so far.", palette.text),
                Line().add(f"The newest logs come first; {_read(progress)} are read.", palette.dim),
            ]
        return [
            Line().add("No active session.", palette.text),
            Line().add(f"The last call was at {last.strip()}.", palette.dim),
        ]
    if progress is None or progress.phase == "starting":
        return [Line().add("Looking for the logs of your agents …", palette.dim)]
    if finds_nothing(progress):
        return _no_logs(palette)
    names = ", ".join(progress.agents)
    if progress.phase in ("live", "following"):
        found = fmt.plural(progress.logs_known, "log")
        return [
            Line().add("No calls yet.", palette.strong),
            Line().add(f"{found} of {names}, and no model was called in them.", palette.dim),
        ]
    return [
        Line().add("First look", palette.strong),
        Line(),
        _fact("agents", names, palette),
        _fact("logs", fmt.plural(progress.logs_total, "log"), palette),
        _fact("read", f"{_read(progress)} · {fmt.size(progress.bytes_per_s)}/s", palette),
        _fact("store", place, palette),
        Line(),
        Line().add("The newest logs come first, so today is right at once.", palette.dim),
        Line().add("Nothing leaves this machine, and no log is ever changed.", palette.dim),
    ]


def finds_nothing(progress: Progress) -> bool:
    """Whether the ingest has looked, and there is no log at all."""
    return progress.phase != "starting" and not progress.logs_known


def _read(progress: Progress) -> str:
    """`300 MB of 1.20 GB`."""
    return f"{fmt.size(progress.bytes_done)} of {fmt.size(progress.bytes_total)}"


def _fact(word: str, value: str, palette: Palette) -> Line:
    return Line().cell(word, 8, palette.faint).add(value, palette.text)


def _no_logs(palette: Palette) -> list[Line]:
    return [
        Line().add("No logs of coding agents were found.", palette.strong),
        Line(),
        Line().add("Start an agent in a project, and its calls appear here.", palette.dim),
        Line().add("Logs in another place: ", palette.dim).add("toktui config path", palette.text),
        Line()
        .add("Press ", palette.dim)
        .add("d", palette.accent)
        .add(" for the demo: imitated agents at work. ", palette.dim)
        .add("toktui --demo", palette.text)
        .add(" shows it later.", palette.dim),
    ]
