"""What Kimi Code writes when its user interrupts it."""

from __future__ import annotations

import json

from toktui.agents import agent

PATH = "/home/dev/.kimi-code/sessions/wd_shop_ab/session_5e55/agents/main/wire.jsonl"


def usage(n: int) -> dict[str, int]:
    return {"inputOther": n, "output": n, "inputCacheRead": n, "inputCacheCreation": 0}


def test_an_interrupted_step_is_no_call_and_the_one_after_it_is() -> None:
    kimi = agent("kimi-code")
    state = kimi.start(PATH)
    rows = [
        {"type": "llm.request", "agentId": "main", "model": "kimi-k3", "time": 1795351610000},
        {"type": "usage.record", "agentId": "main", "model": "kimi-k3", "usage": usage(0),
         "usageScope": "turn", "time": 1795351610497},
        {"type": "context.append_loop_event", "agentId": "main", "time": 1795351610498, "event": {
            "type": "step.end", "uuid": "40d876a0-a536-49ec-bc41-46b27d2d626e", "usage": usage(0),
            "finishReason": "interrupted"}},
        {"type": "usage.record", "agentId": "main", "model": "kimi-k3", "usage": usage(7),
         "usageScope": "turn", "time": 1795351618232},
    ]  # fmt: skip
    found = [s for row in rows for s in kimi.parse(json.dumps(row).encode(), state).sightings]
    assert [s.tokens.output for s in found] == [7]
