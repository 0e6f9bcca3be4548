import { isTerminal, type Status } from "@agentscope-runtime/agent-api";
import type { LogEntry } from "../contracts/log-entry.ts";
import type { CancelRequest, NewRun, RunLease, RunRecord, RunSummary } from "../contracts/run-store.ts";
import { RuntimeError } from "../errors/runtime-error.ts";
import { RunFeed } from "./run-feed.ts";
import type { TurnEnd } from "./turn-end.ts";
import { Waiters } from "./waiters.ts";

/** A run in the memory of its store: its record, its log, and who waits for what. */
export class StoredRun {
  readonly id: string;
  /** Counts the runs of a store in the order they were created. */
  readonly ordinal: number;
  feed: RunFeed;
  /** The characters of request and log. */
  length: number;
  status: Status;
  cancel: CancelRequest | undefined;
  owner: string | undefined;
  epoch = 1;
  attempt = 0;
  /** True once the run no longer holds up its session. */
  settled = false;
  startedAt: number | undefined;
  completedAt: number | undefined;
  readonly lane: string;
  readonly #new: NewRun;
  #expired = false;
  #lastSeq: number;
  readonly #turnEnd: TurnEnd;
  #hasTurn = false;
  /** Those who wait for the run's turn, or for its cancellation. */
  readonly #turn = new Waiters<void>();
  readonly #canceled = new Waiters<CancelRequest>();

  constructor(ordinal: number, run: NewRun, lane: string, status: Status, turnEnd: TurnEnd) {
    this.id = run.request.id;
    this.ordinal = ordinal;
    this.lane = lane;
    this.status = status;
    this.owner = run.owner;
    this.feed = new RunFeed(turnEnd);
    this.feed.add([run.created]);
    this.length = run.created.json.length + JSON.stringify(run.request).length;
    this.#new = run;
    this.#turnEnd = turnEnd;
    this.#lastSeq = run.created.seq;
  }

  get idempotencyKey(): string | undefined {
    return this.#new.idempotency?.key;
  }

  /** The run that this one answers; an empty id stands for none. */
  get continues(): string | undefined {
    return this.#new.request.continues;
  }

  get session(): NewRun["session"] {
    return this.#new.session;
  }

  get ended(): boolean {
    return isTerminal(this.status);
  }

  get lease(): RunLease {
    return { runId: this.id, owner: this.owner ?? "", epoch: this.epoch, nextSeq: this.#lastSeq + 1 };
  }

  get record(): RunRecord {
    const { request } = this.#new;
    return { ...this.summary, request: this.#expired ? { ...request, input: [] } : request };
  }

  /** The record without the input. */
  get summary(): RunSummary {
    const { input: _, ...request } = this.#new.request;
    return {
      id: this.id,
      session: this.#new.session,
      status: this.status,
      request,
      owner: this.owner,
      attempt: this.attempt,
      createdAt: this.#new.createdAt,
      startedAt: this.startedAt,
      completedAt: this.completedAt,
      lastSeq: this.#lastSeq,
      cancel: this.cancel,
      expired: this.#expired || undefined,
    };
  }

  get expired(): boolean {
    return this.#expired;
  }

  /** Throws `FENCED` unless the lease is the current one and the entries come next. */
  assertWritable(lease: RunLease, entries: readonly LogEntry[]): void {
    this.assertHeld(lease);
    if (this.ended) throw new RuntimeError("FENCED", `The run ${this.id} has ended.`);
    let next = this.#lastSeq + 1;
    for (const { seq } of entries) {
      if (seq !== next) {
        throw new RuntimeError("FENCED", `Event ${seq} of run ${this.id} does not follow event ${next - 1}.`);
      }
      next++;
    }
  }

  assertHeld(lease: RunLease): void {
    if (lease.epoch === this.epoch && lease.owner === this.owner) return;
    throw new RuntimeError("FENCED", `The run ${this.id} was taken over: it belongs to another owner now.`);
  }

  add(entries: readonly LogEntry[]): void {
    for (const { json } of entries) this.length += json.length;
    this.#lastSeq += entries.length;
    this.feed.add(entries, this.ended);
  }

  /** Ends the run before it has begun. */
  endCanceled({ cancel, entry }: NonNullable<NewRun["canceled"]>): void {
    this.requestCancel(cancel);
    this.status = "canceled";
    this.completedAt = this.#new.createdAt;
    this.settled = true;
    this.add([entry]);
  }

  requestCancel(cancel: CancelRequest): void {
    if (this.ended || this.cancel !== undefined) return;
    this.cancel = cancel;
    this.#canceled.resolve(cancel);
  }

  /** Resolves when the cancellation is requested; rejects when it can't be any more, or when `signal` aborts. */
  whenCanceled(signal: AbortSignal): Promise<CancelRequest> {
    return this.cancel === undefined ? this.#canceled.wait(signal) : Promise.resolve(this.cancel);
  }

  /** Resolves when the run has its turn; rejects when it has left its session's line, or when `signal` aborts. */
  whenTurn(signal: AbortSignal | undefined): Promise<void> {
    return this.#hasTurn ? Promise.resolve() : this.#turn.wait(signal);
  }

  giveTurn(): void {
    this.#hasTurn = true;
    this.#turn.resolve();
  }

  /** Lets nobody wait for a turn, or a cancellation, that will not come. */
  leave(reason: () => Error): void {
    this.#turn.reject(reason);
    this.#canceled.reject(reason);
  }

  /** Lets go of everybody who waits for anything. */
  abandon(reason: () => Error): void {
    this.leave(reason);
    this.feed.end();
  }

  /** Gives up the events. Readers at work keep theirs. */
  expire(): void {
    this.#expired = true;
    this.feed = new RunFeed(this.#turnEnd);
    this.length = 0;
  }
}
