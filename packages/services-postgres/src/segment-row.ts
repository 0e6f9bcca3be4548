import type { LogSegment } from "@agentscope-runtime/core";

/** A segment of a run's log, or nulls where there is none; and what is known of the run. */
export interface SegmentRow {
  /** Of an ended run. */
  readonly last_seq: number | string | null;
  readonly expired: boolean;
  readonly first: number | string | null;
  readonly last: number | string | null;
  readonly text: string | null;
}

export function toSegments(rows: readonly SegmentRow[]): readonly LogSegment[] {
  return rows.flatMap(({ first, last, text }) =>
    text === null ? [] : [{ first: Number(first), last: Number(last), text }],
  );
}
