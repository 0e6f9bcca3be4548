import type { AgentError } from "@agentscope-runtime/agent-api";
import type { Logger } from "./logger.ts";
import type { Page, PageOptions } from "./page.ts";
import type { CancelRequest } from "./run-store.ts";
import type { Service } from "./service.ts";

/** Where a task stands. A task that waits for its delay, or for its next attempt, is `waiting`. */
export type TaskStatus = "waiting" | "active" | "completed" | "failed" | "canceled";

/** Which task: ids are unique among the tasks of one name. Both may hold any characters. */
export interface TaskKey {
  readonly name: string;
  readonly id: string;
}

/** A task as lists show it. Times are milliseconds since the epoch. */
export interface TaskRecord extends TaskKey {
  readonly status: TaskStatus;
  /** Whose task it is, where somebody is known to have submitted it. */
  readonly userId?: string | undefined;
  /** The number of the attempt at work, or of the last one; 0 before the first. */
  readonly attempt: number;
  readonly createdAt: number;
  /** When a waiting task may begin, where it has to wait for that. */
  readonly dueAt?: number | undefined;
  /** When the last attempt began. */
  readonly startedAt?: number | undefined;
  readonly completedAt?: number | undefined;
  /** Why a failed task failed, fit for a client. */
  readonly error?: AgentError | undefined;
  /** Why it shall be, or was, canceled. */
  readonly cancel?: CancelRequest | undefined;
}

/** A task with what came of it. */
export interface Task extends TaskRecord {
  /** A copy of the JSON value that the work of a completed task resolved to; `null` where it was `undefined`. */
  readonly result?: unknown;
}

/** How long to wait before another attempt: twice as long each time, less up to half of it by chance. */
export interface Backoff {
  /** Before the second attempt, in milliseconds. Defaults to 1000. */
  readonly delay?: number | undefined;
  /** The longest it gets, in milliseconds. Defaults to five minutes. */
  readonly maxDelay?: number | undefined;
}

export interface NewTask extends TaskKey {
  /** Any JSON value, or nothing. */
  readonly input?: unknown;
  readonly userId?: string | undefined;
  /** Is the same for the same task only; tells whether a used id is the same task, submitted again. */
  readonly fingerprint?: string | undefined;
  /** After how many milliseconds the first attempt may begin. Defaults to 0. */
  readonly delay?: number | undefined;
  /** How often it may be tried. Defaults to 1: a task that fails has failed. */
  readonly attempts?: number | undefined;
  readonly backoff?: Backoff | undefined;
}

export interface EnqueuedTask {
  readonly task: TaskRecord;
  /** True where the id led to a task that exists already. */
  readonly replayed: boolean;
}

export interface ListTasksOptions extends PageOptions {
  readonly name: string;
  readonly userId?: string | undefined;
  readonly status?: TaskStatus | undefined;
}

/** One attempt at a task. */
export interface TaskAttempt extends TaskKey {
  /** A copy of the input, of its own for each attempt. */
  readonly input: unknown;
  readonly userId?: string | undefined;
  /** 1 for the first. */
  readonly attempt: number;
  /** Aborts when the attempt takes too long, the task is canceled, or the worker has to close. */
  readonly signal: AbortSignal;
}

/** Makes one attempt; resolves to a JSON value, or to nothing. */
export type TaskWork = (attempt: TaskAttempt) => unknown;

export interface WorkOptions {
  /** How many attempts this worker makes at once. Defaults to 10. */
  readonly concurrency?: number | undefined;
  /** How long an attempt may take, in milliseconds. Defaults to 15 minutes. */
  readonly timeout?: number | undefined;
  /** How long an attempt whose signal has aborted may go on before it is given up, in milliseconds. Defaults to 800. */
  readonly abortGrace?: number | undefined;
  /** Where failures are logged to, with what clients are not told. */
  readonly log?: Logger | undefined;
}

export interface CloseWorkerOptions {
  /** How long attempts may go on before they are aborted, in milliseconds. Defaults to 0. */
  readonly grace?: number | undefined;
}

/** Takes tasks of one name and works on them, until it is closed. */
export interface TaskWorker {
  /**
   * Takes no more tasks, and resolves when no attempt is left. One that has to be aborted, and does not resolve in
   * spite of that, is handed back: its task waits for another worker, and the attempt does not count.
   */
  close(options?: CloseWorkerOptions): Promise<void>;
}

/**
 * Keeps tasks and hands each to a worker, in the order they are due. An attempt that throws is followed by another one
 * after the back-off, up to `attempts`; but not where the error is a `RuntimeError` that blames the request (a 4xx
 * other than 422 and 429), nor where the result is no JSON or too large (`RESPONSE_ERROR`). Such an error is what the
 * task fails with; of any other that is thrown clients see `INTERNAL_ERROR`. An attempt over time has failed with
 * `TIMEOUT`; one that goes on after `abortGrace` is given up, whatever comes of it. If a worker's process dies, its
 * tasks are attempted again: work may be done twice, as it may be where an attempt was given up.
 *
 * Ended tasks are kept within bounds of the implementation, then they are as if they had never been. Inputs, results
 * and the number of waiting tasks of a name have bounds as well. `stop` closes all workers and rejects what waits.
 */
export interface TaskQueue extends Service {
  /**
   * Adds a task, in one step. A used id answers `replayed` if the fingerprints are equal, else it rejects with
   * `IDEMPOTENCY_MISMATCH`. Rejects with `QUEUE_FULL` where too many tasks wait, `PAYLOAD_TOO_LARGE` for an input beyond
   * the bound, `INVALID_PARAMETER` for one that is no JSON.
   */
  enqueue(task: NewTask): Promise<EnqueuedTask>;

  /** Resolves to the task, or to `undefined` when there is none. */
  get(key: TaskKey): Promise<Task | undefined>;

  /** Resolves to the task once it has ended; rejects with `TASK_NOT_FOUND`, and when `signal` aborts with its reason. */
  settled(key: TaskKey, signal?: AbortSignal): Promise<Task>;

  /** The tasks that fit, the newest first. */
  list(options: ListTasksOptions): Promise<Page<TaskRecord>>;

  /**
   * Asks for the task to be canceled, and resolves to it. A waiting task is `canceled` at once; the attempt at an active
   * one is aborted, and the task is `canceled` when that has settled or is given up, whatever it resolves to. The first
   * reason stays; an ended task is left as it is. Rejects with `TASK_NOT_FOUND`.
   */
  cancel(key: TaskKey, cancel: CancelRequest): Promise<TaskRecord>;

  /** Works on the tasks of that name from now on. Several workers, here and elsewhere, share what there is to do. */
  work(name: string, work: TaskWork, options?: WorkOptions): Promise<TaskWorker>;
}
