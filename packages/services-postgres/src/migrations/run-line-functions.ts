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
