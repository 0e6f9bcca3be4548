/**
 * Owners and message ids are digests like those of gates; keys, names, metadata and messages are JSON texts. Neither a
 * place nor a revision is ever used twice, which is what cursors rely on.
 */
export const sessions: string = `
create sequence revisions;

create table sessions (
  session bigint primary key references gates on delete cascade,
  owner bytea not null,
  key text not null,
  name text,
  metadata text not null,
  created_at timestamptz not null,
  updated_at timestamptz not null,
  message_count bigint not null,
  revision bigint not null default nextval('revisions'),
  unique (owner, revision)
);

create table messages (
  session bigint not null references gates on delete cascade,
  place bigint generated always as identity,
  id bytea not null,
  message text not null,
  primary key (session, place),
  unique (session, id)
);

create function create_session(
  given_session bytea, given_fence bigint, given_owner bytea, given_key text, given_name text, given_metadata text
) returns setof sessions
language plpgsql set search_path from current as $$
declare
  entered bigint := pass_gate(given_session, given_fence);
  now_at timestamptz := clock_timestamp();
begin
  return query
    insert into sessions (session, owner, key, name, metadata, created_at, updated_at, message_count)
      values (entered, given_owner, given_key, given_name, given_metadata, now_at, now_at, 0)
      on conflict (session) do nothing
      returning *;
end
$$;

create function update_session(
  given_session bytea, given_fence bigint, is_renamed boolean, given_name text, given_metadata text
) returns setof sessions
language plpgsql set search_path from current as $$
declare
  entered bigint := pass_gate(given_session, given_fence);
begin
  return query
    update sessions set
      name = case when is_renamed then given_name else name end,
      metadata = coalesce(given_metadata, metadata),
      updated_at = clock_timestamp(),
      revision = nextval('revisions')
    where session = entered
    returning *;
end
$$;

create function delete_session(given_session bytea, given_fence bigint) returns void
language plpgsql set search_path from current as $$
declare
  entered bigint := pass_gate(given_session, given_fence);
begin
  delete from messages where session = entered;
  delete from sessions where session = entered;
end
$$;

create function append_messages(
  given_session bytea, given_fence bigint, given_owner bytea, given_key text,
  given_ids bytea[], given_messages text[]
) returns void
language plpgsql set search_path from current as $$
declare
  entered bigint := pass_gate(given_session, given_fence);
  now_at timestamptz := clock_timestamp();
  appended bigint;
begin
  insert into messages (session, id, message)
    select entered, given.id, given.message
      from unnest(given_ids, given_messages) with ordinality as given (id, message, ordinal)
      order by given.ordinal
    on conflict (session, id) do nothing;
  get diagnostics appended = row_count;
  if appended = 0 then
    return;
  end if;
  insert into sessions as held (session, owner, key, metadata, created_at, updated_at, message_count)
    values (entered, given_owner, given_key, '{}', now_at, now_at, appended)
    on conflict (session) do update set
      updated_at = excluded.updated_at,
      message_count = held.message_count + excluded.message_count,
      revision = excluded.revision;
end
$$;

create function delete_messages(given_session bytea, given_fence bigint, given_ids bytea[]) returns void
language plpgsql set search_path from current as $$
declare
  entered bigint := pass_gate(given_session, given_fence);
  deleted bigint;
begin
  if given_ids is null then
    delete from messages where session = entered;
  else
    delete from messages where session = entered and id = any (given_ids);
  end if;
  get diagnostics deleted = row_count;
  if deleted > 0 then
    update sessions set
      updated_at = clock_timestamp(),
      message_count = message_count - deleted,
      revision = nextval('revisions')
    where session = entered;
  end if;
end
$$;
`;
