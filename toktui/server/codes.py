"""Random ids, codes and secrets, and the hash under which a secret is kept."""

from __future__ import annotations

import base64
import hashlib
import secrets


def new_id(prefix: str) -> str:
    """Such as `m_4k2...`: 80 random bits, never used again."""
    return f"{prefix}_{_base32(10)}"


def new_code() -> str:
    """128 random bits as people copy them: `ABCD-EFGH-...`."""
    text = _base32(16).upper()
    return "-".join(text[i : i + 5] for i in range(0, len(text), 5))


def new_secret() -> str:
    """256 random bits for addresses and cookies."""
    return secrets.token_urlsafe(32)


def hashed(secret: str) -> str:
    """What is stored of a code, link or cookie; dashes and case of a code do not matter."""
    return hashlib.sha256(secret.encode()).hexdigest()


def hashed_code(code: str) -> str:
    """The same of a code, whose dashes and case do not matter."""
    return hashed(code.replace("-", "").upper())


def _base32(size: int) -> str:
    return base64.b32encode(secrets.token_bytes(size)).decode().rstrip("=").lower()
