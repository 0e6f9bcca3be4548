import type { LogEntry } from "../contracts/log-entry.ts";

/** The frames of the Agent API: each event with its number as its id. */
export async function* toAgentApiFrames(batches: AsyncIterable<readonly LogEntry[]>): AsyncGenerator<string> {
  for await (const batch of batches) {
    let frames = "";
    for (const { seq, json } of batch) {
      frames += `id: ${seq}\ndata: ${json}\n\n`;
      if (frames.length < MAX_FRAMES) continue;
      yield frames;
      frames = "";
    }
    if (frames !== "") yield frames;
  }
}

/** How many characters make up a write of their own: a long log shall not be copied whole for each of its readers. */
const MAX_FRAMES = 65_536;
