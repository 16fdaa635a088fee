"""What the messages of a turn of Cursor amount to: one call, counted or estimated."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, cast

from msgspec import DecodeError, Struct
from msgspec.json import decode as json_decode
from msgspec.structs import replace

from toktui.agents._cursor_spool import generation_key
from toktui.agents.base import MAX_COUNT
from toktui.agents.commits import commits, ran
from toktui.agents.content import Block, Uncounted
from toktui.agents.documents import Count
from toktui.agents.json_lines import object_of, text_of
from toktui.clock import parse_ms
from toktui.model import FLAG_SUM, FLAG_TIME_MOVED, Sighting, Tokens
from toktui.text import clean, clean_id

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from toktui.model import Fact

_UNREADABLE: Final = (DecodeError, UnicodeDecodeError, RecursionError)
COUNTED: Final = 1
ESTIMATED: Final = -1
"""Grades: what Cursor counted, without its caches; what only its text lets guess."""
PROMPT, ANSWER = 1, 2


class _Named(Struct):
    modelName: str | None = None


class _Counted(Struct):
    inputTokens: Count = None
    outputTokens: Count = None


class _Tool(Struct):
    name: Any = None
    rawArgs: Any = None
    result: Any = None
    """JSON in a text; of a terminal with what it printed."""


class Bubble(Struct):
    type: int
    createdAt: Any = None
    text: Any = None
    modelInfo: _Named | None = None
    requestId: str | None = None
    usageUuid: str | None = None
    tokenCount: _Counted | None = None
    toolFormerData: _Tool | None = None
    thinking: Any = None

    @property
    def generation(self) -> str:
        return clean_id(self.usageUuid or self.requestId or "")

    @property
    def model(self) -> str:
        return (self.modelInfo.modelName or "") if self.modelInfo else ""

    @property
    def input(self) -> int:
        return (self.tokenCount.inputTokens or 0) if self.tokenCount else 0

    @property
    def output(self) -> int:
        return (self.tokenCount.outputTokens or 0) if self.tokenCount else 0

    def blocks(self) -> Iterator[Block]:
        """What was said, thought and given to a tool."""
        if isinstance(self.text, str) and self.text:
            yield Block("text", self.text)
        thought: object = self.thinking
        if isinstance(thought, dict):
            thought = cast("dict[str, object]", thought).get("text")
        if isinstance(thought, str) and thought:
            yield Block("thinking", thought)
        tool = self.toolFormerData
        if tool is not None and isinstance(tool.rawArgs, str) and tool.rawArgs:
            name = tool.name if isinstance(tool.name, str) else ""
            yield Block("tool", name, arguments=(("", tool.rawArgs),))


class _Header(Struct):
    bubbleId: str
    type: int | None = None


class Composer(Struct):
    fullConversationHeadersOnly: list[_Header] = []
    createdAt: Any = None
    modelConfig: _Named | None = None
    contextTokenLimit: Any = None
    subComposerIds: list[str] | None = None


class Turn(Struct):
    """The pieces of an answer, and the prompt before them if there is one."""

    prompt: str
    answers: list[str]


def turns_of(headers: Iterable[_Header]) -> list[Turn]:
    """The turns of a conversation that have an answer."""
    turns = [Turn("", [])]
    for header in headers:
        if header.type == PROMPT:
            turns.append(Turn(header.bubbleId, []))
        else:
            turns[-1].answers.append(header.bubbleId)
    return [turn for turn in turns if turn.answers]


def _ms(time: object) -> int | None:
    """A time that is text, or milliseconds."""
    if isinstance(time, str):
        return parse_ms(time)
    return int(time) if isinstance(time, int | float) and 0 < time < 1e14 else None


def sighting_of(
    turn: Turn,
    bubbles: Mapping[str, Bubble],
    composer: Composer,
    *,
    session: str,
    project: str,
) -> tuple[Sighting, Uncounted | None] | None:
    """The call of a turn, with its text where nothing was counted; None where nothing was
    answered."""
    prompt = bubbles.get(turn.prompt)
    answers = [
        bubbles[name] for name in turn.answers if name in bubbles and bubbles[name].type == ANSWER
    ]
    if not answers:
        return None
    tokens = Tokens(
        input=min(MAX_COUNT, sum(b.input for b in answers)),
        output=min(MAX_COUNT, sum(b.output for b in answers)),
    )
    grade, uncounted = COUNTED, None
    if not tokens.total:
        said = tuple(_told_apart(answers))
        if not said:
            return None
        grade, uncounted = ESTIMATED, Uncounted(tuple(prompt.blocks()) if prompt else (), said)
    both = [*answers, prompt] if prompt else answers
    generation = next((b.generation for b in both if b.generation), "")
    at_ms = next((at for b in both if (at := _ms(b.createdAt)) is not None), None)
    model = next((b.model for b in both if b.model), "")
    if not model and composer.modelConfig is not None:
        model = composer.modelConfig.modelName or ""
    window = composer.contextTokenLimit
    found = Sighting(
        key=generation_key(generation) if generation else f"turn:{clean_id(turn.answers[0])}",
        session=clean_id(session),
        at_ms=at_ms if at_ms is not None else _ms(composer.createdAt),
        model=clean(model, 120) or "default",
        tokens=tokens,
        project=project,
        flags=FLAG_SUM | (0 if at_ms is not None else FLAG_TIME_MOVED),
        window=window if isinstance(window, int) and 0 < window < 1 << 40 else 0,
        grade=grade,
    )
    return found, uncounted


def committed(bubble: Bubble, session: str) -> tuple[Fact, ...]:
    """The commits that a terminal made in a message."""
    tool = bubble.toolFormerData
    if tool is None or not isinstance(tool.rawArgs, str) or not isinstance(tool.result, str):
        return ()
    if not commits(tool.rawArgs):
        return ()
    return ran(_printed(tool.result), clean_id(session), _ms(bubble.createdAt))


def _printed(result: str) -> str:
    """What a terminal printed."""
    try:
        said = object_of(json_decode(result))
    except _UNREADABLE:
        return result
    return text_of(said, "output") or text_of(said, "contents")


def _told_apart(answers: Iterable[Bubble]) -> Iterator[Block]:
    """The blocks of all pieces; two equal calls of a tool are two."""
    for nth, bubble in enumerate(answers):
        for block in bubble.blocks():
            yield replace(block, id=str(nth)) if block.kind == "tool" else block
