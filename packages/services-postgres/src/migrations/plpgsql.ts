/**
 * How the functions of runs are run. Their plans are made once per connection, perhaps while the tables are all but
 * empty, and have to be good when they are not.
 */
export const PLPGSQL: string =
  "language plpgsql set search_path from current set enable_seqscan = off set jit = off";

/** The number of the last event in the log of a run; an index knows it. */
export function logEnd(run: string): string {
  return `(select last from run_segments where run_segments.run = ${run} order by last desc limit 1)`;
}
