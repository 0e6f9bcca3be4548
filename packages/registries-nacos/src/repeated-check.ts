/** Does a check now and then until it is stopped; one that fails is done again at the next time. */
export class RepeatedCheck {
  readonly #check: (signal: AbortSignal) => Promise<void>;
  readonly #interval: number;
  readonly #stopped = new AbortController();
  #timer: NodeJS.Timeout | undefined;
  #last: Promise<void> = Promise.resolve();

  /** With an interval of 0 it is never done. */
  constructor(check: (signal: AbortSignal) => Promise<void>, interval: number) {
    this.#check = check;
    this.#interval = interval;
    this.#later();
  }

  /** Resolves when no check is under way any more. */
  async stop(): Promise<void> {
    this.#stopped.abort();
    clearTimeout(this.#timer);
    await this.#last;
  }

  #later(): void {
    if (this.#interval <= 0 || this.#stopped.signal.aborted) return;
    const again = () => {
      this.#last = this.#check(this.#stopped.signal)
        .catch(() => undefined)
        .finally(() => this.#later());
    };
    // It keeps no process alive.
    this.#timer = setTimeout(again, this.#interval).unref();
  }
}
