import type { Logger } from "../contracts/logger.ts";
import type { RunRecord } from "../contracts/run-store.ts";

/** Is told of a run as it was when it was created. */
export type RunListener = (run: RunRecord) => void;

/** Those who want to know of each run that this process starts. */
export class RunListeners {
  readonly #log: Logger;
  readonly #listeners = new Set<{ readonly listener: RunListener }>();

  constructor(log: Logger) {
    this.#log = log;
  }

  /** Returns what ends it. */
  add(listener: RunListener): () => void {
    // Of its own, as a listener may be added twice.
    const entry = { listener };
    this.#listeners.add(entry);
    return () => void this.#listeners.delete(entry);
  }

  /** A listener that throws keeps no run from going on, nor the other listeners from being told. */
  tell(run: RunRecord): void {
    for (const { listener } of [...this.#listeners]) {
      try {
        listener(run);
      } catch (error) {
        this.#log.error({ err: error, run_id: run.id }, "a listener for new runs failed");
      }
    }
  }
}
