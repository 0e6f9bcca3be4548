import { readFile } from "node:fs/promises";
import { toAgUiMessages } from "@agentscope-runtime/protocols-ag-ui";
import { goldenTrace, goldenTraceNames } from "@agentscope-runtime/testing";
import { describe, expect, it } from "vitest";
import { encode } from "./support/encode.ts";
import { readBySdk } from "./support/read-by-sdk.ts";

describe.each(goldenTraceNames)("the recorded run %s", (name) => {
  const trace = goldenTrace(name).events;
  const events = encode(trace.map((event) => ({ event })));

  it("is encoded as recorded", async () => {
    const file = new URL(`fixtures/${name}.jsonl`, import.meta.url);
    const lines = events.map((event) => `${JSON.stringify(event)}\n`).join("");
    expect(lines).toBe(await readFile(file, "utf8"));
  });

  it.each([false, true])(
    "is legal, and the SDK's client comes to the same messages (binary: %s)",
    async (binary) => {
      const { messages } = await readBySdk(events, { binary });
      const last = trace.at(-1);
      const output = last?.object === "response" ? (last.output ?? []) : [];
      expect(messages).toEqual(toAgUiMessages([{ input: [], output }]));
    },
  );
});
