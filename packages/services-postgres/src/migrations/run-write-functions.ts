import { logEnd, PLPGSQL } from "./plpgsql.ts";

/** The logs of runs, and what is asked of them while they are written. */
export const runWriteFunctions: string = `
-- Any number of runs, each at most once: what is refused of one is written of the others. Without a text the lease is
-- checked only; with a status the run ends.
create function write_runs(
  given_digests bytea[], given_owners bytea[], given_epochs bigint[],
  given_firsts bigint[], given_lasts bigint[], given_texts text[], given_statuses text[]
) returns table (outcome text, watched boolean)
${PLPGSQL} as $$
begin
  perform from runs where digest = any (given_digests) order by number for no key update;
  -- A statement of its own: it sees what was written before the locks were given.
  return query
    with judged as materialized (
      select given.*, run.number, run.watched_until,
        case
          when run.number is null then 'missing'
          when run.owner is distinct from given.owner or run.epoch <> given.epoch then 'taken'
          when given.status is not null
            and (run.completed_at is not null or (run.cancel is not null and given.status <> 'canceled')) then 'late'
          when run.completed_at is not null then 'ended'
          when given.text is not null and given.first is distinct from ${logEnd("run.number")} + 1 then 'gap'
          else 'written'
        end as outcome
      from unnest(
          given_digests, given_owners, given_epochs, given_firsts, given_lasts, given_texts, given_statuses
        ) with ordinality as given (digest, owner, epoch, first, last, text, status, place)
        left join runs run on run.digest = given.digest
    ), added as (
      insert into run_segments (run, first, last, text)
        select judged.number, judged.first, judged.last, judged.text from judged
        where judged.outcome = 'written' and judged.text is not null
    ), ended as (
      update runs run set status = judged.status, completed_at = now_ms(), last_seq = judged.last
        from judged
        where run.number = judged.number and judged.outcome = 'written' and judged.status is not null
    )
    select judged.outcome, coalesce(judged.watched_until > now_ms(), false) from judged order by judged.place;
end
$$;

-- Those who write the runs will tell of it, for a while.
create function watch_runs(given_digests bytea[], watch_ttl bigint) returns void
${PLPGSQL} as $$
declare
  due bigint[];
begin
  select array_agg(number) into due from (
    select number from runs
      where digest = any (given_digests) and completed_at is null and watched_until < now_ms() + watch_ttl / 2
      order by number for no key update
  ) as locked;
  update runs set watched_until = now_ms() + watch_ttl where number = any (due);
end
$$;

create function request_cancel(given_digest bytea, given_cancel text) returns setof runs
${PLPGSQL} as $$
begin
  update runs set cancel = given_cancel
    where digest = given_digest and completed_at is null and cancel is null;
  if found then
    perform tell_control(given_digest);
  end if;
  return query select * from runs where digest = given_digest;
end
$$;
`;
