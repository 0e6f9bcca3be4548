import type { TerminalStatus } from "@agentscope-runtime/agent-api";
import { type LogSegment, type LogStretch, type RunLease, RuntimeError } from "@agentscope-runtime/core";
import { type HeldRun, heldRun } from "./held-run.ts";
import { unknownRun } from "./run-row.ts";
import { type SqliteQueries, toSqlText } from "./sqlite-queries.ts";

export function append(queries: SqliteQueries, lease: RunLease, segment: LogSegment | undefined): void {
  const state = heldRun(queries, lease);
  if (state.completedAt !== null) throw new RuntimeError("FENCED", `The run ${lease.runId} has ended.`);
  if (segment === undefined) return;
  assertNext(state, lease, segment);
  insertSegment(queries, state.number, segment);
}

export function finish(
  queries: SqliteQueries,
  lease: RunLease,
  status: TerminalStatus,
  segment: LogSegment,
  now: number,
): boolean {
  const state = heldRun(queries, lease);
  if (state.completedAt !== null || (state.canceled !== 0 && status !== "canceled")) return false;
  assertNext(state, lease, segment);
  insertSegment(queries, state.number, segment);
  queries.run(FINISH, status, now, segment.last, state.number);
  return true;
}

export function insertSegment(queries: SqliteQueries, run: number, { first, last, text }: LogSegment): void {
  queries.run(INSERT_SEGMENT, run, first, last, text);
}

/** What of the log lies above `after`: whole segments, until they make {@link STRETCH} characters. */
export function readLog(queries: SqliteQueries, runId: string, after: number): LogStretch {
  const segments: LogSegment[] = [];
  let length = 0;
  let over: boolean | undefined;
  for (const row of queries.each<LogRow>(READ_LOG, after, toSqlText(runId))) {
    if (row.expiredAt !== null) {
      throw new RuntimeError("RUN_EXPIRED", `The events of run ${runId} are no longer kept.`);
    }
    if (length >= STRETCH) return { segments, over: false };
    over = row.completedAt !== null;
    if (row.text === null) break;
    segments.push({ first: row.first, last: row.last, text: row.text });
    length += row.text.length;
  }
  return over === undefined ? unknownRun(runId) : { segments, over };
}

/** How many characters of a log are read at a time. */
export const STRETCH: number = 2 ** 18;

interface LogRow {
  readonly completedAt: number | null;
  readonly expiredAt: number | null;
  readonly first: number;
  readonly last: number;
  /** `null` where there is no segment to read. */
  readonly text: string | null;
}

function assertNext({ lastSeq }: HeldRun, { runId }: RunLease, { first }: LogSegment): void {
  if (first === lastSeq + 1) return;
  throw new RuntimeError("FENCED", `Event ${first} of run ${runId} does not follow event ${lastSeq}.`);
}

const INSERT_SEGMENT = "INSERT INTO run_segments (run, first, last, text) VALUES (?, ?, ?, ?)";
const FINISH = "UPDATE runs SET status = ?, completed_at = ?, last_seq = ? WHERE number = ?";
// One statement, so that the log and the end of the run are seen at the same moment.
const READ_LOG = `
  SELECT completed_at AS completedAt, expired_at AS expiredAt, first, last, text
  FROM runs LEFT JOIN run_segments ON run = number AND last > ? WHERE id = ? ORDER BY last`;
