import { readFile } from "node:fs/promises";
import { newOpenAIEventState, toOpenAIEvents } from "@agentscope-runtime/protocols-openai";
import { goldenTrace, goldenTraceNames } from "@agentscope-runtime/testing";
import { describe, expect, it } from "vitest";
import { expectLegalEvents, readBySdk } from "./support/legal-events.ts";
import { run } from "./support/traced-run.ts";

describe.each(goldenTraceNames)("the recorded run %s", (name) => {
  const state = newOpenAIEventState(run);
  const events = goldenTrace(name).events.flatMap((event) => toOpenAIEvents({ event }, state));

  it("is encoded as recorded", async () => {
    const file = new URL(`fixtures/${name}.jsonl`, import.meta.url);
    const lines = events.map((event) => `${JSON.stringify(event)}\n`).join("");
    expect(lines).toBe(await readFile(file, "utf8"));
  });

  it("is legal, and the SDK reads it", async () => {
    expectLegalEvents(events);
    await expect(readBySdk(events)).resolves.toMatchObject({ id: "response_R1" });
  });
});
