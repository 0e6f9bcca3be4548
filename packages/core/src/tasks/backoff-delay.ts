import type { Backoff } from "../contracts/task-queue.ts";

/** How many milliseconds to wait after so many failed attempts. `random` gives numbers from 0 up to 1. */
export function backoffDelay(
  { delay = 1000, maxDelay = 300_000 }: Backoff,
  failedAttempts: number,
  random: () => number = Math.random,
): number {
  const longest = Math.min(delay * 2 ** (failedAttempts - 1), maxDelay);
  return Math.round(longest * (1 - random() / 2));
}
