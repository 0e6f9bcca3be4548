import { setTimeout as sleep } from "node:timers/promises";

/** How long to wait before what failed is tried again, in milliseconds: about six seconds in all, and what the attempts take. */
const DELAYS = [50, 100, 200, 400, 800, 1600, 3200];

/** Tries until it works, or `isFinal` says of an error that it can't any more; then throws that error, or the last one. */
export async function repeat<Value>(
  attempt: () => Promise<Value>,
  isFinal: (error: unknown) => boolean | Promise<boolean>,
): Promise<Value> {
  for (const delay of DELAYS) {
    try {
      return await attempt();
    } catch (error) {
      if (await isFinal(error)) throw error;
    }
    await sleep(delay);
  }
  return attempt();
}
