import { logEnd, PLPGSQL } from "./plpgsql.ts";

/** Who runs what, and whether they still live. */
export const runOwnerFunctions: string = `
-- Every run of a process makes its owner heard: what was written just now is good enough, and nobody waits for the row.
create function hear_owner(given_digest bytea, lease_ttl bigint) returns void
${PLPGSQL} as $$
declare
  heard bigint;
begin
  select heard_at into heard from run_owners where digest = given_digest;
  if heard >= now_ms() - lease_ttl / 10 then
    return;
  end if;
  insert into run_owners as known (digest, heard_at) values (given_digest, now_ms())
    on conflict (digest) do update set heard_at = greatest(known.heard_at, excluded.heard_at);
end
$$;

create function renew_owner(given_digest bytea, lease_ttl bigint) returns boolean
${PLPGSQL} as $$
declare
  heard bigint;
begin
  select heard_at into heard from run_owners where digest = given_digest for update;
  insert into run_owners (digest, heard_at) values (given_digest, now_ms())
    on conflict (digest) do update set heard_at = excluded.heard_at;
  return heard is null or now_ms() - heard <= lease_ttl;
end
$$;

create function acquire_run(
  given_digest bytea, given_owner bytea, given_owner_name text, is_unclaimed boolean, lease_ttl bigint
) returns table (outcome text, epoch bigint, last_seq bigint)
${PLPGSQL} as $$
declare
  held runs.owner%type;
  found_number bigint;
begin
  select run.number, run.owner into found_number, held
    from runs run where run.digest = given_digest for no key update;
  if not found then
    return query select 'missing', null::bigint, null::bigint;
    return;
  elsif is_unclaimed and held is not null then
    return query select 'owned', null::bigint, null::bigint;
    return;
  end if;
  return query
    update runs run set epoch = run.epoch + 1, owner = given_owner, owner_name = given_owner_name
    where run.number = found_number
    returning 'acquired', run.epoch, coalesce(run.last_seq, ${logEnd("run.number")});
  perform tell_control(given_digest);
  perform hear_owner(given_owner, lease_ttl);
end
$$;

create function disown_run(given_digest bytea, given_owner bytea, given_epoch bigint) returns void
${PLPGSQL} as $$
begin
  update runs set epoch = epoch + 1, owner = null, owner_name = null
    where digest = given_digest and owner = given_owner and epoch = given_epoch and completed_at is null;
  if found then
    perform tell_control(given_digest);
  end if;
end
$$;

-- Neither waits for a row that somebody holds: what is left out now is found the next time.
create function recover_runs(
  given_owner bytea, given_owner_name text, given_agents bytea[], max_runs bigint, lease_ttl bigint
) returns setof runs
${PLPGSQL} as $$
declare
  orphan record;
  -- A clock in a condition keeps the index out of it.
  silent_since bigint := now_ms() - lease_ttl;
begin
  perform hear_owner(given_owner, lease_ttl);
  for orphan in
    -- Locked, so that none of them is told that it is in time.
    with silent as materialized (
      select digest from run_owners where heard_at < silent_since for share skip locked
    )
    select run.number, run.digest, run.lane, run.started_at is not null as started
      from silent
        join runs run on run.owner = silent.digest
        join run_lanes lane on lane.number = run.lane
      where run.released_at is null and run.owner is not null and run.agent = any (given_agents)
      order by run.number limit max_runs
      for no key update of run, lane skip locked
  loop
    return query
      update runs set epoch = epoch + 1, owner = given_owner, owner_name = given_owner_name,
        fence = case when orphan.started then next_fence(orphan.lane) end
      where number = orphan.number
      returning *;
    perform tell_control(orphan.digest);
  end loop;
end
$$;

create function unclaimed_runs(given_agents bytea[], max_runs bigint) returns setof text
${PLPGSQL} as $$
begin
  return query
    select run.id from runs run
    where run.released_at is null and run.owner is null and run.agent = any (given_agents)
      and not exists (
        select from runs earlier
        where earlier.lane = run.lane and earlier.released_at is null and earlier.number < run.number
      )
    order by run.number limit max_runs;
end
$$;
`;
