import {
  decodeCursor,
  encodeCursor,
  type ListRunsOptions,
  type Page,
  pageLimit,
  type RunSummary,
  toPage,
} from "@agentscope-runtime/core";
import { z } from "zod";
import { type RunSummaryRow, SUMMARY_COLUMNS, toRunSummary } from "./run-row.ts";
import { type SqliteQueries, type SqliteValue, toSqlText } from "./sqlite-queries.ts";

/** What to ask for one page of runs, by the index that narrows it most; throws `INVALID_PARAMETER`. */
export function toRunList(options: ListRunsOptions): (queries: SqliteQueries) => Page<RunSummary> {
  const limit = pageLimit(options.limit);
  const before =
    options.cursor === undefined ? Number.MAX_SAFE_INTEGER : decodeCursor(options.cursor, RunsCursor)[1];
  const { agent, userId, sessionId, status } = options;
  const filters: readonly Filter[] = [
    { column: "session", index: "runs_by_session", value: toOptionalText(sessionId) },
    { column: "user", index: "runs_by_user", value: toOptionalText(userId) },
    { column: "status", index: "runs_by_status", value: status },
  ];
  const asked = filters.filter(({ value }) => value !== undefined);
  const sql = `
    SELECT ${SUMMARY_COLUMNS}
    FROM runs INDEXED BY ${asked[0]?.index ?? "runs_by_agent"} CROSS JOIN run_requests ON run = number
    WHERE agent = ? AND expired_at IS NULL AND number < ? ${asked.map(({ column }) => `AND ${column} = ?`).join(" ")}
    ORDER BY number DESC LIMIT ?`;
  const values = [toSqlText(agent), before, ...asked.map(({ value }) => value as SqliteValue), limit + 1];
  return (queries) => {
    const rows: RunSummaryRow[] = [];
    let most = limit;
    let length = 0;
    for (const row of queries.each<RunSummaryRow>(sql, ...values)) {
      if (length >= MAX_PAGE_LENGTH) most = rows.length;
      // One more than there is room for tells that another page follows.
      rows.push(row);
      if (rows.length > most) break;
      length += row.request.length;
    }
    return toPage(rows, most, toRunSummary, ({ number }) => encodeCursor(["runs", number]));
  };
}

/** After how many characters of requests a page ends. */
const MAX_PAGE_LENGTH = 4 * 2 ** 20;

interface Filter {
  readonly column: string;
  readonly index: string;
  readonly value: string | undefined;
}

const RunsCursor = z.tuple([z.literal("runs"), z.int().nonnegative()]);

function toOptionalText(text: string | undefined): string | undefined {
  return text === undefined ? undefined : toSqlText(text);
}
