import { readdirSync, readFileSync } from "node:fs";
import { AgentEvent, decodeSse, encodeSseEvent, isTerminal } from "@agentscope-runtime/agent-api";
import { describe, expect, test } from "vitest";

const folder = new URL("fixtures/", import.meta.url);
const traces = readdirSync(folder).filter((name) => name.endsWith(".jsonl"));

function linesOf(trace: string): string[] {
  return readFileSync(new URL(trace, folder), "utf8").trimEnd().split("\n");
}

/** What we write for a line of a Python server: the same, but that `delta` is never null. */
function corrected(line: string): string {
  return line.replaceAll('"delta":null', '"delta":false');
}

test("there are recorded traces", () => {
  expect(traces).toHaveLength(8);
});

describe.each(traces)("%s", (trace) => {
  const lines = linesOf(trace);
  const events = lines.map((line) => AgentEvent.parse(JSON.parse(line)));

  test("is read, and written again with the same keys, values and order", () => {
    expect(events.map((event) => JSON.stringify(event))).toEqual(lines.map(corrected));
  });

  test("is numbered from 0 without a gap and ends with its terminal response", () => {
    expect(events.map((event) => event.sequence_number)).toEqual(lines.map((_, index) => index));
    const ends = events.map((event) => event.object === "response" && isTerminal(event.status));
    expect(ends).toEqual(lines.map((_, index) => index === lines.length - 1));
  });

  test("goes through the SSE codec unchanged", async () => {
    const stream = lines.map((data, id) => encodeSseEvent({ data, id: `${id}` }));
    const read: string[] = [];
    for await (const { data } of decodeSse(ReadableStream.from(stream))) read.push(data);
    expect(read).toEqual(lines);
  });
});
