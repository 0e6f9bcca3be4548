import { type AgentApp, text } from "@agentscope-runtime/core";
import { expect, test } from "vitest";
import { expectWholeLog, terminalOf } from "./support/agent-events.ts";
import { ask } from "./support/ask.ts";
import { EventReader } from "./support/event-reader.ts";
import { aborted, Gate } from "./support/gate.ts";
import { quietApp } from "./support/quiet-app.ts";
import { serve } from "./support/serve.ts";

/** An app that waits at a gate in the middle, or for its signal. */
function waiter(disconnectGrace: number): { app: AgentApp; gate: Gate } {
  const gate = new Gate();
  const app = quietApp({ streams: { disconnectGrace } }).query(text(), async function* ({ signal }) {
    yield "a";
    await Promise.race([gate.passed, aborted(signal)]);
    yield "b";
  });
  return { app, gate };
}

async function start(url: string, more: Record<string, unknown>): Promise<EventReader> {
  const reader = await EventReader.open(`${url}/process`, { body: ask("Go", { id: "run-1", ...more }) });
  await reader.until(({ object }) => object === "content");
  return reader;
}

async function watch(url: string, headers: Record<string, string> = {}): Promise<EventReader> {
  return EventReader.open(`${url}/runs/run-1/events`, { headers });
}

test("a run goes on when its client is gone", async () => {
  const { app, gate } = waiter(1);
  const { url } = await serve(app);
  const first = await start(url, {});
  first.cut();
  const watcher = await watch(url);
  await watcher.until(({ object }) => object === "content");
  gate.open();
  expect(terminalOf(await watcher.rest()).status).toBe("completed");
});

test("with on_disconnect: cancel it is canceled when the grace is over", async () => {
  const { app } = waiter(20);
  const { url } = await serve(app);
  const first = await start(url, { on_disconnect: "cancel" });
  const watcher = await watch(url);
  first.cut();
  const events = await watcher.rest();
  expectWholeLog(events);
  expect(terminalOf(events)).toMatchObject({
    status: "canceled",
    error: { code: "RUN_CANCELED", message: "The client has gone." },
  });
});

test("a client that wanted JSON and is gone counts as well", async () => {
  const { app } = waiter(1);
  const { url } = await serve(app);
  const hangUp = new AbortController();
  const body = JSON.stringify(ask("Go", { id: "run-1", stream: false, on_disconnect: "cancel" }));
  const headers = { "content-type": "application/json" };
  const answer = fetch(`${url}/process`, { method: "POST", headers, body, signal: hangUp.signal });
  await expect.poll(async () => (await fetch(`${url}/runs/run-1`)).status, { interval: 5 }).toBe(200);
  hangUp.abort();
  await expect(answer).rejects.toThrow();
  expect(terminalOf(await (await watch(url)).rest()).status).toBe("canceled");
});

test("a client that comes back with Last-Event-ID in time saves its run", async () => {
  const { app, gate } = waiter(400);
  const { url } = await serve(app);
  const first = await start(url, { on_disconnect: "cancel" });
  first.cut();
  const watcher = await watch(url);
  await watcher.until(({ object }) => object === "content");
  const back = await watch(url, { "last-event-id": "3" });
  await new Promise((resolve) => setTimeout(resolve, 600));
  gate.open();
  expect(terminalOf(await back.rest()).status).toBe("completed");
});

test("the connection that came back stands in for the first: when it goes too, the run ends", async () => {
  const { app } = waiter(40);
  const { url } = await serve(app);
  const first = await start(url, { on_disconnect: "cancel" });
  const watcher = await watch(url);
  first.cut();
  await expect
    .poll(
      async () => {
        const back = await watch(url, { "last-event-id": "2" });
        const received = await back.next();
        back.cut();
        return received?.id;
      },
      { interval: 1 },
    )
    .toBe("3");
  expect(terminalOf(await watcher.rest()).status).toBe("canceled");
});

test("other readers neither keep the run alive nor end it", async () => {
  const { app, gate } = waiter(20);
  const { url } = await serve(app);
  const first = await start(url, { on_disconnect: "cancel" });
  for (const headers of [{}, { "last-event-id": "1" }]) {
    const other = await watch(url, headers);
    await other.next();
    other.cut();
  }
  await new Promise((resolve) => setTimeout(resolve, 60));
  gate.open();
  expect(terminalOf(await first.rest()).status).toBe("completed");
});

test("a connection that ends with the stream ends nothing", async () => {
  const { app, gate } = waiter(1);
  gate.open();
  const { url } = await serve(app);
  const reader = await EventReader.open(`${url}/process`, {
    body: ask("Go", { id: "run-1", on_disconnect: "cancel" }),
  });
  expect(terminalOf(await reader.rest()).status).toBe("completed");
  reader.cut();
  expect(terminalOf(await (await watch(url)).rest()).status).toBe("completed");
});

test("a client that is back before its loss is noticed keeps its run", async () => {
  const { app, gate } = waiter(20);
  const { url } = await serve(app);
  const first = await start(url, { on_disconnect: "cancel" });
  const back = await watch(url, { "last-event-id": "2" });
  expect((await back.next())?.id).toBe("3");
  first.cut();
  await new Promise((resolve) => setTimeout(resolve, 100));
  gate.open();
  expect(terminalOf(await back.rest()).status).toBe("completed");
});

test("when all connections that stand for the client are gone, in whichever order, the run ends", async () => {
  const { app } = waiter(20);
  const { url } = await serve(app);
  const first = await start(url, { on_disconnect: "cancel" });
  const watcher = await watch(url);
  const back = await watch(url, { "last-event-id": "2" });
  await back.next();
  back.cut();
  first.cut();
  expect(terminalOf(await watcher.rest()).status).toBe("canceled");
});
