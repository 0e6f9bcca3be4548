import type { LogEntry } from "../contracts/log-entry.ts";

/** The frames of the Agent API: each event with its number as its id. */
export async function* toAgentApiFrames(batches: AsyncIterable<readonly LogEntry[]>): AsyncGenerator<string> {
  for await (const batch of batches) {
    let frames = "";
    for (const { seq, json } of batch) frames += `id: ${seq}\ndata: ${json}\n\n`;
    yield frames;
  }
}
