import type { SqliteQueries } from "./sqlite-queries.ts";

/** A fence higher than all before; of the clock, so that it is also higher than those of a file that was lost. */
export function nextFence(queries: SqliteQueries, now: number): number {
  return queries.get<{ fence: number }>(NEXT_FENCE, now)?.fence ?? now;
}

/** The number of a change of some run's turn, owner or cancellation: higher than all before. */
export function nextChange(queries: SqliteQueries): number {
  return queries.get<{ change: number }>(NEXT_CHANGE)?.change ?? 0;
}

const NEXT_FENCE = "UPDATE run_counters SET fence = max(fence + 1, ?) RETURNING fence";
const NEXT_CHANGE = "UPDATE run_counters SET change = change + 1 RETURNING change";
