import { AgentApp, text } from "@agentscope-runtime/core";
import { expect, test } from "vitest";
import { ask } from "./support/ask.ts";
import { EventReader } from "./support/event-reader.ts";
import { aborted, Gate } from "./support/gate.ts";
import { post } from "./support/post.ts";
import { quietApp } from "./support/quiet-app.ts";

test("an app that listens again while it closes takes on runs there", async () => {
  const gate = new Gate();
  const app = quietApp({ drainGrace: 5000 }).query(text(), async function* ({ msgs }) {
    yield "Hello";
    if (JSON.stringify(msgs).includes("wait")) await gate.passed;
  });
  const first = await app.listen({ port: 0 });
  const reader = await EventReader.open(`${first.url}/process`, { body: ask("wait") });
  await reader.until(({ object }) => object === "content");
  const closing = first.close();
  const second = await app.listen({ port: 0 });
  const response = await post(`${second.url}/process`, ask("Hi", { stream: false }));
  expect(await response.json()).toMatchObject({ status: "completed" });
  gate.open();
  await closing;
  expect((await fetch(`${second.url}/readiness`)).status).toBe(200);
  await second.close();
});

test("init runs once and shutdown last, however many listeners there are", async () => {
  const said: string[] = [];
  const app = new AgentApp({ name: "Friday", log: { level: "silent" } })
    .init(() => said.push("init"))
    .shutdown(() => said.push("shutdown"))
    .query(text(), () => "Hello");
  const first = await app.listen({ port: 0 });
  const second = await app.listen({ port: 0 });
  await first.close();
  expect(said).toEqual(["init"]);
  expect((await fetch(`${second.url}/health`)).status).toBe(200);
  await second.close();
  expect(said).toEqual(["init", "shutdown"]);
});

test("a failing shutdown does not hide why init failed", async () => {
  const broken = new AgentApp({ name: "broken" }).init(() => {
    throw new Error("the real cause");
  });
  const app = new AgentApp({ name: "Friday", log: { level: "silent" } })
    .init(() => 1)
    .shutdown(() => {
      throw new Error("and this too");
    })
    .query(text(), () => "Hello")
    .host("broken", broken);
  await expect(app.createServer()).rejects.toMatchObject({
    code: "CONFIGURATION_ERROR",
    message: "The init of broken failed: the real cause",
  });
});

test("a hosted app keeps its own bounds for runs", async () => {
  const gate = new Gate();
  const hosted = quietApp({ name: "one", runs: { sessionPolicy: "reject", maxActiveRuns: 1 } }).query(
    text(),
    async function* ({ signal }) {
      yield "Hello";
      await Promise.race([gate.passed, aborted(signal)]);
    },
  );
  const app = await quietApp()
    .query(text(), () => "Hi")
    .host("one", hosted)
    .listen({ port: 0 });
  const reader = await EventReader.open(`${app.url}/agents/one/process`, {
    body: ask("Hi", { session_id: "s" }),
  });
  await reader.until(({ object }) => object === "content");
  expect((await post(`${app.url}/agents/one/process`, ask("Hi"))).status).toBe(429);
  expect((await post(`${app.url}/process`, ask("Hi", { session_id: "s" }))).status).toBe(200);
  gate.open();
  await app.close();
});
