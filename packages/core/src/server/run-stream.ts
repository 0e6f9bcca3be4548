import type { LogEntry } from "../contracts/log-entry.ts";

/** The frames of the Agent API: each event with its number as its id. */
export function toAgentApiFrames(entries: readonly LogEntry[]): string {
  let frames = "";
  for (const { seq, json } of entries) frames += `id: ${seq}\ndata: ${json}\n\n`;
  return frames;
}
