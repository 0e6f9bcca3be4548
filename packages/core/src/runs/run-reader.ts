import type { LogEntry } from "../contracts/log-entry.ts";
import type { RunFeed } from "./run-feed.ts";

type Result = IteratorResult<readonly LogEntry[], undefined>;

const DONE: Result = { done: true, value: undefined };

/** How many entries a batch has at most, so that a long log is never copied whole for each of its readers. */
const MAX_BATCH = 256;

export interface RunReaderOptions {
  readonly after: number;
  readonly follow: boolean;
  readonly signal: AbortSignal | undefined;
}

/**
 * Reads the log of one run. An iterator by hand, and not a generator, since it is on the path of every event: it costs
 * one promise a batch.
 */
export class RunReader implements AsyncIterableIterator<readonly LogEntry[], undefined> {
  readonly #feed: RunFeed;
  readonly #follow: boolean;
  readonly #signal: AbortSignal | undefined;
  #next: number;
  #waiting: ((result: Result) => void) | undefined;
  #closed = false;

  constructor(feed: RunFeed, { after, follow, signal }: RunReaderOptions) {
    this.#feed = feed;
    this.#next = after + 1;
    this.#follow = follow;
    this.#signal = signal;
    signal?.addEventListener("abort", this.#close, { once: true });
    if (signal?.aborted) this.#closed = true;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  next(): Promise<Result> {
    const result = this.#take();
    if (result !== undefined) return Promise.resolve(result);
    return new Promise((resolve) => {
      this.#waiting = resolve;
      this.#feed.wait(this);
    });
  }

  return(): Promise<Result> {
    this.#close();
    return Promise.resolve(DONE);
  }

  /** Looks again, because something has changed; waits on if that brought nothing. */
  wake(): void {
    if (this.#waiting === undefined) return;
    const result = this.#take();
    if (result === undefined) {
      this.#feed.wait(this);
      return;
    }
    this.#waiting(result);
    this.#waiting = undefined;
  }

  /** What there is to say now; `undefined` where that is nothing yet. */
  #take(): Result | undefined {
    if (this.#closed) return DONE;
    if (this.#next < this.#feed.next) {
      const value = this.#feed.slice(this.#next, MAX_BATCH);
      this.#next += value.length;
      return { done: false, value };
    }
    if (this.#follow && !this.#feed.over) return undefined;
    this.#end();
    return DONE;
  }

  readonly #close = (): void => {
    this.#end();
    this.#feed.leave(this);
    this.#waiting?.(DONE);
    this.#waiting = undefined;
  };

  #end(): void {
    this.#closed = true;
    this.#signal?.removeEventListener("abort", this.#close);
  }
}
