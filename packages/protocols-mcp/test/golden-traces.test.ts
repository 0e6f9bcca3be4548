import { readFile } from "node:fs/promises";
import type { AgentResponse } from "@agentscope-runtime/agent-api";
import { newMcpProgressState, toMcpProgress, toToolResult } from "@agentscope-runtime/protocols-mcp";
import { goldenTrace, goldenTraceNames } from "@agentscope-runtime/testing";
import { expect, it } from "vitest";

it.each(goldenTraceNames)("encodes the recorded run %s as recorded", async (name) => {
  const { events } = goldenTrace(name);
  const state = newMcpProgressState();
  const progress = events.flatMap((event) =>
    toMcpProgress({ seq: event.sequence_number ?? 0, event }, state),
  );
  const { structuredContent = {}, ...result } = toToolResult(events.at(-1) as AgentResponse);
  const { output: _, ...said } = structuredContent;
  const lines = [...progress, { ...result, structuredContent: said }].map(
    (line) => `${JSON.stringify(line)}\n`,
  );
  const file = new URL(`fixtures/${name}.jsonl`, import.meta.url);
  await expect(readFile(file, "utf8")).resolves.toBe(lines.join(""));
});
