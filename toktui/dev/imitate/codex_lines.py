"""Lines of Codex's logs (rollouts), by the shapes of builds 0.118 to 0.169.

One `Lines` writes the rows of one thread and keeps its running totals. Lines are bytes without a
newline; times are UTC milliseconds.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import msgspec
from msgspec import UNSET, Struct, UnsetType

from toktui.dev.imitate.draw import stamp, vendor_id

if TYPE_CHECKING:
    from random import Random

_encode: Final = msgspec.json.Encoder().encode


class Usage(Struct, frozen=True):
    """Tokens as Codex writes them: `input_tokens` includes what was cached and written."""

    input_tokens: int = 0
    cached_input_tokens: int = 0
    cache_write_input_tokens: int | UnsetType = UNSET
    output_tokens: int = 0
    reasoning_output_tokens: int = 0
    total_tokens: int = 0

    def plus(self, other: Usage) -> Usage:
        """Both together."""
        mine, others = self.cache_write_input_tokens, other.cache_write_input_tokens
        written: int | UnsetType = UNSET
        if mine is not UNSET or others is not UNSET:
            written = (mine or 0) + (others or 0)
        return Usage(
            self.input_tokens + other.input_tokens,
            self.cached_input_tokens + other.cached_input_tokens,
            written,
            self.output_tokens + other.output_tokens,
            self.reasoning_output_tokens + other.reasoning_output_tokens,
            self.total_tokens + other.total_tokens,
        )


def usage(
    prompt: int, cached: int, output: int, *, reasoning: int = 0, written: int | None = None
) -> Usage:
    """One response: `prompt` includes `cached` and `written`."""
    return Usage(
        prompt, cached, UNSET if written is None else written, output, reasoning, prompt + output
    )


class Window(Struct, frozen=True):
    """How much of a plan's window is used; `resets_at` is in seconds."""

    used_percent: float
    window_minutes: int
    resets_at: int


class Limits(Struct, frozen=True):
    """`rate_limits` of a `token_count`."""

    primary: Window | None = None
    secondary: Window | None = None
    limit_id: str = "codex"
    limit_name: str | None = None
    credits: str | None = None
    plan_type: str = "pro"


class _Info(Struct, frozen=True):
    total_token_usage: Usage
    last_token_usage: Usage
    model_context_window: int


class _Line(Struct, frozen=True):
    timestamp: str
    type: str
    payload: object
    ordinal: int | UnsetType = UNSET


class Thread(Struct, frozen=True):
    """Who a log belongs to."""

    id: str
    cwd: str
    branch: str
    version: str
    root: str = ""
    """The root thread, where this one is a sub-agent's."""
    parent: str = ""
    forked: bool = False
    """The thread repeats its parent's history, which is at hand in this log."""
    nickname: str = ""
    role: str = ""


class Lines:
    """Writes the rows of one thread. `records` writes `token_usage_record` rows, as builds do from
    0.155 on; `total` is what the thread has used."""

    def __init__(self, rng: Random, thread: Thread, *, window: int, records: bool) -> None:
        self._rng = rng
        self.thread = thread
        self.window = window
        self.records = records
        self.total = Usage()
        self._last = Usage()
        self._limits: Limits = Limits()
        self._ordinal = 0
        self.turn = ""

    def _line(self, at_ms: int, kind: str, payload: object) -> bytes:
        ordinal: int | UnsetType = UNSET
        if self.records:
            ordinal = self._ordinal
            self._ordinal += 1
        return _encode(_Line(stamp(at_ms), kind, payload, ordinal))

    def _event(self, at_ms: int, kind: str, **fields: Any) -> bytes:
        return self._line(at_ms, "event_msg", {"type": kind, **fields})

    def _item(self, at_ms: int, kind: str, **fields: Any) -> bytes:
        return self._line(at_ms, "response_item", {"type": kind, **fields})

    def meta(self, at_ms: int, instructions: str, *, thread: Thread | None = None) -> bytes:
        """The first row; a fork adds its parent's behind it."""
        of = thread or self.thread
        payload: dict[str, Any] = {
            "id": of.id, "session_id": of.root or of.id, "timestamp": stamp(at_ms), "cwd": of.cwd,
            "originator": "codex-tui", "cli_version": of.version, "source": "cli",
            "thread_source": "user", "model_provider": "openai",
            "base_instructions": {"text": instructions}, "git": {"branch": of.branch},
        }
        if of.forked:
            payload["forked_from_id"] = of.parent
        elif of.parent:
            payload["parent_thread_id"] = of.parent
            payload["thread_source"] = "subagent"
            payload["source"] = {"subagent": {"thread_spawn": {
                "parent_thread_id": of.parent, "depth": 1, "agent_nickname": of.nickname,
                "agent_role": of.role,
            }}}
        return self._line(at_ms, "session_meta", payload)

    def settings(self, at_ms: int, model: str, tier: str) -> bytes:
        """The thread's settings: the only place where a tier is named."""
        fields = {"model": model, "service_tier": tier}
        return self._event(at_ms, "thread_settings_applied", thread_settings=fields)

    def turn_starts(self, at_ms: int, turn: str, model: str) -> list[bytes]:
        """A turn begins: notice and context."""
        self.turn = turn
        return [
            self._event(
                at_ms, "task_started", turn_id=turn, started_at=at_ms // 1000,
                model_context_window=self.window, collaboration_mode_kind="default",
            ),
            self.turn_context(at_ms, model),
        ]

    def turn_context(self, at_ms: int, model: str) -> bytes:
        """The model of what follows, and the rules it works under."""
        return self._line(at_ms, "turn_context", {
            "turn_id": self.turn, "cwd": self.thread.cwd, "current_date": stamp(at_ms)[:10],
            "timezone": "Europe/Paris", "approval_policy": "on-request",
            "sandbox_policy": {"type": "workspace-write", "network_access": False},
            "permission_profile": {"type": "managed", "file_system": {
                "type": "restricted", "entries": [{"path": "special", "access": "write"}] * 8,
            }},
            "model": model, "personality": "pragmatic", "effort": "high", "summary": "auto",
            "truncation_policy": {"mode": "tokens", "limit": 10000},
        })

    def user_message(self, at_ms: int, text: str) -> list[bytes]:
        """What the user typed, twice, as the client writes it."""
        return [
            self._item(
                at_ms, "message", role="user", content=[{"type": "input_text", "text": text}]
            ),
            self._event(at_ms, "user_message", message=text, images=[], text_elements=[]),
        ]

    def agent_message(self, at_ms: int, text: str, *, final: bool = False) -> list[bytes]:
        """What the model said, twice."""
        phase = "final_answer" if final else "commentary"
        return [
            self._event(at_ms, "agent_message", message=text, phase=phase, memory_citation=None),
            self.message(at_ms, "assistant", text, phase=phase),
        ]

    def message(self, at_ms: int, role: str, text: str, *, phase: str = "commentary") -> bytes:
        """A message of any role."""
        content = [{"type": "output_text", "text": text}]
        return self._item(at_ms, "message", role=role, content=content, phase=phase)

    def reasoning(self, at_ms: int) -> bytes:
        """That the model thought; the thoughts are not kept."""
        return self._item(at_ms, "reasoning", summary=[], content=None)

    def tool_call(self, at_ms: int, arguments: str) -> tuple[str, bytes]:
        """The model calls a tool; gives the call's id too."""
        call = vendor_id(self._rng, "call_", 24)
        return call, self._item(
            at_ms, "function_call", name="exec_command", arguments=arguments, call_id=call
        )

    def tool_output(self, at_ms: int, call: str, text: str) -> bytes:
        """What the tool gave back."""
        return self._item(at_ms, "function_call_output", call_id=call, output=text)

    def command_end(self, at_ms: int, call: str, text: str) -> bytes:
        """What the client saw of a command."""
        return self._event(
            at_ms, "exec_command_end", call_id=call, command=["bash", "-lc"], exit_code=0,
            stdout=text, stderr="", duration={"secs": 1, "nanos": 0},
        )

    def patch(self, at_ms: int, text: str) -> list[bytes]:
        """The model edits a file; the client tells how that went."""
        call = vendor_id(self._rng, "call_", 24)
        return [
            self._item(
                at_ms, "custom_tool_call", status="completed", call_id=call, name="apply_patch",
                input=text,
            ),
            self._event(
                at_ms + 90, "patch_apply_end", call_id=call, success=True, stdout="Success.",
                changes={"src": {"type": "update", "unified_diff": text}},
            ),
            self._item(at_ms + 95, "custom_tool_call_output", call_id=call, output="Success."),
        ]

    def search(self, at_ms: int, query: str) -> bytes:
        """A web search of the model."""
        return self._item(
            at_ms, "web_search_call", status="completed",
            action={"type": "search", "query": query},
        )

    def response_ends(
        self, at_ms: int, used: Usage, *, limits: Limits | None = None
    ) -> list[bytes]:
        """A response is complete: its record, if this build writes any, and the running totals."""
        self.total = self.total.plus(used)
        self._last = used
        rows: list[bytes] = []
        if self.records:
            rows.append(self._line(at_ms, "token_usage_record", {
                "thread_id": self.thread.id, "session_id": self.thread.root or self.thread.id,
                "turn_id": self.turn, "response_id": vendor_id(self._rng, "resp_", 40),
                "usage": used, "thread_token_usage": self.total,
            }))
        rows.append(self.totals(at_ms + 10, limits=limits))
        return rows

    def totals(self, at_ms: int, *, limits: Limits | None = None) -> bytes:
        """The running totals; sent again, they are a repetition."""
        self._limits = limits or self._limits
        info = _Info(self.total, self._last, self.window)
        return self._event(at_ms, "token_count", info=info, rate_limits=self._limits)

    def turn_ends(self, at_ms: int, text: str) -> bytes:
        """A turn is complete."""
        return self._event(
            at_ms, "task_complete", turn_id=self.turn, last_agent_message=text,
            completed_at=at_ms // 1000,
        )

    def compaction(self, at_ms: int, summary: str) -> list[bytes]:
        """The context was summarised; an estimate without tokens follows."""
        rows = [
            self._line(at_ms, "compacted", {"message": "", "replacement_history": [
                {"type": "message", "role": "user", "content": [
                    {"type": "input_text", "text": summary},
                ]},
            ]}),
            self._event(at_ms, "context_compacted"),
        ]
        estimate = Usage(total_tokens=len(summary) // 4)
        info = _Info(self.total, estimate, self.window)
        rows.append(self._event(at_ms + 5, "token_count", info=info, rate_limits=self._limits))
        return rows
