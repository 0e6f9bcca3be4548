import type { ResolvedAgentRequest, Status, TerminalStatus } from "@agentscope-runtime/agent-api";
import type { LogEntry } from "./log-entry.ts";
import type { Page, PageOptions } from "./page.ts";
import type { Service } from "./service.ts";
import type { RunSession } from "./session-key.ts";

/** What happens to a new run of a session that has one already. */
export type SessionPolicy = "enqueue" | "reject" | "interrupt";

/** A run as the store knows it. Times are milliseconds since the epoch. */
export interface RunRecord {
  readonly id: string;
  readonly session: RunSession;
  readonly status: Status;
  readonly request: ResolvedAgentRequest;
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
  /** Who will run it. */
  readonly owner: string;
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
 * unknown run reject with `RESOURCE_NOT_FOUND`, but for `get` and `release`. What waits is rejected by `stop`; reading ends.
 */
export interface RunStore extends Service {
  /**
   * Creates a run with its first entry, all in one step. A known idempotency key answers `replayed`, or rejects with
   * `IDEMPOTENCY_MISMATCH` if the fingerprint differs; then a used id rejects with `RUN_ID_CONFLICT`; then, if the
   * session has runs that have not settled: `reject` rejects with `SESSION_BUSY`, `enqueue` with `QUEUE_FULL` where
   * `maxQueued` wait, and `interrupt` requests the cancellation of them all. A refused run leaves nothing behind; an
   * expired one keeps its id and its key.
   */
  create(run: NewRun): Promise<CreateResult>;

  /**
   * Resolves to the session's new fence when every earlier run of the session was released; the run is then
   * `in_progress` unless it has ended. When `signal` aborts it rejects with the reason, and the run keeps its place.
   */
  waitTurn(lease: RunLease, signal?: AbortSignal): Promise<number>;

  /** Leaves the session's line: the run's handler has settled or is given up on. Idempotent; a void lease changes nothing. */
  release(lease: RunLease): Promise<void>;

  /** Adds entries. Rejects with `FENCED` if the lease is not the current one, the numbers don't follow, or the run has ended. */
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

  /** The runs that fit, the newest first. */
  list(options: ListRunsOptions): Promise<Page<RunRecord>>;

  /** Asks the run's owner to cancel it, and resolves to the run. The first reason stays; an ended run is left as it is. */
  requestCancel(runId: string, cancel: CancelRequest): Promise<RunRecord>;

  /** Resolves when the run's cancellation is requested; rejects when `signal` aborts. */
  watchCancel(runId: string, signal: AbortSignal): Promise<CancelRequest>;

  /** Takes a run over: its former owner's lease is void from now on. Rejects with `RESOURCE_NOT_FOUND`. */
  acquire(runId: string, owner: string): Promise<RunLease>;
}
