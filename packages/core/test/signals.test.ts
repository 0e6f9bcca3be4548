import { connect } from "node:net";
import { text } from "@agentscope-runtime/core";
import fastify from "fastify";
import { expect, onTestFinished, test } from "vitest";
import { deltaText, outputText, terminalOf } from "./support/agent-events.ts";
import { ask } from "./support/ask.ts";
import { ChildApp } from "./support/child-app.ts";
import { EventReader } from "./support/event-reader.ts";
import { post } from "./support/post.ts";
import { quietApp } from "./support/quiet-app.ts";
import { serve } from "./support/serve.ts";

async function start(url: string, words: string): Promise<EventReader> {
  const reader = await EventReader.open(`${url}/process`, { body: ask(words) });
  await reader.until((event) => deltaText([event]) === "started");
  return reader;
}

test.each(["SIGTERM", "SIGINT"] as const)(
  "%s stops an idle app in order, with exit code 0",
  async (signal) => {
    const app = new ChildApp();
    const url = await app.url;
    const answer = await post(`${url}/process`, ask("short", { stream: false }));
    expect(await answer.json()).toMatchObject({ status: "completed" });
    app.signal(signal);
    expect(await app.end()).toBe("code 0");
    expect(app.lines).toEqual(["store started", "init", url, "shutdown", "store stopped"]);
    expect(app.stderr).toBe("");
  },
);

test("while it drains, readiness and new runs answer 503, and a run may come to its end", async () => {
  const app = new ChildApp("", "10000");
  const url = await app.url;
  const reader = await start(url, "gated");
  app.signal("SIGTERM");
  await expect.poll(async () => (await fetch(`${url}/readiness`)).status, { interval: 5 }).toBe(503);
  expect((await fetch(`${url}/liveness`)).status).toBe(200);
  const refused = await post(`${url}/process`, ask("short"));
  expect(refused.status).toBe(503);
  expect(refused.headers.get("retry-after")).toMatch(/^\d+$/);
  const events = await reader.rest();
  expect(terminalOf(events).status).toBe("completed");
  expect(outputText(terminalOf(events))).toBe("started ended");
  expect(await app.end()).toBe("code 0");
});

test.each(["patient", "stubborn"])(
  "a %s run is canceled after the grace, with a reason, and its stream gets the end of it",
  async (words) => {
    const app = new ChildApp("", "30");
    const reader = await start(await app.url, words);
    app.signal("SIGTERM");
    const end = terminalOf(await reader.rest());
    expect(end).toMatchObject({
      status: "canceled",
      error: { code: "RUN_CANCELED", message: "The server is shutting down." },
    });
    expect(outputText(end)).toMatch(/^started/);
    expect(await app.end()).toBe("code 0");
  },
);

test("a second signal ends the process at once", async () => {
  const app = new ChildApp("", "60000");
  await start(await app.url, "stubborn");
  app.signal("SIGINT");
  await expect
    .poll(async () => (await fetch(`${await app.url}/readiness`)).status, { interval: 5 })
    .toBe(503);
  app.signal("SIGINT");
  expect(await app.end()).toBe("code 1");
  expect(app.lines).not.toContain("shutdown");
});

test("a shutdown that fails ends the process with exit code 1", async () => {
  const app = new ChildApp("failing-shutdown");
  await app.url;
  app.signal("SIGTERM");
  expect(await app.end()).toBe("code 1");
});

test("a connection that was opened and never used does not hold up the end", async () => {
  const app = new ChildApp("", "60000");
  const { port, hostname } = new URL(await app.url);
  const socket = connect(Number(port), hostname).on("error", () => undefined);
  onTestFinished(() => void socket.destroy());
  await new Promise<void>((resolve) => socket.once("connect", () => resolve()));
  app.signal("SIGTERM");
  expect(await app.end()).toBe("code 0");
});

test("an app that runs listens to signals until it is closed; one that is mounted never does", async () => {
  const counts = () => ["SIGTERM", "SIGINT"].map((signal) => process.listenerCount(signal));
  const before = counts();
  const running = await serve(quietApp().query(text(), () => "ok"));
  expect(counts()).toEqual(before.map((count) => count + 1));
  await running.close();
  await running.closed;
  expect(counts()).toEqual(before);
  const server = fastify();
  await server.register(
    quietApp()
      .query(text(), () => "ok")
      .plugin(),
  );
  await server.ready();
  expect(counts()).toEqual(before);
  await server.close();
});
