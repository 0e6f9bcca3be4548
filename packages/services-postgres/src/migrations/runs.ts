import { runLineFunctions } from "./run-line-functions.ts";
import { runOwnerFunctions } from "./run-owner-functions.ts";
import { runSweepFunctions } from "./run-sweep-functions.ts";
import { runWriteFunctions } from "./run-write-functions.ts";

/**
 * Digests are the SHA-256 of the JSON text of what they stand for, ids and the like are JSON texts, and times are
 * milliseconds by the server's clock, but for `created_at`, which the caller gives.
 *
 * An append locks the row of its run and changes nothing in it: the log's end is found in the log. So the rows of runs
 * are written a few times in their lives, whatever the number of their events.
 *
 * Who locks rows of several tables takes them in this order: lanes, runs, owners; and several runs by their number.
 */
const runTables = `
create table run_lanes (
  number bigint generated always as identity primary key,
  digest bytea not null unique,
  fence bigint not null default 0,
  emptied_at bigint
);
create index run_lanes_emptied on run_lanes (emptied_at) where emptied_at is not null;

create table runs (
  number bigint generated always as identity primary key,
  digest bytea not null unique,
  lane bigint not null,
  agent bytea not null,
  agent_user bytea not null,
  agent_session bytea not null,
  id text not null,
  key text not null,
  request text not null,
  input text not null,
  status text not null,
  owner bytea,
  owner_name text,
  epoch bigint not null default 1,
  attempt integer not null default 0,
  fence bigint,
  cancel text,
  created_at bigint not null,
  started_at bigint,
  completed_at bigint,
  released_at bigint,
  expired_at bigint,
  last_seq bigint,
  compacted boolean not null default false,
  compacting_until bigint not null default 0,
  watched_until bigint not null default 0
);
create index runs_of_agent on runs (agent, number) where expired_at is null;
create index runs_of_agent_user on runs (agent_user, number) where expired_at is null;
create index runs_of_agent_session on runs (agent_session, number) where expired_at is null;
create index runs_of_status on runs (agent, status, number) where expired_at is null;
create index runs_of_lane on runs (lane, number);
create index runs_in_line on runs (lane, number) where released_at is null;
create index runs_owned on runs (owner, number) where released_at is null and owner is not null;
create index runs_unclaimed on runs (agent, number) where released_at is null and owner is null;
create index runs_ended on runs (completed_at, number) where completed_at is not null and expired_at is null;
create index runs_uncompacted on runs (completed_at)
  where completed_at is not null and expired_at is null and not compacted;
create index runs_expired on runs (expired_at) where expired_at is not null;

create table run_segments (
  run bigint not null,
  first bigint not null,
  last bigint not null,
  text text not null,
  primary key (run, last)
)
-- Compaction and retention delete many rows: of a big table, the default would let a fifth of it be dead.
with (autovacuum_vacuum_scale_factor = 0.05, toast.autovacuum_vacuum_scale_factor = 0.05);

create table run_keys (
  digest bytea primary key,
  fingerprint bytea not null,
  run bigint not null references runs on delete cascade,
  expires_at bigint not null
);
create index run_keys_of_run on run_keys (run);
create index run_keys_expiring on run_keys (expires_at);

create table run_owners (
  digest bytea primary key,
  heard_at bigint not null
);
create index run_owners_heard on run_owners (heard_at);

create function now_ms() returns bigint
language sql volatile as $$
  select floor(extract(epoch from clock_timestamp()) * 1000)::bigint
$$;

create function run_channel() returns text
language sql set search_path from current as $$
  select 'agentscope_runs_' || md5(current_schema())
$$;

create function tell_control(given_digest bytea) returns void
language sql set search_path from current as $$
  select pg_notify(run_channel(), 'control:' || encode(substring(given_digest for 9), 'base64'))
$$;
`;

export const runs: string = [
  runTables,
  runOwnerFunctions,
  runLineFunctions,
  runWriteFunctions,
  runSweepFunctions,
].join("\n");
