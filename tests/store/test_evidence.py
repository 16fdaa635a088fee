"""A store of before learns what is a sum, and how to find what an older parser saw."""

from __future__ import annotations

import lzma
import sqlite3

from tests.store.test_compositions import STORE_8
from toktui.model import FLAG_SUM
from toktui.store.migrate import migrate


def test_what_only_a_ledger_knew_becomes_a_sum_and_nothing_else_does():
    db = sqlite3.connect(":memory:", isolation_level=None)
    db.deserialize(lzma.decompress(STORE_8.read_bytes()))
    db.execute("update call set key = 'ledger:s0:claude-haiku-5-5' where id = 3")
    db.execute("update call set key = 'ledgers' where id = 4")
    before = dict(db.execute("select id, flags from call"))
    migrate(db)
    after = dict(db.execute("select id, flags from call"))
    assert {id for id in after if after[id] != before[id]} == {3}
    assert after[3] == before[3] | FLAG_SUM
    columns = [name for *_, name in db.execute("pragma index_info(sighting_source)")]
    assert columns == ["source", "parser"]
    assert db.execute("pragma integrity_check").fetchone() == ("ok",)
    db.close()
