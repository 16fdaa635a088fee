"""What the text of a request in the Cline family says: JSON inside JSON."""

from __future__ import annotations

from typing import Final

from msgspec import Struct, field

from toktui.agents.documents import Count, Dollars
from toktui.model import Tokens

WHOLE_PROMPT_PROVIDERS: Final = frozenset(
    ("openai", "litellm", "doubao", "fireworks", "hicap", "lmstudio", "qwen", "xai", "zai")
)
"""Of Cline's providers, those whose `tokensIn` is the vendor's, with what was read from a cache."""


class Info(Struct):
    """The text of a request; it is filled in when the answer ends."""

    request: str | None = None
    tokens_in: Count = field(default=None, name="tokensIn")
    tokens_out: Count = field(default=None, name="tokensOut")
    cache_reads: Count = field(default=None, name="cacheReads")
    cache_writes: Count = field(default=None, name="cacheWrites")
    cost: Dollars = None
    protocol: str | None = field(default=None, name="apiProtocol")


class Asked(Struct):
    """A request of a task; `ts` is UTC milliseconds, `nth` counts those with the same."""

    ts: int
    nth: int
    info: Info
    model: str = ""
    provider: str = ""
    whole_prompt: bool = False

    @property
    def cached(self) -> int:
        return (self.info.cache_reads or 0) + (self.info.cache_writes or 0)

    @property
    def holds_caches(self) -> bool:
        """`tokensIn` is large enough to have both caches in it."""
        return (self.info.tokens_in or 0) >= self.cached


def tokens_of(asked: Asked) -> Tokens:
    """The buckets of a request."""
    given = asked.info.tokens_in or 0
    inside = asked.whole_prompt or asked.provider in WHOLE_PROMPT_PROVIDERS
    return Tokens(
        input=given - asked.cached if inside and asked.holds_caches else given,
        cache_read=asked.info.cache_reads or 0,
        cache_write_5m=asked.info.cache_writes or 0,
        output=asked.info.tokens_out or 0,
    )
