import { decodeSse } from "@agentscope-runtime/agent-api";
import { type AgentPart, text } from "@agentscope-runtime/core";
import { expect, it } from "vitest";
import { expectLegalEvents } from "./support/legal-events.ts";
import { clientOf, openaiApp, scriptedApp, serve } from "./support/serve.ts";

const script: AgentPart[] = [
  { kind: "reasoning-delta", messageId: "M1", text: "Hm." },
  { kind: "text-delta", messageId: "M1", text: "Let me " },
  { kind: "text-delta", messageId: "M1", text: "see." },
  { kind: "tool-call", callId: "call_1", name: "weather", messageId: "M1" },
  { kind: "tool-arguments-delta", callId: "call_1", text: '{"city":' },
  { kind: "tool-arguments-delta", callId: "call_1", text: '"Paris"}' },
  { kind: "tool-result", callId: "call_1", output: "Sunny" },
  { kind: "text-delta", messageId: "M2", text: "Sunny!" },
];

it("gives OpenAI's client its events in a legal order", async () => {
  const client = await clientOf(scriptedApp(script));
  const events = [];
  for await (const event of await client.responses.create({ input: "Hi", stream: true })) {
    events.push(event as typeof event & { sequence_number: number });
  }
  expectLegalEvents(events);
});

it("lets the SDK's stream helper accumulate the response that is answered without a stream", async () => {
  const client = await clientOf(scriptedApp(script));
  const stream = client.responses.stream({ model: "Friday", input: "Hi" });
  const snapshots: string[] = [];
  stream.on("response.output_text.delta", ({ snapshot }) => snapshots.push(snapshot));
  const streamed = await stream.finalResponse();
  const whole = await client.responses.create({ model: "Friday", input: "Hi" });
  expect(snapshots).toEqual(["Let me ", "Let me see.", "Sunny!"]);
  expect(streamed.output_text).toBe("Let me see.Sunny!");
  expect(streamed.output).toMatchObject(whole.output);
});

it("names each event, gives it no id, and ends with [DONE]", async () => {
  const headers = { "content-type": "application/json" };
  const body = JSON.stringify({ input: "Hi", stream: true });
  const answer = await fetch(`${await serve(scriptedApp(script))}/v1/responses`, {
    method: "POST",
    headers,
    body,
  });
  expect(answer.headers.get("content-type")).toContain("text/event-stream");
  expect(answer.headers.get("x-request-id")).toBeTruthy();
  const raw = await answer.clone().text();
  expect(raw).not.toMatch(/^(id|retry):/m);
  const frames = await Array.fromAsync(decodeSse(answer.body as ReadableStream<Uint8Array>));
  expect(frames.pop()?.data).toBe("[DONE]");
  for (const { event, data } of frames) expect(JSON.parse(data).type).toBe(event);
});

it("shows a failure in its midst with what there was, in raw streams and to the helper", async () => {
  const app = openaiApp().query(text(), async function* () {
    yield "part";
    throw new Error("secret");
  });
  const client = await clientOf(app);
  const types: string[] = [];
  for await (const event of await client.responses.create({ input: "Hi", stream: true }))
    types.push(event.type);
  expect(types.at(-1)).toBe("response.failed");
  const final = await client.responses.stream({ input: "Hi" }).finalResponse();
  expect(final).toMatchObject({ status: "failed", error: { code: "server_error" }, output_text: "part" });
  expect(JSON.stringify(final)).not.toContain("secret");
});

it("goes on with the run when the client leaves", async () => {
  const left = Promise.withResolvers<void>();
  const finished = Promise.withResolvers<boolean>();
  const app = openaiApp().query(text(), async function* ({ signal }) {
    yield "a";
    await left.promise;
    yield "b";
    finished.resolve(signal.aborted);
  });
  const client = await clientOf(app);
  for await (const { type } of await client.responses.create({ input: "Hi", stream: true })) {
    if (type === "response.output_text.delta") break;
  }
  left.resolve();
  await expect(finished.promise).resolves.toBe(false);
});

it("is kept open by comments that the SDK passes over", async () => {
  const gate = Promise.withResolvers<void>();
  const app = openaiApp({ streams: { heartbeat: 5 } }).query(text(), async function* () {
    await gate.promise;
    yield "late";
  });
  const client = await clientOf(app);
  const answer = await client.responses.create({ input: "Hi", stream: true }).asResponse();
  const [raw, shown] = (answer.body as ReadableStream<Uint8Array>).pipeThrough(new TextDecoderStream()).tee();
  const whole = new Response(shown.pipeThrough(new TextEncoderStream())).text();
  for await (const chunk of raw) if (chunk.includes(":\n\n")) gate.resolve();
  expect(await whole).toContain("late");
});
