import { setTimeout as sleep } from "node:timers/promises";
import type { RunBackend, RunTopic } from "../contracts/run-backend.ts";

/** Waits for changes of a run, and looks again now and then in case one was missed. */
export class RunWatch {
  readonly #end: () => void;
  readonly #interval: number;
  #changed = Promise.withResolvers<void>();

  constructor(backend: RunBackend, runId: string, topic: RunTopic, interval: number) {
    this.#interval = interval;
    this.#end = backend.watch(runId, topic, () => this.#changed.resolve());
  }

  /** Resolves when something may have changed since the last call, at once if it has; rejects when `signal` aborts. */
  async change(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    const over = new AbortController();
    const later = sleep(this.#interval, undefined, { signal: AbortSignal.any([signal, over.signal]) });
    try {
      await Promise.race([this.#changed.promise, later]);
    } catch {
      signal.throwIfAborted();
    } finally {
      over.abort();
    }
    this.#changed = Promise.withResolvers();
  }

  end(): void {
    this.#end();
  }
}
