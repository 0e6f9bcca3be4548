import { type SessionHandle, sessionKeyText } from "../contracts/session-key.ts";
import { RuntimeError } from "../errors/runtime-error.ts";

/** Remembers the highest fence each session was used with. A handle without a fence passes and leaves no trace. */
export class FenceGate {
  readonly #highest = new Map<string, number>();

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
    const highest = Math.max(fence, this.#highest.get(key) ?? fence);
    this.#highest.set(key, highest);
    return highest;
  }
}
