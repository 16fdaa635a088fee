"""A store of one busy afternoon, for what only reads it."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator

import pytest

from toktui.dev.sample import busy_afternoon, settle_home
from toktui.pricing.rates import RateBook, load_book
from toktui.store.connect import connect_reader

NOW = 1_795_357_925_000
"""2026-11-22 14:32:05 UTC."""


@pytest.fixture(scope="session")
def book() -> RateBook:
    return load_book()


@pytest.fixture(scope="session")
def db(tmp_path_factory: pytest.TempPathFactory, book: RateBook) -> Iterator[sqlite3.Connection]:
    folder = tmp_path_factory.mktemp("afternoon")
    busy_afternoon(folder / "home", NOW)
    settle_home(folder / "home", folder / "data/toktui.db", book, NOW)
    connection = connect_reader(folder / "data/toktui.db")
    yield connection
    connection.close()
