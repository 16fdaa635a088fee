"""The address that signs a browser in."""

from __future__ import annotations

import json

import pytest

from toktui.team.http import Server, ServerError
from toktui.team.link import open_browser, sign_in_address

from .conftest import NOW, Device, Told

SECRET = "a" * 43


def say(told: Told, value: str) -> None:
    told.says.append((200, json.dumps({"value": value, "expires_ms": NOW + 60_000}).encode(), {}))


def test_the_address_is_asked_for_with_a_signature_and_printed(device: Device, told: Told):
    device.join()
    say(told, f"{told.url}/sign-in/{SECRET}")
    assert device.run("team", "open").stdout.strip() == f"{told.url}/sign-in/{SECRET}"
    assert [(method, path) for method, path, _ in told.heard] == [("POST", "/v1/logins")]


@pytest.mark.parametrize(
    "value",
    ["file:///etc/passwd", f"{SECRET}", "javascript:alert(1)", f"/sign-in/{SECRET}/../../x",
     "https://evil.example/other", "/sign-in/short", "//[", f"/sign-in/{SECRET}\\u202e"],
)  # fmt: skip
def test_what_does_not_sign_in_is_not_opened(told: Told, value: str):
    say(told, value)
    with pytest.raises(ServerError) as failed:
        sign_in_address(Server(told.url, lambda: NOW), told.url)
    assert failed.value.code == "nonsense"


def test_a_server_cannot_send_the_browser_elsewhere(told: Told):
    say(told, f"https://evil.example/sign-in/{SECRET}")
    address = sign_in_address(Server(told.url, lambda: NOW), told.url)
    assert address == f"{told.url}/sign-in/{SECRET}"


def test_without_a_screen_nothing_is_opened():
    assert not open_browser("http://127.0.0.1:1/sign-in/x", {"TERM": "xterm"})
