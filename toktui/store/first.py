"""The tables and views of the first release.

The views `calls`, `sessions` and `utc_days` are for other programs and stay as they are; the tables
behind them may change.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from toktui.model import BUCKETS, EXACTNESS, FLAGS, TIERS
from toktui.store.absurd import MOST, held_sum
from toktui.store.rollups import COLUMNS

if TYPE_CHECKING:
    from sqlite_utils import Database


def _case(column: str, words: tuple[str, ...]) -> str:
    whens = " ".join(f"when {i} then '{word}'" for i, word in enumerate(words))
    return f"case {column} {whens} end"


def _flags(column: str) -> str:
    words = " || ".join(f"iif({column} & {bit}, '{word} ', '')" for bit, word in FLAGS.items())
    return f"rtrim({words})"


_TABLES: Final = f"""
create table name (
  id integer primary key,
  text text not null unique
);
create table session (
  id integer primary key,
  agent integer not null,
  key text not null,
  parent text not null default '',
  project integer not null default 0,
  first_ms integer,
  last_ms integer,
  unique (agent, key)
);
create index session_last on session (last_ms);
create table log (
  id integer primary key,
  agent integer not null,
  path text not null unique,
  root text not null default '',
  device integer not null default 0,
  inode integer not null default 0,
  size integer not null default 0,
  mtime_ns integer not null default 0,
  offset integer not null default 0,
  head blob not null default x'',
  tail blob not null default x'',
  generation integer not null default 0,
  parser integer not null default 0,
  state blob not null default x'',
  open_key text not null default '',
  lines integer not null default 0,
  version text not null default '',
  problem text not null default '',
  gone_ms integer,
  read_ms integer
);
create index log_inode on log (inode, device);
create table source (
  id integer primary key,
  log integer not null,
  kind integer not null,
  session text not null,
  origin text not null,
  agent_id text not null,
  agent_type text not null default '',
  project integer not null default 0,
  unique (log, kind, session, origin, agent_id)
);
create index source_session on source (session);
create table rate (
  id integer primary key,
  key text not null unique,
  priced_as integer not null,
  body text not null
);
create table call (
  id integer primary key,
  agent integer not null,
  key text not null,
  session integer not null,
  agent_id integer not null,
  at_ms integer not null,
  project integer not null,
  branch integer not null,
  version integer not null,
  model integer not null,
  priced integer not null,
  tier integer not null,
  geo text not null,
  exactness integer not null,
  flags integer not null,
  input integer not null,
  cache_read integer not null,
  cache_write_5m integer not null,
  cache_write_1h integer not null,
  output integer not null,
  reasoning integer not null,
  web_search integer not null,
  window integer not null,
  rate integer not null,
  cost_nusd integer,
  cost_input integer not null,
  cost_cache_read integer not null,
  cost_cache_write_5m integer not null,
  cost_cache_write_1h integer not null,
  cost_output integer not null,
  cost_fees integer not null,
  saved_nusd integer not null,
  reported_nusd integer,
  stamp integer not null default 0
);
create unique index call_key on call (key, agent);
create index call_session on call (session, at_ms);
create index call_unpriced on call (id) where cost_nusd is null;
create table sighting (
  call integer not null,
  source integer not null,
  generation integer not null,
  parser integer not null,
  reason integer not null,
  stream integer not null,
  reemit integer not null,
  rows integer not null,
  body blob not null,
  primary key (call, source)
) without rowid;
create index sighting_source on sighting (source);
create table fact (
  log integer not null,
  kind text not null,
  subject text not null,
  offset integer not null,
  length integer not null,
  at_ms integer,
  body blob not null,
  primary key (log, kind, subject, offset)
) without rowid;
create index fact_subject on fact (kind, subject);
create table run (
  log integer not null,
  offset integer not null,
  at_ms integer not null,
  key text not null,
  primary key (log, offset)
) without rowid;
create table misread (
  log integer not null,
  offset integer not null,
  nth integer not null,
  version text not null,
  shape text not null,
  at_ms integer,
  body blob not null default x'',
  primary key (log, offset, nth)
) without rowid;
create table tie (
  agent integer not null,
  one text not null,
  other text not null,
  origin text not null,
  primary key (agent, one, other)
) without rowid;
create table copy_total (
  agent integer not null,
  reason text not null,
  rows integer not null,
  primary key (agent, reason)
) without rowid;
create table quarter (
  quarter integer not null,
  agent integer not null,
  model integer not null,
  priced integer not null,
  tier integer not null,
  project integer not null,
  branch integer not null,
  {COLUMNS},
  primary key (quarter, agent, model, priced, tier, project, branch)
) without rowid;
create table session_total (
  session integer not null,
  model integer not null,
  priced integer not null,
  tier integer not null,
  {COLUMNS},
  primary key (session, model, priced, tier)
) without rowid;
create table limit_seen (
  agent integer not null,
  name text not null,
  used_percent real not null,
  window_minutes integer,
  resets_ms integer,
  as_of_ms integer not null,
  primary key (agent, name)
) without rowid;
create table forgotten_rule (
  id integer primary key,
  before_ms integer,
  project text,
  made_ms integer not null
);
create table forgotten_call (
  agent integer not null,
  key blob not null,
  primary key (agent, key)
) without rowid;
create table setting (
  name text primary key,
  value text not null
) without rowid;
insert into name (id, text) values (0, '');
"""

_ALL_TOKENS: Final = f"min({' + '.join(f't.{bucket}' for bucket in BUCKETS)}, {MOST})"
_VIEWS: Final = f"""
create view calls as
select
  a.text as agent, c.key as call_id, s.key as session_id, g.text as agent_id, c.at_ms,
  p.text as project, b.text as branch, m.text as model,
  iif(c.cost_nusd is null, null, r.text) as priced_as,
  {_case("c.tier", TIERS)} as tier, c.geo, {_case("c.exactness", EXACTNESS)} as exactness,
  {_flags("c.flags")} as flags,
  c.input, c.cache_read, c.cache_write_5m, c.cache_write_1h, c.output, c.reasoning, c.web_search,
  c.cost_nusd, c.reported_nusd
from call c
join name a on a.id = c.agent
join session s on s.id = c.session
join name g on g.id = c.agent_id
join name p on p.id = c.project
join name b on b.id = c.branch
join name m on m.id = c.model
join name r on r.id = c.priced;

create view sessions as
select
  a.text as agent, s.key as session_id, nullif(s.parent, '') as parent_session_id,
  p.text as project, s.first_ms, s.last_ms, sum(t.calls) as calls,
  {held_sum(_ALL_TOKENS)} as tokens,
  iif(sum(t.calls) = sum(t.unpriced), null, {held_sum("t.cost_nusd")}) as cost_nusd
from session s
join session_total t on t.session = s.id
join name a on a.id = s.agent
join name p on p.id = s.project
group by s.id;

create view utc_days as
select
  date(q.quarter * 900, 'unixepoch') as day, a.text as agent, m.text as model,
  sum(q.calls) as calls, {", ".join(f"{held_sum(f'q.{b}')} as {b}" for b in BUCKETS)},
  iif(sum(q.calls) = sum(q.unpriced), null, {held_sum("q.cost_nusd")}) as cost_nusd
from quarter q
join name a on a.id = q.agent
join name m on m.id = q.model
group by 1, q.agent, q.model;
"""


def m001_first(db: Database) -> None:
    """Everything of the first release."""
    for statement in (_TABLES + _VIEWS).split(";\n"):
        if statement.strip():
            db.conn.execute(statement)
