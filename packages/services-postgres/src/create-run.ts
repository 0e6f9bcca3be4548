import type { CreateResult, LogSegment, NewRun } from "@agentscope-runtime/core";
import { sessionKeyText } from "@agentscope-runtime/core";
import { idDigest } from "./id-digest.ts";
import type { RunDatabase } from "./run-database.ts";
import { type RunRefusal, runRefusal } from "./run-refusal.ts";
import { type RunRow, runColumns, toRun } from "./run-row.ts";
import { scopeDigest } from "./run-scope.ts";

/** For how long an owner and a key are good, in milliseconds. */
export interface CreateRunTtls {
  readonly lease: number;
  readonly key: number;
}

/** Creates a run, or finds the one that was made with its key. */
export async function createRun(
  database: RunDatabase,
  run: NewRun,
  entries: LogSegment,
  ttls: CreateRunTtls,
): Promise<CreateResult> {
  const { id } = run.request;
  const [row] = await database.call<CreatedRow>("create_run", ...valuesOf(run, entries, ttls));
  if (row?.outcome === "replayed") {
    const [known] = await database.select<RunRow>(GET_NUMBERED, row.run);
    // It may have been forgotten in between, and its key with it.
    return known === undefined
      ? createRun(database, run, entries, ttls)
      : { kind: "replayed", run: toRun(known) };
  }
  if (row?.outcome === "answered") throw runRefusal("answered", run.request.continues ?? "");
  if (row?.outcome !== "created") throw runRefusal(row?.outcome ?? "missing", id);
  const { canceled } = run;
  const ahead = Number(row.ahead);
  return {
    kind: "created",
    run: {
      id,
      session: run.session,
      status: canceled === undefined ? (ahead === 0 ? "created" : "queued") : "canceled",
      request: run.request,
      owner: run.owner,
      attempt: 0,
      createdAt: run.createdAt,
      startedAt: undefined,
      completedAt: canceled && run.createdAt,
      cancel: canceled?.cancel,
      lastSeq: entries.last,
    },
    lease: { runId: id, owner: run.owner ?? "", epoch: 1, nextSeq: entries.last + 1 },
    ahead,
  };
}

interface CreatedRow {
  readonly outcome: "created" | "replayed" | RunRefusal;
  readonly ahead: string | null;
  readonly run: string | null;
}

/** In the order of the function's parameters. */
function valuesOf(run: NewRun, entries: LogSegment, ttls: CreateRunTtls): readonly unknown[] {
  const { input, ...request } = run.request;
  const { continues } = request;
  const { agent, userId, sessionId } = run.session;
  const { owner, idempotency } = run;
  return [
    ...[idDigest(request.id), scopeDigest(run.session), scopeDigest({ agent })],
    ...[scopeDigest({ agent, userId }), scopeDigest({ agent, sessionId })],
    ...[JSON.stringify(request.id), sessionKeyText(run.session)],
    ...[JSON.stringify(request), JSON.stringify(input), run.createdAt],
    ...(owner === undefined ? [null, null] : [idDigest(owner), JSON.stringify(owner)]),
    ...[ttls.lease, run.policy, run.maxQueued],
    ...[entries.first, entries.last, entries.text],
    ...(idempotency === undefined
      ? [null, null]
      : [idDigest(idempotency.key), idDigest(idempotency.fingerprint)]),
    Math.min(Math.ceil(ttls.key), Number.MAX_SAFE_INTEGER / 2),
    continues ? idDigest(continues) : null,
    run.canceled === undefined ? null : JSON.stringify(run.canceled.cancel),
  ];
}

const GET_NUMBERED = (schema: string) => `
  select ${runColumns(schema)} from ${schema}.runs run where run.number = $1`;
