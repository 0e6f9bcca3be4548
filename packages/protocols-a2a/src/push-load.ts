import { RuntimeError } from "@agentscope-runtime/core";

/** Counts the deliveries that are open here, so that neither one user nor one receiver can have them all. */
export class PushLoad {
  readonly #users = new Map<string, number>();
  readonly #hosts = new Map<string, number>();

  /** Throws `QUEUE_FULL` where there may be no more of that user, or for that receiver. */
  assertRoom(userId: string, url: string): void {
    const isFull =
      (this.#users.get(userId) ?? 0) >= MAX_OF_USER || (this.#hosts.get(hostOf(url)) ?? 0) >= MAX_TO_HOST;
    if (!isFull) return;
    const message = "Too many tasks with push notifications are open: try again later.";
    throw new RuntimeError("QUEUE_FULL", message, { retryAfter: 5 });
  }

  /** Counts one more, until the function it returns is called. */
  enter(userId: string, url: string): () => void {
    const host = hostOf(url);
    add(this.#users, userId, 1);
    add(this.#hosts, host, 1);
    return () => {
      add(this.#users, userId, -1);
      add(this.#hosts, host, -1);
    };
  }
}

function add(counts: Map<string, number>, key: string, change: 1 | -1): void {
  const count = (counts.get(key) ?? 0) + change;
  if (count > 0) counts.set(key, count);
  else counts.delete(key);
}

function hostOf(url: string): string {
  return new URL(url).host;
}

/** How many deliveries are open at once. */
export const MAX_DELIVERIES = 1000;
const MAX_OF_USER = MAX_DELIVERIES / 4;
const MAX_TO_HOST = MAX_DELIVERIES / 2;
