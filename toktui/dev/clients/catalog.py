"""The clients that are run, how each is pointed at our server, and what each is made to do."""

from __future__ import annotations

import json
from typing import Final, Literal

import msgspec

Protocol = Literal["anthropic", "responses", "chat", "gemini"]

_WORK: Final = "Say hi with a command."
_MORE: Final = "And once more."
_SPAWN: Final = "SPAWN a helper for the small work."
_SLOW: Final = "Take your time."
NODE: Final = "node@24"
"""What runs the clients: some need a newer one than a system has."""


class Step(msgspec.Struct, frozen=True):
    """One run of a client. `interrupted`: it is stopped, like with ctrl+c, in the slow answer."""

    what: str
    arguments: tuple[str, ...]
    interrupted: bool = False


class Client(msgspec.Struct, frozen=True, kw_only=True):
    """A client. In `env` and in the texts of `files` `{url}` and `{home}` are filled in."""

    name: str
    agent: str
    package: str
    program: str
    env: dict[str, str]
    files: dict[str, str] = {}
    steps: tuple[Step, ...]


def _steps(**commands: str) -> tuple[Step, ...]:
    """Steps from command lines, in which a last word in capitals is a prompt."""
    prompts = {"WORK": _WORK, "MORE": _MORE, "SPAWN": _SPAWN, "SLOW": _SLOW}
    return tuple(
        Step(
            what.replace("_", " "),
            tuple(prompts.get(word, word) for word in command.split()),
            interrupted=command.endswith("SLOW"),
        )
        for what, command in commands.items()
    )


_CLAUDE_ENV: Final = {
    "ANTHROPIC_BASE_URL": "{url}",
    "ANTHROPIC_API_KEY": "sk-ant-api03-loopback",
    "DISABLE_AUTOUPDATER": "1",
    "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1",
}
_CLAUDE_STEPS: Final = _steps(
    run="-p --allowedTools Bash,Agent,Task -- WORK",
    resume="-p --continue --allowedTools Bash,Agent,Task -- MORE",
    compaction="-p --continue -- /compact",
    interruption="-p --continue -- SLOW",
    resume_after="-p --continue --allowedTools Bash,Agent,Task -- MORE",
    sub_agent="-p --continue --allowedTools Bash,Agent,Task -- SPAWN",
    fork="-p --continue --fork-session --allowedTools Bash,Agent,Task -- MORE",
)
_CODEX_CONFIG: Final = """\
model = "gpt-5.4"
model_provider = "loopback"
approval_policy = "never"
sandbox_mode = "danger-full-access"
[model_providers.loopback]
name = "loopback"
base_url = "{url}/v1"
wire_api = "responses"
env_key = "LOOPBACK_KEY"
"""
_OPENCODE_CONFIG: Final = json.dumps({
    "$schema": "https://opencode.ai/config.json",
    "permission": {"*": "allow"},
    "provider": {"loopback": {
        "npm": "@ai-sdk/openai-compatible", "name": "loopback",
        "options": {"baseURL": "{url}/v1", "apiKey": "x"},
        "models": {"fake-model": {"name": "fake-model", "tool_call": True}}}},
})  # fmt: skip
_PI_MODELS: Final = json.dumps({"providers": {"loopback": {
    "baseUrl": "{url}/v1", "api": "openai-completions", "apiKey": "x",
    "models": [{"id": "fake-model", "name": "fake-model", "reasoning": False, "input": ["text"],
                "contextWindow": 128000, "maxTokens": 4096, "cost": {
                    "input": 0, "output": 0, "cacheRead": 0, "cacheWrite": 0}}]}}})  # fmt: skip

CLIENTS: Final = (
    Client(
        name="Claude Code", agent="claude-code", package="@anthropic-ai/claude-code@latest",
        program="claude", env=_CLAUDE_ENV, steps=_CLAUDE_STEPS,
    ),
    Client(
        name="Claude Code (old)", agent="claude-code", package="@anthropic-ai/claude-code@2.1.90",
        program="claude", env=_CLAUDE_ENV, steps=_CLAUDE_STEPS,
    ),
    Client(
        name="Codex", agent="codex", package="@openai/codex@latest", program="codex",
        env={"LOOPBACK_KEY": "x", "CODEX_HOME": "{home}/.codex"},
        files={".codex/config.toml": _CODEX_CONFIG},
        steps=_steps(
            run="exec --skip-git-repo-check WORK",
            resume="exec --skip-git-repo-check resume --last MORE",
            sub_agent="exec --skip-git-repo-check SPAWN",
            interruption="exec --skip-git-repo-check SLOW",
            resume_after="exec --skip-git-repo-check resume --last MORE",
        ),
    ),
    Client(
        name="OpenCode", agent="opencode", package="opencode-ai@latest", program="opencode",
        env={"OPENCODE_DISABLE_AUTOUPDATE": "1"},
        files={".config/opencode/opencode.json": _OPENCODE_CONFIG},
        steps=_steps(
            run="run -m loopback/fake-model WORK",
            resume="run -m loopback/fake-model --continue MORE",
            fork="run -m loopback/fake-model --continue --fork MORE",
            sub_agent="run -m loopback/fake-model SPAWN",
            interruption="run -m loopback/fake-model SLOW",
            resume_after="run -m loopback/fake-model --continue MORE",
        ),
    ),
    Client(
        name="Gemini CLI", agent="gemini-cli", package="@google/gemini-cli@latest",
        program="gemini",
        env={"GOOGLE_GEMINI_BASE_URL": "{url}", "GEMINI_API_KEY": "x",
             "GEMINI_CLI_TRUST_WORKSPACE": "true"},
        files={".gemini/settings.json": json.dumps({
            "security": {"auth": {"selectedType": "gemini-api-key"}},
            "privacy": {"usageStatisticsEnabled": False}})},
        steps=_steps(
            run="--yolo -m gemini-2.5-pro -p WORK",
            resume="--yolo -m gemini-2.5-pro --resume latest -p MORE",
            interruption="--yolo -m gemini-2.5-pro --resume latest -p SLOW",
            resume_after="--yolo -m gemini-2.5-pro --resume latest -p MORE",
        ),
    ),
    Client(
        name="Qwen Code", agent="qwen-code", package="@qwen-code/qwen-code@latest", program="qwen",
        env={"OPENAI_BASE_URL": "{url}/v1", "OPENAI_API_KEY": "x", "OPENAI_MODEL": "fake-model"},
        files={".qwen/settings.json": json.dumps({
            "security": {"auth": {"selectedType": "openai"}},
            "privacy": {"usageStatisticsEnabled": False}})},
        steps=_steps(
            run="--yolo -p WORK",
            resume="--yolo --continue -p MORE",
            sub_agent="--yolo --continue -p SPAWN",
            interruption="--yolo --continue -p SLOW",
            resume_after="--yolo --continue -p MORE",
        ),
    ),
    Client(
        name="Copilot CLI", agent="copilot-cli", package="@github/copilot@latest",
        program="copilot",
        env={"COPILOT_OFFLINE": "true", "COPILOT_PROVIDER_BASE_URL": "{url}/v1",
             "COPILOT_PROVIDER_API_KEY": "x", "COPILOT_MODEL": "gpt-5.4"},
        steps=_steps(
            run="--allow-all-tools -p WORK",
            resume="--allow-all-tools --continue -p MORE",
            sub_agent="--allow-all-tools --continue -p SPAWN",
            interruption="--allow-all-tools --continue -p SLOW",
            resume_after="--allow-all-tools --continue -p MORE",
        ),
    ),
    Client(
        name="Pi", agent="pi", package="@mariozechner/pi-coding-agent@latest", program="pi",
        env={"PI_OFFLINE": "1"},
        files={".pi/agent/models.json": _PI_MODELS},
        steps=_steps(
            run="--provider loopback --model fake-model -p WORK",
            resume="--provider loopback --model fake-model --continue -p MORE",
            interruption="--provider loopback --model fake-model --continue -p SLOW",
            resume_after="--provider loopback --model fake-model --continue -p MORE",
        ),
    ),
    Client(
        name="Kimi Code", agent="kimi-code", package="@moonshot-ai/kimi-code@latest",
        program="kimi",
        env={"KIMI_MODEL_NAME": "fake-model", "KIMI_MODEL_BASE_URL": "{url}/v1",
             "KIMI_MODEL_API_KEY": "x"},
        steps=_steps(
            run="-p WORK",
            resume="--continue -p MORE",
            interruption="--continue -p SLOW",
            resume_after="--continue -p MORE",
        ),
    ),
)  # fmt: skip
