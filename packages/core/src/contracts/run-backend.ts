import type { TerminalStatus } from "@agentscope-runtime/agent-api";
import type { Page } from "./page.ts";
import type {
  CancelRequest,
  CreateResult,
  ListRunsOptions,
  NewRun,
  RecoveredRun,
  RecoverOptions,
  RunLease,
  RunRecord,
  RunSummary,
} from "./run-store.ts";
import type { Service } from "./service.ts";
import type { RunSession } from "./session-key.ts";

/** The events `first` to `last` of a run as a backend keeps them: a text that only `DurableRunStore` looks into. */
export interface LogSegment {
  readonly first: number;
  readonly last: number;
  readonly text: string;
}

/** A stretch of a run's log. */
export interface LogStretch {
  /** In order, without gaps. */
  readonly segments: readonly LogSegment[];
  /** True when the last of them is the last of the run, and nothing will follow. */
  readonly over: boolean;
}

/** What of a run has changed: its log, or its turn and its cancellation. */
export type RunTopic = "log" | "control";

/**
 * Where a `DurableRunStore` keeps its runs. Each call is one atomic step, in one round trip where that can be, and means
 * what `RunStore` says of the method of the same name.
 */
export interface RunBackend extends Service {
  /** `entries` has the first one of the log, and the last one of a run that comes `canceled`. */
  create(run: NewRun, entries: LogSegment): Promise<CreateResult>;

  /** Like `waitTurn`, but resolves to `undefined` at once where it is not the run's turn. */
  takeTurn(lease: RunLease): Promise<number | undefined>;

  release(lease: RunLease): Promise<string | undefined>;

  disown(lease: RunLease): Promise<void>;

  /** Adds one segment, or checks the lease only. */
  append(lease: RunLease, segment: LogSegment | undefined): Promise<void>;

  finish(lease: RunLease, status: TerminalStatus, segment: LogSegment): Promise<boolean>;

  /**
   * The segments that hold a number above `after`, the first of them perhaps lower ones as well; of a long log as many
   * as make some 256 KiB. Rejects with `RESOURCE_NOT_FOUND` and `RUN_EXPIRED`.
   */
  read(runId: string, after: number): Promise<LogStretch>;

  get(runId: string): Promise<RunRecord | undefined>;

  list(options: ListRunsOptions): Promise<Page<RunSummary>>;

  requestCancel(runId: string, cancel: CancelRequest): Promise<RunRecord>;

  /** The cancellation that was requested. Rejects with `RESOURCE_NOT_FOUND`. */
  cancelOf(runId: string): Promise<CancelRequest | undefined>;

  acquire(runId: string, owner: string, options?: { readonly unclaimed?: boolean }): Promise<RunLease>;

  renew(owner: string): Promise<boolean>;

  recover(owner: string, options: RecoverOptions): Promise<readonly RecoveredRun[]>;

  unclaimed(options: RecoverOptions): Promise<readonly string[]>;

  deleteSession(session: RunSession): Promise<void>;

  /**
   * Calls `onChange` once it listens, and then whenever that part of the run may have changed, whichever process changed
   * it. A call may be missing or one too many: the store looks again now and then. Returns what ends it.
   */
  watch(runId: string, topic: RunTopic, onChange: () => void): () => void;

  /** Gives up the events of ended runs past their time, compacts those that are due, and forgets old keys. */
  sweep(): Promise<void>;
}
