import {
  type CreateResult,
  type Idempotency,
  type LogSegment,
  type NewRun,
  RuntimeError,
} from "@agentscope-runtime/core";
import { nextChange } from "./run-counters.ts";
import { insertSegment } from "./run-log-rows.ts";
import { hearOwner } from "./run-owners.ts";
import { laneOf, RUN_COLUMNS, type RunRow, sessionBusy, toRunRecord } from "./run-row.ts";
import { fromSqlText, type SqliteQueries, toSqlText } from "./sqlite-queries.ts";

export interface Creation {
  readonly run: NewRun;
  readonly entries: LogSegment;
  /** The request but for its input, and the input. */
  readonly texts: readonly [request: string, input: string];
  readonly idempotencyTtl: number;
  readonly now: number;
}

/** What came of a creation, and the ids of the runs that were asked to cancel for it. */
export interface Created {
  readonly result: CreateResult;
  readonly interrupted: readonly string[];
}

export function create(queries: SqliteQueries, creation: Creation): Created {
  const { run, entries, texts, now } = creation;
  const replayed = run.idempotency && findByKey(queries, run.idempotency, now);
  if (replayed !== undefined) {
    return { result: { kind: "replayed", run: toRunRecord(replayed) }, interrupted: [] };
  }
  const { id } = run.request;
  if (queries.get(IS_KNOWN, toSqlText(id)) !== undefined) {
    throw new RuntimeError("RUN_ID_CONFLICT", `The id ${id} was used by another run.`);
  }
  const { continues } = run.request;
  const answered = continues ? toSqlText(continues) : null;
  if (answered !== null && queries.get(IS_ANSWERED, answered) !== undefined) {
    throw new RuntimeError(
      "RUN_ANSWERED",
      `The run ${continues} was answered already, and is continued once.`,
    );
  }
  const { canceled } = run;
  const lane = laneOf(run.session);
  const waiting = () => queries.get<{ count: number }>(COUNT_LANE, ...lane)?.count ?? 0;
  const ahead = canceled === undefined ? waiting() : 0;
  if (ahead > 0) assertAdmitted(run, ahead);
  const interrupted = ahead > 0 && run.policy === "interrupt" ? interrupt(queries, lane) : [];

  const status = canceled === undefined ? (ahead === 0 ? "created" : "queued") : "canceled";
  const owner = run.owner === undefined ? null : toSqlText(run.owner);
  const end =
    canceled === undefined
      ? [null, null, null, 0]
      : [JSON.stringify(canceled.cancel), run.createdAt, entries.last, 1];
  const values = [toSqlText(id), ...lane, status, owner, run.createdAt, answered, ...end] as const;
  const { number } = queries.get<{ number: number }>(INSERT_RUN, ...values) as { number: number };
  queries.run(INSERT_REQUEST, number, ...texts);
  insertSegment(queries, number, entries);
  if (run.idempotency !== undefined) {
    const key = toSqlText(run.idempotency.key);
    const expiresAt = Math.min(now + creation.idempotencyTtl, Number.MAX_SAFE_INTEGER);
    queries.run(REMEMBER_KEY, key, toSqlText(run.idempotency.fingerprint), number, expiresAt);
  }
  if (run.owner !== undefined) hearOwner(queries, run.owner, now);
  const { session, request, createdAt } = run;
  return {
    result: {
      kind: "created",
      run: {
        id,
        session,
        status,
        request,
        owner: run.owner,
        attempt: 0,
        createdAt,
        startedAt: undefined,
        completedAt: canceled && createdAt,
        lastSeq: entries.last,
        cancel: canceled?.cancel,
      },
      lease: { runId: id, owner: run.owner ?? "", epoch: 1, nextSeq: entries.last + 1 },
      ahead,
    },
    interrupted,
  };
}

function findByKey(
  queries: SqliteQueries,
  { key, fingerprint }: Idempotency,
  now: number,
): RunRow | undefined {
  const row = queries.get<RunRow & { fingerprint: string }>(FIND_BY_KEY, toSqlText(key), now);
  if (row === undefined || row.fingerprint === toSqlText(fingerprint)) return row;
  throw new RuntimeError("IDEMPOTENCY_MISMATCH", "The Idempotency-Key was used with another request body.");
}

/** `ahead` runs of the session have not settled. */
function assertAdmitted({ policy, maxQueued, session }: NewRun, ahead: number): void {
  if (policy === "reject") throw sessionBusy(session);
  if (policy === "enqueue" && ahead > maxQueued) {
    const message = `${maxQueued} runs of the session ${session.sessionId} are waiting already: try again later.`;
    throw new RuntimeError("QUEUE_FULL", message, { retryAfter: 5 });
  }
}

function interrupt(queries: SqliteQueries, lane: readonly [string, string, string]): readonly string[] {
  const cancel = JSON.stringify({ reason: "A newer run of the session took its place." });
  const rows = queries.all<{ id: string }>(CANCEL_LANE, cancel, nextChange(queries), ...lane);
  return rows.map(({ id }) => fromSqlText(id));
}

const IS_KNOWN = "SELECT 1 FROM runs WHERE id = ?";
const IS_ANSWERED = "SELECT 1 FROM runs WHERE continues = ? AND status NOT IN ('failed', 'rejected') LIMIT 1";
const COUNT_LANE = `
  SELECT count(*) AS count FROM runs WHERE agent = ? AND user = ? AND session = ? AND settled = 0`;
const CANCEL_LANE = `
  UPDATE runs SET cancel = ?, changed = ?
  WHERE agent = ? AND user = ? AND session = ? AND settled = 0 AND cancel IS NULL AND completed_at IS NULL
  RETURNING id`;
const INSERT_RUN = `
  INSERT INTO runs (
    id, agent, user, session, status, owner, created_at, continues, cancel, completed_at, last_seq, settled
  ) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
  RETURNING number`;
const INSERT_REQUEST = "INSERT INTO run_requests (run, request, input) VALUES (?, ?, ?)";
const REMEMBER_KEY =
  "INSERT OR REPLACE INTO run_keys (key, fingerprint, run, expires_at) VALUES (?, ?, ?, ?)";
const FIND_BY_KEY = `
  SELECT fingerprint, ${RUN_COLUMNS}
  FROM run_keys JOIN runs ON number = run_keys.run JOIN run_requests ON run_requests.run = number
  WHERE key = ? AND expires_at > ?`;
