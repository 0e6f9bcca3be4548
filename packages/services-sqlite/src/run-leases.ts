import {
  type RecoveredRun,
  type RecoverOptions,
  type RunLease,
  RuntimeError,
} from "@agentscope-runtime/core";
import { nextChange, nextFence } from "./run-counters.ts";
import { hearOwner } from "./run-owners.ts";
import { findRun, RUN_COLUMNS, type RunRow, toRunLease, toRunRecord } from "./run-row.ts";
import { fromSqlText, type SqliteQueries, toSqlText } from "./sqlite-queries.ts";

export interface Acquisition {
  readonly runId: string;
  readonly owner: string;
  readonly unclaimed: boolean;
  readonly now: number;
}

export function acquire(queries: SqliteQueries, { runId, owner, unclaimed, now }: Acquisition): RunLease {
  const row = findRun(queries, runId);
  if (unclaimed && row.owner !== null) {
    throw new RuntimeError("FENCED", `The run ${runId} has an owner already.`);
  }
  return toRunLease(take(queries, row, owner, now));
}

/** Leaves the run, if that is its lease and it has not ended, to whoever acquires it; false where nothing changed. */
export function disown(queries: SqliteQueries, { runId, owner, epoch }: RunLease): boolean {
  const run = queries.get<{ number: number }>(DISOWN, toSqlText(runId), toSqlText(owner), epoch);
  if (run === undefined) return false;
  queries.run(NOTE_CHANGE, nextChange(queries), run.number);
  return true;
}

export interface Recovery extends RecoverOptions {
  readonly owner: string;
  /** Owners that were last heard before are silent. */
  readonly silentSince: number;
  readonly now: number;
}

export function recover(queries: SqliteQueries, recovery: Recovery): readonly RecoveredRun[] {
  const { owner, agents, limit, silentSince, now } = recovery;
  const orphans = queries.all<RunRow>(ORPHANS, silentSince, agentList(agents), limit);
  return orphans.map((orphan) => {
    const row = take(queries, orphan, owner, now);
    const fence = row.startedAt === null ? undefined : nextFence(queries, now);
    return { run: toRunRecord(row), lease: toRunLease(row), fence };
  });
}

export function unclaimed(queries: SqliteQueries, { agents, limit }: RecoverOptions): readonly string[] {
  const rows = queries.all<{ id: string }>(UNCLAIMED, agentList(agents), limit);
  return rows.map(({ id }) => fromSqlText(id));
}

function take(queries: SqliteQueries, row: RunRow, owner: string, now: number): RunRow {
  hearOwner(queries, owner, now);
  const taken = { owner: toSqlText(owner), epoch: row.epoch + 1 };
  queries.run(TAKE, taken.owner, taken.epoch, nextChange(queries), row.number);
  return { ...row, ...taken };
}

/** As `json_each` takes it, which gives each as the table holds it. */
function agentList(agents: readonly string[]): string {
  return JSON.stringify(agents.map(toSqlText));
}

const TAKE = "UPDATE runs SET owner = ?, epoch = ?, changed = ? WHERE number = ?";
const DISOWN = `
  UPDATE runs SET owner = NULL, epoch = epoch + 1
  WHERE id = ? AND owner = ? AND epoch = ? AND completed_at IS NULL
  RETURNING number`;
const NOTE_CHANGE = "UPDATE runs SET changed = ? WHERE number = ?";
const ORPHANS = `
  SELECT ${RUN_COLUMNS} FROM runs JOIN run_requests ON run = number
  WHERE settled = 0 AND owner IN (SELECT owner FROM run_owners WHERE heard_at < ?)
    AND agent IN (SELECT value FROM json_each(?))
  ORDER BY number LIMIT ?`;
const UNCLAIMED = `
  SELECT id FROM runs
  WHERE settled = 0 AND owner IS NULL AND agent IN (SELECT value FROM json_each(?))
    AND NOT EXISTS (
      SELECT 1 FROM runs AS earlier
      WHERE earlier.agent = runs.agent AND earlier.user = runs.user AND earlier.session = runs.session
        AND earlier.settled = 0 AND earlier.number < runs.number)
  ORDER BY number LIMIT ?`;
