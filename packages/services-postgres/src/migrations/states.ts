export const states: string = `
create table states (
  session bigint not null references gates on delete cascade,
  round bigint not null,
  state text not null,
  primary key (session, round)
);

create function save_state(
  given_session bytea, given_fence bigint, given_round bigint, given_state text, keep_rounds bigint
) returns bigint
language plpgsql set search_path from current as $$
declare
  entered bigint := pass_gate(given_session, given_fence);
  saved bigint := given_round;
begin
  if saved is null then
    select coalesce(max(round), 0) + 1 into saved from states where session = entered;
  end if;
  insert into states (session, round, state) values (entered, saved, given_state)
    on conflict (session, round) do update set state = excluded.state;
  delete from states where session = entered and round in (
    select round from states where session = entered and round <> saved
      order by round desc offset keep_rounds - 1
  );
  return saved;
end
$$;

create function delete_state(given_session bytea, given_fence bigint) returns void
language plpgsql set search_path from current as $$
declare
  entered bigint := pass_gate(given_session, given_fence);
begin
  delete from states where session = entered;
end
$$;
`;
