import { setTimeout as sleep } from "node:timers/promises";
import type { CloseWorkerOptions, TaskWork, TaskWorker, WorkOptions } from "../contracts/task-queue.ts";
import { shuttingDown } from "../errors/shutting-down.ts";
import type { AttemptOptions } from "./attempt-task.ts";
import { workLimits } from "./work-limits.ts";

/** A worker of the in-memory queue, and the attempts it makes. */
export class LaneWorker implements TaskWorker {
  readonly work: TaskWork;
  readonly limits: Pick<AttemptOptions, "timeout" | "abortGrace" | "log">;
  readonly #concurrency: number;
  readonly #onClosed: (worker: LaneWorker) => void;
  readonly #running = new Map<AbortController, Promise<void>>();
  #closing: Promise<void> | undefined;

  constructor(work: TaskWork, options: WorkOptions, onClosed: (worker: LaneWorker) => void) {
    const { concurrency, ...limits } = workLimits(options);
    this.work = work;
    this.limits = limits;
    this.#concurrency = concurrency;
    this.#onClosed = onClosed;
  }

  get isFree(): boolean {
    return this.#closing === undefined && this.#running.size < this.#concurrency;
  }

  run(attempt: (abort: AbortController) => Promise<void>): void {
    const abort = new AbortController();
    this.#running.set(
      abort,
      attempt(abort).finally(() => this.#running.delete(abort)),
    );
  }

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
    const settled = Promise.all(this.#running.values());
    const over = new AbortController();
    const late = sleep(grace, undefined, { signal: over.signal }).catch(() => undefined);
    await Promise.race([settled, late]);
    over.abort();
    this.#abort();
    await settled;
    this.#onClosed(this);
  }

  #abort(): void {
    for (const abort of this.#running.keys()) abort.abort(shuttingDown());
  }
}
