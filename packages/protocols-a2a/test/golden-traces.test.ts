import { readFile, writeFile } from "node:fs/promises";
import { StreamResponse } from "@a2a-js/sdk";
import { newA2AEventState, toA2AEvents } from "@agentscope-runtime/protocols-a2a";
import { goldenTrace, goldenTraceNames } from "@agentscope-runtime/testing";
import { describe, expect, it } from "vitest";
import { reduceEvents } from "./support/reduce-events.ts";
import { run } from "./support/traced-run.ts";

describe.each(goldenTraceNames)("the recorded run %s", (name) => {
  const state = newA2AEventState(run, { progress: true });
  const events = goldenTrace(name).events.flatMap((event) => toA2AEvents({ event }, state));

  it("is encoded as recorded", async () => {
    const file = new URL(`fixtures/${name}.jsonl`, import.meta.url);
    const lines = events.map((event) => `${JSON.stringify(event)}\n`).join("");
    if (process.env.RECORD) await writeFile(file, lines);
    expect(lines).toBe(await readFile(file, "utf8"));
  });

  it("is legal, and the SDK reads it without loss", () => {
    reduceEvents(events);
    for (const event of events) expect(StreamResponse.toJSON(StreamResponse.fromJSON(event))).toEqual(event);
  });
});
