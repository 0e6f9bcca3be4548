import type { LogSegment } from "@agentscope-runtime/core";
import { insertSegment, STRETCH } from "./run-log-rows.ts";
import type { SqliteQueries } from "./sqlite-queries.ts";

/** A part of the log of an ended run that is to be compacted. */
export interface DueStretch {
  readonly run: number;
  /** The number of the last event before it. */
  readonly after: number;
  /** The number of its last event. */
  readonly last: number;
  readonly segments: readonly LogSegment[];
}

/** A stretch of a run that has ended before that time, if there is one. */
export function findDueStretch(queries: SqliteQueries, endedBefore: number): DueStretch | undefined {
  const due = queries.get<DueRun>(FIND_DUE, endedBefore);
  if (due === undefined) return undefined;
  const { run, after } = due;
  const segments: LogSegment[] = [];
  let length = 0;
  for (const { first, last, text } of queries.each<LogSegment>(READ_SEGMENTS, run, after)) {
    length += text.length;
    if (length > STRETCH && segments.length > 0) break;
    segments.push({ first, last, text });
  }
  return { run, after, last: segments.at(-1)?.last ?? due.lastSeq, segments };
}

/** Puts the compacted segments in the place of a stretch, unless somebody else has, or the run is gone. */
export function replaceStretch(
  queries: SqliteQueries,
  { run, after, last }: DueStretch,
  compacted: readonly LogSegment[],
): void {
  if (queries.run(ADVANCE, last, run, after) === 0) return;
  queries.run(DELETE_STRETCH, run, after, last);
  for (const segment of compacted) insertSegment(queries, run, segment);
}

interface DueRun {
  readonly run: number;
  readonly after: number;
  readonly lastSeq: number;
}

const FIND_DUE = `
  SELECT number AS run, compacted_to AS after, last_seq AS lastSeq FROM runs INDEXED BY uncompacted_runs
  WHERE expired_at IS NULL AND compacted_to < last_seq AND completed_at <= ? ORDER BY completed_at LIMIT 1`;
const READ_SEGMENTS = "SELECT first, last, text FROM run_segments WHERE run = ? AND last > ? ORDER BY last";
const ADVANCE = `
  UPDATE runs SET compacted_to = ? WHERE number = ? AND compacted_to = ? AND expired_at IS NULL`;
const DELETE_STRETCH = "DELETE FROM run_segments WHERE run = ? AND last > ? AND last <= ?";
