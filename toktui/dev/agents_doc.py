"""`make docs`: writes `docs/agents.md` from what each agent's module says at its top."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

from toktui.agents import agent, agent_names
from toktui.agents.fact_sheet import KEYS, FactSheet, fact_sheet

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT: Final = Path(__file__).parent.parent.parent
DOCUMENT: Final = ROOT / "docs" / "agents.md"
CLIENTS: Final = ROOT / "docs" / "clients.md"
"""What `make test-clients` found last; it is taken over as it is."""

_HEAD: Final = """\
# The agents that toktui reads

Made by `make docs` from the first lines of each module in `toktui/agents/`. *Exact* means that each
token is in a log and traces to its bytes; what is not exact is counted apart and marked wherever it
is shown. `toktui doctor` tells the same of the agents on your machine.
"""


def render() -> str:
    """The whole document."""
    sheets = [fact_sheet(name) for name in agent_names()]
    parts = [_HEAD, "\n".join(_table(sheets)), *map(_section, sheets)]
    if CLIENTS.exists():
        parts.append(CLIENTS.read_text())
    return "\n".join(part.rstrip("\n") + "\n" for part in parts)


def _table(sheets: list[FactSheet]) -> Iterator[str]:
    yield "| agent | exactness | live | where it looks |"
    yield "|---|---|---|---|"
    for sheet in sheets:
        cells = (_cell(sheet.facts[key]) for key in ("Exactness", "Live", "Logs"))
        yield f"| [{agent(sheet.name).label}](#{sheet.name}) | {' | '.join(cells)} |"


def _section(sheet: FactSheet) -> str:
    lines = [f"## {sheet.name}", "", f"{sheet.title}.", ""]
    lines += [f"* **{key}**: {_plain(sheet.facts[key])}" for key in KEYS]
    return "\n".join(lines)


def _plain(text: str) -> str:
    """Text in which nothing is taken for HTML."""
    return text.replace("<", "&lt;")


def _cell(text: str) -> str:
    return _plain(text).replace("|", "\\|")


def main() -> int:
    """Writes the document."""
    DOCUMENT.parent.mkdir(exist_ok=True)
    DOCUMENT.write_text(render())
    return 0


if __name__ == "__main__":
    sys.exit(main())
