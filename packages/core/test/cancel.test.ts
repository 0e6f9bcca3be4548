import { type CancelRequest, InMemoryRunStore, type RunSessionHandle, text } from "@agentscope-runtime/core";
import { expect, test } from "vitest";
import {
  deltaText,
  expectWholeLog,
  outputText,
  responseStatuses,
  terminalOf,
} from "./support/agent-events.ts";
import { ask } from "./support/ask.ts";
import { EventReader } from "./support/event-reader.ts";
import { aborted, Gate } from "./support/gate.ts";
import { quietApp } from "./support/quiet-app.ts";
import { serve } from "./support/serve.ts";

function cancel(url: string, id: string, { wait = false, reason }: { wait?: boolean; reason?: string } = {}) {
  const body = reason === undefined ? {} : { body: JSON.stringify({ reason }) };
  const headers = reason === undefined ? {} : { headers: { "content-type": "application/json" } };
  return fetch(`${url}/runs/${id}/cancel${wait ? "?wait=true" : ""}`, {
    method: "POST",
    ...body,
    ...headers,
  });
}

async function viewOf(url: string, id: string) {
  return (await (await fetch(`${url}/runs/${id}`)).json()) as Record<string, unknown>;
}

/** Starts a run and reads until its handler has said something. */
async function startTalking(url: string, more: Record<string, unknown> = {}): Promise<EventReader> {
  const reader = await EventReader.open(`${url}/process`, { body: ask("Go", { id: "run-1", ...more }) });
  await reader.until(({ object }) => object === "content");
  return reader;
}

test("a cancel answers 202 at once, and the stream ends as canceled with what was said", async () => {
  const app = quietApp().query(text(), async function* ({ signal }) {
    yield "partial";
    await aborted(signal);
  });
  const { url } = await serve(app);
  const reader = await EventReader.open(`${url}/process`, { body: ask("Go", { id: "run-1" }) });
  const start = await reader.until(({ object }) => object === "content");
  const answer = await cancel(url, "run-1", { reason: "I changed my mind." });
  expect(answer.status).toBe(202);
  expect(await answer.json()).toMatchObject({ id: "run-1", cancel_reason: "I changed my mind." });
  const events = [...start, ...(await reader.rest())];
  expectWholeLog(events);
  const end = terminalOf(events);
  expect(end).toMatchObject({
    status: "canceled",
    error: { code: "RUN_CANCELED", message: "I changed my mind." },
  });
  expect(outputText(end)).toBe("partial");
  expect(end.output?.[0]).toMatchObject({ status: "incomplete", content: [{ status: "incomplete" }] });
  expect(await viewOf(url, "run-1")).toMatchObject({ status: "canceled", response: { status: "canceled" } });
});

test("?wait=true answers with the ended run", async () => {
  const app = quietApp().query(text(), async function* ({ signal }) {
    yield "partial";
    await aborted(signal);
  });
  const { url } = await serve(app);
  await startTalking(url);
  const answer = await cancel(url, "run-1", { wait: true });
  expect(answer.status).toBe(200);
  expect(await answer.json()).toMatchObject({ status: "canceled", completed_at: expect.any(Number) });
});

test("a handler that returns normally after a cancel is canceled all the same", async () => {
  const app = quietApp().query(text(), async function* ({ signal }) {
    yield "partial";
    await aborted(signal);
    yield " and done";
  });
  const { url } = await serve(app);
  const reader = await startTalking(url);
  await cancel(url, "run-1");
  const events = await reader.rest();
  expect(deltaText(events)).toBe(" and done");
  expect(terminalOf(events)).toMatchObject({ status: "canceled" });
  expect(outputText(terminalOf(events))).toBe("partial and done");
});

test("a handler that throws after a cancel is canceled, not failed", async () => {
  const app = quietApp().query(text(), async function* ({ signal }) {
    yield "partial";
    await aborted(signal);
    throw new Error("aborted");
  });
  const { url } = await serve(app);
  const reader = await startTalking(url);
  await cancel(url, "run-1");
  expect(terminalOf(await reader.rest())).toMatchObject({
    status: "canceled",
    error: { code: "RUN_CANCELED" },
  });
});

test("a handler that ignores its signal is not waited for beyond the grace, and what it says later is dropped", async () => {
  const gate = new Gate();
  const returned = new Gate();
  const app = quietApp({ runs: { cancelGrace: 30 } }).query(text(), async function* () {
    yield "partial";
    await gate.passed;
    try {
      yield "too late";
    } finally {
      returned.open();
    }
  });
  const { url } = await serve(app);
  const reader = await startTalking(url);
  await cancel(url, "run-1");
  const events = await reader.rest();
  expect(terminalOf(events).status).toBe("canceled");
  gate.open();
  await returned.passed;
  const replay = await (await EventReader.open(`${url}/runs/run-1/events`)).rest();
  expectWholeLog(replay);
  expect(deltaText(replay)).toBe("partial");
  expect(terminalOf(replay)).toEqual(terminalOf(events));
});

test("the handler's signal aborts with a RUN_CANCELED error that tells the reason", async () => {
  const reason = Promise.withResolvers<unknown>();
  const app = quietApp().query(text(), async function* ({ signal }) {
    yield "partial";
    await aborted(signal);
    reason.resolve(signal.reason);
  });
  const { url } = await serve(app);
  await startTalking(url);
  await cancel(url, "run-1", { reason: "Enough." });
  expect(await reason.promise).toMatchObject({ code: "RUN_CANCELED", message: "Enough." });
});

/** A store from which the news of a cancel never reaches the run. */
class LateStore extends InMemoryRunStore {
  override watchCancel(_: string, signal: AbortSignal): Promise<CancelRequest> {
    return new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
  }
}

test("a cancel that was accepted counts even if the handler ends before it hears of it", async () => {
  const gate = new Gate();
  const app = quietApp({ runStore: new LateStore() }).query(text(), async function* () {
    yield "said";
    await gate.passed;
  });
  const { url } = await serve(app);
  const reader = await startTalking(url);
  expect((await cancel(url, "run-1", { reason: "Enough." })).status).toBe(202);
  gate.open();
  expect(terminalOf(await reader.rest())).toMatchObject({
    status: "canceled",
    error: { message: "Enough." },
  });
  expectWholeLog(await (await EventReader.open(`${url}/runs/run-1/events`)).rest());
});

test("a cancel of an ended run changes nothing", async () => {
  const { url } = await serve(quietApp().query(text(), () => "done"));
  const events = await (
    await EventReader.open(`${url}/process`, { body: ask("Go", { id: "run-1" }) })
  ).rest();
  for (const wait of [false, true]) {
    const answer = await cancel(url, "run-1", { wait, reason: "Stop!" });
    expect(answer.status).toBe(200);
    expect(await answer.json()).toMatchObject({ status: "completed", cancel_reason: null });
  }
  expect(await (await EventReader.open(`${url}/runs/run-1/events`)).rest()).toEqual(events);
});

test("the first reason stays when a run is canceled twice", async () => {
  const app = quietApp().query(text(), async function* ({ signal }) {
    yield "partial";
    await aborted(signal);
  });
  const { url } = await serve(app);
  const reader = await startTalking(url);
  await Promise.all([cancel(url, "run-1", { reason: "one" }), cancel(url, "run-1", { reason: "one" })]);
  await cancel(url, "run-1", { reason: "two" });
  expect(terminalOf(await reader.rest()).error?.message).toBe("one");
});

test("a queued run can be canceled and never starts", async () => {
  const started: string[] = [];
  const gate = new Gate();
  const app = quietApp().query(text(), async function* ({ request }) {
    started.push(request.id);
    yield "go";
    await gate.passed;
  });
  const { url } = await serve(app);
  await startTalking(url, { session_id: "s" });
  const queued = await EventReader.open(`${url}/process`, {
    body: ask("Go", { id: "run-2", session_id: "s" }),
  });
  const start = await queued.until(({ status }) => status === "queued");
  const third = await EventReader.open(`${url}/process`, {
    body: ask("Go", { id: "run-3", session_id: "s" }),
  });
  expect((await cancel(url, "run-2")).status).toBe(202);
  const events = [...start, ...(await queued.rest())];
  expectWholeLog(events);
  expect(responseStatuses(events)).toEqual(["created", "queued", "canceled"]);
  expect(await viewOf(url, "run-2")).toMatchObject({ status: "canceled", started_at: null });
  gate.open();
  expect(terminalOf(await third.rest()).status).toBe("completed");
  expect(started).toEqual(["run-1", "run-3"]);
});

test("completed comes only after the handler's finally has run", async () => {
  const gate = new Gate();
  const app = quietApp().query(text(), async function* () {
    try {
      yield "said";
    } finally {
      await gate.passed;
    }
  });
  const { url } = await serve(app);
  const reader = await EventReader.open(`${url}/process`, { body: ask("Go", { id: "run-1" }) });
  await reader.until(({ object }) => object === "content");
  expect(await viewOf(url, "run-1")).toMatchObject({ status: "in_progress" });
  gate.open();
  expect(terminalOf(await reader.rest()).status).toBe("completed");
});

test("a cancel while the handler's finally runs ends the run as canceled", async () => {
  const gate = new Gate();
  const app = quietApp().query(text(), async function* () {
    try {
      yield "said";
    } finally {
      await gate.passed;
    }
  });
  const { url } = await serve(app);
  const reader = await startTalking(url);
  await cancel(url, "run-1");
  gate.open();
  expect(terminalOf(await reader.rest()).status).toBe("canceled");
});

test("the session's next run starts when the canceled handler has settled", async () => {
  const order: string[] = [];
  const gate = new Gate();
  const app = quietApp({ runs: { cancelGrace: 20, settleTimeout: 60_000 } }).query(
    text(),
    async function* ({ request }) {
      order.push(`start ${request.id}`);
      try {
        yield "go";
        if (request.id === "run-1") await gate.passed;
      } finally {
        order.push(`end ${request.id}`);
      }
    },
  );
  const { url } = await serve(app);
  await startTalking(url, { session_id: "s" });
  const next = await EventReader.open(`${url}/process`, {
    body: ask("Go", { id: "run-2", session_id: "s" }),
  });
  await cancel(url, "run-1", { wait: true });
  expect(await viewOf(url, "run-2")).toMatchObject({ status: "queued" });
  gate.open();
  expect(terminalOf(await next.rest()).status).toBe("completed");
  expect(order).toEqual(["start run-1", "end run-1", "start run-2", "end run-2"]);
});

test("a handler that never settles gives its session up after the timeout, and its successor has a higher fence", async () => {
  const sessions: RunSessionHandle[] = [];
  const gate = new Gate();
  const app = quietApp({ runs: { cancelGrace: 20, settleTimeout: 40 } }).query(
    text(),
    async function* ({ request, session }) {
      sessions.push(session);
      yield "go";
      if (request.id === "run-1") await gate.passed;
    },
  );
  const { url } = await serve(app);
  await startTalking(url, { session_id: "s" });
  const next = await EventReader.open(`${url}/process`, {
    body: ask("Go", { id: "run-2", session_id: "s" }),
  });
  await cancel(url, "run-1");
  expect(terminalOf(await next.rest()).status).toBe("completed");
  const [old, successor] = sessions;
  expect(successor?.fence).toBeGreaterThan(old?.fence ?? Infinity);
  gate.open();
});
