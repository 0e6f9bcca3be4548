import { isBusy, toRuntimeError } from "./sqlite-error.ts";

/**
 * Runs synchronous jobs one after another. A job that finds the database locked is tried again, without blocking this
 * process, until its time is up, and those behind it wait; where none waits, a job runs before `run` returns.
 */
export class BusyQueue {
  readonly #timeout: number;
  readonly #jobs: Job[] = [];

  /** `timeout`: for how many milliseconds a job may find the database locked. */
  constructor(timeout: number) {
    this.#timeout = timeout;
  }

  /** Resolves to the result of the job; rejects with a `RuntimeError`, `SERVICE_UNAVAILABLE` if its time was up. */
  run<T>(work: () => T): Promise<T> {
    const { promise, resolve, reject } = Promise.withResolvers<T>();
    const deadline = performance.now() + this.#timeout;
    this.#jobs.push({ deadline, attempt: () => resolve(work()), reject });
    if (this.#jobs.length === 1) this.#next();
    return promise;
  }

  #next(): void {
    for (let job = this.#jobs[0]; job !== undefined; job = this.#jobs[0]) {
      try {
        job.attempt();
      } catch (error) {
        if (isBusy(error) && performance.now() < job.deadline) {
          setTimeout(() => this.#next(), 1 + Math.random() * LONGEST_PAUSE);
          return;
        }
        job.reject(toRuntimeError(error));
      }
      this.#jobs.shift();
    }
  }
}

interface Job {
  readonly deadline: number;
  readonly attempt: () => void;
  readonly reject: (error: unknown) => void;
}

/** In milliseconds; at random, so that two processes don't keep missing the gaps between each other's writes. */
const LONGEST_PAUSE = 10;
