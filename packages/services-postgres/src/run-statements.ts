import type { ListRunsOptions } from "@agentscope-runtime/core";
import { runColumns } from "./run-row.ts";

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

/** Its first values are what the runs are looked for by and a number above all that are wanted. */
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
    select ${runColumns(schema)} from ${schema}.runs run
    where run.expired_at is null and run.${column} = ${wanted} and run.number < $2
      ${status === undefined ? "" : "and run.status = $3"}
    order by run.number desc limit ${limit}`;
}
