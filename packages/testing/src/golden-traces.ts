import { readFileSync } from "node:fs";
import type { AgentEvent } from "@agentscope-runtime/agent-api";

/** The recorded runs; each is a file of `fixtures/traces`, one event a line. */
export const goldenTraceNames = [
  "text",
  "tool-call",
  "parallel-tools",
  "reasoning",
  "image",
  "audio",
  "error",
  "cancelled",
] as const;
export type GoldenTraceName = (typeof goldenTraceNames)[number];

/** A run as it has to look on the wire, with fixed ids and times. */
export interface GoldenTrace {
  /** The JSON of each event, to the byte. */
  readonly lines: readonly string[];
  readonly events: readonly AgentEvent[];
}

export function goldenTrace(name: GoldenTraceName): GoldenTrace {
  const file = new URL(`../fixtures/traces/${name}.jsonl`, import.meta.url);
  const lines = readFileSync(file, "utf8").split("\n").filter(Boolean);
  return { lines, events: lines.map((line) => JSON.parse(line) as AgentEvent) };
}
