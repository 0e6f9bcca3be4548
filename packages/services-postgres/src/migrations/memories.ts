/**
 * A term stands behind the number of its owner, such as `12:green`, so that a search finds those of one owner only. Who
 * adds locks the owner too: places become visible in their order, so that no page passes one over.
 */
export const memories: string = `
create table memories (
  place bigint generated always as identity,
  owner bigint not null references gates on delete cascade,
  session bigint not null references gates on delete cascade,
  session_id text not null,
  id bytea not null,
  message text not null,
  terms text[] not null,
  primary key (owner, place),
  unique (session, id)
);
create index memories_by_session on memories (session, place);
create index memories_by_term on memories using gin (terms);

create function add_memory(
  given_session bytea, given_fence bigint, given_owner bytea, given_session_id text,
  given_ids bytea[], given_messages text[], given_terms text[]
) returns void
language plpgsql set search_path from current as $$
declare
  entered bigint := pass_gate(given_session, given_fence);
  owning bigint := pass_gate(given_owner, null);
begin
  insert into memories (owner, session, session_id, id, message, terms)
    select owning, entered, given_session_id, given.id, given.message,
        array(select owning || ':' || term from json_array_elements_text(given.terms::json) as listed (term))
      from unnest(given_ids, given_messages, given_terms) with ordinality as given (id, message, terms, ordinal)
      order by given.ordinal
    on conflict (session, id) do nothing;
end
$$;

create function delete_memory(given_owner bytea, given_session bytea) returns void
language plpgsql set search_path from current as $$
declare
  owning bigint := pass_gate(given_owner, null);
begin
  if given_session is null then
    delete from memories where owner = owning;
  else
    delete from memories where session = (select number from gates where digest = given_session);
  end if;
end
$$;
`;
