import { ModelError } from "./model-error.ts";

/** `milliseconds` as a timer takes them: one that is asked for more, or for ever, fires at once. */
export function timerMilliseconds(milliseconds: number): number {
  return Math.min(milliseconds, 2 ** 31 - 1);
}

export interface CallDeadlineOptions {
  readonly modelName: string;
  readonly signal: AbortSignal | undefined;
  /** Milliseconds for the whole call. */
  readonly timeout: number;
  /** Milliseconds to wait for the next chunk. */
  readonly stallTimeout: number;
}

/** One signal for the ends a model call can meet: the caller's signal, its time is up, or nothing arrives any more. */
export class CallDeadline {
  readonly #controller = new AbortController();
  readonly #options: CallDeadlineOptions;
  readonly #total: NodeJS.Timeout;
  readonly #stall: NodeJS.Timeout;
  #consuming = false;

  constructor(options: CallDeadlineOptions) {
    this.#options = options;
    const { modelName, signal, timeout, stallTimeout } = options;
    const expire = (): void => this.#expire(`${modelName} was not done after ${timeout} ms`);
    this.#total = setTimeout(expire, timerMilliseconds(timeout));
    this.#stall = setTimeout(() => {
      // The time a slow consumer takes is not the model's.
      if (this.#consuming) this.#stall.refresh();
      else this.#expire(`${modelName} sent nothing for ${stallTimeout} ms`);
    }, timerMilliseconds(stallTimeout));
    signal?.addEventListener("abort", this.#onAbort, { once: true });
    if (signal?.aborted) this.#onAbort();
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** A chunk arrived and is handed on. */
  consuming(): void {
    this.#consuming = true;
  }

  /** The next chunk is awaited. */
  waiting(): void {
    this.#consuming = false;
    this.#stall.refresh();
  }

  /** Throws the caller's reason, or a `MODEL_TIMEOUT`. */
  throwIfEnded(): void {
    this.signal.throwIfAborted();
  }

  /** The call has ended: stops the clocks. */
  release(): void {
    clearTimeout(this.#total);
    clearTimeout(this.#stall);
    this.#options.signal?.removeEventListener("abort", this.#onAbort);
  }

  readonly #onAbort = (): void => this.#controller.abort(this.#options.signal?.reason);

  #expire(what: string): void {
    this.#controller.abort(new ModelError("MODEL_TIMEOUT", `The model ${what}.`));
  }
}
