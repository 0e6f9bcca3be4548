import type { ResolvedAgentRequest, Status, TerminalStatus } from "@agentscope-runtime/agent-api";
import type { LogEntry } from "./log-entry.ts";
import type { Page, PageOptions } from "./page.ts";
import type { Service } from "./service.ts";
import type { RunSession } from "./session-key.ts";

/** What happens to a new run of a session that has one already. */
export type SessionPolicy = "enqueue" | "reject" | "interrupt";

/** A request without what the agent is to work on, which may be large. */
export type RequestSettings = {
  readonly [Key in keyof ResolvedAgentRequest as Key extends "input"
    ? never
    : Key]: ResolvedAgentRequest[Key];
};

/** A run as it is listed: without its input. Times are milliseconds since the epoch. */
export interface RunSummary {
  readonly id: string;
  readonly session: RunSession;
  readonly status: Status;
  readonly request: RequestSettings;
  /** Who runs it, or ran it last; `undefined` where it waits for somebody to take it. */
  readonly owner?: string | undefined;
  /** How often its handler was started. */
  readonly attempt: number;
  readonly createdAt: number;
  readonly startedAt?: number | undefined;
  readonly completedAt?: number | undefined;
  /** The number of the last event, -1 before the first. */
  readonly lastSeq: number;
  /** Why it shall be, or was, canceled. */
  readonly cancel?: CancelRequest | undefined;
  /** True once the events of an ended run were given up. */
  readonly expired?: true | undefined;
}

/** A run as the store knows it. */
export interface RunRecord extends RunSummary {
  readonly request: ResolvedAgentRequest;
}

export interface CancelRequest {
  /** A sentence for people. */
  readonly reason: string;
}

export interface NewRun {
  readonly session: RunSession;
  readonly request: ResolvedAgentRequest;
  /** Milliseconds since the epoch. */
  readonly createdAt: number;
  /** The first entry of the log, seq 0. */
  readonly created: LogEntry;
  readonly policy: SessionPolicy;
  /** How many runs may wait behind the session's running one. */
  readonly maxQueued: number;
  readonly idempotency?: Idempotency | undefined;
  /** Who will run it; `undefined` where it waits for somebody to `acquire` it, or is `canceled`. */
  readonly owner?: string | undefined;
  /** Where it has ended before it began: why, and its last entry, seq 1. */
  readonly canceled?: { readonly cancel: CancelRequest; readonly entry: LogEntry } | undefined;
}

export interface Idempotency {
  /** Names the request among all that a store gets: whoever makes it puts caller and agent into it. */
  readonly key: string;
  /** Is the same for the same body only. */
  readonly fingerprint: string;
}

export type CreateResult =
  | {
      readonly kind: "created";
      readonly run: RunRecord;
      /** Void where the run has no owner or has ended. */
      readonly lease: RunLease;
      /** How many runs of the session must settle before this one may start. */
      readonly ahead: number;
    }
  | { readonly kind: "replayed"; readonly run: RunRecord };

/** The right to write a run's log, as long as nobody took it over. */
export interface RunLease {
  readonly runId: string;
  readonly owner: string;
  /** Rises with each owner; a write with an old one is refused. */
  readonly epoch: number;
  /** The number the owner's first entry has to have. */
  readonly nextSeq: number;
}

/** A run taken over from an owner that has fallen silent. */
export interface RecoveredRun {
  readonly run: RunRecord;
  readonly lease: RunLease;
  /** The session's new fence, if the run had its turn: the handle of the former owner's handler is void with it. */
  readonly fence?: number | undefined;
}

export interface RecoverOptions {
  /** Whose runs the new owner can run. */
  readonly agents: readonly string[];
  /** How many runs to take over at the most. */
  readonly limit: number;
}

export interface ReadRunOptions {
  /** The number of the last entry already known. Defaults to -1: from the beginning. */
  readonly after?: number | undefined;
  /** Go on with what is appended later, until the run ends. Defaults to false. */
  readonly follow?: boolean | undefined;
  /** Ends the reading without an error. */
  readonly signal?: AbortSignal | undefined;
}

export interface ListRunsOptions extends PageOptions {
  readonly agent: string;
  readonly userId?: string | undefined;
  readonly sessionId?: string | undefined;
  readonly status?: Status | undefined;
}

/**
 * Keeps runs: a log of events each, who may write it, and in which order the runs of a session go. Calls that name an
 * unknown run reject with `RESOURCE_NOT_FOUND`, but for `get`, `release` and `disown`. What waits is rejected by `stop`; reading ends.
 */
export interface RunStore extends Service {
  /** True where runs outlive the process. */
  readonly lasting: boolean;

  /** How long an owner may be silent before others take its runs over, in milliseconds. */
  readonly leaseTtl: number;

  /**
   * How long pieces of text may gather before they are appended, in milliseconds: what is lost when a process dies, and
   * by how much readers lag behind. 0 appends at once.
   */
  readonly flushInterval: number;

  /**
   * Creates a run with its first entry, all in one step. A known idempotency key answers `replayed`, or rejects with
   * `IDEMPOTENCY_MISMATCH` if the fingerprint differs; then a used id rejects with `RUN_ID_CONFLICT`; then a request that
   * `continues` a run which another one continues already with `RUN_ANSWERED`, unless that one ended as `failed` or
   * `rejected`; then, if the session has runs that have not settled: `reject` rejects with `SESSION_BUSY`, `enqueue` with `QUEUE_FULL` where
   * `maxQueued` wait, and `interrupt` requests the cancellation of them all. A refused run leaves nothing behind; an
   * expired one keeps its id and its key. An owner that creates a run is heard.
   *
   * A run that comes `canceled` has ended when it was created: it takes no place in its session's line, the policy does
   * not apply to it, and its lease is void.
   */
  create(run: NewRun): Promise<CreateResult>;

  /**
   * Resolves to the session's new fence when every earlier run of the session was released; the run is then
   * `in_progress`, and its attempt one more, unless it has ended. When `signal` aborts it rejects with the reason, and
   * the run keeps its place.
   */
  waitTurn(lease: RunLease, signal?: AbortSignal): Promise<number>;

  /**
   * Leaves the session's line: the run's handler has settled or is given up on. Idempotent; a void lease changes nothing.
   * Resolves to the id of the run whose turn it is now, if nobody owns that.
   */
  release(lease: RunLease): Promise<string | undefined>;

  /**
   * Gives a run that has not ended back: nobody owns it from now on, and it keeps its place in the line. A void lease
   * changes nothing.
   */
  disown(lease: RunLease): Promise<void>;

  /**
   * Adds entries, or only checks the lease where there are none. Rejects with `FENCED` if the lease is not the current
   * one, the numbers don't follow, or the run has ended.
   */
  append(lease: RunLease, entries: readonly LogEntry[]): Promise<void>;

  /**
   * Adds the last entries and sets the status, in one step. Resolves to false, having done nothing, if the run has
   * ended, or if its cancellation was requested and `status` is not `canceled`. Rejects with `FENCED` like `append`.
   */
  finish(lease: RunLease, status: TerminalStatus, entries: readonly LogEntry[]): Promise<boolean>;

  /**
   * The entries of a run in order, each once, in batches of what is there. Ends after the terminal entry, or with
   * what is there if it does not follow. Rejects with `RESOURCE_NOT_FOUND` and `RUN_EXPIRED`.
   */
  read(runId: string, options?: ReadRunOptions): AsyncIterable<readonly LogEntry[]>;

  /** Resolves to the run, or to `undefined` when there is none. */
  get(runId: string): Promise<RunRecord | undefined>;

  /**
   * The runs that fit, the newest first, without their inputs. Where their requests are large all the same, a page is
   * shorter than its limit, but never empty where another one follows.
   */
  list(options: ListRunsOptions): Promise<Page<RunSummary>>;

  /** Asks the run's owner to cancel it, and resolves to the run. The first reason stays; an ended run is left as it is. */
  requestCancel(runId: string, cancel: CancelRequest): Promise<RunRecord>;

  /** Resolves when the run's cancellation is requested; rejects when `signal` aborts. */
  watchCancel(runId: string, signal: AbortSignal): Promise<CancelRequest>;

  /**
   * Takes a run over, or takes one on that nobody owns: any former lease is void from now on. With `unclaimed`, rejects
   * with `FENCED` where it has an owner.
   */
  acquire(runId: string, owner: string, options?: { readonly unclaimed?: boolean }): Promise<RunLease>;

  /**
   * Says that the owner lives, as creating, acquiring and recovering runs does too. Resolves to false if it was silent for longer than `leaseTtl`, so that its runs may
   * belong to others by now: an `append` of nothing tells.
   */
  renew(owner: string): Promise<boolean>;

  /**
   * Takes over runs that have not settled and whose owner has been silent for longer than `leaseTtl`, the oldest first.
   * Two that call it at once never get the same run.
   */
  recover(owner: string, options: RecoverOptions): Promise<readonly RecoveredRun[]>;

  /** The ids of runs that nobody owns although it is their turn, the oldest first, at most `limit`. */
  unclaimed(options: RecoverOptions): Promise<readonly string[]>;

  /** Forgets every run of a session, its events and keys included. Rejects with `SESSION_BUSY` unless all have settled. */
  deleteSession(session: RunSession): Promise<void>;
}
