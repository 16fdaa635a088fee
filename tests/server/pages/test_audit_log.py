"""The audit log: nobody writes it full, and nobody is kept from what cannot wait."""

from __future__ import annotations

from pathlib import Path

from tests.server.pages.conftest import Harbour, Visitor, running


def test_who_writes_the_log_full_has_to_wait_and_may_still_revoke(
    tmp_path: Path, loopback: None, imagined: Path
):
    (tmp_path / "board.db").write_bytes(imagined.read_bytes())
    with running(tmp_path, rate=0.5) as harbour:
        ada = harbour.visitor(harbour.owner)
        said = [changes(harbour, ada) for _ in range(105)]
        assert (said[0], said[-1], sum(status == 303 for status in said)) == (303, 429, 100)
        assert ada.get("/you").status == 200
        assert ada.send("/you/revoke", device=harbour.owner.device).status == 303


def changes(harbour: Harbour, visitor: Visitor) -> int:
    harbour.clock.now_ms += 1_000
    return visitor.send("/you/appearance", appearance="name", name="Ada Okafor").status
