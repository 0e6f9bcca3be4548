import type { TerminalStatus } from "@agentscope-runtime/agent-api";
import { z } from "zod";
import type { LogEntry } from "../contracts/log-entry.ts";
import type { Page } from "../contracts/page.ts";
import type {
  CancelRequest,
  CreateResult,
  ListRunsOptions,
  NewRun,
  ReadRunOptions,
  RecoveredRun,
  RecoverOptions,
  RunLease,
  RunRecord,
  RunStore,
  RunSummary,
} from "../contracts/run-store.ts";
import { type RunSession, sessionKeyText } from "../contracts/session-key.ts";
import { RuntimeError } from "../errors/runtime-error.ts";
import { decodeCursor, encodeCursor } from "../services/page-cursor.ts";
import { pageLimit, toPage } from "../services/to-page.ts";
import { FinishedRuns, type FinishedRunsOptions } from "./finished-runs.ts";
import { IdempotencyKeys } from "./idempotency-keys.ts";
import { RunAnswers } from "./run-answers.ts";
import { RunOwners } from "./run-owners.ts";
import { RunReader } from "./run-reader.ts";
import { sessionBusy } from "./session-busy.ts";
import { SessionLanes } from "./session-lanes.ts";
import { StoredRun } from "./stored-run.ts";
import { TurnEnd } from "./turn-end.ts";

export interface InMemoryRunStoreOptions extends FinishedRunsOptions {
  /** How long an idempotency key is remembered, in milliseconds. Defaults to one day. */
  readonly idempotencyTtl?: number | undefined;
  /** How long an owner may be silent before others take its runs over, in milliseconds. Defaults to 10,000. */
  readonly leaseTtl?: number | undefined;
  /** The clock, in milliseconds since the epoch. */
  readonly now?: (() => number) | undefined;
}

/** A {@link RunStore} in this process: as fast as can be, and gone with the process. */
export class InMemoryRunStore implements RunStore {
  readonly #options: InMemoryRunStoreOptions;
  readonly #now: () => number;
  readonly #runs = new Map<string, StoredRun>();
  readonly #lanes = new SessionLanes();
  readonly #keys: IdempotencyKeys;
  readonly #answers = new RunAnswers();
  readonly #owners = new RunOwners();
  readonly #finished: FinishedRuns;
  readonly #turnEnd = new TurnEnd();
  #lastFence = 0;
  #ordinal = 0;
  #started = false;
  #sweeper: NodeJS.Timeout | undefined;

  constructor(options: InMemoryRunStoreOptions = {}) {
    this.#options = options;
    this.#now = options.now ?? Date.now;
    this.#finished = new FinishedRuns(options);
    this.#keys = new IdempotencyKeys(options.idempotencyTtl ?? 86_400_000, this.#now);
  }

  get lasting(): boolean {
    return false;
  }

  /** Reads from memory what was just put there: to gather would only delay it. */
  get flushInterval(): number {
    return 0;
  }

  get leaseTtl(): number {
    return this.#options.leaseTtl ?? 10_000;
  }

  async start(): Promise<void> {
    this.#started = true;
    this.#sweeper ??= setInterval(() => this.#sweep(), 60_000).unref();
  }

  async stop(): Promise<void> {
    this.#started = false;
    clearInterval(this.#sweeper);
    this.#sweeper = undefined;
    const stopped = () => new RuntimeError("SERVICE_NOT_STARTED", "InMemoryRunStore was stopped.");
    for (const run of this.#runs.values()) run.abandon(stopped);
    this.#runs.clear();
    this.#lanes.clear();
    this.#finished.clear();
    this.#keys.clear();
    this.#answers.clear();
    this.#owners.clear();
  }

  async health(): Promise<boolean> {
    return this.#started;
  }

  async create(run: NewRun): Promise<CreateResult> {
    this.#assertStarted();
    this.#sweep();
    const knownId = this.#keys.find(run.idempotency);
    const known = knownId === undefined ? undefined : this.#runs.get(knownId);
    if (known !== undefined) return { kind: "replayed", run: known.record };
    const { id } = run.request;
    if (this.#runs.has(id))
      throw new RuntimeError("RUN_ID_CONFLICT", `The id ${id} was used by another run.`);

    this.#answers.assertOpen(run.request.continues);

    const laneKey = sessionKeyText(run.session);
    const lane = run.canceled === undefined ? this.#lanes.admit(run, laneKey) : [];
    const created = new StoredRun(
      this.#ordinal++,
      run,
      laneKey,
      lane.length === 0 ? "created" : "queued",
      this.#turnEnd,
    );
    if (run.canceled !== undefined) {
      created.endCanceled(run.canceled);
      this.#finished.add(created);
    } else {
      this.#lanes.add(created);
    }
    this.#runs.set(id, created);
    this.#answers.add(created);
    this.#keys.remember(run.idempotency, id);
    if (run.owner !== undefined) this.#owners.hear(run.owner, this.#now());
    return { kind: "created", run: created.record, lease: created.lease, ahead: lane.length };
  }

  async waitTurn(lease: RunLease, signal?: AbortSignal): Promise<number> {
    const run = this.#find(lease.runId);
    run.assertHeld(lease);
    await run.whenTurn(signal);
    // It may have been another's by the time its turn came.
    run.assertHeld(lease);
    if (!run.ended) {
      run.status = "in_progress";
      run.startedAt ??= this.#now();
      run.attempt++;
    }
    return this.#nextFence();
  }

  async release(lease: RunLease): Promise<string | undefined> {
    const run = this.#runs.get(lease.runId);
    if (run === undefined || run.settled || run.epoch !== lease.epoch || run.owner !== lease.owner) {
      return undefined;
    }
    run.settled = true;
    run.leave(() => new RuntimeError("FENCED", `The run ${run.id} has left its session's line.`));
    const next = this.#lanes.leave(run);
    return next?.owner === undefined ? next?.id : undefined;
  }

  async disown(lease: RunLease): Promise<void> {
    this.#assertStarted();
    const run = this.#runs.get(lease.runId);
    if (run === undefined || run.ended || run.epoch !== lease.epoch || run.owner !== lease.owner) return;
    run.epoch++;
    run.owner = undefined;
  }

  async append(lease: RunLease, entries: readonly LogEntry[]): Promise<void> {
    const run = this.#find(lease.runId);
    run.assertWritable(lease, entries);
    run.add(entries);
  }

  async finish(lease: RunLease, status: TerminalStatus, entries: readonly LogEntry[]): Promise<boolean> {
    const run = this.#find(lease.runId);
    run.assertHeld(lease);
    if (run.ended || (run.cancel !== undefined && status !== "canceled")) return false;
    run.assertWritable(lease, entries);
    run.status = status;
    run.completedAt = this.#now();
    run.add(entries);
    this.#finished.add(run);
    return true;
  }

  read(
    runId: string,
    { after = -1, follow = false, signal }: ReadRunOptions = {},
  ): AsyncIterable<readonly LogEntry[]> {
    try {
      const run = this.#find(runId);
      if (run.expired)
        throw new RuntimeError("RUN_EXPIRED", `The events of run ${runId} are no longer kept.`);
      return new RunReader(run.feed, { after, follow, signal });
    } catch (error) {
      return rejecting(error);
    }
  }

  async get(runId: string): Promise<RunRecord | undefined> {
    this.#assertStarted();
    return this.#runs.get(runId)?.record;
  }

  async list(options: ListRunsOptions): Promise<Page<RunSummary>> {
    this.#assertStarted();
    const limit = pageLimit(options.limit);
    const before = options.cursor === undefined ? this.#ordinal : decodeCursor(options.cursor, z.int());
    const fits = ({ session, status, expired, ordinal }: StoredRun) =>
      !expired &&
      ordinal < before &&
      session.agent === options.agent &&
      (options.userId === undefined || session.userId === options.userId) &&
      (options.sessionId === undefined || session.sessionId === options.sessionId) &&
      (options.status === undefined || status === options.status);
    const found = [...this.#runs.values()].reverse().filter(fits);
    return toPage(
      found,
      limit,
      (run) => run.summary,
      (run) => encodeCursor(run.ordinal),
    );
  }

  async requestCancel(runId: string, cancel: CancelRequest): Promise<RunRecord> {
    const run = this.#find(runId);
    run.requestCancel(cancel);
    return run.record;
  }

  watchCancel(runId: string, signal: AbortSignal): Promise<CancelRequest> {
    try {
      return this.#find(runId).whenCanceled(signal);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  async acquire(
    runId: string,
    owner: string,
    { unclaimed = false }: { readonly unclaimed?: boolean } = {},
  ): Promise<RunLease> {
    const run = this.#find(runId);
    if (unclaimed && run.owner !== undefined) {
      throw new RuntimeError("FENCED", `The run ${runId} has an owner already.`);
    }
    return this.#take(run, owner);
  }

  async renew(owner: string): Promise<boolean> {
    this.#assertStarted();
    return this.#owners.hear(owner, this.#now()) <= this.leaseTtl;
  }

  async recover(owner: string, { agents, limit }: RecoverOptions): Promise<readonly RecoveredRun[]> {
    this.#assertStarted();
    const now = this.#now();
    const orphans = this.#lanes
      .of(agents)
      .filter((run) => run.owner !== undefined && this.#owners.silence(run.owner, now) > this.leaseTtl);
    return orphans.slice(0, limit).map((run) => {
      const lease = this.#take(run, owner);
      const fence = run.startedAt === undefined ? undefined : this.#nextFence();
      return { run: run.record, lease, fence };
    });
  }

  async unclaimed({ agents, limit }: RecoverOptions): Promise<readonly string[]> {
    this.#assertStarted();
    const waiting = this.#lanes
      .of(agents)
      .filter((run) => run.owner === undefined && this.#lanes.get(run.lane)[0] === run);
    return waiting.slice(0, limit).map(({ id }) => id);
  }

  async deleteSession(session: RunSession): Promise<void> {
    this.#assertStarted();
    const lane = sessionKeyText(session);
    if (this.#lanes.get(lane).length > 0) throw sessionBusy(session);
    for (const run of this.#runs.values()) {
      if (run.lane !== lane) continue;
      this.#finished.delete(run);
      this.#forget(run);
    }
  }

  #take(run: StoredRun, owner: string): RunLease {
    this.#owners.hear(owner, this.#now());
    run.epoch++;
    run.owner = owner;
    return run.lease;
  }

  // Taken from the clock, so that it goes on rising when the process, and with it the last fence, is gone.
  #nextFence(): number {
    this.#lastFence = Math.max(this.#lastFence + 1, this.#now());
    return this.#lastFence;
  }

  #find(runId: string): StoredRun {
    this.#assertStarted();
    const run = this.#runs.get(runId);
    if (run === undefined) throw new RuntimeError("RESOURCE_NOT_FOUND", `There is no run ${runId}.`);
    return run;
  }

  #sweep(): void {
    for (const run of this.#finished.sweep(this.#now())) this.#forget(run);
    this.#keys.sweep();
  }

  #forget(run: StoredRun): void {
    this.#runs.delete(run.id);
    this.#answers.forget(run);
    this.#keys.forget(run.idempotencyKey, run.id);
  }

  #assertStarted(): void {
    if (this.#started) return;
    throw new RuntimeError("SERVICE_NOT_STARTED", "InMemoryRunStore is not started: call start() first.");
  }
}

function rejecting(error: unknown): AsyncIterable<never> {
  return { [Symbol.asyncIterator]: () => ({ next: () => Promise.reject(error) }) };
}
