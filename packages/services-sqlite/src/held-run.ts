import { type RunLease, RuntimeError } from "@agentscope-runtime/core";
import { LAST_SEQ, unknownRun } from "./run-row.ts";
import { type SqliteQueries, toSqlText } from "./sqlite-queries.ts";

/** What decides on what the holder of a lease may do. */
export interface HeldRun {
  readonly number: number;
  readonly owner: string | null;
  readonly epoch: number;
  readonly completedAt: number | null;
  readonly lastSeq: number;
  readonly settled: number;
  readonly canceled: number;
}

/** The state of a run whose current lease that is; throws `RESOURCE_NOT_FOUND` and `FENCED`. */
export function heldRun(queries: SqliteQueries, { runId, owner, epoch }: RunLease): HeldRun {
  const state = queries.get<HeldRun>(HELD_RUN, toSqlText(runId)) ?? unknownRun(runId);
  if (state.epoch === epoch && state.owner === toSqlText(owner)) return state;
  throw new RuntimeError("FENCED", `The run ${runId} was taken over: it belongs to another owner now.`);
}

const HELD_RUN = `
  SELECT number, owner, epoch, completed_at AS completedAt, ${LAST_SEQ} AS lastSeq, settled,
    cancel IS NOT NULL AS canceled
  FROM runs WHERE id = ?`;
