"""What Claude Code 2.1.330 says on stdin of its status line, invented values."""

from __future__ import annotations

import json
from typing import Any

SESSION = "9e3779b1-0000-4000-8000-000000000001"
NOW = 1_795_357_925_000
"""2026-11-22 14:32:05 UTC, a Sunday."""
MINUTE = 60_000
SECRETS = ("/home/dev/secret-shop", "a secret title", "secret cause", "secret key")


def said(**changed: Any) -> dict[str, Any]:
    """A whole document; a value of None leaves the field out."""
    document: dict[str, Any] = {
        "session_id": SESSION,
        "session_name": SECRETS[1],
        "transcript_path": "",
        "cwd": SECRETS[0],
        "model": {"id": "claude-opus-5-5", "display_name": "Opus 5.5"},
        "workspace": {"current_dir": SECRETS[0], "project_dir": SECRETS[0]},
        "version": "2.1.330",
        "cost": {
            "total_cost_usd": 6.31,
            "total_duration_ms": 45_000,
            "total_lines_added": 156,
        },
        "context_window": {
            "total_input_tokens": 164_010,
            "total_output_tokens": 310,
            "context_window_size": 200_000,
            "used_percentage": 82,
            "current_usage": {
                "input_tokens": 10,
                "output_tokens": 310,
                "cache_creation_input_tokens": 4_000,
                "cache_read_input_tokens": 160_000,
            },
        },
        "exceeds_200k_tokens": False,
        "prompt_cache": {
            "warm": True,
            "ttl": "5m",
            "expires_at": (NOW + 3 * MINUTE) / 1000,
            "hit_ratio": 0.967,
            "requests": 12,
            "last_miss_cause": {"causes": [SECRETS[2]]},
        },
        "rate_limits": {
            "five_hour": {"used_percentage": 58.2, "resets_at": NOW // 1000 + 7_200},
            "seven_day": {"used_percentage": 31, "resets_at": NOW // 1000 + 4 * 86_400},
            "of_tomorrow": {"used_percentage": 1, SECRETS[3]: SECRETS[3]},
        },
    }
    document |= changed
    return {name: value for name, value in document.items() if value is not None}


def as_bytes(**changed: Any) -> bytes:
    """The document as it comes."""
    return json.dumps(said(**changed)).encode()
