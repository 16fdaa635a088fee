"""Where a request may go, and what is done about an answer."""

from __future__ import annotations

import datetime
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from toktui.errors import UsageError
from toktui.team import http
from toktui.team.http import Server, ServerError, checked_url
from toktui.team.wire.signing import new_key

from .conftest import DEVICE, NOW, Told, problem


@pytest.mark.parametrize(
    ("given", "meant"),
    [
        ("https://board.example.com", "https://board.example.com"),
        ("https://Board.Example.com:443/", "https://board.example.com"),
        (" https://board.example.com:8443 ", "https://board.example.com:8443"),
        ("http://127.0.0.1:8080/", "http://127.0.0.1:8080"),
        ("http://localhost:80", "http://localhost"),
        ("http://[::1]:8080", "http://[::1]:8080"),
        ("http://10.1.2.3", "http://10.1.2.3"),
    ],
)
def test_an_address_is_spelled_as_the_server_spells_it(given: str, meant: str):
    assert checked_url(given, allow_http=True) == meant


@pytest.mark.parametrize(
    "given",
    [
        "board.example.com", "ftp://board.example.com", "https://", "https://user:x@board.example",
        "https://board.example.com/team", "https://board.example.com?x=1", "https://a:b:c",
        "https://[::1", "https://board.example.com:99999", "https://b\u043eard.example.com", "file:///x",
        "http://board.example.com", "http://8.8.8.8", "", "https://@board.example.com",
    ],
)  # fmt: skip
def test_an_address_that_is_none_or_not_safe_is_refused(given: str):
    with pytest.raises(UsageError):
        checked_url(given, allow_http=True)


def test_the_same_asked_twice_within_a_second_is_asked_again_in_the_next(
    told: Told, monkeypatch: pytest.MonkeyPatch
):
    waited: list[float] = []
    at_ms = [NOW + 300]

    def sleep(seconds: float) -> None:
        waited.append(seconds)
        at_ms[0] += round(seconds * 1000)

    monkeypatch.setattr(http, "_sleep", sleep)
    server = Server(told.url, lambda: at_ms[0], key=new_key(), device=DEVICE)
    told.says.extend([problem("replayed"), (200, b"{}", {})])
    assert server.ask("POST", "/v1/links").status == 200
    assert len(waited) == 1
    assert (at_ms[0] // 1000, len(told.heard)) == (NOW // 1000 + 1, 2)
    told.says.extend([problem("replayed"), problem("replayed")])
    with pytest.raises(ServerError, match="made before"):
        server.ask("POST", "/v1/links")
    assert len(told.heard) == 4


def test_plain_http_needs_a_word_even_at_home():
    with pytest.raises(UsageError, match="Plain http"):
        checked_url("http://127.0.0.1:8080", allow_http=False)


def test_a_redirect_is_not_followed(told: Told):
    told.says.append((307, b"", {"Location": f"{told.url}/v1/elsewhere"}))
    with pytest.raises(ServerError) as failed:
        Server(told.url, lambda: NOW).ask("GET", "/v1/team")
    assert failed.value.code == "nonsense"
    assert len(told.heard) == 1


def test_what_a_server_says_is_cleaned(told: Told):
    said = '{"type":"x","title":"No\\u001b[31m","status":403,"code":"\\u202eforbidden"}'
    told.says.append((403, said.encode(), {}))
    with pytest.raises(ServerError) as failed:
        Server(told.url, lambda: NOW).ask("GET", "/v1/team")
    assert (failed.value.code, failed.value.what) == ("forbidden", "No[31m")


@pytest.fixture
def dripping(loopback: None) -> Callable[[bytes], str]:
    """A server that says one thing and then a byte now and then, for ever."""
    listening = socket.create_server(("127.0.0.1", 0))
    ending = threading.Event()

    def start(first: bytes) -> str:
        def serve() -> None:
            client, _ = listening.accept()
            with client:
                client.recv(65536)
                client.sendall(first)
                while not ending.wait(0.05):
                    try:
                        client.sendall(b"x")
                    except OSError:
                        return

        threading.Thread(target=serve, daemon=True).start()
        return f"http://127.0.0.1:{listening.getsockname()[1]}"

    yield start
    ending.set()
    listening.close()


@pytest.mark.parametrize(
    "first", [b"", b"HTTP/1.1 200 OK\r\nX: ", b"HTTP/1.1 200 OK\r\nContent-Length: 99999\r\n\r\n"]
)
def test_an_answer_that_trickles_for_ever_is_given_up(
    dripping: Callable[[bytes], str], first: bytes, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(http, "LONGEST_S", 0.5)
    began = time.monotonic()
    with pytest.raises(ServerError) as failed:
        Server(dripping(first), lambda: NOW).ask("GET", "/v1/team")
    assert failed.value.code == "network"
    assert time.monotonic() - began < 5


@pytest.fixture
def encrypted(told: Told, tmp_path: Path) -> Iterator[tuple[str, Path]]:
    """An address with a certificate that nobody has signed, and the certificate."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    began = datetime.datetime(2020, 1, 1, tzinfo=datetime.UTC)
    made = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
        .serial_number(7).not_valid_before(began)
        .not_valid_after(began + datetime.timedelta(days=36_500))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )  # fmt: skip
    chain, private = tmp_path / "cert.pem", tmp_path / "key.pem"
    chain.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    private.write_bytes(key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ))  # fmt: skip
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(chain, private)
    listening = socket.create_server(("127.0.0.1", 0))
    ending = threading.Event()

    def serve() -> None:
        while not ending.is_set():
            try:
                client, _ = listening.accept()
                with context.wrap_socket(client, server_side=True) as safe:
                    safe.recv(65536)
                    safe.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")
            except OSError:
                continue

    threading.Thread(target=serve, daemon=True).start()
    yield f"https://localhost:{listening.getsockname()[1]}", chain
    ending.set()
    listening.close()


def test_a_certificate_that_nobody_signed_is_not_trusted(
    encrypted: tuple[str, Path], monkeypatch: pytest.MonkeyPatch
):
    address, chain = encrypted
    with pytest.raises(ServerError, match=r"certificate of localhost:.* is not trusted") as failed:
        Server(address, lambda: NOW).ask("GET", "/v1/team")
    assert failed.value.code == "network"
    monkeypatch.setenv("SSL_CERT_FILE", str(chain))
    assert Server(address, lambda: NOW).ask("GET", "/v1/team").body == b"{}"


def test_a_proxy_of_the_environment_is_not_used(told: Told, monkeypatch: pytest.MonkeyPatch):
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    assert Server(told.url, lambda: NOW).ask("GET", "/v1/team").status == 200
