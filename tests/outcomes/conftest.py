"""These tests make real repositories."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.outcomes.lab import Repo


@pytest.fixture
def repo(home: Path) -> Repo:
    return Repo.new(home / "shop")
