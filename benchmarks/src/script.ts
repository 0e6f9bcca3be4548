import { setImmediate as nextTurn, setTimeout as sleep } from "node:timers/promises";
import { Msg } from "@agentscope-runtime/agentscope";

/** How many tokens a stream has. */
export const TOKENS = 200;

/** When tokens come: each in a turn of the loop of its own, all at once, so many milliseconds apart, or never ending. */
export type Pace = "turns" | "burst" | `${number}ms` | "hold";

const words = Array.from({ length: TOKENS }, (_, index) => `token${index} `);

/** Waits as the pace says before each token; `hold` goes fast and then stays open. */
export async function* tokens(pace: Pace, signal: AbortSignal): AsyncGenerator<string> {
  const pause = pace.endsWith("ms") ? Number.parseInt(pace, 10) : undefined;
  for (const word of words) {
    if (pause !== undefined) await sleep(pause, undefined, { signal });
    else if (pace !== "burst") await nextTurn();
    yield word;
  }
  if (pace === "hold")
    await new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
}

/** The same tokens as an agent prints them: snapshots that grow and carry what is new. */
export async function* snapshots(pace: Pace, signal: AbortSignal): AsyncGenerator<readonly [Msg, boolean]> {
  const id = crypto.randomUUID();
  let text = "";
  let revision = 0;
  for await (const word of tokens(pace, signal)) {
    text += word;
    revision++;
    const delta = { revision, changes: [{ kind: "text", index: 0, text: word } as const] };
    yield [new Msg("Friday", [{ type: "text", text }], "assistant", { id, delta }), revision === TOKENS];
  }
}
