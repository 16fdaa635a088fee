"""Tables of what calls probably used beyond what their logs say, and what keeps them true.

    weight       what of a call's lines can be counted; stays when the log is gone
    calibration  how the output of a model was estimated, and from what
    estimate     what one call used beyond its logged output: `low` to `high`, most likely `output`
    probable     the sums of `estimate`, by everything that a report can ask for
    waiting      calls without a valid estimate

A call that changes loses its estimate and waits for another, with its weight if its lines are the
same (`Writer` sees to that); a call that goes takes everything along, and `probable` follows
`estimate` (triggers, since both are rare).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from toktui.model import EXACTNESS

if TYPE_CHECKING:
    from sqlite_utils import Database

PLACEHOLDER: Final = EXACTNESS.index("placeholder")

CELL: Final = (
    "quarter", "session", "agent", "model", "priced", "tier", "project", "branch",
)  # fmt: skip
"""Where an estimate is summed: the keys of both rollups of the calls."""
EXTRAS: Final = ("output", "low", "high", "cost_nusd", "cost_low", "cost_high")
"""Beyond what is logged: tokens of output, then nano-dollars. Unpriced calls cost 0 here."""
PROBABLE: Final = ("calls", "unpriced", *EXTRAS)
"""What `probable` sums, in the order of its columns."""

_CELL: Final = ",\n  ".join(f"{name} integer not null" for name in CELL)
_TAKEN: Final = ", ".join(
    (
        "calls = calls - 1",
        "unpriced = unpriced - old.unpriced",
        *(f"{name} = {name} - old.{name}" for name in EXTRAS),
    )
)
_ADDED: Final = ", ".join(f"{name} = {name} + excluded.{name}" for name in PROBABLE)
_SAME_CELL: Final = " and ".join(f"{name} = old.{name}" for name in CELL)

_STATEMENTS: Final = (
    """create table waiting (
  call integer primary key,
  turn integer not null
)""",
    """create table weight (
  call integer primary key,
  digest blob not null,
  body blob not null
)""",
    """create table calibration (
  id integer primary key,
  model text not null,
  learned_ms integer not null,
  body text not null,
  unique (model, body)
)""",
    f"""create table estimate (
  call integer primary key,
  calibration integer not null,
  {_CELL},
  unpriced integer not null,
  {", ".join(f"{name} integer not null" for name in EXTRAS)}
)""",
    f"""create table probable (
  {_CELL},
  {", ".join(f"{name} integer not null" for name in PROBABLE)},
  primary key ({", ".join(CELL)})
) without rowid""",
    "create index probable_session on probable (session)",
    f"""create trigger estimate_made after insert on estimate begin
  insert into probable ({", ".join((*CELL, *PROBABLE))})
  values ({", ".join(f"new.{name}" for name in CELL)}, 1, new.unpriced,
    {", ".join(f"new.{name}" for name in EXTRAS)})
  on conflict ({", ".join(CELL)}) do update set {_ADDED};
end""",
    f"""create trigger estimate_gone after delete on estimate begin
  update probable set {_TAKEN} where {_SAME_CELL};
  delete from probable where {_SAME_CELL} and calls = 0;
end""",
    """create trigger call_gone after delete on call begin
  delete from estimate where call = old.id;
  delete from weight where call = old.id;
  delete from waiting where call = old.id;
end""",
    f"insert into waiting select id, random() from call where exactness = {PLACEHOLDER}",
)


def m002_estimates(db: Database) -> None:
    """Estimates of the output that logs lack; all calls that lack it wait for theirs."""
    for statement in _STATEMENTS:
        db.conn.execute(statement)
