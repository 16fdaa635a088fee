"""What a model answers, in the words of four vendors."""

from __future__ import annotations

import json
import re
from typing import Any, Final
from typing import Protocol as Shape

import msgspec

from toktui.clock import now_ms
from toktui.model import Tokens

SPAWN: Final = "SPAWN"
"""A prompt with this word makes the model ask for a sub-agent, where its agent has any."""
_SHELLS: Final = (
    "Bash", "bash", "exec_command", "shell_command", "shell", "run_shell_command", "execute",
    "Shell",
)  # fmt: skip
_SPAWNERS: Final = ("Agent", "Task", "task", "agent", "spawn_agent")

Json = dict[str, Any]


class Asked(msgspec.Struct, frozen=True):
    """What matters of a request."""

    model: str
    tools: tuple[str, ...]
    last: str
    """The last message, as JSON."""
    answered: bool
    """The last message brings the result of a tool."""
    text: str
    """All messages, as JSON."""
    stream: bool

    @property
    def tool(self) -> str:
        """The tool that the model wants to use next; empty: it is done."""
        if self.answered or not self.tools:
            return ""
        spawner = next((name for name in _SPAWNERS if name in self.tools), "")
        if SPAWN in self.last and spawner:
            return spawner
        return next((name for name in _SHELLS if name in self.tools), "")


class Reply(msgspec.Struct, frozen=True):
    """An answer: its events, of which one that is not streamed has one."""

    tokens: Tokens
    events: list[tuple[str, Json | str]]
    streamed: bool
    headers: dict[str, str] = {}


class Protocol(Shape):
    """How a vendor asks and answers."""

    def answers(self, path: str) -> bool:
        """Whether a path is asked in this protocol."""
        ...

    def asked(self, path: str, body: Json) -> Asked:
        """The request, in our words."""
        ...

    def reply(self, asked: Asked, number: int) -> Reply:
        """The answer number `number`."""
        ...


def _arguments(tool: str) -> Json:
    """What a tool is called with; more than it knows does no harm."""
    work = "do the small work now"
    if tool == "spawn_agent":
        return {"message": work, "fork_context": False}
    if tool in _SPAWNERS:
        kind = "general-purpose" if tool[0].isupper() else "general"
        return {"description": "small work", "prompt": work, "subagent_type": kind}
    if tool in ("Bash", "bash"):
        return {"command": "echo hi", "description": "say hi"}
    if tool == "exec_command":
        return {"cmd": "echo hi"}
    if tool == "shell":
        return {"command": ["echo", "hi"]}
    if tool == "shell_command":
        return {"command": "echo hi"}
    return {"command": "echo hi", "description": "say hi", "is_background": False}


def _names(tools: list[Json] | None) -> tuple[str, ...]:
    """The names of all tools, whatever the vendor wraps them in."""
    names: list[str] = []
    for tool in tools or ():
        several: list[Json] = tool.get("functionDeclarations") or []
        wrapped: Json = tool.get("function") or {}
        names += [name for one in (wrapped, tool, *several) if (name := one.get("name"))]
    return tuple(names)


class _Anthropic:
    def answers(self, path: str) -> bool:
        return path.endswith("/messages")

    def asked(self, path: str, body: Json) -> Asked:
        del path
        messages: list[Json] = body.get("messages") or [{}]
        last = json.dumps(messages[-1])
        return Asked(
            str(body.get("model")), _names(body.get("tools")), last, "tool_result" in last,
            json.dumps(messages), bool(body.get("stream")),
        )  # fmt: skip

    def reply(self, asked: Asked, number: int) -> Reply:
        k = number
        tokens = Tokens(3, 2000 + k, 0, 1000 + k, 100 + k, 7)
        first: Json = {
            "input_tokens": 3, "cache_creation_input_tokens": 1000 + k,
            "cache_read_input_tokens": 2000 + k, "output_tokens": 1, "service_tier": "standard",
            "inference_geo": "global", "cache_creation": {
                "ephemeral_5m_input_tokens": 0, "ephemeral_1h_input_tokens": 1000 + k},
        }  # fmt: skip
        final = first | {
            "output_tokens": 100 + k, "output_tokens_details": {"thinking_tokens": 7},
            "server_tool_use": {"web_search_requests": 0, "web_fetch_requests": 0},
        }  # fmt: skip
        headers = {"request-id": f"req_011TOKTUI{k:06}"}
        message: Json = {
            "id": f"msg_01TOKTUI{k:012}", "type": "message", "role": "assistant",
            "model": asked.model, "content": [], "stop_reason": None, "stop_sequence": None,
            "usage": first,
        }  # fmt: skip
        tool = asked.tool
        stop = "tool_use" if tool else "end_turn"
        text = "I will use a tool." if tool else f"Done, number {k}."
        if not asked.stream:
            whole = message | {
                "content": [{"type": "text", "text": '{"title":"t","isNewTopic":true}'}],
                "stop_reason": "end_turn", "usage": final,
            }  # fmt: skip
            return Reply(tokens, [("", whole)], streamed=False, headers=headers)
        blocks: list[tuple[Json, Json]] = [
            ({"type": "text", "text": ""}, {"type": "text_delta", "text": text})
        ]
        if tool:
            use: Json = {"type": "tool_use", "id": f"toolu_01T{k:06}", "name": tool, "input": {}}
            given = json.dumps(_arguments(tool))
            blocks.append((use, {"type": "input_json_delta", "partial_json": given}))
        events: list[tuple[str, Json | str]] = [
            ("message_start", {"type": "message_start", "message": message})
        ]
        for i, (block, delta) in enumerate(blocks):
            for kind, key, value in (
                ("content_block_start", "content_block", block),
                ("content_block_delta", "delta", delta),
            ):
                events.append((kind, {"type": kind, "index": i, key: value}))
            events.append(("content_block_stop", {"type": "content_block_stop", "index": i}))
        ended = {"stop_reason": stop, "stop_sequence": None}
        events += [
            ("message_delta", {"type": "message_delta", "delta": ended, "usage": final}),
            ("message_stop", {"type": "message_stop"}),
        ]
        return Reply(tokens, events, streamed=True, headers=headers)


class _Responses:
    def answers(self, path: str) -> bool:
        return path.endswith("/responses")

    def asked(self, path: str, body: Json) -> Asked:
        del path
        given: list[Json] | str = body.get("input") or []
        items: list[Json] = given if isinstance(given, list) else [{"text": given}]
        turn = items[-3:]
        answered = any("output" in str(item.get("type")) for item in turn)
        return Asked(
            str(body.get("model")), _names(body.get("tools")), json.dumps(turn), answered,
            json.dumps(items), stream=True,
        )  # fmt: skip

    def reply(self, asked: Asked, number: int) -> Reply:
        k = number
        tokens = Tokens(10_000 + k - 4000 - k - 300 - k, 4000 + k, 300 + k, 0, 500 + k, 200 + k)
        usage = {
            "input_tokens": 10_000 + k,
            "input_tokens_details": {"cached_tokens": 4000 + k, "cache_write_tokens": 300 + k},
            "output_tokens": 500 + k,
            "output_tokens_details": {"reasoning_tokens": 200 + k},
            "total_tokens": 10_500 + 2 * k,
        }
        base: Json = {
            "id": f"resp_toktui{k:06}", "object": "response", "created_at": now_ms() // 1000,
            "model": asked.model, "status": "in_progress", "output": [],
        }  # fmt: skip
        if asked.tool:
            item: Json = {
                "type": "function_call", "id": f"fc_{k}", "call_id": f"call_{k}",
                "name": asked.tool, "arguments": json.dumps(_arguments(asked.tool)),
            }  # fmt: skip
        else:
            text: Json = {"type": "output_text", "text": f"Done {k}.", "annotations": []}
            item = {
                "type": "message", "id": f"m_{k}", "role": "assistant", "status": "completed",
                "content": [text],
            }  # fmt: skip
        done = base | {"status": "completed", "output": [item], "usage": usage}
        kinds: list[tuple[str, Json]] = [
            ("response.created", {"response": base}),
            ("response.output_item.added", {"output_index": 0, "item": item}),
            ("response.output_item.done", {"output_index": 0, "item": item}),
            ("response.completed", {"response": done}),
        ]
        events: list[tuple[str, Json | str]] = [(kind, {"type": kind} | d) for kind, d in kinds]
        return Reply(tokens, events, streamed=True)


class _Chat:
    def answers(self, path: str) -> bool:
        return path.endswith("/chat/completions")

    def asked(self, path: str, body: Json) -> Asked:
        del path
        messages: list[Json] = body.get("messages") or [{}]
        return Asked(
            str(body.get("model")), _names(body.get("tools")), json.dumps(messages[-1]),
            messages[-1].get("role") == "tool", json.dumps(messages), bool(body.get("stream")),
        )  # fmt: skip

    def reply(self, asked: Asked, number: int) -> Reply:
        k = number
        tokens = Tokens(6000, 4000 + k, 0, 0, 500 + k, 200 + k)
        usage = {
            "prompt_tokens": 10_000 + k, "completion_tokens": 500 + k,
            "total_tokens": 10_500 + 2 * k, "prompt_tokens_details": {"cached_tokens": 4000 + k},
            "completion_tokens_details": {"reasoning_tokens": 200 + k},
        }  # fmt: skip
        message: Json = {"role": "assistant", "content": f"Done {k}."}
        finish = "stop"
        if asked.tool:
            call = {"name": asked.tool, "arguments": json.dumps(_arguments(asked.tool))}
            use = {"index": 0, "id": f"call_{k}", "type": "function", "function": call}
            message = {"role": "assistant", "content": "", "tool_calls": [use]}
            finish = "tool_calls"
        base: Json = {"id": f"chatcmpl-{k}", "created": now_ms() // 1000, "model": asked.model}
        if not asked.stream:
            choice = {"index": 0, "message": message, "finish_reason": finish}
            whole = base | {"object": "chat.completion", "choices": [choice], "usage": usage}
            return Reply(tokens, [("", whole)], streamed=False)
        chunk = base | {"object": "chat.completion.chunk"}
        events: list[tuple[str, Json | str]] = [
            ("", chunk | {"choices": [{"index": 0, "delta": message, "finish_reason": None}]}),
            ("", chunk | {"choices": [{"index": 0, "delta": {}, "finish_reason": finish}]}),
            ("", chunk | {"choices": [], "usage": usage}),
            ("", "[DONE]"),
        ]
        return Reply(tokens, events, streamed=True)


class _Gemini:
    def answers(self, path: str) -> bool:
        return "enerateContent" in path

    def asked(self, path: str, body: Json) -> Asked:
        contents: list[Json] = body.get("contents") or [{}]
        model = re.search(r"models/([^:/]+)", path)
        last = json.dumps(contents[-1])
        return Asked(
            model[1] if model else "gemini", _names(body.get("tools")), last,
            "functionResponse" in last, json.dumps(contents), "stream" in path,
        )  # fmt: skip

    def reply(self, asked: Asked, number: int) -> Reply:
        k = number
        tokens = Tokens(6000 + 11, 4000 + k, 0, 0, 700 + 2 * k, 200 + k)
        usage = {
            "promptTokenCount": 10_000 + k, "cachedContentTokenCount": 4000 + k,
            "candidatesTokenCount": 500 + k, "thoughtsTokenCount": 200 + k,
            "toolUsePromptTokenCount": 11, "totalTokenCount": 10_711 + 3 * k,
        }  # fmt: skip
        parts: list[Json] = [{"text": f"Done {k}."}]
        if not asked.stream:
            choice = '{"model_choice":"pro","reasoning":"x","complexity_score":50}'
            parts = [{"text": choice}]
        elif asked.tool:
            call = {"name": asked.tool, "args": _arguments(asked.tool)}
            parts = [{"text": "thinking hard", "thought": True}, {"functionCall": call}]
        content = {"role": "model", "parts": parts}
        whole: Json = {
            "candidates": [{"content": content, "finishReason": "STOP", "index": 0}],
            "usageMetadata": usage, "modelVersion": asked.model, "responseId": f"r{k}",
        }  # fmt: skip
        return Reply(tokens, [("", whole)], streamed=asked.stream)


ANTHROPIC: Final[Protocol] = _Anthropic()
RESPONSES: Final[Protocol] = _Responses()
CHAT: Final[Protocol] = _Chat()
GEMINI: Final[Protocol] = _Gemini()
