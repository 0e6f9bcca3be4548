import { type Job, WaitingError, Worker } from "bullmq";
import type { Redis } from "ioredis";
import { within } from "./within.ts";

/** What is to become of a job that was worked on. */
export type JobEnd =
  | { readonly kind: "done" }
  | { readonly kind: "retry"; readonly delay: number }
  /** It waits again, at the head of its queue, and this was no attempt. */
  | { readonly kind: "back" }
  /** It stays as it is: whoever holds it, or finds that nobody does, goes on with it. */
  | { readonly kind: "left" };

/** A job as it was added. */
export interface QueuedJob {
  readonly id: string;
  readonly data: unknown;
  /** How many attempts have failed. */
  readonly failed: number;
}

export interface JobWorkerOptions {
  readonly concurrency: number;
  /** Never rejects. */
  readonly process: (job: QueuedJob) => Promise<JobEnd>;
  /** Is told of jobs that this worker can't be sure to have for itself any more. */
  readonly onLost?: ((ids: readonly string[]) => void) | undefined;
  readonly onError?: ((error: Error) => void) | undefined;
}

export interface JobWorkerConnection {
  readonly client: Redis;
  readonly prefix: string;
  readonly leaseTtl: number;
  readonly commandTimeout: number;
}

/** BullMQ's worker, with an end that does not depend on whether Redis is there. */
export class JobWorker {
  readonly #options: JobWorkerOptions;
  readonly #connection: JobWorkerConnection;
  readonly #worker: BoundWorker;
  readonly #running = new Set<Promise<void>>();
  #paused = false;
  #closing: Promise<void> | undefined;

  constructor(queue: string, options: JobWorkerOptions, connection: JobWorkerConnection) {
    this.#options = options;
    this.#connection = connection;
    const { client, prefix, leaseTtl } = connection;
    this.#worker = new BoundWorker(queue, (job, token) => this.#track(job, token), {
      connection: client,
      prefix,
      concurrency: options.concurrency,
      lockDuration: leaseTtl,
      stalledInterval: leaseTtl / 2,
      // How often a job may lose its worker is for those to say who know what it is.
      maxStalledCount: Number.MAX_SAFE_INTEGER,
      runRetryDelay: 1000,
      settings: { backoffStrategy: (_attempts, _type, error) => (error instanceof Retry ? error.delay : 0) },
    });
    this.#worker.on("error", (error) => options.onError?.(error));
    this.#worker.on("lockRenewalFailed", (ids) => options.onLost?.(ids));
  }

  /** Takes no more jobs; those that come in spite of that go back. */
  pause(): void {
    this.#paused = true;
    this.#worker.pause(true).catch(ignore);
  }

  /** Resolves when no job is at work. */
  async settled(): Promise<void> {
    while (this.#running.size > 0) await Promise.all(this.#running);
  }

  /** Gives up the worker, and jobs that are still at work: others will get them. */
  close(): Promise<void> {
    this.pause();
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    // Without a connection BullMQ would wait for one to close.
    const force = this.#running.size > 0 || !(await this.#isConnected());
    await this.#inTime(this.#worker.close(force));
    await this.#worker.stopRenewing();
  }

  async #isConnected(): Promise<boolean> {
    const blocking = await Promise.race([
      this.#worker.getBackend().blockingClient,
      new Promise<undefined>((resolve) => setImmediate(() => resolve(undefined))),
    ]);
    return blocking?.status === "ready" && this.#connection.client.status === "ready";
  }

  #track(job: Job, token = ""): Promise<void> {
    const processed = this.#process(job, token);
    const running = processed.then(ignore, ignore).then(() => void this.#running.delete(running));
    this.#running.add(running);
    return processed;
  }

  async #process(job: Job, token: string): Promise<void> {
    const { id = "", data, attemptsMade } = job;
    const end: JobEnd = this.#paused
      ? { kind: "back" }
      : await this.#options.process({ id, data, failed: attemptsMade });
    switch (end.kind) {
      case "done":
        return;
      case "retry":
        throw new Retry(end.delay);
      case "back":
        // What can't be said in time is found out by others when the lock has expired.
        await this.#inTime(job.moveToWait(token));
        throw new WaitingError();
      case "left":
        throw new WaitingError();
    }
  }

  async #inTime(work: Promise<unknown>): Promise<void> {
    const { commandTimeout } = this.#connection;
    await within(commandTimeout, (late) => Promise.race([work, late])).catch(ignore);
  }
}

class BoundWorker extends Worker {
  /** Gives up all locks, which BullMQ does only once it has closed. */
  stopRenewing(): Promise<void> {
    return this.lockManager.close();
  }
}

/** Tells BullMQ to try a job again. */
class Retry extends Error {
  readonly delay: number;

  constructor(delay: number) {
    super(`The job is tried again in ${delay} ms.`);
    this.delay = delay;
  }
}

function ignore(): void {}
