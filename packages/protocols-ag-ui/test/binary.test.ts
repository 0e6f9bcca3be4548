import type { BaseEvent } from "@ag-ui/core";
import { EventEncoder } from "@ag-ui/encoder";
import type { AgentPart } from "@agentscope-runtime/core";
import { expect, it } from "vitest";
import { scriptedApp, serve } from "./support/serve.ts";

const PROTOBUF = "application/vnd.ag-ui.event+proto";

const texts = [
  "Hi",
  " ",
  "\0",
  "ß",
  "日本語",
  "😀",
  "\ud83dx",
  "\udc00x",
  "a".repeat(127),
  "b".repeat(128),
  "c".repeat(20_000),
];
const script: AgentPart[] = [
  ...texts.map((text): AgentPart => ({ kind: "reasoning-delta", messageId: "m1", text })),
  ...texts.map((text): AgentPart => ({ kind: "text-delta", messageId: "m1", text })),
  ...texts.map((text): AgentPart => ({ kind: "text-delta", messageId: `long ${"é".repeat(200)}`, text })),
  { kind: "tool-call", callId: "call_1", name: "add", toolType: "function", arguments: "{}" },
];

it("has in its binary form to the byte what the SDK makes of the events of the text form", async () => {
  const url = `${await serve(scriptedApp(script))}/ag-ui`;
  // Sent again, a request is answered with the events of the run that it started.
  const post = async (accept: string) => {
    const body = JSON.stringify({ threadId: "t", runId: "r", messages: [] });
    const answer = await fetch(url, {
      method: "POST",
      headers: { "content-type": "application/json", accept },
      body,
    });
    return Buffer.from(await answer.arrayBuffer());
  };
  const lines = (await post("text/event-stream")).toString().split("\n");
  const events = lines.flatMap((line) =>
    line.startsWith("data: ") ? [JSON.parse(line.slice(6)) as BaseEvent] : [],
  );
  const encoder = new EventEncoder({ accept: PROTOBUF });
  const expected = Buffer.concat(events.map((event) => encoder.encodeBinary(event)));
  expect(events.filter(({ type }) => /_CONTENT$/.test(type)).length).toBeGreaterThanOrEqual(texts.length * 3);
  expect((await post(PROTOBUF)).equals(expected)).toBe(true);
});
