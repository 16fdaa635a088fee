"""The address of a server, as its host types it and as members sign for it."""

from __future__ import annotations

from urllib.parse import urlsplit

import pytest

from toktui.errors import UsageError
from toktui.server.settings import Settings, checked_url
from toktui.team.http import checked_url as checked_address


@pytest.mark.parametrize(
    ("typed", "host"),
    [
        ("https://Board.Example.com:443/", "board.example.com"),
        ("http://127.0.0.1:8765", "127.0.0.1:8765"), ("https://[::1]:9", "[::1]:9"),
    ],
)  # fmt: skip
def test_a_server_signs_for_the_host_that_its_members_do(typed: str, host: str):
    url = checked_url(typed)
    assert Settings(url).host == host
    joined = checked_address(typed, allow_http=True)
    assert urlsplit(joined).netloc == host


@pytest.mark.parametrize(
    "typed", ["board.example.com", "https://", "ftp://x", "https://x/board", "https://a@x", "//x",
              "https://x:99999", "https://x?y"],
)  # fmt: skip
def test_what_is_no_address_of_a_server_is_refused(typed: str):
    with pytest.raises(UsageError, match="no address"):
        checked_url(typed)
