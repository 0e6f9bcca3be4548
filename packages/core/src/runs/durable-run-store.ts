import type { TerminalStatus } from "@agentscope-runtime/agent-api";
import type { LogEntry } from "../contracts/log-entry.ts";
import type { Page } from "../contracts/page.ts";
import type { RunBackend } from "../contracts/run-backend.ts";
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
import type { RunSession } from "../contracts/session-key.ts";
import { RuntimeError } from "../errors/runtime-error.ts";
import { DurableRunReader } from "./durable-run-reader.ts";
import { fromSegment, toSegment } from "./log-segment.ts";
import { RunFeed } from "./run-feed.ts";
import { RunWatch } from "./run-watch.ts";
import { TurnEnd } from "./turn-end.ts";

export interface DurableRunStoreOptions {
  /** How long an owner may be silent before others take its runs over, in milliseconds. Defaults to 10,000. */
  readonly leaseTtl?: number | undefined;
  /** How long pieces of text may gather before they are written, in milliseconds. Defaults to 10. */
  readonly flushInterval?: number | undefined;
  /** After how many milliseconds to look again for what no notice came of. Defaults to 10,000. */
  readonly pollInterval?: number | undefined;
  /** How often old runs are given up or compacted, in milliseconds. Defaults to 60,000. */
  readonly sweepInterval?: number | undefined;
}

/**
 * A {@link RunStore} over a backend that outlives the process. Readers in the process that writes a run are served from
 * memory, as soon as the backend has confirmed the write; those in other processes read the backend when it tells of a change.
 */
export class DurableRunStore implements RunStore {
  readonly lasting: boolean = true;
  readonly leaseTtl: number;
  readonly flushInterval: number;
  readonly #name: string;
  readonly #backend: RunBackend;
  readonly #pollInterval: number;
  readonly #sweepInterval: number;
  /** The runs that this process writes. */
  readonly #feeds = new Map<string, RunFeed>();
  readonly #turnEnd = new TurnEnd();
  /** Aborts when the store stops; `undefined` while it is not started. */
  #life: AbortController | undefined;
  #sweeper: NodeJS.Timeout | undefined;

  constructor(name: string, backend: RunBackend, options: DurableRunStoreOptions = {}) {
    this.#name = name;
    this.#backend = backend;
    this.leaseTtl = options.leaseTtl ?? 10_000;
    this.flushInterval = options.flushInterval ?? 10;
    this.#pollInterval = options.pollInterval ?? 10_000;
    this.#sweepInterval = options.sweepInterval ?? 60_000;
  }

  async start(): Promise<void> {
    if (this.#life !== undefined) return;
    await this.#backend.start();
    this.#life = new AbortController();
    // What fails here is tried again, and `health` tells of a backend that is down.
    const sweep = () => this.#backend.sweep().catch(() => undefined);
    this.#sweeper = setInterval(sweep, this.#sweepInterval).unref();
  }

  async stop(): Promise<void> {
    if (this.#life === undefined) return;
    clearInterval(this.#sweeper);
    this.#life.abort(new RuntimeError("SERVICE_NOT_STARTED", `${this.#name} was stopped.`));
    this.#life = undefined;
    for (const runId of [...this.#feeds.keys()]) this.#drop(runId);
    await this.#backend.stop();
  }

  async health(): Promise<boolean> {
    return this.#life !== undefined && (await this.#backend.health());
  }

  async create(run: NewRun): Promise<CreateResult> {
    this.#started();
    const entries = run.canceled === undefined ? [run.created] : [run.created, run.canceled.entry];
    const result = await this.#backend.create(run, toSegment(entries));
    if (result.kind === "created" && run.owner !== undefined) {
      this.#feed(result.lease, 0).add([run.created]);
    }
    return result;
  }

  async waitTurn(lease: RunLease, signal?: AbortSignal): Promise<number> {
    const life = this.#started();
    const first = await this.#backend.takeTurn(lease);
    if (first !== undefined) return first;
    const either = signal === undefined ? life : AbortSignal.any([life, signal]);
    const watch = new RunWatch(this.#backend, lease.runId, "control", this.#pollInterval);
    try {
      for (;;) {
        await watch.change(either);
        const fence = await this.#backend.takeTurn(lease);
        if (fence !== undefined) return fence;
      }
    } finally {
      watch.end();
    }
  }

  async release(lease: RunLease): Promise<string | undefined> {
    this.#started();
    const next = await this.#backend.release(lease);
    this.#drop(lease.runId);
    return next;
  }

  async disown(lease: RunLease): Promise<void> {
    this.#started();
    await this.#backend.disown(lease);
    this.#drop(lease.runId);
  }

  async append(lease: RunLease, entries: readonly LogEntry[]): Promise<void> {
    this.#started();
    assertNoGap(lease, entries);
    const segment = entries.length === 0 ? undefined : toSegment(entries);
    await this.#written(lease, () => this.#backend.append(lease, segment));
    await this.#show(lease.runId, entries, false);
  }

  async finish(lease: RunLease, status: TerminalStatus, entries: readonly LogEntry[]): Promise<boolean> {
    this.#started();
    assertNoGap(lease, entries);
    const done = await this.#written(lease, () => this.#backend.finish(lease, status, toSegment(entries)));
    if (done) await this.#show(lease.runId, entries, true);
    return done;
  }

  read(runId: string, options: ReadRunOptions = {}): AsyncIterable<readonly LogEntry[]> {
    return new DurableRunReader(
      {
        backend: this.#backend,
        pollInterval: this.#pollInterval,
        life: () => this.#started(),
        feed: () => this.#feeds.get(runId),
      },
      runId,
      options,
    );
  }

  async get(runId: string): Promise<RunRecord | undefined> {
    this.#started();
    return this.#backend.get(runId);
  }

  async list(options: ListRunsOptions): Promise<Page<RunSummary>> {
    this.#started();
    return this.#backend.list(options);
  }

  async requestCancel(runId: string, cancel: CancelRequest): Promise<RunRecord> {
    this.#started();
    return this.#backend.requestCancel(runId, cancel);
  }

  async watchCancel(runId: string, signal: AbortSignal): Promise<CancelRequest> {
    const either = AbortSignal.any([this.#started(), signal]);
    const watch = new RunWatch(this.#backend, runId, "control", this.#pollInterval);
    try {
      for (;;) {
        either.throwIfAborted();
        const cancel = await this.#backend.cancelOf(runId);
        if (cancel !== undefined) return cancel;
        await watch.change(either);
      }
    } finally {
      watch.end();
    }
  }

  async acquire(
    runId: string,
    owner: string,
    options: { readonly unclaimed?: boolean } = {},
  ): Promise<RunLease> {
    this.#started();
    const lease = await this.#backend.acquire(runId, owner, options);
    this.#feed(lease, lease.nextSeq);
    return lease;
  }

  async renew(owner: string): Promise<boolean> {
    this.#started();
    return this.#backend.renew(owner);
  }

  async recover(owner: string, options: RecoverOptions): Promise<readonly RecoveredRun[]> {
    this.#started();
    const recovered = await this.#backend.recover(owner, options);
    for (const { lease } of recovered) this.#feed(lease, lease.nextSeq);
    return recovered;
  }

  async unclaimed(options: RecoverOptions): Promise<readonly string[]> {
    this.#started();
    return this.#backend.unclaimed(options);
  }

  async deleteSession(session: RunSession): Promise<void> {
    this.#started();
    await this.#backend.deleteSession(session);
  }

  #started(): AbortSignal {
    if (this.#life !== undefined) return this.#life.signal;
    throw new RuntimeError("SERVICE_NOT_STARTED", `${this.#name} is not started: call start() first.`);
  }

  #feed({ runId }: RunLease, first: number): RunFeed {
    this.#drop(runId);
    const feed = new RunFeed(this.#turnEnd, first);
    this.#feeds.set(runId, feed);
    return feed;
  }

  /** Sends those who read the feed to the backend. */
  #drop(runId: string): void {
    this.#feeds.get(runId)?.end();
    this.#feeds.delete(runId);
  }

  async #written<Value>({ runId }: RunLease, write: () => Promise<Value>): Promise<Value> {
    try {
      return await write();
    } catch (error) {
      if (RuntimeError.is(error) && error.code === "FENCED") this.#drop(runId);
      throw error;
    }
  }

  /** Hands what is stored to the readers here. */
  async #show(runId: string, entries: readonly LogEntry[], last: boolean): Promise<void> {
    const feed = this.#feeds.get(runId);
    const first = entries[0]?.seq;
    if (feed === undefined || first === undefined) return;
    // An earlier write may have been stored although its answer was lost.
    if (first > feed.next) feed.add(await this.#stored(runId, feed.next, first));
    if (this.#feeds.get(runId) !== feed) return;
    feed.add(entries, last);
    if (last) this.#feeds.delete(runId);
  }

  /** The entries from number `from` up to the one before `to`. */
  async #stored(runId: string, from: number, to: number): Promise<readonly LogEntry[]> {
    const entries: LogEntry[] = [];
    while (from + entries.length < to) {
      const after = from + entries.length - 1;
      const { segments } = await this.#backend.read(runId, after);
      const found = segments.flatMap((segment) => fromSegment(segment, after)).filter(({ seq }) => seq < to);
      if (found.length === 0) throw new RuntimeError("FENCED", `The log of run ${runId} has a gap.`);
      entries.push(...found);
    }
    return entries;
  }
}

// The backend sees the numbers of a segment's ends only.
function assertNoGap({ runId }: RunLease, entries: readonly LogEntry[]): void {
  for (const [index, { seq }] of entries.entries()) {
    const before = entries[index - 1]?.seq ?? seq - 1;
    if (seq === before + 1) continue;
    throw new RuntimeError("FENCED", `Event ${seq} of run ${runId} does not follow event ${before}.`);
  }
}
