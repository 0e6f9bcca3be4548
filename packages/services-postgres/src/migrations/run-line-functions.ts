import { PLPGSQL } from "./plpgsql.ts";

/**
 * The runs of a session that have not left stand in line by their numbers. Whoever changes a line locks its lane. Fences
 * go on rising when the process, or the server, is gone, since they are taken from the clock.
 */
export const runLineFunctions: string = `
create function enter_lane(given_digest bytea) returns bigint
${PLPGSQL} as $$
declare
  line bigint;
begin
  loop
    select number into line from run_lanes where digest = given_digest for no key update;
    exit when found;
    insert into run_lanes (digest) values (given_digest) on conflict (digest) do nothing;
  end loop;
  update run_lanes set emptied_at = null where number = line and emptied_at is not null;
  return line;
end
$$;

create function leave_lane(line bigint) returns void
${PLPGSQL} as $$
begin
  update run_lanes set emptied_at = now_ms()
    where number = line and not exists (select from runs where lane = line);
end
$$;

create function next_fence(line bigint) returns bigint
${PLPGSQL} as $$
declare
  given bigint;
begin
  update run_lanes set fence = greatest(fence + 1, now_ms()) where number = line returning fence into given;
  return given;
end
$$;

create function create_run(
  given_digest bytea, given_lane bytea, given_agent bytea, given_agent_user bytea, given_agent_session bytea,
  given_id text, given_key text, given_request text, given_input text, given_created_at bigint,
  given_owner bytea, given_owner_name text, lease_ttl bigint,
  given_policy text, max_queued double precision,
  given_first bigint, given_last bigint, given_text text,
  key_digest bytea, given_fingerprint bytea, key_ttl bigint
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
  line := enter_lane(given_lane);
  select count(*) into waiting from runs where lane = line and released_at is null;
  if waiting > 0 and (given_policy = 'reject' or (given_policy = 'enqueue' and waiting > max_queued)) then
    return query select case given_policy when 'reject' then 'busy' else 'full' end, null::bigint, null::bigint;
    return;
  end if;
  insert into runs (
      digest, lane, agent, agent_user, agent_session, id, key, request, input, created_at, owner, owner_name, status
    ) values (
      given_digest, line, given_agent, given_agent_user, given_agent_session, given_id, given_key, given_request,
      given_input, given_created_at, given_owner, given_owner_name,
      case when waiting = 0 then 'created' else 'queued' end
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
  if given_policy = 'interrupt' then
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

create function take_turn(given_digest bytea, given_owner bytea, given_epoch bigint)
returns table (outcome text, given_fence bigint)
${PLPGSQL} as $$
declare
  line bigint;
  own record;
  raised bigint;
begin
  select lane into line from runs where digest = given_digest;
  perform from run_lanes where number = line for no key update;
  select number, owner, epoch, released_at into own from runs where digest = given_digest for no key update;
  if not found then
    outcome := 'missing';
  elsif own.owner is distinct from given_owner or own.epoch <> given_epoch then
    outcome := 'taken';
  elsif own.released_at is not null then
    outcome := 'left';
  elsif exists (select from runs where lane = line and released_at is null and number < own.number) then
    outcome := 'waits';
  else
    raised := next_fence(line);
    update runs set status = 'in_progress', started_at = coalesce(started_at, now_ms()), attempt = attempt + 1
      where number = own.number and completed_at is null;
    outcome := 'goes';
  end if;
  return query select outcome, raised;
end
$$;

create function release_run(given_digest bytea, given_owner bytea, given_epoch bigint) returns setof text
${PLPGSQL} as $$
declare
  line bigint;
  next record;
begin
  select lane into line from runs where digest = given_digest;
  perform from run_lanes where number = line for no key update;
  update runs set released_at = now_ms()
    where digest = given_digest and owner = given_owner and epoch = given_epoch and released_at is null;
  if not found then
    return;
  end if;
  perform tell_control(given_digest);
  select digest, id, owner into next from runs
    where lane = line and released_at is null order by number limit 1;
  if found then
    perform tell_control(next.digest);
    if next.owner is null then
      return next next.id;
    end if;
  end if;
end
$$;

create function forget_session(given_lane bytea) returns boolean
${PLPGSQL} as $$
declare
  line bigint;
begin
  select number into line from run_lanes where digest = given_lane for no key update;
  if exists (select from runs where lane = line and released_at is null) then
    return false;
  end if;
  perform from runs where lane = line order by number for update;
  delete from run_segments where run in (select number from runs where lane = line);
  delete from runs where lane = line;
  perform leave_lane(line);
  return true;
end
$$;
`;
