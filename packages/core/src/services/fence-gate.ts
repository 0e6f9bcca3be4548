import { type SessionHandle, sessionKeyText } from "../contracts/session-key.ts";
import { RuntimeError } from "../errors/runtime-error.ts";

export interface FenceGateOptions {
  /** How many fences to remember, however old they are. Defaults to 100,000. */
  readonly keep?: number | undefined;
  /** For how long to remember those beyond that, in milliseconds since they were last used. Defaults to one hour. */
  readonly ttl?: number | undefined;
  /** A clock, in milliseconds. */
  readonly now?: (() => number) | undefined;
}

interface Seen {
  readonly fence: number;
  readonly at: number;
}

/**
 * Remembers the highest fence each session was used with. A handle without a fence passes and leaves no trace. As fences
 * come from the clock, one that was forgotten is lower than any to come: only a writer that had been given up on before,
 * and comes back after all that time, would pass.
 */
export class FenceGate {
  readonly #keep: number;
  readonly #ttl: number;
  readonly #now: () => number;
  /** The least recently used first. */
  readonly #highest = new Map<string, Seen>();

  constructor({ keep = 100_000, ttl = 3_600_000, now = () => performance.now() }: FenceGateOptions = {}) {
    this.#keep = keep;
    this.#ttl = ttl;
    this.#now = now;
  }

  /** How many fences it remembers. */
  get size(): number {
    return this.#highest.size;
  }

  /** Takes note of the fence of a session that is read. */
  note(session: SessionHandle): void {
    if (session.fence !== undefined) this.#raise(sessionKeyText(session), session.fence);
  }

  /** Takes note of the fence of a session that is to be written; throws `FENCED` where a higher one was seen. */
  admit(session: SessionHandle): void {
    if (session.fence === undefined) return;
    const highest = this.#raise(sessionKeyText(session), session.fence);
    if (session.fence < highest) {
      throw new RuntimeError("FENCED", "A later run of the session has taken over: this one may not write.");
    }
  }

  /** Forgets every fence. */
  clear(): void {
    this.#highest.clear();
  }

  #raise(key: string, fence: number): number {
    const highest = Math.max(fence, this.#highest.get(key)?.fence ?? fence);
    const at = this.#now();
    this.#highest.delete(key);
    this.#highest.set(key, { fence: highest, at });
    for (const [oldest, seen] of this.#highest) {
      if (this.#highest.size <= this.#keep || seen.at > at - this.#ttl) break;
      this.#highest.delete(oldest);
    }
    return highest;
  }
}
