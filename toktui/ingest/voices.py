"""Who speaks in which log: the sources of the store, each with a number."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from toktui.evidence import Source
from toktui.ingest.gather import Voice

if TYPE_CHECKING:
    from toktui.model import Kind
    from toktui.store.writer import Writer

KINDS: Final[tuple[Kind, ...]] = ("row", "progress", "spawn", "ledger", "guess")
"""As the store numbers them."""


class Voices:
    """Finds and makes sources; remembers what it has seen."""

    def __init__(self, writer: Writer) -> None:
        self._writer = writer
        self._sources: dict[int, tuple[str, Source, str]] = {}

    def clear(self) -> None:
        """Forgets everything: a rollback or a move has changed what is stored."""
        self._sources.clear()

    def get(self, number: int) -> tuple[str, Source, str]:
        """Path, voice and project of a stored source."""
        known = self._sources.get(number)
        if known is None:
            path, kind, session, origin, agent_id, project = self._writer.db.execute(
                "select l.path, s.kind, s.session, s.origin, s.agent_id, p.text from source s"
                " join log l on l.id = s.log join name p on p.id = s.project where s.id = ?",
                (number,),
            ).fetchone()
            known = (path, Source(KINDS[int(kind)], session, origin, agent_id), project)
            self._sources[number] = known
        return known

    def like(self, number: int, voice: Source) -> int:
        """The source of the same log with another voice."""
        path, _, project = self.get(number)
        log, agent_type = self._writer.db.execute(
            "select log, agent_type from source where id = ?", (number,)
        ).fetchone()
        place = (voice.kind, voice.session, voice.origin, voice.agent_id)
        return self.number(log, path, Voice(*place, agent_type, project))

    def number(
        self, log: int, path: str, voice: Voice, *, anew: bool = False, fills: bool = False
    ) -> int:
        """The number of a voice of a log, made on first use; `anew`: the log says it all again;
        `fills`: it may say a project that it did not know before."""
        kind = KINDS.index(voice.kind)  # type: ignore[arg-type]
        place = (log, kind, voice.session, voice.origin, voice.agent_id)
        row = self._writer.db.execute(
            "select s.id, p.text, s.agent_type from source s join name p on p.id = s.project"
            " where log = ? and kind = ? and session = ? and origin = ? and agent_id = ?",
            place,
        ).fetchone()
        if row is None:
            row = self._writer.db.execute(
                "insert into source (log, kind, session, origin, agent_id, agent_type, project)"
                " values (?, ?, ?, ?, ?, ?, ?) returning id",
                (*place, voice.agent_type, self._writer.name(voice.project)),
            ).fetchone()
            project = voice.project
        else:
            project = row[1]
            if voice.project and (voice.project != project if anew else fills and not project):
                project = voice.project
                self._writer.db.execute(
                    "update source set project = ? where id = ?",
                    (self._writer.name(project), row[0]),
                )
            if voice.agent_type and not row[2]:
                self._writer.db.execute(
                    "update source set agent_type = ? where id = ?", (voice.agent_type, row[0])
                )
        number = int(row[0])
        source = Source(KINDS[kind], voice.session, voice.origin, voice.agent_id)
        self._sources[number] = (path, source, project)
        return number
