import type { ResolvedAgentRequest, Status } from "@agentscope-runtime/agent-api";
import type {
  CancelRequest,
  RequestSettings,
  RunLease,
  RunRecord,
  RunSummary,
} from "@agentscope-runtime/core";

/** A run as {@link summaryColumns} give it. The numbers may come as texts. */
export interface RunSummaryRow {
  readonly number: number | string;
  readonly key: string;
  readonly request: string;
  readonly status: string;
  readonly owner_name: string | null;
  readonly epoch: number | string;
  readonly attempt: number | string;
  readonly fence: number | string | null;
  readonly cancel: string | null;
  readonly created_at: number | string;
  readonly started_at: number | string | null;
  readonly completed_at: number | string | null;
  readonly expired_at: number | string | null;
  readonly last_seq: number | string;
}

/** A run as {@link runColumns} give it. */
export interface RunRow extends RunSummaryRow {
  readonly input: string;
}

/** What to select of a run that the statement calls `run`. */
export function runColumns(schema: string): string {
  return `${summaryColumns(schema)}, run.input`;
}

/** What to select of a run that is listed. */
export function summaryColumns(schema: string): string {
  return `
    run.number, run.key, run.request, run.status, run.owner_name, run.epoch, run.attempt, run.fence, run.cancel,
    run.created_at, run.started_at, run.completed_at, run.expired_at,
    coalesce(run.last_seq, (
      select last from ${schema}.run_segments segment where segment.run = run.number order by last desc limit 1
    )) as last_seq`;
}

export function toRun(row: RunRow): RunRecord {
  const summary = toRunSummary(row);
  return {
    ...summary,
    request: { ...summary.request, input: JSON.parse(row.input) } as ResolvedAgentRequest,
  };
}

export function toRunSummary(row: RunSummaryRow): RunSummary {
  const [agent, userId, sessionId] = JSON.parse(row.key) as [string, string, string];
  const request = JSON.parse(row.request) as RequestSettings;
  return {
    id: request.id,
    session: { agent, userId, sessionId },
    status: row.status as Status,
    request,
    owner: row.owner_name === null ? undefined : (JSON.parse(row.owner_name) as string),
    attempt: Number(row.attempt),
    createdAt: Number(row.created_at),
    startedAt: toNumber(row.started_at),
    completedAt: toNumber(row.completed_at),
    lastSeq: Number(row.last_seq),
    cancel: row.cancel === null ? undefined : (JSON.parse(row.cancel) as CancelRequest),
    expired: row.expired_at === null ? undefined : true,
  };
}

/** The lease of who owns the run now. */
export function toLease(row: RunRow): RunLease {
  const { id, owner = "", lastSeq } = toRun(row);
  return { runId: id, owner, epoch: Number(row.epoch), nextSeq: lastSeq + 1 };
}

export function toNumber(value: number | string | null): number | undefined {
  return value === null ? undefined : Number(value);
}
