/** Closed until somebody opens it. */
export class Gate {
  readonly #latch = Promise.withResolvers<void>();

  /** Resolves once the gate is open. */
  get passed(): Promise<void> {
    return this.#latch.promise;
  }

  open(): void {
    this.#latch.resolve();
  }
}

/** Resolves when the signal aborts. */
export function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  const { promise, resolve } = Promise.withResolvers<void>();
  signal.addEventListener("abort", () => resolve(), { once: true });
  return promise;
}
