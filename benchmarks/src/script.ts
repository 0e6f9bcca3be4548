import { setImmediate as nextTurn, setTimeout as sleep } from "node:timers/promises";
import { Msg } from "@agentscope-runtime/agentscope";

/** How many tokens a stream has, unless it is told otherwise. */
export const TOKENS = 200;

/** What a client asks of a stream. */
export interface StreamPlan {
  readonly pace: Pace;
  readonly count: number;
}

/** When tokens come: each in a turn of the loop of its own, all at once, so many milliseconds apart, or never ending. */
export type Pace = "turns" | "burst" | `${number}ms` | "hold";

/** The content of a message after each token. */
const contents = Array.from({ length: TOKENS }, (_, count) =>
  Object.freeze([
    Object.freeze({
      type: "text",
      text: Array.from({ length: count + 1 }, (_, n) => word(n)).join(""),
    } as const),
  ]),
);

function word(index: number): string {
  return `token${index} `;
}

/** What a whole stream has said last. */
export const lastWord: string = word(TOKENS - 1);

/** Waits as the pace says before each token; `hold` goes fast and then stays open. */
export async function* tokens({ pace, count }: StreamPlan, signal: AbortSignal): AsyncGenerator<string> {
  const pause = pace.endsWith("ms") ? Number.parseInt(pace, 10) : undefined;
  for (let index = 0; index < count; index++) {
    if (pause !== undefined) await sleep(pause, undefined, { signal });
    else if (pace !== "burst") await nextTurn();
    yield word(index);
  }
  if (pace === "hold")
    await new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
}

/** The same tokens as an agent prints them: snapshots that grow and carry what is new. */
export async function* snapshots(
  plan: StreamPlan,
  signal: AbortSignal,
): AsyncGenerator<readonly [Msg, boolean]> {
  const id = crypto.randomUUID();
  let revision = 0;
  let timestamp: string | undefined;
  for await (const text of tokens(plan, signal)) {
    const content = contents[revision] ?? [];
    revision++;
    const delta = { revision, changes: [{ kind: "text", index: 0, text } as const] };
    const message = new Msg("Friday", content, "assistant", { id, timestamp, delta });
    timestamp = message.timestamp;
    yield [message, revision === plan.count];
  }
}
