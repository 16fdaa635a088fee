"""What strangers, broken clients and members with bad intentions send, drawn from a seed."""

from __future__ import annotations

import json
import random
import socket
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode

from tests.server.test_protocol import Device
from toktui.server.codes import hashed
from toktui.team.wire.document import encode
from toktui.team.wire.signing import sign, signed_string

CANARY = "kanari"
"""In every hostile string, so that it can be looked for where it must not be."""

STRINGS = (
    f"'; drop table member; -- {CANARY}", f'"><script>alert("{CANARY}")</script>',
    f"{CANARY}\x00", f"{CANARY}\x1b]52;c;x\x07", f"{CANARY}\u202e", "x" * 70_000, "",
    f"../../{CANARY}", f"%s%n{CANARY}", f"{{{{{CANARY}}}}}", f"${{jndi:{CANARY}}}", "\U0010ffff",
    "2026-13-45", "0000-00-00", "9999-12-31", "t_aaaaaaaaaaaaaaaa", "ä" * 200,
)  # fmt: skip
NUMBERS = (-1, 0, 1, 2**31, 2**53 - 1, 2**53, 2**63, 2**64, 10**30, 0.5, 1e308, 1.0)
RAW = ("NaN", "Infinity", "-Infinity", "1e999", "9" * 5000, "-0", "01", "'x'", "[" * 9000,
       '{"a":' * 3000, "tru", '"\\ud800"', '"\\u0000"', "\x00", "/* x */ 1", '"\xff"')  # fmt: skip
PATHS = ("/v1/days", "/v1/team", "/v1/days:batch", "/v1/devices", "/v1/me", "/v1/me/export",
         "/v1/links", "/v1/logins", "/v1/invites", "/v1/boards/main", "/v1/boards/consumption",
         "/v1/enrol", "/", "/consumption", "/healthz", "/you", "/team", "/you/export",
         "/you/appearance", "/sign-out")  # fmt: skip
METHODS = ("GET", "PUT", "POST", "DELETE", "PATCH", "OPTIONS", "HEAD", "TRACE", "BREW")


@dataclass(frozen=True)
class Ask:
    """One request as it is sent."""

    method: str
    target: str
    body: bytes
    headers: dict[str, str]
    kind: str


def asks(device: Device, other: Device, seed: int, count: int) -> Iterator[Ask]:
    """Requests of every kind in turn."""
    draw = random.Random(seed)
    kinds: tuple[Callable[[random.Random, Device, Device], Ask], ...] = (
        mutated_document, mutated_batch, mutated_message, wrong_signature, wrong_place,
        unsigned_noise, mutated_document, wrong_headers, hostile_form, hostile_page,
    )  # fmt: skip
    for number in range(count):
        yield kinds[number % len(kinds)](draw, device, other)


def signed(device: Device, method: str, target: str, body: bytes, kind: str) -> Ask:
    return Ask(method, target, body, device.headers(method, target, body), kind)


def value(draw: random.Random) -> Any:
    """Anything that JSON can hold."""
    return draw.choice((
        draw.choice(STRINGS), draw.choice(NUMBERS), None, True, [], {}, [[[[1]]]],
        {CANARY: draw.choice(STRINGS)}, [draw.choice(STRINGS)] * 70,
    ))  # fmt: skip


def mutate(draw: random.Random, found: Any) -> Any:
    """The same with one part replaced, added, doubled or taken out, somewhere inside."""
    if isinstance(found, dict) and found and draw.random() < 0.9:
        key = draw.choice(list(found))
        changed = {**found, key: mutate(draw, found[key])}
        fate = draw.random()
        if fate < 0.15:
            del changed[key]
        elif fate < 0.3:
            changed[draw.choice((f"x_{CANARY}", "host", "path", "prompt"))] = value(draw)
        return changed
    if isinstance(found, list) and found and draw.random() < 0.9:
        at = draw.randrange(len(found))
        return draw.choice((
            [*found[:at], mutate(draw, found[at]), *found[at + 1 :]], found * 2, found * 80
        ))  # fmt: skip
    return value(draw)


def spelled(draw: random.Random, found: Any) -> bytes:
    """As JSON: mostly the canonical spelling, at times one with something odd in it."""
    text = json.dumps(found, separators=(",", ":"), ensure_ascii=draw.random() < 0.3)
    if draw.random() < 0.25:
        at = draw.randrange(len(text) + 1)
        text = text[:at] + draw.choice(RAW) + text[at + draw.randrange(3) :]
    return text.encode("utf-8", "surrogatepass")


def document(draw: random.Random, device: Device) -> dict[str, Any]:
    """A document that would be taken, with every optional part."""
    found = json.loads(encode(device.document(rev=draw.randrange(1, 10**9))))
    return {
        **found,
        "outcomes": {"landed": [{"changes": 1, "cost_nusd": 5, "size": "S"}], "reverted": 0},
        "sketches": [{"agent": "claude-code", "hashes": "0" * 12}],
    }


def mutated_document(draw: random.Random, device: Device, _other: Device) -> Ask:
    body = spelled(draw, mutate(draw, document(draw, device)))
    return signed(device, "PUT", f"/v1/days/{device.day}", body, "document")


def mutated_batch(draw: random.Random, device: Device, _other: Device) -> Ask:
    whole = {"documents": [document(draw, device) for _ in range(draw.randrange(3))]}
    return signed(device, "POST", "/v1/days:batch", spelled(draw, mutate(draw, whole)), "batch")


def mutated_message(draw: random.Random, device: Device, _other: Device) -> Ask:
    method, target, message = draw.choice((
        ("PUT", "/v1/me", {"appearance": "name", "name": CANARY}),
        ("POST", "/v1/invites", {"hours": 1, "uses": 1}),
        ("POST", "/v1/team", {"code": "A" * 26}),
        ("POST", "/v1/enrol", {"code": "A" * 26, "public_key": "A" * 43 + "=", "name": CANARY,
                               "appearance": "name", "schema": "0" * 16}),
    ))  # fmt: skip
    return signed(device, method, target, spelled(draw, mutate(draw, message)), "message")


def wrong_signature(draw: random.Random, device: Device, other: Device) -> Ask:
    """A good document under a signature that is not one, or not of this request."""
    body, target = encode(device.document(rev=10**12)), f"/v1/days/{device.day}"
    headers = device.headers("PUT", target, body)
    at, real = headers["Toktui-Time"], headers["Toktui-Signature"]
    host = device.board.url.removeprefix("http://")

    def by(key: bytes, **changes: Any) -> str:
        values = {"method": "PUT", "host": host, "target": target, "body": body,
                  "device": device.id, "unix_time": int(at)}  # fmt: skip
        return sign(key, signed_string(**{**values, **changes}))

    forged = draw.choice((
        {"Toktui-Signature": by(other.key)}, {"Toktui-Device": other.id},
        {"Toktui-Device": draw.choice(STRINGS[:9]).encode("ascii", "ignore").decode()},
        {"Toktui-Signature": by(device.key, host="evil.example.com")},
        {"Toktui-Signature": by(device.key, method="POST")},
        {"Toktui-Signature": by(device.key, target=f"{target}?x=1")},
        {"Toktui-Signature": by(device.key, body=body + b" ")},
        {"Toktui-Signature": by(device.key, device=other.id)},
        {"Toktui-Time": str(int(at) + 1)}, {"Toktui-Time": "9" * 100}, {"Toktui-Time": "-1"},
        {"Toktui-Time": "٣"}, {"Toktui-Time": "1e9"}, {"Toktui-Signature": real[:-1]},
        {"Toktui-Signature": real.rstrip("=")}, {"Toktui-Signature": "A" * 88},
        {"Toktui-Signature": real[:-3] + chr(ord(real[-3]) + 1) + "=="},
        {"Toktui-Signature": draw.choice(STRINGS[:9]).encode("ascii", "ignore").decode()},
    ))  # fmt: skip
    kept = {key: text.replace("\x00", "").replace("\x1b", "").replace("\x07", "")
            for key, text in {**headers, **forged}.items()}  # fmt: skip
    return Ask("PUT", target, body, kept, "signature")


def wrong_place(draw: random.Random, device: Device, _other: Device) -> Ask:
    """A real signature over an address that does not exist, or that names what it must not."""
    odd = draw.choice((
        "%00", "%0a", "%27%3b--", "..%2f..%2f", "%c3%28", "x" * 300, "%3Cscript%3E",
        "d_aaaaaaaaaaaaaaaa", "2020-01-01", "2026-02-31", "%F0%9F%98%80",
    ))  # fmt: skip
    target = draw.choice((
        f"/v1/days/{odd}", f"/v1/devices/{odd}", f"/v1/boards/{odd}", f"/v1/{odd}", f"/{odd}",
        f"/v1/days?since={odd}", f"/v1/boards/consumption?span={odd}", f"/sign-in/{odd}",
        f"/static/{odd}", f"/static/..%2f{odd}", f"/consumption?span={odd}", "/v1/team/", "//",
    ))  # fmt: skip
    method = draw.choice(("GET", "PUT", "POST") if "since" in target else METHODS)
    body = b"{}" if method in ("PUT", "POST") else b""
    return signed(device, method, target, body, "place")


FORMS = {
    "/team/settings": ("name", "retention", "consumption", "sure"),
    "/team/invites": ("uses", "hours"), "/team/invites/withdraw": ("invite",),
    "/team/role": ("member", "role"), "/team/remove": ("member", "sure"),
    "/you/appearance": ("appearance", "name"), "/you/revoke": ("device",), "/theme": ("theme",),
}  # fmt: skip


def hostile_form(draw: random.Random, device: Device, other: Device) -> Ask:
    """A form of a browser that is signed in, at times from elsewhere; its member leads nobody."""
    path = draw.choice(list(FORMS))
    fields = {name: str(draw.choice((*STRINGS, *NUMBERS, other.id, other.member, "owner", "yes")))
              for name in FORMS[path]}  # fmt: skip
    token = hashed(f"form {device.cookie.partition('=')[2]}")
    fields["token"] = token if draw.random() < 0.8 else draw.choice(STRINGS)
    body = urlencode(fields).encode() if draw.random() < 0.8 else draw.randbytes(200)
    origin = draw.choice((device.board.url, device.board.url, "https://evil.example.com", "null"))
    return Ask("POST", path, body, {
        "Cookie": device.cookie, "Origin": origin,
        "Content-Type": "application/x-www-form-urlencoded",
    }, "form")  # fmt: skip


def hostile_page(draw: random.Random, device: Device, _other: Device) -> Ask:
    """A page with a cookie or parameters that it does not expect."""
    odd = quote(str(draw.choice((*STRINGS[:5], *STRINGS[6:], *NUMBERS))))
    path = draw.choice(("/", "/you", "/team", "/consumption", "/you/export", "/signed-out"))
    name = draw.choice(("page", "before", "skip", "span", "said"))
    cookie = draw.choice((device.cookie, device.cookie, f"toktui={CANARY}", f"toktui_once={odd}"))
    headers = {"Cookie": cookie, "If-None-Match": '"' + CANARY + '"'}
    return Ask("GET", f"{path}?{name}={odd}", b"", headers, "page")


def unsigned_noise(draw: random.Random, _device: Device, _other: Device) -> Ask:
    body = draw.choice((b"", b"{}", draw.randbytes(draw.randrange(3_000)), b"x" * 500_000))
    return Ask(draw.choice(METHODS), draw.choice(PATHS), body, {}, "noise")


def wrong_headers(draw: random.Random, device: Device, _other: Device) -> Ask:
    """A good document with headers that promise what it is not, or too many of them."""
    body, target = encode(device.document(rev=10**12)), f"/v1/days/{device.day}"
    odd = draw.choice((
        {"Content-Encoding": "gzip"}, {"Content-Encoding": "zstd, gzip"},
        {"Content-Length": "9" * 30}, {"Content-Length": "-1"}, {"Content-Length": "1" * 5000},
        {"Content-Length": "70000"}, {"Toktui-Device": "x" * 20_000}, {"X": "y" * 40_000},
    ))  # fmt: skip
    return Ask("PUT", target, body, {**device.headers("PUT", target, body), **odd}, "headers")


RAW_REQUESTS = (
    b"\x00" * 200, b"\x16\x03\x01\x02\x00\x01\x00", b"GET / HTTP/9.9\r\n\r\n",
    b"GET /\x00 HTTP/1.1\r\nHost: x\r\n\r\n", b"GET / HTTP/1.1\r\n\r\n",
    b"GET /" + b"a" * 40_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n",
    b"PUT /v1/me HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nabcdef",
    b"PUT /v1/me HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nZZ\r\n",
    b"PUT /v1/me HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
    b"PUT /v1/me HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n"
    b"0\r\n\r\nGET /v1/team HTTP/1.1\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: x\r\n" + b"A: b\r\n" * 9_000 + b"\r\n",
    b"GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n",
    b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    b"GET http://evil.example.com/ HTTP/1.1\r\nHost: x\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", b"GET / HTTP/1.1\r\nHost: x\r\n y: z\r\n\r\n",
    b"POST /v1/team HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n{}",
    b"\r\n\r\n\r\n", b"GET",
)  # fmt: skip


def answer_to(address: tuple[str, int], sent: bytes, wait_s: float = 2.0) -> bytes:
    """What comes back for these bytes, until the server closes or says no more."""
    with socket.create_connection(address, timeout=wait_s) as line:
        received = b""
        try:
            line.sendall(sent)
            line.shutdown(socket.SHUT_WR)
            while part := line.recv(65_536):
                received += part
        except OSError:
            pass
        return received
