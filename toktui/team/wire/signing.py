"""How a device proves who it is: an Ed25519 signature over the request as it travels.

It proves which device spoke, not that its numbers are true.
"""

from __future__ import annotations

import base64
import hashlib
from typing import Final

DEVICE: Final = "Toktui-Device"
TIME: Final = "Toktui-Time"
SIGNATURE: Final = "Toktui-Signature"
NEW_DEVICE: Final = "new"
"""In place of a device's id in the request that enrols it."""
WINDOW_S: Final = 600
"""How far the time of a request that changes more than a day may be off."""


def signed_string(
    *, method: str, host: str, target: str, body: bytes, device: str, unix_time: int
) -> bytes:
    """What is signed; `target` is path and query, `host` that of the team's address."""
    digest = hashlib.sha256(body).hexdigest()
    return "\n".join(("v1", method, host, target, digest, device, str(unix_time))).encode()


def new_key() -> bytes:
    """A private key, 32 bytes."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import (  # noqa: PLC0415  slow
        Ed25519PrivateKey,
    )

    return Ed25519PrivateKey.generate().private_bytes_raw()


def public_key(private: bytes) -> str:
    """The public key in base64."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import (  # noqa: PLC0415  slow
        Ed25519PrivateKey,
    )

    raw = Ed25519PrivateKey.from_private_bytes(private).public_key().public_bytes_raw()
    return base64.b64encode(raw).decode()


def sign(private: bytes, message: bytes) -> str:
    """The signature in base64."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import (  # noqa: PLC0415  slow
        Ed25519PrivateKey,
    )

    return base64.b64encode(Ed25519PrivateKey.from_private_bytes(private).sign(message)).decode()


def is_signed(public: str, message: bytes, signature: str) -> bool:
    """Whether the holder of the key signed the message."""
    from cryptography.exceptions import InvalidSignature  # noqa: PLC0415  slow
    from cryptography.hazmat.primitives.asymmetric.ed25519 import (  # noqa: PLC0415  slow
        Ed25519PublicKey,
    )

    try:
        key = Ed25519PublicKey.from_public_bytes(_bytes_of(public))
        key.verify(_bytes_of(signature), message)
    except (InvalidSignature, ValueError):
        return False
    return True


def _bytes_of(text: str) -> bytes:
    """The bytes of their one spelling; base64 has others, under which a key could come again."""
    raw = base64.b64decode(text, validate=True)
    if base64.b64encode(raw).decode() != text:
        raise ValueError("not canonical")
    return raw
