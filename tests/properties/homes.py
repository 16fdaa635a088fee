"""Every home of the agents that exist: golden folders and conformance cases."""

from __future__ import annotations

import json
from pathlib import Path

from toktui.agents import agent_names

ROOT = Path(__file__).parent.parent
_BESIDE = ROOT.parent.parent / "shared" / "conformance"


def _conformance() -> list[Path]:
    here = ROOT / "conformance"
    folder = here if any(here.glob("*/case.json")) else _BESIDE
    return [
        case.parent / "home"
        for case in sorted(folder.glob("*/case.json"))
        if json.loads(case.read_bytes())["agent"] in agent_names()
        and (case.parent / "home").is_dir()
    ]


GOLDEN = sorted((ROOT / "golden").glob("*/*/home"))
HOMES = [*GOLDEN, *_conformance()]


def case_of(home: Path) -> str:
    """The name of the case that a home belongs to."""
    return home.parent.name
