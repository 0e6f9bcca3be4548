import type { StoredRun } from "./stored-run.ts";

export interface FinishedRunsOptions {
  /** How many ended runs keep their events. Defaults to 1000. */
  readonly maxFinishedRuns?: number | undefined;
  /** How many characters of requests and events ended runs keep altogether. Defaults to 256 Mi. */
  readonly maxFinishedLength?: number | undefined;
  /** How long an ended run keeps its events, in milliseconds. Defaults to one hour. */
  readonly finishedRunTtl?: number | undefined;
  /** How many runs whose events were given up are remembered as expired. Defaults to 10,000. */
  readonly maxExpiredRuns?: number | undefined;
}

/** The ended runs of a store in memory: those that still have events, in the order they ended, and those that don't. */
export class FinishedRuns {
  readonly #options: FinishedRunsOptions;
  readonly #kept = new Set<StoredRun>();
  readonly #expired = new Set<StoredRun>();
  /** The characters of those that are kept. */
  #length = 0;

  constructor(options: FinishedRunsOptions) {
    this.#options = options;
  }

  add(run: StoredRun): void {
    this.#kept.add(run);
    this.#length += run.length;
  }

  delete(run: StoredRun): void {
    if (this.#kept.delete(run)) this.#length -= run.length;
    this.#expired.delete(run);
  }

  /** Gives up the events of those that are too many or too old; returns those that need not be remembered any more. */
  sweep(now: number): readonly StoredRun[] {
    const { maxFinishedRuns = 1000, maxFinishedLength = 2 ** 28, finishedRunTtl = 3_600_000 } = this.#options;
    const { maxExpiredRuns = 10_000 } = this.#options;
    for (const run of this.#kept) {
      const fits = this.#kept.size <= maxFinishedRuns && this.#length <= maxFinishedLength;
      if (fits && (run.completedAt ?? 0) > now - finishedRunTtl) break;
      this.delete(run);
      run.expire();
      this.#expired.add(run);
    }
    const forgotten: StoredRun[] = [];
    for (const run of this.#expired) {
      if (this.#expired.size <= maxExpiredRuns) break;
      this.#expired.delete(run);
      forgotten.push(run);
    }
    return forgotten;
  }

  clear(): void {
    this.#kept.clear();
    this.#expired.clear();
    this.#length = 0;
  }
}
