import { FENCED } from "../postgres-error.ts";

/**
 * A gate stands for a session, or for a user with an agent. Others refer to it by its number; who writes locks its row,
 * until the transaction ends; and it stays when what is behind it is deleted, for its fence. The digest is the SHA-256 of
 * the key's text, which has no bound and may tell who somebody is.
 *
 * All functions count on a new snapshot for each of their statements, so that what follows the lock sees what those
 * before have done. Each is one statement to its caller: no lock is held while a client thinks, or is gone.
 */
export const gates: string = `
create table gates (
  number bigint generated always as identity primary key,
  digest bytea not null unique,
  fence bigint
);

create function note_fence(given_digest bytea, given_fence bigint) returns gates
language plpgsql set search_path from current as $$
declare
  gate gates;
begin
  insert into gates as seen (digest, fence) values (given_digest, given_fence)
    on conflict (digest) do update set fence = greatest(seen.fence, excluded.fence)
    returning * into gate;
  return gate;
end
$$;

create function pass_gate(given_digest bytea, given_fence bigint) returns bigint
language plpgsql set search_path from current as $$
declare
  gate gates := note_fence(given_digest, given_fence);
begin
  if gate.fence > given_fence then
    raise exception 'a later run of the session has taken over' using errcode = '${FENCED}';
  end if;
  return gate.number;
end
$$;
`;
