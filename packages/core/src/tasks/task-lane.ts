import type { CancelRequest } from "../contracts/run-store.ts";
import type {
  EnqueuedTask,
  ListTasksOptions,
  TaskRecord,
  TaskWork,
  TaskWorker,
  WorkOptions,
} from "../contracts/task-queue.ts";
import { RuntimeError } from "../errors/runtime-error.ts";
import { type AttemptEnd, attemptTask } from "./attempt-task.ts";
import { backoffDelay } from "./backoff-delay.ts";
import { type FinishedLimits, FinishedTasks } from "./finished-tasks.ts";
import { LaneWorker } from "./lane-worker.ts";
import type { ResolvedTask } from "./resolved-task.ts";
import { StoredTask, type TaskOutcome } from "./stored-task.ts";
import { type WaitingLimits, WaitingTasks } from "./waiting-tasks.ts";

/** What bounds the tasks of one name. */
export interface LaneLimits extends WaitingLimits, FinishedLimits {
  readonly maxResultLength: number;
}

/** The tasks of one name in this process, and who works on them. */
export class TaskLane {
  readonly #limits: LaneLimits;
  readonly #now: () => number;
  readonly #tasks = new Map<string, StoredTask>();
  /** The tasks whose time has come, the first of them first. */
  readonly #ready = new Set<StoredTask>();
  readonly #waiting: WaitingTasks;
  readonly #finished: FinishedTasks;
  readonly #workers = new Set<LaneWorker>();
  #place = 0;
  #ended = 0;
  #scheduled = false;
  #closed = false;

  constructor(limits: LaneLimits, now: () => number) {
    this.#limits = limits;
    this.#now = now;
    this.#waiting = new WaitingTasks(limits);
    this.#finished = new FinishedTasks(limits);
  }

  add(spec: ResolvedTask): EnqueuedTask {
    this.sweep();
    const known = this.#tasks.get(spec.id);
    if (known !== undefined) return { task: assertSame(known, spec).toRecord(), replayed: true };
    this.#waiting.assertRoom(spec.inputJson?.length ?? 0, spec.userId);
    const now = this.#now();
    const task = new StoredTask(spec, ++this.#place, now);
    this.#tasks.set(task.id, task);
    this.#wait(task, spec.delay, now);
    return { task: task.toRecord(), replayed: false };
  }

  find(id: string): StoredTask | undefined {
    return this.#tasks.get(id);
  }

  /** Those that fit and come before a place, the newest first. */
  list({ userId, status }: ListTasksOptions, before: number): readonly StoredTask[] {
    return [...this.#tasks.values()]
      .reverse()
      .filter(
        (task) =>
          task.place < before &&
          (userId === undefined || task.spec.userId === userId) &&
          (status === undefined || task.status === status),
      );
  }

  cancel(task: StoredTask, cancel: CancelRequest): TaskRecord {
    if (task.completedAt !== undefined) return task.toRecord();
    task.cancel ??= { reason: cancel.reason };
    if (task.status === "waiting") {
      this.#leaveWait(task);
      this.#end(task, "canceled");
    }
    task.abort?.abort(new RuntimeError("RUN_CANCELED", task.cancel.reason));
    return task.toRecord();
  }

  work(work: TaskWork, options: WorkOptions): TaskWorker {
    const worker = new LaneWorker(work, options, (closed) => this.#workers.delete(closed));
    this.#workers.add(worker);
    this.#schedule();
    return worker;
  }

  /** Gives up the ended tasks that are out of bounds. */
  sweep(): void {
    for (const task of this.#finished.sweep(this.#now())) this.#tasks.delete(task.id);
  }

  /** Lets go of everything; resolves when no attempt is left. */
  async close(reason: Error): Promise<void> {
    this.#closed = true;
    for (const task of this.#tasks.values()) task.abandon(reason);
    await Promise.all([...this.#workers].map((worker) => worker.stop()));
  }

  #wait(task: StoredTask, delay: number, now: number = this.#now()): void {
    task.status = "waiting";
    this.#waiting.add(task);
    task.dueAt = delay > 0 ? now + delay : undefined;
    if (delay > 0) task.timer = setTimeout(() => this.#becomeReady(task), delay);
    else this.#becomeReady(task);
  }

  #leaveWait(task: StoredTask): void {
    clearTimeout(task.timer);
    task.dueAt = undefined;
    this.#ready.delete(task);
    this.#waiting.delete(task);
  }

  #becomeReady(task: StoredTask): void {
    this.#ready.add(task);
    this.#schedule();
  }

  // In a turn of the loop of its own, so that nobody who adds a task waits for what a handler does at once.
  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      this.#dispatch();
    });
  }

  #dispatch(): void {
    for (const task of this.#ready) {
      const worker = this.#closed ? undefined : this.#workers.values().find(({ isFree }) => isFree);
      if (worker === undefined) return;
      this.#leaveWait(task);
      worker.run((abort) => this.#attempt(task, worker, abort));
    }
  }

  async #attempt(task: StoredTask, worker: LaneWorker, abort: AbortController): Promise<void> {
    const { name, userId } = task.spec;
    task.status = "active";
    task.attempt++;
    task.startedAt = this.#now();
    task.abort = abort;
    const attempt = { name, id: task.id, input: task.input(), userId, attempt: task.attempt };
    const { maxResultLength } = this.#limits;
    const end = await attemptTask(worker.work, attempt, {
      ...worker.limits,
      signal: abort.signal,
      maxResultLength,
    });
    task.abort = undefined;
    if (this.#closed) return;
    this.#settle(task, end);
    this.#schedule();
  }

  #settle(task: StoredTask, end: AttemptEnd): void {
    const { attempts, backoff } = task.spec;
    if (task.cancel !== undefined) this.#end(task, "canceled");
    else if (end.kind === "completed") this.#end(task, "completed", { json: end.json });
    else if (end.kind === "aborted") {
      task.attempt--;
      this.#wait(task, 0);
    } else if (end.final || task.attempt >= attempts) this.#end(task, "failed", { error: end.error });
    else this.#wait(task, backoffDelay(backoff, task.attempt));
  }

  #end(task: StoredTask, status: "completed" | "failed" | "canceled", outcome?: TaskOutcome): void {
    task.end(this.#now(), status, outcome);
    task.endedAs = ++this.#ended;
    this.#finished.add(task);
    this.sweep();
  }
}

function assertSame(known: StoredTask, { fingerprint }: ResolvedTask): StoredTask {
  if (known.spec.fingerprint === fingerprint) return known;
  throw new RuntimeError(
    "IDEMPOTENCY_MISMATCH",
    "The task's id, or its Idempotency-Key, was used for another task.",
  );
}
