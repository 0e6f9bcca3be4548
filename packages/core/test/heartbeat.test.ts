import { text } from "@agentscope-runtime/core";
import { expect, test } from "vitest";
import { deltaText } from "./support/agent-events.ts";
import { ask } from "./support/ask.ts";
import { EventReader } from "./support/event-reader.ts";
import { Gate } from "./support/gate.ts";
import { quietApp } from "./support/quiet-app.ts";
import { serve } from "./support/serve.ts";

test("a silent stream gets comments, which are no events", async () => {
  const gate = new Gate();
  const app = quietApp({ streams: { heartbeat: 20 } }).query(text(), async function* () {
    await gate.passed;
    yield "done";
  });
  const { url } = await serve(app);
  const reader = await EventReader.open(`${url}/process`, { body: ask("Hi") });
  await reader.until(({ status }) => status === "in_progress");
  await reader.comment();
  gate.open();
  expect(deltaText(await reader.rest())).toBe("done");
  expect(reader.comments.length).toBeGreaterThanOrEqual(1);
});

test("a stream that has something to say gets no comments", async () => {
  const app = quietApp({ streams: { heartbeat: 60_000 } }).query(text(), () => "done");
  const { url } = await serve(app);
  const reader = await EventReader.open(`${url}/process`, { body: ask("Hi") });
  await reader.rest();
  expect(reader.comments).toEqual([]);
});

test("a queued run's stream is kept alive while it waits", async () => {
  const gate = new Gate();
  const app = quietApp({ streams: { heartbeat: 20 } }).query(text(), async function* () {
    await gate.passed;
    yield "done";
  });
  const { url } = await serve(app);
  await EventReader.open(`${url}/process`, { body: ask("first", { session_id: "s" }) });
  const waiting = await EventReader.open(`${url}/process`, { body: ask("second", { session_id: "s" }) });
  await waiting.until(({ status }) => status === "queued");
  await waiting.comment();
  expect(waiting.comments.length).toBeGreaterThanOrEqual(1);
  gate.open();
  expect(deltaText(await waiting.rest())).toBe("done");
});
