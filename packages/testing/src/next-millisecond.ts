import { setTimeout as sleep } from "node:timers/promises";

/** Resolves once the clock shows a later millisecond, so that what is written before and after differs in time. */
export async function nextMillisecond(): Promise<void> {
  const now = Date.now();
  while (Date.now() <= now + 1) await sleep(1);
}
