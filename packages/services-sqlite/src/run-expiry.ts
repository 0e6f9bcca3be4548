import type { RunSession } from "@agentscope-runtime/core";
import { laneOf, sessionBusy } from "./run-row.ts";
import type { SqliteQueries } from "./sqlite-queries.ts";

/** A place in the order in which runs ended. */
export interface EndedRun {
  readonly completedAt: number;
  readonly number: number;
}

/** The last of the runs to be given up so that `kept` ended ones keep their events, if there are more. */
export function lastInExcess(queries: SqliteQueries, kept: number): EndedRun | undefined {
  return queries.get<EndedRun>(LAST_IN_EXCESS, kept);
}

/** Gives up the events of some runs that ended up to that place; true where there may be more. */
export function expireSome(queries: SqliteQueries, { completedAt, number }: EndedRun, now: number): boolean {
  queries.run(DISCARD_ENDED, completedAt, number);
  return queries.run(EXPIRE, now, completedAt, number) > 0;
}

/** Forgets some runs that have expired before that time; true where there may be more. */
export function forgetSome(queries: SqliteQueries, expiredBefore: number): boolean {
  queries.run(DISCARD_EXPIRED, expiredBefore);
  return queries.run(FORGET, expiredBefore) > 0;
}

/** Forgets some idempotency keys that nobody may use any more; true where there may be more. */
export function forgetSomeKeys(queries: SqliteQueries, now: number): boolean {
  return queries.run(FORGET_KEYS, now) > 0;
}

/** Forgets owners that were last heard before, and have nothing to lose. */
export function forgetOwners(queries: SqliteQueries, heardBefore: number): boolean {
  queries.run(FORGET_OWNERS, heardBefore);
  return false;
}

export function deleteSession(queries: SqliteQueries, session: RunSession): void {
  const lane = laneOf(session);
  if (queries.get(IS_BUSY, ...lane) !== undefined) throw sessionBusy(session);
  queries.run(DISCARD_SESSION, ...lane);
  queries.run(DELETE_SESSION, ...lane);
}

/** Removes some of what was discarded; true where there may be more. */
export function removeSome(queries: SqliteQueries): boolean {
  const run = queries.get<{ run: number | null }>(FIRST_DISCARDED)?.run ?? null;
  if (run === null) return false;
  if (queries.run(REMOVE_SEGMENTS, run) === 0) {
    if (queries.run(REMOVE_REQUEST, run) === 0) queries.run(EMPTY_INPUT, run);
    queries.run("DELETE FROM run_garbage WHERE run = ?", run);
  }
  return true;
}

const LAST_IN_EXCESS = `
  SELECT completed_at AS completedAt, number FROM runs INDEXED BY ended_runs
  WHERE completed_at IS NOT NULL AND expired_at IS NULL
  ORDER BY completed_at DESC, number DESC LIMIT 1 OFFSET ?`;
const SOME_ENDED = `
  SELECT number FROM runs INDEXED BY ended_runs
  WHERE completed_at IS NOT NULL AND expired_at IS NULL AND (completed_at, number) <= (?, ?)
  ORDER BY completed_at, number LIMIT 20`;
const DISCARD_ENDED = `INSERT OR IGNORE INTO run_garbage ${SOME_ENDED}`;
const EXPIRE = `UPDATE runs SET expired_at = ? WHERE number IN (${SOME_ENDED})`;

const SOME_EXPIRED = `
  SELECT number FROM runs INDEXED BY expired_runs
  WHERE expired_at IS NOT NULL AND expired_at <= ? AND settled = 1 ORDER BY expired_at, number LIMIT 20`;
const DISCARD_EXPIRED = `INSERT OR IGNORE INTO run_garbage ${SOME_EXPIRED}`;
const FORGET = `DELETE FROM runs WHERE number IN (${SOME_EXPIRED})`;

const FORGET_KEYS =
  "DELETE FROM run_keys WHERE key IN (SELECT key FROM run_keys WHERE expires_at <= ? LIMIT 100)";
const FORGET_OWNERS = `
  DELETE FROM run_owners WHERE heard_at < ?
    AND NOT EXISTS (SELECT 1 FROM runs WHERE runs.owner = run_owners.owner AND settled = 0)`;

const IS_BUSY = "SELECT 1 FROM runs WHERE agent = ? AND user = ? AND session = ? AND settled = 0";
const OF_SESSION = "runs INDEXED BY runs_by_session WHERE agent = ? AND user = ? AND session = ?";
const DISCARD_SESSION = `INSERT OR IGNORE INTO run_garbage SELECT number FROM ${OF_SESSION}`;
const DELETE_SESSION = `DELETE FROM ${OF_SESSION}`;

const FIRST_DISCARDED = "SELECT min(run) AS run FROM run_garbage";
const REMOVE_SEGMENTS =
  "DELETE FROM run_segments WHERE place IN (SELECT place FROM run_segments WHERE run = ? LIMIT 16)";
const REMOVE_REQUEST =
  "DELETE FROM run_requests WHERE run = ? AND NOT EXISTS (SELECT 1 FROM runs WHERE number = run)";
const EMPTY_INPUT = "UPDATE run_requests SET input = '[]' WHERE run = ?";
