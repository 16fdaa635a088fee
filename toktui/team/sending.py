"""Sending what the server does not have yet: each day whole, the very bytes that were shown.

Nothing that goes wrong here loses anything or sends anything twice: a day is made of the store
whenever it is sent, and the server takes each revision once.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Literal

import msgspec

from toktui import VERSION
from toktui.team.drafts import drafts
from toktui.team.failures import is_due, kind_of, kind_of_error, next_try_ms
from toktui.team.http import ServerError, nonsense
from toktui.team.membership import Hold, Sent, Trying, Waiting
from toktui.team.preview import Preview, respelled
from toktui.team.wire.document import MOST, MOST_BODY, MOST_DOCUMENTS
from toktui.team.wire.messages import BatchResult, ItemResult, Problem, Receipt
from toktui.text import clean

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Collection, Iterable, Iterator, Sequence

    from toktui.team.http import Server
    from toktui.team.membership import Membership
    from toktui.team.preview import OutcomesOf
    from toktui.team.team_file import TeamFile

MOST_BYTES: Final = MOST_BODY * MOST_DOCUMENTS // 8 - 4096
"""Of the documents in one request; the server takes a little more."""
_MOST_FLAGS: Final = 8


class Outcome(msgspec.Struct, frozen=True):
    """What became of a day: sent, as it was, or waiting for the reason `code`."""

    day: str
    result: Literal["stored", "unchanged", "held", "waits"]
    sha256: str = ""
    code: str = ""
    what: str = ""


@dataclass
class Sending:
    """One look at all days. `hurry` tries days that are not due yet; `corrected` are days of which
    the user says that less is right."""

    db: sqlite3.Connection
    file: TeamFile
    member: Membership
    server: Server
    now_ms: Callable[[], int]
    hurry: bool = False
    outcomes: OutcomesOf | None = None
    corrected: Collection[str] = ()
    done: list[Outcome] = field(default_factory=list[Outcome])
    _ours: defaultdict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    """Hashes of what we sent of a day without hearing what became of it."""

    def run(self) -> list[Outcome]:
        """Sends every day that says something else than what the server has."""
        for day, trying in self.file.trying().items():
            self._ours[day].add(trying.sha256)
        for batch in _batches(self._due()):
            if not self._may_go_on():
                break
            try:
                refused = self._send(batch)
                again = [later for one in refused if (later := self._later_revision(*one))]
                for made, problem in self._send(again) if again else ():
                    self._park(made, problem)
            except ServerError as error:
                hold_back(self.file, error, self.now_ms())
                break
            self.file.put_hold(None)
        return self.done

    def _due(self) -> Iterator[Preview]:
        """What is to be sent now; what waits for its time is told of."""
        now_ms = self.now_ms()
        waiting = set(self.file.waiting())
        for draft in drafts(self.db, self.file, self.member, now_ms,
                            outcomes=self.outcomes, corrected=self.corrected):  # fmt: skip
            if not draft.is_news:
                continue
            waits = draft.waiting
            day = draft.made.document.day
            waiting.discard(day)
            if waits is not None and not self.hurry and not is_due(waits.next_ms, now_ms):
                self.done.append(Outcome(day, "waits", code=waits.code, what=waits.what))
            else:
                yield draft.made
        self.file.stop_waiting(waiting)

    def _may_go_on(self) -> bool:
        """Whether this device is still in the team and may still send what it was to send."""
        member = self.file.membership()
        return (
            member is not None and member.device == self.member.device
            and not member.paused and not member.leaving
            and (member.shares, member.schema) == (self.member.shares, self.member.schema)
        )  # fmt: skip

    def _send(self, batch: Sequence[Preview]) -> list[tuple[Preview, Problem]]:
        """Sends documents and keeps the receipts; those of which the server has another revision
        come back, with what it said."""
        self.file.about_to_send(
            Trying(day=made.document.day, rev=made.document.rev, content=made.content,
                   sha256=made.sha256)
            for made in batch
        )  # fmt: skip
        refused: list[tuple[Preview, Problem]] = []
        for made, item in zip(batch, self._ask(batch), strict=True):
            if item.receipt is not None:
                self._keep(made, item.receipt)
            elif item.problem is None:
                raise nonsense("The server says neither that it took a day nor why not.")
            elif item.problem.code == "revision":
                refused.append((made, item.problem))
            elif kind_of(item.problem.code, item.problem.status) == "day":
                self._park(made, item.problem)
            else:
                raise _error_of(item.problem)
        return refused

    def _ask(self, batch: Sequence[Preview]) -> Sequence[ItemResult]:
        if len(batch) > 1:
            body = b'{"documents":[' + b",".join(made.body for made in batch) + b"]}"
            items = self.server.ask("POST", "/v1/days:batch", body).as_(BatchResult).items
            if len(items) != len(batch):
                raise nonsense("The server answered for other days than were sent.")
            return items
        (made,) = batch
        try:
            answer = self.server.ask("PUT", f"/v1/days/{made.document.day}", made.body)
        except ServerError as error:
            if error.problem is None or kind_of_error(error) != "day":
                raise
            return [ItemResult(status=error.problem.status, problem=error.problem)]
        return [ItemResult(status=200, receipt=answer.as_(Receipt))]

    def _keep(self, made: Preview, receipt: Receipt) -> None:
        document, now_ms = made.document, self.now_ms()
        is_held = receipt.result == "held"
        fits = is_held or receipt.sha256 == made.sha256
        if receipt.day != document.day or not fits or not 1 <= receipt.rev <= MOST:
            raise nonsense("The server's receipt is for something else than was sent.")
        sent = Sent(
            day=document.day, rev=receipt.rev, content=made.content,
            sha256=clean(receipt.sha256, 64), closed=document.closed, sent_ms=now_ms,
            result=receipt.result, flags=tuple(clean(f, 24) for f in receipt.flags[:_MOST_FLAGS]),
            calls=made.calls, tokens=made.tokens, cost_nusd=made.cost_nusd, version=VERSION,
            lacks_unpriced=made.lacks_unpriced, holds_estimates=made.holds_estimates,
            partly_unread=document.partly_unread,
        )  # fmt: skip
        known = self.file.sent().get(document.day) if is_held else None
        if known is not None:
            sent = msgspec.structs.replace(
                known, content=made.content, result="held", sent_ms=now_ms
            )
        self.file.mark_sent(sent, None if is_held else made.body)
        self.done.append(Outcome(document.day, receipt.result, sent.sha256))

    def _later_revision(self, made: Preview, problem: Problem) -> Preview | None:
        """The same day as the revision after the server's. That one may be ours, of an answer that
        was lost; else a copy of this device sends, too."""
        day = made.document.day
        if problem.rev is None or not made.document.rev <= problem.rev < MOST:
            self._park(made, problem)
            return None
        known = self.file.sent().get(day)
        if problem.sha256 not in self._ours[day] | {known.sha256 if known else ""}:
            self.file.note(copied_ms=self.now_ms())
        return respelled(made, rev=problem.rev + 1)

    def _park(self, made: Preview, problem: Problem) -> None:
        """This day is not taken as it is; it is tried again once it differs, or tomorrow."""
        day, now_ms = made.document.day, self.now_ms()
        before = self.file.waiting().get(day)
        error = _error_of(problem)
        self.file.wait(Waiting(
            day=day, attempts=(before.attempts if before else 0) + 1,
            next_ms=next_try_ms("day", 1, now_ms), code=error.code, what=error.what,
            content=made.content,
        ))  # fmt: skip
        self.done.append(Outcome(day, "waits", code=error.code, what=error.what))


def hold_back(file: TeamFile, error: ServerError, now_ms: int) -> None:
    """Nothing more is sent for a while."""
    before = file.hold()
    attempts = (before.attempts if before and before.code == error.code else 0) + 1
    at_ms = next_try_ms(kind_of_error(error), attempts, now_ms, error.retry_s)
    file.put_hold(
        Hold(attempts=attempts, next_ms=at_ms, code=error.code, what=error.what, hint=error.hint)
    )


def _batches(drafts: Iterable[Preview]) -> Iterator[list[Preview]]:
    """As many documents as go into one request."""
    batch: list[Preview] = []
    size = 0
    for made in drafts:
        if batch and (len(batch) == MOST_DOCUMENTS or size + len(made.body) > MOST_BYTES):
            yield batch
            batch, size = [], 0
        batch.append(made)
        size += len(made.body) + 1
    if batch:
        yield batch


def _error_of(problem: Problem) -> ServerError:
    text = f"{problem.title} {problem.detail}".strip()
    return ServerError(clean(problem.code, 40), clean(text, 200), problem=problem)
