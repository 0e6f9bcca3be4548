import { PLPGSQL } from "./plpgsql.ts";

/** Runs know which other one they continue, and may have ended when they are created. */
export const continuations: string = `
alter table runs add column continues bytea;
create index runs_continuing on runs (continues) where continues is not null;

do $$
declare
  known record;
begin
  for known in select number, request from runs where request like '%"continues":"%' loop
    begin
      -- As it is written there, which is what the digest of an id is made of. An empty id marks what is no answer.
      update runs set continues = sha256(convert_to((known.request::json -> 'continues')::text, 'UTF8'))
        where number = known.number and (known.request::json -> 'continues')::text <> '""';
    exception when data_exception then
      -- Postgres' JSON takes neither half a character nor none; what such a run continues may be continued once more.
    end;
  end loop;
end
$$;

-- Of an index it wants the first rows only; what has a bitmap reads all there are.
alter function sweep_runs set enable_bitmapscan = off;

drop function if exists create_run;
create function create_run(
  given_digest bytea, given_lane bytea, given_agent bytea, given_agent_user bytea, given_agent_session bytea,
  given_id text, given_key text, given_request text, given_input text, given_created_at bigint,
  given_owner bytea, given_owner_name text, lease_ttl bigint,
  given_policy text, max_queued double precision,
  given_first bigint, given_last bigint, given_text text,
  key_digest bytea, given_fingerprint bytea, key_ttl bigint,
  given_continues bytea, given_cancel text
) returns table (outcome text, ahead bigint, run bigint)
${PLPGSQL} as $$
declare
  known run_keys;
  line bigint;
  waiting bigint;
  made bigint;
  other record;
begin
  if key_digest is not null then
    -- Requests with the same key go one by one: the key may be in no row that they could wait for.
    perform pg_advisory_xact_lock(hashtextextended(encode(key_digest, 'hex'), 0));
    select * into known from run_keys where digest = key_digest and expires_at > now_ms();
    if found then
      outcome := case when known.fingerprint = given_fingerprint then 'replayed' else 'mismatch' end;
      return query select outcome, null::bigint, known.run;
      return;
    end if;
  end if;
  if exists (select from runs where digest = given_digest) then
    return query select 'conflict', null::bigint, null::bigint;
    return;
  end if;
  if given_continues is not null then
    -- Answers to the same run go one by one: they may be of different lanes. No key is locked by the same number.
    perform pg_advisory_xact_lock(hashtextextended(encode(given_continues, 'hex'), 1));
    if exists (select from runs where continues = given_continues and status not in ('failed', 'rejected')) then
      return query select 'answered', null::bigint, null::bigint;
      return;
    end if;
  end if;
  line := enter_lane(given_lane);
  select count(*) into waiting from runs where lane = line and released_at is null and given_cancel is null;
  if waiting > 0 and (given_policy = 'reject' or (given_policy = 'enqueue' and waiting > max_queued)) then
    return query select case given_policy when 'reject' then 'busy' else 'full' end, null::bigint, null::bigint;
    return;
  end if;
  insert into runs (
      digest, lane, agent, agent_user, agent_session, id, key, request, input, created_at, owner, owner_name, status,
      continues, cancel, completed_at, released_at, last_seq
    ) values (
      given_digest, line, given_agent, given_agent_user, given_agent_session, given_id, given_key, given_request,
      given_input, given_created_at, given_owner, given_owner_name,
      case when given_cancel is not null then 'canceled' when waiting = 0 then 'created' else 'queued' end,
      given_continues, given_cancel, case when given_cancel is not null then given_created_at end,
      case when given_cancel is not null then now_ms() end, case when given_cancel is not null then given_last end
    )
    on conflict (digest) do nothing
    returning number into made;
  if made is null then
    perform leave_lane(line);
    return query select 'conflict', null::bigint, null::bigint;
    return;
  end if;
  insert into run_segments (run, first, last, text) values (made, given_first, given_last, given_text);
  if key_digest is not null then
    insert into run_keys (digest, fingerprint, run, expires_at)
      values (key_digest, given_fingerprint, made, now_ms() + key_ttl)
      on conflict (digest) do update
        set fingerprint = excluded.fingerprint, run = excluded.run, expires_at = excluded.expires_at;
  end if;
  if given_policy = 'interrupt' and waiting > 0 then
    for other in
      select number, digest from runs
        where lane = line and released_at is null and number <> made and completed_at is null and cancel is null
        order by number for no key update
    loop
      update runs set cancel = '{"reason":"A newer run of the session took its place."}' where number = other.number;
      perform tell_control(other.digest);
    end loop;
  end if;
  if given_owner is not null then
    perform hear_owner(given_owner, lease_ttl);
  end if;
  return query select 'created', waiting, made;
end
$$;
`;
