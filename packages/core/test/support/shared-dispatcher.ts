import type { RunDispatcher, RunWorker } from "@agentscope-runtime/core";

/** A dispatcher for the apps of one process: first in, first out, as many runs at once as there may be. */
export class SharedDispatcher implements RunDispatcher {
  /** How many runs at once. */
  readonly #concurrency: number;
  readonly #waiting = new Set<string>();
  readonly #working = new Set<Promise<void>>();
  #take: ((runId: string) => Promise<void>) | undefined;
  /** How often runs were dispatched that had waited already. */
  repeats = 0;

  constructor(concurrency = 100) {
    this.#concurrency = concurrency;
  }

  async start(): Promise<void> {}
  async stop(): Promise<void> {}
  async health(): Promise<boolean> {
    return true;
  }

  async dispatch(_agent: string, runId: string): Promise<void> {
    if (this.#waiting.has(runId)) this.repeats++;
    this.#waiting.add(runId);
    this.#next();
  }

  async work(_agents: readonly string[], take: (runId: string) => Promise<void>): Promise<RunWorker> {
    this.#take = take;
    this.#next();
    return {
      close: async () => {
        this.#take = undefined;
        await Promise.all(this.#working);
      },
    };
  }

  #next(): void {
    for (const runId of this.#waiting) {
      if (this.#take === undefined || this.#working.size >= this.#concurrency) return;
      this.#waiting.delete(runId);
      const done = this.#take(runId).finally(() => {
        this.#working.delete(done);
        this.#next();
      });
      this.#working.add(done);
    }
  }
}
