import type { Idempotency } from "../contracts/run-store.ts";
import { RuntimeError } from "../errors/runtime-error.ts";

/** Which run a caller's idempotency key stands for, for a while. */
export class IdempotencyKeys {
  readonly #ttl: number;
  readonly #now: () => number;
  /** In the order they expire. */
  readonly #known = new Map<string, { fingerprint: string; runId: string; expiresAt: number }>();

  constructor(ttl: number, now: () => number) {
    this.#ttl = ttl;
    this.#now = now;
  }

  /** The run made with that key; throws `IDEMPOTENCY_MISMATCH` if it was made of another body. */
  find(idempotency: Idempotency | undefined): string | undefined {
    if (idempotency === undefined) return undefined;
    const known = this.#known.get(idempotency.key);
    if (known === undefined || known.expiresAt <= this.#now()) return undefined;
    if (known.fingerprint === idempotency.fingerprint) return known.runId;
    throw new RuntimeError("IDEMPOTENCY_MISMATCH", "The Idempotency-Key was used with another request body.");
  }

  remember(idempotency: Idempotency | undefined, runId: string): void {
    if (idempotency === undefined) return;
    const { key, fingerprint } = idempotency;
    this.#known.delete(key);
    this.#known.set(key, { fingerprint, runId, expiresAt: this.#now() + this.#ttl });
  }

  /** The run is gone, and with it what the key stood for. */
  forget(key: string | undefined, runId: string): void {
    if (key !== undefined && this.#known.get(key)?.runId === runId) this.#known.delete(key);
  }

  sweep(): void {
    for (const [key, { expiresAt }] of this.#known) {
      if (expiresAt > this.#now()) break;
      this.#known.delete(key);
    }
  }

  clear(): void {
    this.#known.clear();
  }
}
