import type { TerminalStatus } from "@agentscope-runtime/agent-api";
import {
  type CancelRequest,
  type CreateResult,
  decodeCursor,
  encodeCursor,
  type ListRunsOptions,
  type LogSegment,
  type LogStretch,
  type NewRun,
  type Page,
  pageLimit,
  type RecoveredRun,
  type RecoverOptions,
  type RunBackend,
  type RunLease,
  type RunRecord,
  type RunRetention,
  type RunSession,
  type RunSummary,
  type RunTopic,
  sessionKeyText,
  toPage,
} from "@agentscope-runtime/core";
import { z } from "zod";
import { createRun } from "./create-run.ts";
import { digest } from "./digest.ts";
import { idDigest } from "./id-digest.ts";
import type { PostgresServiceOptions } from "./postgres-service.ts";
import { RunDatabase } from "./run-database.ts";
import { RunNotices } from "./run-notices.ts";
import { type RunRefusal, runRefusal } from "./run-refusal.ts";
import { type RunRow, type RunSummaryRow, toLease, toNumber, toRun, toRunSummary } from "./run-row.ts";
import { scopeDigest } from "./run-scope.ts";
import {
  GET_CANCEL,
  GET_RUN,
  listRuns,
  READ_SEGMENTS,
  RECOVER_RUNS,
  REQUEST_CANCEL,
} from "./run-statements.ts";
import { RunSweep } from "./run-sweep.ts";
import { RunWatches } from "./run-watches.ts";
import { RunWrites } from "./run-writes.ts";
import { type SegmentRow, toSegments } from "./segment-row.ts";

/** Keeps runs in Postgres. Every call is one statement. */
export class PostgresRunBackend implements RunBackend {
  readonly #database: RunDatabase;
  readonly #retention: RunRetention;
  readonly #leaseTtl: number;
  readonly #writes: RunWrites;
  readonly #watches: RunWatches;
  readonly #sweep: RunSweep;

  constructor(options: PostgresServiceOptions, retention: RunRetention, leaseTtl: number) {
    this.#database = new RunDatabase(options);
    this.#retention = retention;
    this.#leaseTtl = Math.ceil(leaseTtl);
    const notices = new RunNotices(this.#database);
    this.#writes = new RunWrites(this.#database, (runs) => notices.tell(runs));
    this.#watches = new RunWatches(this.#database);
    this.#sweep = new RunSweep(this.#database, retention);
  }

  async start(): Promise<void> {
    await this.#database.start();
    this.#watches.start();
  }

  async stop(): Promise<void> {
    await this.#watches.stop();
    await this.#database.stop();
  }

  health(): Promise<boolean> {
    return this.#database.health();
  }

  create(run: NewRun, entries: LogSegment): Promise<CreateResult> {
    const ttls = { lease: this.#leaseTtl, key: this.#retention.idempotencyTtl };
    return createRun(this.#database, run, entries, ttls);
  }

  async takeTurn(lease: RunLease): Promise<number | undefined> {
    const [row] = await this.#database.call<TurnRow>("take_turn", ...leaseValues(lease));
    if (row?.outcome === "goes") return Number(row.given_fence);
    if (row?.outcome === "waits") return undefined;
    throw runRefusal(row?.outcome ?? "missing", lease.runId);
  }

  async release(lease: RunLease): Promise<string | undefined> {
    const [next] = await this.#database.call<{ result: string }>("release_run", ...leaseValues(lease));
    return next && (JSON.parse(next.result) as string);
  }

  async disown(lease: RunLease): Promise<void> {
    await this.#database.call("disown_run", ...leaseValues(lease));
  }

  async append(lease: RunLease, segment: LogSegment | undefined): Promise<void> {
    await this.#writes.write({ lease, segment });
  }

  finish(lease: RunLease, status: TerminalStatus, segment: LogSegment): Promise<boolean> {
    return this.#writes.write({ lease, segment, status });
  }

  async read(runId: string, after: number): Promise<LogStretch> {
    const rows = await this.#database.select<SegmentRow>(READ_SEGMENTS, idDigest(runId), after);
    const [row] = rows;
    if (row === undefined) throw runRefusal("missing", runId);
    if (row.expired) throw runRefusal("expired", runId);
    const segments = toSegments(rows);
    const end = toNumber(row.last_seq);
    return { segments, over: end !== undefined && (segments.at(-1)?.last ?? after) >= end };
  }

  async get(runId: string): Promise<RunRecord | undefined> {
    const [row] = await this.#database.select<RunRow>(GET_RUN, idDigest(runId));
    return row && toRun(row);
  }

  async list(options: ListRunsOptions): Promise<Page<RunSummary>> {
    const limit = pageLimit(options.limit);
    const { cursor, status } = options;
    const before = cursor === undefined ? Number.MAX_SAFE_INTEGER : decodeCursor(cursor, RunsCursor)[1];
    const rows = await this.#database.select<ListedRow>(
      (schema) => listRuns(options, schema, limit + 1),
      scopeDigest(options),
      before,
      ...(status === undefined ? [] : [status]),
    );
    const toCursor = ({ number }: RunSummaryRow) => encodeCursor(["runs", Number(number)]);
    const last = rows.at(-1);
    return last !== undefined && rows.length < Number(last.found)
      ? { items: rows.map(toRunSummary), nextCursor: toCursor(last) }
      : toPage(rows, limit, toRunSummary, toCursor);
  }

  async requestCancel(runId: string, cancel: CancelRequest): Promise<RunRecord> {
    const values = [idDigest(runId), JSON.stringify(cancel)];
    const [row] = await this.#database.select<RunRow>(REQUEST_CANCEL, ...values);
    if (row === undefined) throw runRefusal("missing", runId);
    return toRun(row);
  }

  async cancelOf(runId: string): Promise<CancelRequest | undefined> {
    const [row] = await this.#database.select<{ cancel: string | null }>(GET_CANCEL, idDigest(runId));
    if (row === undefined) throw runRefusal("missing", runId);
    return row.cancel === null ? undefined : (JSON.parse(row.cancel) as CancelRequest);
  }

  async acquire(
    runId: string,
    owner: string,
    { unclaimed = false }: { readonly unclaimed?: boolean } = {},
  ): Promise<RunLease> {
    const values = [idDigest(runId), ...ownerValues(owner), unclaimed, this.#leaseTtl];
    const [row] = await this.#database.call<AcquiredRow>("acquire_run", ...values);
    if (row?.outcome !== "acquired") throw runRefusal(row?.outcome ?? "missing", runId);
    return { runId, owner, epoch: Number(row.epoch), nextSeq: Number(row.last_seq) + 1 };
  }

  async renew(owner: string): Promise<boolean> {
    const values = [idDigest(owner), this.#leaseTtl];
    const [row] = await this.#database.call<{ result: boolean }>("renew_owner", ...values);
    return row?.result === true;
  }

  async recover(owner: string, { agents, limit }: RecoverOptions): Promise<readonly RecoveredRun[]> {
    const values = [...ownerValues(owner), agents.map(idDigest), limit, this.#leaseTtl];
    const rows = await this.#database.select<RunRow>(RECOVER_RUNS, ...values);
    return rows.map((row) => ({ run: toRun(row), lease: toLease(row), fence: toNumber(row.fence) }));
  }

  async unclaimed({ agents, limit }: RecoverOptions): Promise<readonly string[]> {
    const values = [agents.map(idDigest), limit];
    const rows = await this.#database.call<{ result: string }>("unclaimed_runs", ...values);
    return rows.map(({ result }) => JSON.parse(result) as string);
  }

  async deleteSession(session: RunSession): Promise<void> {
    const lane = digest(sessionKeyText(session));
    const [row] = await this.#database.call<{ result: boolean }>("forget_session", lane);
    if (row?.result !== true) throw runRefusal("busy", session.sessionId);
  }

  watch(runId: string, topic: RunTopic, onChange: () => void): () => void {
    return this.#watches.watch(runId, topic, onChange);
  }

  sweep(): Promise<void> {
    return this.#sweep.sweep();
  }
}

interface ListedRow extends RunSummaryRow {
  /** How many runs there would be on the page, and after it, if all were small. */
  readonly found: string;
}

interface TurnRow {
  readonly outcome: "goes" | "waits" | RunRefusal;
  readonly given_fence: string | null;
}

interface AcquiredRow {
  readonly outcome: "acquired" | RunRefusal;
  readonly epoch: string;
  readonly last_seq: string;
}

function leaseValues({ runId, owner, epoch }: RunLease): readonly unknown[] {
  return [idDigest(runId), idDigest(owner), epoch];
}

/** What an owner is found by, and its name. */
function ownerValues(owner: string): readonly [Buffer, string] {
  return [idDigest(owner), JSON.stringify(owner)];
}

const RunsCursor = z.tuple([z.literal("runs"), z.int().nonnegative()]);
