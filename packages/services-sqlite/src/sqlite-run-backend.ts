import type { TerminalStatus } from "@agentscope-runtime/agent-api";
import {
  type CancelRequest,
  type CreateResult,
  type DurableRunStoreOptions,
  type ListRunsOptions,
  type LogSegment,
  type LogStretch,
  type NewRun,
  type Page,
  type RecoveredRun,
  type RecoverOptions,
  type RunBackend,
  type RunLease,
  type RunRecord,
  type RunRetention,
  type RunRetentionOptions,
  type RunSession,
  type RunSummary,
  type RunTopic,
  runRetention,
} from "@agentscope-runtime/core";
import { create } from "./run-creation.ts";
import { deleteSession } from "./run-expiry.ts";
import { RunFile } from "./run-file.ts";
import { acquire, disown, recover, unclaimed } from "./run-leases.ts";
import { toRunList } from "./run-list.ts";
import { append, finish, readLog } from "./run-log-rows.ts";
import { RunNotices } from "./run-notices.ts";
import { hearOwner } from "./run-owners.ts";
import { findRunIfAny, toRunRecord } from "./run-row.ts";
import { RunSweep } from "./run-sweep.ts";
import { cancelOf, release, requestCancel, takeTurn } from "./run-turns.ts";
import type { SqliteServiceOptions } from "./sqlite-service.ts";
import { WriteGroup } from "./write-group.ts";

export type SqliteRunBackendOptions = SqliteServiceOptions &
  Pick<DurableRunStoreOptions, "leaseTtl"> &
  RunRetentionOptions & {
    /** The clock, in milliseconds since the epoch. Defaults to `Date.now`. */
    readonly now?: (() => number) | undefined;
  };

/** Keeps the runs of an `SqliteRunStore`. What is written in one turn of the loop is one transaction. */
export class SqliteRunBackend implements RunBackend {
  readonly #leaseTtl: number;
  readonly #retention: RunRetention;
  readonly #now: () => number;
  readonly #file: RunFile;
  readonly #writes: WriteGroup;
  readonly #notices: RunNotices;
  readonly #sweep: RunSweep;

  /** `name` is what the store is called in errors. */
  constructor(name: string, options: SqliteRunBackendOptions) {
    this.#leaseTtl = options.leaseTtl ?? 10_000;
    this.#retention = runRetention(options);
    this.#now = options.now ?? Date.now;
    this.#file = new RunFile(name, options);
    this.#writes = new WriteGroup(this.#file);
    this.#notices = new RunNotices(this.#file);
    this.#sweep = new RunSweep(this.#file, this.#retention, this.#now);
  }

  start(): Promise<void> {
    return this.#file.start();
  }

  stop(): Promise<void> {
    this.#writes.flush();
    this.#notices.end();
    return this.#file.stop();
  }

  health(): Promise<boolean> {
    return this.#file.health();
  }

  async create(run: NewRun, entries: LogSegment): Promise<CreateResult> {
    const { input, ...request } = run.request;
    const texts = [JSON.stringify(request), JSON.stringify(input)] as const;
    const { idempotencyTtl } = this.#retention;
    const { result, interrupted } = await this.#writes.add((queries) =>
      create(queries, { run, entries, texts, idempotencyTtl, now: this.#now() }),
    );
    for (const id of interrupted) this.#notices.tell(id, "control");
    return result;
  }

  takeTurn(lease: RunLease): Promise<number | undefined> {
    return this.#writes.add((queries) => takeTurn(queries, lease, this.#now()));
  }

  async release(lease: RunLease): Promise<string | undefined> {
    const next = await this.#writes.add((queries) => release(queries, lease));
    this.#notices.tell(lease.runId, "control");
    if (next === undefined) return undefined;
    this.#notices.tell(next.id, "control");
    return next.owned ? undefined : next.id;
  }

  async disown(lease: RunLease): Promise<void> {
    const done = await this.#writes.add((queries) => disown(queries, lease));
    if (done) this.#notices.tell(lease.runId, "control");
  }

  async append(lease: RunLease, segment: LogSegment | undefined): Promise<void> {
    await this.#writes.add((queries) => append(queries, lease, segment));
    if (segment !== undefined) this.#notices.tell(lease.runId, "log");
  }

  async finish(lease: RunLease, status: TerminalStatus, segment: LogSegment): Promise<boolean> {
    const done = await this.#writes.add((queries) => finish(queries, lease, status, segment, this.#now()));
    if (done) this.#notices.tell(lease.runId, "log");
    return done;
  }

  read(runId: string, after: number): Promise<LogStretch> {
    return this.#file.read((queries) => readLog(queries, runId, after));
  }

  async get(runId: string): Promise<RunRecord | undefined> {
    const row = await this.#file.read((queries) => findRunIfAny(queries, runId));
    return row && toRunRecord(row);
  }

  async list(options: ListRunsOptions): Promise<Page<RunSummary>> {
    return this.#file.read(toRunList(options));
  }

  async requestCancel(runId: string, cancel: CancelRequest): Promise<RunRecord> {
    const run = await this.#writes.add((queries) => requestCancel(queries, runId, cancel));
    this.#notices.tell(runId, "control");
    return run;
  }

  cancelOf(runId: string): Promise<CancelRequest | undefined> {
    return this.#file.read((queries) => cancelOf(queries, runId));
  }

  async acquire(
    runId: string,
    owner: string,
    { unclaimed = false }: { readonly unclaimed?: boolean } = {},
  ): Promise<RunLease> {
    const lease = await this.#writes.add((queries) =>
      acquire(queries, { runId, owner, unclaimed, now: this.#now() }),
    );
    this.#notices.tell(runId, "control");
    return lease;
  }

  renew(owner: string): Promise<boolean> {
    return this.#writes.add((queries) => hearOwner(queries, owner, this.#now()) <= this.#leaseTtl);
  }

  async recover(owner: string, options: RecoverOptions): Promise<readonly RecoveredRun[]> {
    const recovered = await this.#writes.add((queries) => {
      const now = this.#now();
      return recover(queries, { ...options, owner, silentSince: now - this.#leaseTtl, now });
    });
    for (const { run } of recovered) this.#notices.tell(run.id, "control");
    return recovered;
  }

  unclaimed(options: RecoverOptions): Promise<readonly string[]> {
    return this.#file.read((queries) => unclaimed(queries, options));
  }

  async deleteSession(session: RunSession): Promise<void> {
    await this.#writes.add((queries) => deleteSession(queries, session));
    // What can't be removed now is removed by a sweep: nobody can reach it any more.
    await this.#sweep.removeDiscarded().catch(() => undefined);
  }

  watch(runId: string, topic: RunTopic, onChange: () => void): () => void {
    return this.#notices.watch(runId, topic, onChange);
  }

  sweep(): Promise<void> {
    return this.#sweep.sweep();
  }
}
