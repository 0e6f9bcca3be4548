import { RuntimeError } from "@agentscope-runtime/core";
import { continuations } from "./migrations/continuations.ts";
import { gates } from "./migrations/gates.ts";
import { memories } from "./migrations/memories.ts";
import { runs } from "./migrations/runs.ts";
import { sessions } from "./migrations/sessions.ts";
import { states } from "./migrations/states.ts";
import type { PostgresPool, PostgresPoolClient } from "./postgres-pool.ts";
import { quoteSchema } from "./quote-schema.ts";
import { transaction } from "./transaction.ts";

/** From each version of the schema to the next; what was released is never changed. */
const MIGRATIONS: readonly string[] = [gates, states, sessions, memories, runs, continuations];

/** How long a process waits for another that migrates, and a statement of a migration may take, in milliseconds. */
const TIMEOUT = 60_000;

/**
 * Creates the schema of that name and brings it up to date, in one transaction, however many processes
 * do so at once. Where there is nothing to do it needs no rights to create anything. Throws `CONFIGURATION_ERROR` for a
 * database that can't be used and a schema of a newer version.
 */
export async function migrate(pool: PostgresPool, schema: string): Promise<void> {
  await assertUsable(pool);
  if (isCurrent(await versionOf(pool, schema))) return;
  await transaction(pool, async (client) => {
    const run = (text: string) => client.query({ text, query_timeout: TIMEOUT + 1000 });
    await run(`set local statement_timeout = ${TIMEOUT}`);
    await client.query({
      text: "select pg_advisory_xact_lock(hashtextextended($1, 0))",
      values: [`agentscope-runtime ${schema}`],
      query_timeout: TIMEOUT + 1000,
    });
    // Asked again: another process may have migrated before this one had the lock.
    const version = await versionOf(client, schema);
    if (isCurrent(version)) return;
    if (version === 0) await create(client, schema);
    // So that the migrations need not name the schema; functions keep the setting.
    await run(`set local search_path to ${quoteSchema(schema)}`);
    for (const [index, migration] of MIGRATIONS.entries()) {
      if (index < version) continue;
      await run(migration);
      await run(`insert into migrations (version) values (${index + 1})`);
    }
  });
}

function isCurrent(version: number): boolean {
  if (version <= MIGRATIONS.length) return version === MIGRATIONS.length;
  throw new RuntimeError(
    "CONFIGURATION_ERROR",
    `The schema is of a newer version of this package (it is at ${version}, known are ${MIGRATIONS.length}): upgrade.`,
  );
}

async function assertUsable(pool: PostgresPool): Promise<void> {
  const text = `
    select current_setting('server_encoding') as encoding,
      current_setting('default_transaction_isolation') as isolation`;
  const { encoding, isolation } = (await pool.query({ text })).rows[0] as Settings;
  if (encoding !== "UTF8") {
    throw new RuntimeError(
      "CONFIGURATION_ERROR",
      `The database's encoding is ${encoding}: it has to be UTF8.`,
    );
  }
  // What is read behind a lock has to be what was there when the lock was given.
  if (isolation !== "read committed") {
    throw new RuntimeError(
      "CONFIGURATION_ERROR",
      `The setting default_transaction_isolation is ${isolation}: it has to be read committed.`,
    );
  }
}

interface Settings {
  readonly encoding: string;
  readonly isolation: string;
}

/** 0 where there is no schema yet. */
async function versionOf(pool: Pick<PostgresPoolClient, "query">, schema: string): Promise<number> {
  // Not `to_regclass`: a connection may remember, behind the lock, that there was no such schema before.
  const text = "select from pg_tables where schemaname = $1 and tablename = 'migrations'";
  if ((await pool.query({ text, values: [schema] })).rows.length === 0) return 0;
  const highest = await pool.query({
    text: `select coalesce(max(version), 0) as version from ${quoteSchema(schema)}.migrations`,
  });
  return (highest.rows[0] as { version: number }).version;
}

async function create(client: PostgresPoolClient, schema: string): Promise<void> {
  // Asked for first: `if not exists` needs the right to create it even where it exists.
  const text = "select from pg_namespace where nspname = $1";
  const { rows } = await client.query({ text, values: [schema] });
  if (rows.length === 0) await client.query({ text: `create schema ${quoteSchema(schema)}` });
  await client.query({
    text: `create table ${quoteSchema(schema)}.migrations (
      version integer primary key,
      applied_at timestamptz not null default now()
    )`,
  });
}
