import { PLPGSQL } from "./plpgsql.ts";

/** What becomes of runs after their end. All of it leaves out rows that are locked, and comes back for them. */
export const runSweepFunctions: string = `
-- Returns the most that was done of one kind: less than max_rows when there is nothing left to do. A bound that is null
-- does not hold.
create function sweep_runs(
  finished_ttl bigint, max_finished bigint, expired_ttl bigint, silent_ttl bigint, max_rows bigint
) returns bigint
${PLPGSQL} as $$
declare
  doomed bigint[];
  lines bigint[];
  done bigint;
  most bigint := 0;
  -- A clock in a condition keeps the index out of it.
  now_at bigint := now_ms();
begin
  -- One at a time is enough.
  if not pg_try_advisory_xact_lock(hashtextextended(run_channel(), 0)) then
    return 0;
  end if;

  -- Counts and chooses at one glance, or two that sweep would give up the same surplus twice.
  select array_agg(number) into doomed from (
    select number from (
      select number, completed_at, row_number() over (order by completed_at, number) as place
        from runs where completed_at is not null and expired_at is null
        order by completed_at, number limit max_rows
    ) as oldest
    where
      case
        when max_finished is null then false
        else place <= (select count(*) from runs where completed_at is not null and expired_at is null) - max_finished
      end
      or completed_at < now_at - finished_ttl
  ) as due;
  select array_agg(number) into doomed from (
    select number from runs where number = any (doomed) and expired_at is null order by number for update skip locked
  ) as locked;
  delete from run_segments where run = any (doomed);
  update runs set expired_at = now_at, input = '[]' where number = any (doomed);
  get diagnostics done = row_count;
  most := greatest(most, done);

  select array_agg(number), array_agg(distinct line) into doomed, lines from (
    select run.number, lane.number as line from runs run join run_lanes lane on lane.number = run.lane
      where run.expired_at < now_at - expired_ttl and run.released_at is not null
      order by run.expired_at limit max_rows for update of run, lane skip locked
  ) as locked;
  delete from runs where number = any (doomed);
  get diagnostics done = row_count;
  most := greatest(most, done);
  perform leave_lane(line) from unnest(lines) as line;

  delete from run_keys where digest in (
    select digest from run_keys where expires_at < now_at order by expires_at limit max_rows for update skip locked
  );
  get diagnostics done = row_count;
  most := greatest(most, done);

  delete from run_owners where digest in (
    select owner.digest from run_owners owner
      where owner.heard_at < now_at - silent_ttl
        and not exists (select from runs where runs.owner = owner.digest and released_at is null)
      limit max_rows for update skip locked
  );

  -- A lane stays for a while for its fence.
  delete from run_lanes where number in (
    select lane.number from run_lanes lane
      where lane.emptied_at < now_at - silent_ttl
        and not exists (select from runs where runs.lane = lane.number)
      order by lane.emptied_at limit max_rows for update skip locked
  );
  get diagnostics done = row_count;
  return greatest(most, done);
end
$$;

-- The digests of ended runs that are due; for a while nobody else is given them.
create function claim_compactions(compact_after bigint, claim_ttl bigint, max_runs bigint)
returns table (claimed_run bigint, claimed_digest bytea)
${PLPGSQL} as $$
declare
  now_at bigint := now_ms();
begin
  return query
    update runs set compacting_until = now_at + claim_ttl
    where number in (
      select number from runs
        where completed_at <= now_at - compact_after and completed_at is not null and expired_at is null
          and not compacted and compacting_until < now_at
        order by completed_at limit max_runs for no key update skip locked
    )
    returning number, digest;
end
$$;

-- Does nothing unless all that is to be replaced is there.
create function replace_segments(
  given_run bigint, replaced bigint[], given_firsts bigint[], given_lasts bigint[], given_texts text[]
) returns boolean
${PLPGSQL} as $$
begin
  perform from runs where number = given_run and expired_at is null for no key update;
  if not found
    or (select count(*) from run_segments where run = given_run and last = any (replaced)) <> cardinality(replaced) then
    return false;
  end if;
  delete from run_segments where run = given_run and last = any (replaced);
  insert into run_segments (run, first, last, text)
    select given_run, given.* from unnest(given_firsts, given_lasts, given_texts) as given;
  return true;
end
$$;

create function end_compaction(given_run bigint) returns void
${PLPGSQL} as $$
begin
  update runs set compacted = true where number = given_run;
end
$$;
`;
