import { type FrameworkAdapter, text } from "@agentscope-runtime/core";
import { expect, test, vi } from "vitest";
import { eventsIn, expectWholeLog, terminalOf } from "./support/agent-events.ts";
import { ask } from "./support/ask.ts";
import { EventReader } from "./support/event-reader.ts";
import { aborted, Gate } from "./support/gate.ts";
import { post, refusal } from "./support/post.ts";
import { quietApp } from "./support/quiet-app.ts";
import { serve, serverOf } from "./support/serve.ts";

test("a run with too many events ends incomplete, and its handler is told", async () => {
  const told = Promise.withResolvers<unknown>();
  const app = quietApp({ runs: { maxEvents: 20 } }).query(text(), async function* ({ signal }) {
    try {
      for (;;) yield "word ";
    } finally {
      told.resolve(signal.aborted);
    }
  });
  const server = await serverOf(app);
  const { body } = await server.inject({ method: "POST", url: "/process", payload: ask("Hi") });
  const events = await eventsIn(body);
  expectWholeLog(events);
  expect(terminalOf(events)).toMatchObject({
    status: "incomplete",
    incomplete_details: { reason: "log_limit" },
    output: [{ status: "incomplete" }],
  });
  expect(events.length).toBeLessThanOrEqual(24);
  expect(await told.promise).toBe(true);
});

test("a run with too many characters ends incomplete as well", async () => {
  const app = quietApp({ runs: { maxLogLength: 10_000 } }).query(text(), async function* () {
    for (;;) yield "x".repeat(1000);
  });
  const server = await serverOf(app);
  const { body } = await server.inject({ method: "POST", url: "/process", payload: ask("Hi") });
  const end = terminalOf(await eventsIn(body));
  expect(end).toMatchObject({ status: "incomplete", incomplete_details: { reason: "log_limit" } });
});

test("a handler that yields without a pause can still be canceled, and others are served meanwhile", async () => {
  const app = quietApp().query(text(), async function* ({ signal }) {
    while (!signal.aborted) {
      yield "word ";
      await new Promise((resolve) => setImmediate(resolve));
    }
  });
  const { url } = await serve(app);
  const reader = await EventReader.open(`${url}/process`, { body: ask("Hi", { id: "run-1" }) });
  await reader.until(({ object }) => object === "content");
  expect((await post(`${url}/runs/run-1/cancel`, {})).status).toBe(202);
  expect(terminalOf(await reader.rest()).status).toBe("canceled");
});

test("past maxOpenStreams a run answers 503 with Retry-After and is not started, as a stream or not", async () => {
  const gate = new Gate();
  let started = 0;
  const app = quietApp({ streams: { maxOpenStreams: 1 } }).query(text(), async function* ({ signal }) {
    started++;
    yield "a";
    await Promise.race([gate.passed, aborted(signal)]);
  });
  const { url } = await serve(app);
  const first = await EventReader.open(`${url}/process`, { body: ask("Hi", { id: "run-1" }) });
  await first.until(({ object }) => object === "content");
  for (const stream of [true, false]) {
    const refused = await post(`${url}/process`, ask("Hi", { stream }));
    expect(refused.headers.get("retry-after")).toMatch(/^\d+$/);
    expect(await refusal(refused)).toBe("503 SERVICE_UNAVAILABLE");
  }
  expect(await refusal(await fetch(`${url}/runs/run-1/events`))).toBe("503 SERVICE_UNAVAILABLE");
  expect(started).toBe(1);
  gate.open();
  await first.rest();
  expect((await post(`${url}/process`, ask("Hi", { stream: false }))).status).toBe(200);
  await expect.poll(async () => (await post(`${url}/process`, ask("Hi"))).status, { interval: 5 }).toBe(200);
});

test("what an adapter says of why the agent ended decides how the run ends", async () => {
  const reasons = {
    stop: { status: "completed" },
    rejected: { status: "rejected" },
    max_output_tokens: { status: "incomplete", incomplete_details: { reason: "max_output_tokens" } },
    content_filter: { status: "incomplete", incomplete_details: { reason: "content_filter" } },
  } as const;
  for (const [reason, end] of Object.entries(reasons)) {
    const adapter: FrameworkAdapter<unknown, string> = {
      ...text(),
      fromStream: (emit) => ({
        push: (piece) => emit({ kind: "text-delta", messageId: "m", text: piece }),
        end: () => emit({ kind: "finish", reason: reason as keyof typeof reasons }),
      }),
    };
    const server = await serverOf(quietApp().query(adapter, () => "ok"));
    const { body } = await server.inject({ method: "POST", url: "/process", payload: ask("Hi") });
    const events = await eventsIn(body);
    expectWholeLog(events);
    expect(terminalOf(events)).toMatchObject(end);
  }
});

test("a handler that never waits does not keep everybody else waiting", async () => {
  const app = quietApp({ runs: { maxEvents: 1_000_000 } }).query(text(), async function* ({ signal }) {
    while (!signal.aborted) yield "";
  });
  const server = await serverOf(app);
  const answer = server.inject({
    method: "POST",
    url: "/process",
    payload: ask("Hi", { id: "r", stream: false }),
  });
  await vi.waitFor(async () => expect((await server.inject("/runs/r")).statusCode).toBe(200));
  await server.inject({ method: "POST", url: "/runs/r/cancel" });
  expect((await answer).json()).toMatchObject({ status: "canceled" });
});

test("an answer that waits for the end of its run counts as an open stream", async () => {
  const started = new Gate();
  const gate = new Gate();
  const app = quietApp({ streams: { maxOpenStreams: 1 } }).query(text(), async () => {
    started.open();
    await gate.passed;
    return "ok";
  });
  const { url } = await serve(app);
  const answer = post(`${url}/process`, ask("Hi", { stream: false, id: "run-1" }));
  await started.passed;
  await expect
    .poll(async () => refusal(await post(`${url}/process`, ask("Hi", { stream: false }))), { interval: 5 })
    .toBe("503 SERVICE_UNAVAILABLE");
  expect(await refusal(await fetch(`${url}/runs/run-1/events`))).toBe("503 SERVICE_UNAVAILABLE");
  gate.open();
  expect(await (await answer).json()).toMatchObject({ status: "completed" });
  expect((await post(`${url}/process`, ask("Hi"))).status).toBe(200);
});
