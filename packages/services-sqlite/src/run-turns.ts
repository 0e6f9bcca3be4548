import { type CancelRequest, type RunLease, type RunRecord, RuntimeError } from "@agentscope-runtime/core";
import { heldRun } from "./held-run.ts";
import { nextChange, nextFence } from "./run-counters.ts";
import { findRun, toRunRecord, unknownRun } from "./run-row.ts";
import { fromSqlText, type SqliteQueries, toSqlText } from "./sqlite-queries.ts";

/** The session's new fence, if it is the run's turn; else `undefined`. */
export function takeTurn(queries: SqliteQueries, lease: RunLease, now: number): number | undefined {
  const { number, settled, completedAt } = heldRun(queries, lease);
  if (settled !== 0) {
    throw new RuntimeError("FENCED", `The run ${lease.runId} has left its session's line.`);
  }
  if (queries.get(IS_BEHIND, number) !== undefined) return undefined;
  if (completedAt === null) queries.run(START, now, number);
  return nextFence(queries, now);
}

/** Who is the first of the line now. */
export interface NextInLine {
  readonly id: string;
  readonly owned: boolean;
}

/** Leaves the line; `undefined` where the lease is void or nobody is left. */
export function release(queries: SqliteQueries, { runId, owner, epoch }: RunLease): NextInLine | undefined {
  const lane = queries.get<LaneRow>(SETTLE, toSqlText(runId), toSqlText(owner), epoch);
  if (lane === undefined) return undefined;
  const next = queries.get<NextRow>(FIRST_OF_LANE, lane.agent, lane.user, lane.session);
  if (next === undefined) return undefined;
  queries.run(NOTE_CHANGE, nextChange(queries), next.number);
  return { id: fromSqlText(next.id), owned: next.owner !== null };
}

export function requestCancel(queries: SqliteQueries, runId: string, cancel: CancelRequest): RunRecord {
  const row = findRun(queries, runId);
  if (row.completedAt !== null || row.cancel !== null) return toRunRecord(row);
  const text = JSON.stringify(cancel);
  queries.run(CANCEL, text, nextChange(queries), row.number);
  return toRunRecord({ ...row, cancel: text });
}

export function cancelOf(queries: SqliteQueries, runId: string): CancelRequest | undefined {
  const { cancel } = queries.get<{ cancel: string | null }>(CANCEL_OF, toSqlText(runId)) ?? unknownRun(runId);
  return cancel === null ? undefined : (JSON.parse(cancel) as CancelRequest);
}

interface LaneRow {
  readonly agent: string;
  readonly user: string;
  readonly session: string;
}

interface NextRow {
  readonly number: number;
  readonly id: string;
  readonly owner: string | null;
}

const IS_BEHIND = `
  SELECT 1 FROM runs JOIN runs AS own USING (agent, user, session)
  WHERE own.number = ? AND runs.settled = 0 AND runs.number < own.number LIMIT 1`;
const START = `
  UPDATE runs SET status = 'in_progress', started_at = coalesce(started_at, ?), attempt = attempt + 1
  WHERE number = ?`;
const SETTLE = `
  UPDATE runs SET settled = 1 WHERE id = ? AND owner = ? AND epoch = ? AND settled = 0
  RETURNING agent, user, session`;
const FIRST_OF_LANE = `
  SELECT number, id, owner FROM runs WHERE agent = ? AND user = ? AND session = ? AND settled = 0
  ORDER BY number LIMIT 1`;
const NOTE_CHANGE = "UPDATE runs SET changed = ? WHERE number = ?";
const CANCEL_OF = "SELECT cancel FROM runs WHERE id = ?";
const CANCEL = "UPDATE runs SET cancel = ?, changed = ? WHERE number = ?";
