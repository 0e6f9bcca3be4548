import { setTimeout as sleep } from "node:timers/promises";
import {
  type AttemptEnd,
  type AttemptOptions,
  attemptTask,
  backoffDelay,
  type CloseWorkerOptions,
  RuntimeError,
  type TaskWork,
  type TaskWorker,
} from "@agentscope-runtime/core";
import { z } from "zod";
import type { JobEnd, JobWorker, QueuedJob } from "./job-worker.ts";
import type { AttemptOutcome, BegunAttempt, StoredTasks } from "./stored-tasks.ts";

export type AttemptLimits = Omit<AttemptOptions, "signal">;

interface RunningAttempt {
  readonly taskId: string;
  readonly abort: AbortController;
}

/** A worker of the queue, and the attempts it makes. */
export class BullMQTaskWorker implements TaskWorker {
  readonly #tasks: StoredTasks;
  readonly #work: TaskWork;
  readonly #limits: AttemptLimits;
  /** By job. */
  readonly #running = new Map<string, RunningAttempt>();
  #jobs: JobWorker | undefined;
  #onClosed: (() => void) | undefined;
  #aborted = false;
  #closing: Promise<void> | undefined;

  constructor(tasks: StoredTasks, work: TaskWork, limits: AttemptLimits) {
    this.#tasks = tasks;
    this.#work = work;
    this.#limits = limits;
  }

  /** Takes note of what its jobs come from. */
  opened(jobs: JobWorker, onClosed: () => void): void {
    this.#jobs = jobs;
    this.#onClosed = onClosed;
  }

  readonly process = async (job: QueuedJob): Promise<JobEnd> => {
    const { id, place } = TaskJob.parse(job.data);
    const token = crypto.randomUUID();
    const abort = new AbortController();
    // Before it begins, or a cancellation could come in between.
    this.#running.set(job.id, { taskId: id, abort });
    try {
      const begun = await this.#persist(() => this.#tasks.begin({ id, place }, token));
      if (begun === GAVE_UP) return { kind: "left" };
      if (begun === undefined) return { kind: "done" };
      const outcome = toOutcome(begun, await this.#attempt(begun, abort.signal));
      const after = await this.#persist(() => this.#tasks.settle(id, token, outcome));
      if (after === GAVE_UP) return { kind: "left" };
      if (after?.status !== "waiting") return { kind: "done" };
      if (outcome.kind === "retry") return { kind: "retry", delay: outcome.delay };
      return { kind: outcome.kind === "aborted" ? "back" : "left" };
    } finally {
      this.#running.delete(job.id);
    }
  };

  /** Aborts the attempts whose jobs may be at work elsewhere. */
  readonly lose = (jobIds: readonly string[]): void => {
    const reason = new RuntimeError(
      "FENCED",
      "The attempt has lost its lease: another worker may have taken over.",
    );
    for (const id of jobIds) this.#running.get(id)?.abort.abort(reason);
  };

  /** Aborts the attempts at tasks that shall be canceled. */
  readonly checkCancels = async (): Promise<void> => {
    const running = [...this.#running.values()];
    if (running.length === 0) return;
    const cancels = await this.#tasks.cancels(running.map(({ taskId }) => taskId));
    for (const [index, { abort }] of running.entries()) {
      const cancel = cancels[index];
      if (cancel !== undefined) abort.abort(new RuntimeError("RUN_CANCELED", cancel.reason));
    }
  };

  close({ grace = 0 }: CloseWorkerOptions = {}): Promise<void> {
    this.#closing ??= this.#close(grace);
    return this.#closing;
  }

  /** Aborts all attempts, whatever grace they were given. */
  async stop(): Promise<void> {
    const closing = this.close();
    this.#abort();
    await closing;
  }

  async #close(grace: number): Promise<void> {
    this.#jobs?.pause();
    const settled = this.#jobs?.settled();
    const over = new AbortController();
    const late = sleep(grace, undefined, { signal: over.signal }).catch(() => undefined);
    await Promise.race([settled, late]);
    over.abort();
    this.#abort();
    await settled;
    await this.#jobs?.close();
    this.#onClosed?.();
  }

  #abort(): void {
    this.#aborted = true;
    for (const { abort } of this.#running.values()) abort.abort(shuttingDown());
  }

  #attempt({ record, inputJson }: BegunAttempt, signal: AbortSignal): Promise<AttemptEnd> {
    const { name, id, userId, attempt } = record;
    const input: unknown = inputJson === undefined ? undefined : JSON.parse(inputJson);
    return attemptTask(this.#work, { name, id, input, userId, attempt }, { ...this.#limits, signal });
  }

  /** Does this until it works: what an attempt came to is not lost with a connection, unless the worker has to leave. */
  async #persist<Result>(step: () => Promise<Result>): Promise<Result | typeof GAVE_UP> {
    for (let failures = 0; ; failures++) {
      try {
        return await step();
      } catch (error) {
        const passing = RuntimeError.is(error) && error.code === "SERVICE_UNAVAILABLE";
        const bindings = { err: error, task: this.#tasks.name };
        if (failures === 0) this.#limits.log?.error(bindings, "the task's state can't be written yet");
        if (!passing || this.#aborted) return GAVE_UP;
        await sleep(RETRY_AFTER);
      }
    }
  }
}

const GAVE_UP: unique symbol = Symbol();
const RETRY_AFTER = 500;

const TaskJob = z.object({ id: z.string(), place: z.int() });

function toOutcome({ record, attempts, backoff }: BegunAttempt, end: AttemptEnd): AttemptOutcome {
  if (end.kind !== "failed") return end;
  if (end.final || record.attempt >= attempts) return { kind: "failed", error: end.error };
  return { kind: "retry", delay: backoffDelay(backoff, record.attempt) };
}

function shuttingDown(): RuntimeError {
  return new RuntimeError("SERVICE_UNAVAILABLE", "The server is shutting down.", { retryAfter: 5 });
}
