import type { RunOutcome } from "../assembler/message-assembler.ts";

/** The end that a run is forced to, whatever its handler does, and what that interrupts. */
export class ForcedEnd {
  #outcome: RunOutcome | undefined;
  #interrupt: (() => void) | undefined;

  /** How the run has to end; `undefined` as long as that is for its handler to say. */
  get outcome(): RunOutcome | undefined {
    return this.#outcome;
  }

  /** Forces the run to its end. The first outcome counts. */
  force(outcome: RunOutcome): void {
    if (this.#outcome !== undefined) return;
    this.#outcome = outcome;
    this.#interrupt?.();
  }

  /** What `promise` resolves to, or `undefined` once the end is forced and `grace` milliseconds are over. One at a time. */
  unless<Value>(promise: Promise<Value>, grace: number): Promise<Value | undefined> {
    return new Promise((resolve, reject) => {
      promise.then(resolve, reject);
      this.#interrupt = () => setTimeout(() => resolve(undefined), grace).unref();
      if (this.#outcome !== undefined) this.#interrupt();
    });
  }
}
