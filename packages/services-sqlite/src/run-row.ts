import {
  type RunLease,
  type RunRecord,
  type RunSession,
  type RunSummary,
  RuntimeError,
} from "@agentscope-runtime/core";
import { fromSqlText, type SqliteQueries, toSqlText } from "./sqlite-queries.ts";

/** A run with its request but for the input, as the tables hold it. */
export interface RunSummaryRow {
  readonly number: number;
  readonly id: string;
  readonly agent: string;
  readonly user: string;
  readonly session: string;
  readonly status: RunRecord["status"];
  readonly owner: string | null;
  readonly epoch: number;
  readonly attempt: number;
  readonly createdAt: number;
  readonly startedAt: number | null;
  readonly completedAt: number | null;
  readonly expiredAt: number | null;
  readonly lastSeq: number;
  readonly cancel: string | null;
  readonly request: string;
}

/** A run with its request. */
export interface RunRow extends RunSummaryRow {
  readonly input: string;
}

/** The number of the last event, for a statement over `runs`. */
export const LAST_SEQ = "coalesce(last_seq, (SELECT max(last) FROM run_segments WHERE run = number))";

/** The columns of a {@link RunSummaryRow}, for a statement over `runs` and `run_requests`. */
export const SUMMARY_COLUMNS: string = `number, id, agent, user, session, status, owner, epoch, attempt,
  created_at AS createdAt, started_at AS startedAt, completed_at AS completedAt, expired_at AS expiredAt,
  ${LAST_SEQ} AS lastSeq, cancel, request`;

/** The columns of a {@link RunRow}. */
export const RUN_COLUMNS: string = `${SUMMARY_COLUMNS}, input`;

/** The `agent`, the `user` and the `session` of runs in the table. */
export function laneOf(session: RunSession): readonly [agent: string, user: string, session: string] {
  return [toSqlText(session.agent), toSqlText(session.userId), toSqlText(session.sessionId)];
}

/** The run of that id; throws `RESOURCE_NOT_FOUND`. */
export function findRun(queries: SqliteQueries, runId: string): RunRow {
  return findRunIfAny(queries, runId) ?? unknownRun(runId);
}

/** The run of that id, if there is one. */
export function findRunIfAny(queries: SqliteQueries, runId: string): RunRow | undefined {
  return queries.get<RunRow>(FIND_RUN, toSqlText(runId));
}

export function unknownRun(runId: string): never {
  throw new RuntimeError("RESOURCE_NOT_FOUND", `There is no run ${runId}.`);
}

export function sessionBusy({ sessionId }: RunSession): RuntimeError {
  return new RuntimeError("SESSION_BUSY", `The session ${sessionId} has a run that has not ended.`);
}

export function toRunRecord(row: RunRow): RunRecord {
  const summary = toRunSummary(row);
  const input = summary.expired ? [] : JSON.parse(row.input);
  return { ...summary, request: { ...summary.request, input } };
}

export function toRunSummary(row: RunSummaryRow): RunSummary {
  return {
    id: fromSqlText(row.id),
    session: {
      agent: fromSqlText(row.agent),
      userId: fromSqlText(row.user),
      sessionId: fromSqlText(row.session),
    },
    status: row.status,
    request: JSON.parse(row.request),
    owner: row.owner === null ? undefined : fromSqlText(row.owner),
    attempt: row.attempt,
    createdAt: row.createdAt,
    startedAt: row.startedAt ?? undefined,
    completedAt: row.completedAt ?? undefined,
    lastSeq: row.lastSeq,
    cancel: row.cancel === null ? undefined : JSON.parse(row.cancel),
    expired: row.expiredAt === null ? undefined : true,
  };
}

/** The current lease of the run. */
export function toRunLease({ id, owner, epoch, lastSeq }: RunRow): RunLease {
  const runId = fromSqlText(id);
  return { runId, owner: owner === null ? "" : fromSqlText(owner), epoch, nextSeq: lastSeq + 1 };
}

const FIND_RUN = `SELECT ${RUN_COLUMNS} FROM runs JOIN run_requests ON run = number WHERE id = ?`;
