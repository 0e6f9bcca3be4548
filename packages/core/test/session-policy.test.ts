import { type AgentApp, type AgentAppOptions, text } from "@agentscope-runtime/core";
import { expect, test } from "vitest";
import { responseStatuses, terminalOf } from "./support/agent-events.ts";
import { ask } from "./support/ask.ts";
import { EventReader } from "./support/event-reader.ts";
import { aborted, Gate } from "./support/gate.ts";
import { post, refusal } from "./support/post.ts";
import { quietApp } from "./support/quiet-app.ts";
import { serve } from "./support/serve.ts";

/** An app whose run `first` waits at a gate, and the order in which handlers start and end. */
function busy(options: Partial<AgentAppOptions> = {}): { app: AgentApp; gate: Gate; order: string[] } {
  const gate = new Gate();
  const order: string[] = [];
  const app = quietApp(options).query(text(), async function* ({ request: { id }, signal }) {
    order.push(`start ${id}`);
    const gone = new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve()));
    if (id === "first") await Promise.race([gate.passed, gone]);
    yield "ok";
    order.push(`end ${id}`);
  });
  return { app, gate, order };
}

/** Starts a run and waits until its handler has it. */
async function startFirst(url: string, ids: Record<string, string>): Promise<EventReader> {
  const reader = await EventReader.open(`${url}/process`, { body: ask("Go", { id: "first", ...ids }) });
  await reader.until(({ status }) => status === "in_progress");
  return reader;
}

test("the runs of a session wait for each other and go in the order they came", async () => {
  const { app, gate, order } = busy();
  const { url } = await serve(app);
  await startFirst(url, { session_id: "s" });
  const readers: EventReader[] = [];
  for (const id of ["second", "third", "fourth"]) {
    const reader = await EventReader.open(`${url}/process`, { body: ask("Go", { id, session_id: "s" }) });
    const start = await reader.until(({ status }) => status === "queued");
    expect(responseStatuses(start)).toEqual(["created", "queued"]);
    readers.push(reader);
  }
  gate.open();
  for (const reader of readers) {
    expect(responseStatuses(await reader.rest())).toEqual(["in_progress", "completed"]);
  }
  expect(order).toEqual(["first", "second", "third", "fourth"].flatMap((id) => [`start ${id}`, `end ${id}`]));
});

test("a full queue answers 429 with Retry-After, and takes runs on again when there is room", async () => {
  const { app, gate } = busy({ runs: { maxQueuedRuns: 1 } });
  const { url } = await serve(app);
  await startFirst(url, { session_id: "s" });
  const waiting = await EventReader.open(`${url}/process`, { body: ask("Go", { session_id: "s" }) });
  const refused = await post(`${url}/process`, ask("Go", { session_id: "s" }));
  expect(refused.headers.get("retry-after")).toMatch(/^\d+$/);
  expect(await refusal(refused)).toBe("429 QUEUE_FULL");
  gate.open();
  await waiting.rest();
  expect((await post(`${url}/process`, ask("Go", { session_id: "s", stream: false }))).status).toBe(200);
});

test("under reject a busy session answers 409, and a free one takes the run on", async () => {
  const { app, gate } = busy({ runs: { sessionPolicy: "reject" } });
  const { url } = await serve(app);
  const first = await startFirst(url, { session_id: "s" });
  expect(await refusal(await post(`${url}/process`, ask("Go", { session_id: "s" })))).toBe(
    "409 SESSION_BUSY",
  );
  gate.open();
  await first.rest();
  expect((await post(`${url}/process`, ask("Go", { session_id: "s", stream: false }))).status).toBe(200);
});

test("under interrupt a new run cancels the running and the queued ones, and starts when they have settled", async () => {
  const settle = new Gate();
  const order: string[] = [];
  const app = quietApp({ runs: { sessionPolicy: "interrupt", settleTimeout: 60_000 } });
  app.query(text(), async function* ({ request: { id }, signal }) {
    order.push(`start ${id}`);
    yield "ok";
    if (id !== "first") return;
    await aborted(signal);
    await settle.passed;
    order.push(`end ${id}`);
  });
  const { url } = await serve(app);
  const first = await startFirst(url, { session_id: "s" });
  const follow = async (id: string) => {
    const reader = await EventReader.open(`${url}/process`, { body: ask("Go", { id, session_id: "s" }) });
    await reader.until(({ status }) => status === "queued");
    return reader;
  };
  const second = await follow("second");
  const third = await follow("third");
  for (const reader of [first, second]) {
    expect(terminalOf(await reader.rest())).toMatchObject({
      status: "canceled",
      error: { code: "RUN_CANCELED" },
    });
  }
  settle.open();
  expect(terminalOf(await third.rest()).status).toBe("completed");
  expect(order).toEqual(["start first", "end first", "start third"]);
});

test("other sessions, users and agents do not wait", async () => {
  const { app, gate } = busy({ runs: { sessionPolicy: "reject" } });
  const other = quietApp({ name: "other" }).query(text(), () => "ok");
  const { url } = await serve(app.host("other", other));
  await startFirst(url, { session_id: "s", user_id: "alice" });
  const start = (path: string, ids: Record<string, string>) =>
    post(`${url}${path}`, ask("Go", { stream: false, ...ids })).then(({ status }) => status);
  expect(await start("/process", { session_id: "s", user_id: "alice" })).toBe(409);
  expect(await start("/process", { session_id: "t", user_id: "alice" })).toBe(200);
  expect(await start("/process", { session_id: "s", user_id: "bob" })).toBe(200);
  expect(await start("/agents/other/process", { session_id: "s", user_id: "alice" })).toBe(200);
  gate.open();
});

test("ids that look like each other when they are put together are still different sessions", async () => {
  const { app, gate } = busy({ runs: { sessionPolicy: "reject" } });
  const { url } = await serve(app);
  await startFirst(url, { user_id: "a:b", session_id: "c" });
  for (const [user_id, session_id] of [
    ["a", "b:c"],
    ["a:b:c", ""],
    ['a","b', "c"],
    ["a", "b"],
  ] as const) {
    const answer = await post(`${url}/process`, ask("Go", { stream: false, user_id, session_id }));
    expect(answer.status).toBe(200);
  }
  gate.open();
});

test("callers without a session of their own never wait for each other", async () => {
  const { app, gate } = busy({ runs: { sessionPolicy: "reject" } });
  const { url } = await serve(app);
  await startFirst(url, {});
  for (const ids of [{}, { session_id: "" }, { session_id: null, user_id: null }]) {
    expect((await post(`${url}/process`, ask("Go", { stream: false, ...ids }))).status).toBe(200);
  }
  gate.open();
});
