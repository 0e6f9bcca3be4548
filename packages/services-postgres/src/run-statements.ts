import type { ListRunsOptions } from "@agentscope-runtime/core";
import { runColumns, summaryColumns } from "./run-row.ts";

export const GET_RUN = (schema: string): string => `
  select ${runColumns(schema)} from ${schema}.runs run where run.digest = $1`;

export const GET_CANCEL = (schema: string): string => `select cancel from ${schema}.runs where digest = $1`;

export const REQUEST_CANCEL = (schema: string): string => `
  select ${runColumns(schema)} from ${schema}.request_cancel($1, $2) run`;

export const RECOVER_RUNS = (schema: string): string => `
  select ${runColumns(schema)} from ${schema}.recover_runs($1, $2, $3, $4, $5) run order by run.number`;

/** Gives one row at least of a run that is there; the sizes are known without the texts being fetched. */
export const READ_SEGMENTS = (schema: string): string => `
  select run.last_seq, run.expired_at is not null as expired, part.first, part.last, part.text
  from ${schema}.runs run left join lateral (
    select first, last, text from (
      select first, last, text, sum(octet_length(text)) over (order by last) - octet_length(text) as before
      from ${schema}.run_segments where run_segments.run = run.number and last > $2
      order by last limit 1000
    ) as next
    where before < 262144
  ) as part on run.expired_at is null
  where run.digest = $1
  order by part.last`;

/**
 * Its first values are what the runs are looked for by and a number above all that are wanted. Of runs with large
 * requests it gives fewer than the limit, but one at least, and with each how many there would be.
 */
export function listRuns(
  { userId, sessionId, status }: ListRunsOptions,
  schema: string,
  limit: number,
): string {
  const column =
    userId === undefined
      ? sessionId === undefined
        ? "agent"
        : "agent_session"
      : sessionId === undefined
        ? "agent_user"
        : "lane";
  const wanted = column === "lane" ? `(select number from ${schema}.run_lanes where digest = $1)` : "$1";
  return `
    select ${summaryColumns(schema)}, run.found from (
      select candidate.*, count(*) over () as found,
        sum(octet_length(request)) over (order by number desc) - octet_length(request) as before
      from (
        select * from ${schema}.runs
        where expired_at is null and ${column} = ${wanted} and number < $2
          ${status === undefined ? "" : "and status = $3"}
        order by number desc limit ${limit}
      ) as candidate
    ) as run
    where run.before < ${PAGE_SIZE}
    order by run.number desc`;
}

/** After how many bytes of requests a page of runs ends. */
const PAGE_SIZE = 4194304;
