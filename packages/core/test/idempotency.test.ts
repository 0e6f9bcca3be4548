import { type AgentApp, InMemoryRunStore, text } from "@agentscope-runtime/core";
import { expect, test } from "vitest";
import { expectWholeLog, terminalOf } from "./support/agent-events.ts";
import { ask } from "./support/ask.ts";
import { EventReader } from "./support/event-reader.ts";
import { Gate } from "./support/gate.ts";
import { post, refusal } from "./support/post.ts";
import { quietApp } from "./support/quiet-app.ts";
import { serve } from "./support/serve.ts";

const KEY = { "idempotency-key": "k1" };

function counted(options: Parameters<typeof quietApp>[0] = {}): {
  app: AgentApp;
  gate: Gate;
  started: string[];
} {
  const gate = new Gate();
  const started: string[] = [];
  const app = quietApp(options).query(text(), async function* ({ request: { id } }) {
    started.push(id);
    yield "a";
    await gate.passed;
    yield "b";
  });
  return { app, gate, started };
}

test("the same key and body attach to the run while it runs, and replay it from its start", async () => {
  const { app, gate, started } = counted();
  const { url } = await serve(app);
  const body = ask("Go", { session_id: "s" });
  const first = await EventReader.open(`${url}/process`, { body, headers: KEY });
  const start = await first.until(({ object }) => object === "content");
  const second = await EventReader.open(`${url}/process`, { body, headers: KEY });
  expect(first.headers["idempotent-replayed"]).toBeUndefined();
  expect(second.headers["idempotent-replayed"]).toBe("true");
  expect(second.headers["x-run-id"]).toBe(first.headers["x-run-id"]);
  gate.open();
  const whole = [...start, ...(await first.rest())];
  expectWholeLog(whole);
  expect(await second.rest()).toEqual(whole);
  expect(started.length).toBe(1);
});

test("a queued run is attached to as well, and a finished one replayed", async () => {
  const { app, gate, started } = counted();
  const { url } = await serve(app);
  await EventReader.open(`${url}/process`, { body: ask("Go", { session_id: "s" }) });
  const body = ask("Again", { session_id: "s" });
  const queued = await EventReader.open(`${url}/process`, { body, headers: KEY });
  await queued.until(({ status }) => status === "queued");
  const attached = await EventReader.open(`${url}/process`, { body, headers: KEY });
  gate.open();
  const whole = await attached.rest();
  expectWholeLog(whole);
  const replayed = await EventReader.open(`${url}/process`, { body, headers: KEY });
  expect(replayed.headers["idempotent-replayed"]).toBe("true");
  expect(await replayed.rest()).toEqual(whole);
  const asJson = await post(`${url}/process`, { ...body, stream: true }, KEY);
  expect(asJson.status).toBe(409);
  expect(started.length).toBe(2);
});

test("a finished run is replayed as JSON where that was asked for", async () => {
  const { app, gate, started } = counted();
  gate.open();
  const { url } = await serve(app);
  const body = ask("Go", { stream: false });
  const first = await post(`${url}/process`, body, KEY);
  const second = await post(`${url}/process`, body, KEY);
  expect(second.headers.get("idempotent-replayed")).toBe("true");
  expect(await second.json()).toEqual(await first.json());
  expect(started.length).toBe(1);
});

test("the order of the body's keys makes no difference, anything else does", async () => {
  const { app, gate, started } = counted();
  gate.open();
  const { url } = await serve(app);
  const body = { stream: false, session_id: "s", input: [{ role: "user", content: [] }] };
  const turned = { input: [{ content: [], role: "user" }], session_id: "s", stream: false };
  await post(`${url}/process`, body, KEY);
  expect((await post(`${url}/process`, turned, KEY)).headers.get("idempotent-replayed")).toBe("true");
  expect(await refusal(await post(`${url}/process`, { ...body, session_id: "t" }, KEY))).toBe(
    "409 IDEMPOTENCY_MISMATCH",
  );
  expect(await refusal(await post(`${url}/process`, { ...body, extra: 1 }, KEY))).toBe(
    "409 IDEMPOTENCY_MISMATCH",
  );
  expect(started.length).toBe(1);
});

test("an id that is used already is refused without the key, and with another one", async () => {
  const { app, gate } = counted();
  gate.open();
  const { url } = await serve(app);
  const body = ask("Go", { id: "run-1", stream: false });
  expect((await post(`${url}/process`, body, KEY)).status).toBe(200);
  expect(await refusal(await post(`${url}/process`, body))).toBe("409 RUN_ID_CONFLICT");
  const otherKey = { "idempotency-key": "k2" };
  expect(await refusal(await post(`${url}/process`, body, otherKey))).toBe("409 RUN_ID_CONFLICT");
  expect((await post(`${url}/process`, body, KEY)).headers.get("idempotent-replayed")).toBe("true");
});

test("a key belongs to one user and one agent", async () => {
  const { app, gate, started } = counted();
  gate.open();
  const other = quietApp({ name: "other" }).query(text(), ({ request: { id } }) => {
    started.push(id);
    return "ok";
  });
  const { url } = await serve(app.host("other", other));
  const body = ask("Go", { stream: false });
  const replayed = async (path: string, user_id: string) =>
    (await post(`${url}${path}`, { ...body, user_id }, KEY)).headers.get("idempotent-replayed");
  expect(await replayed("/process", "alice")).toBeNull();
  expect(await replayed("/process", "bob")).toBeNull();
  expect(await replayed("/agents/other/process", "alice")).toBeNull();
  expect(await replayed("/process", "alice")).toBe("true");
  expect(await replayed("/agents/other/process", "alice")).toBe("true");
  expect(started.length).toBe(3);
});

test("two requests at once with one key make one run", async () => {
  const { app, gate, started } = counted();
  const { url } = await serve(app);
  const body = ask("Go");
  const readers = await Promise.all(
    Array.from({ length: 8 }, () => EventReader.open(`${url}/process`, { body, headers: KEY })),
  );
  gate.open();
  const logs = await Promise.all(readers.map((reader) => reader.rest()));
  for (const log of logs) expect(log).toEqual(logs[0]);
  expect(started.length).toBe(1);
  expect(readers.filter(({ headers }) => headers["idempotent-replayed"] === undefined).length).toBe(1);
});

test("a key under which nothing was started can be used for another body", async () => {
  const { app, gate } = counted({ runs: { sessionPolicy: "reject" } });
  const { url } = await serve(app);
  const running = await EventReader.open(`${url}/process`, { body: ask("Go", { session_id: "s" }) });
  await running.until(({ object }) => object === "content");
  expect((await post(`${url}/process`, ask("Go", { session_id: "s" }), KEY)).status).toBe(409);
  gate.open();
  expect((await post(`${url}/process`, ask("Go", { session_id: "t", stream: false }), KEY)).status).toBe(200);
});

test("a key whose run is no longer kept answers 410, however the answer was to come", async () => {
  const { app, gate } = counted({ runStore: new InMemoryRunStore({ maxFinishedRuns: 1 }) });
  gate.open();
  const { url } = await serve(app);
  for (const stream of [false, true]) {
    const body = ask("Go", { stream });
    const key = { "idempotency-key": `k-${stream}` };
    await (await post(`${url}/process`, body, key)).text();
    for (const _ of [1, 2]) await (await post(`${url}/process`, ask("More", { stream: false }))).text();
    expect(await refusal(await post(`${url}/process`, body, key))).toBe("410 RUN_EXPIRED");
  }
});

test("a key is one header of up to 255 characters", async () => {
  const { app, gate } = counted();
  gate.open();
  const { url } = await serve(app);
  const refused = await post(`${url}/process`, ask("Go"), { "idempotency-key": "k".repeat(256) });
  expect(await refusal(refused)).toBe("400 INVALID_PARAMETER");
  const body = ask("Go", { stream: false });
  expect((await post(`${url}/process`, body, { "idempotency-key": "k".repeat(255) })).status).toBe(200);
});

test("a run that failed is replayed as it is and not tried again", async () => {
  let tries = 0;
  const app = quietApp().query(text(), () => {
    tries++;
    throw new Error("no");
  });
  const { url } = await serve(app);
  const body = ask("Go");
  const first = await (await EventReader.open(`${url}/process`, { body, headers: KEY })).rest();
  const second = await (await EventReader.open(`${url}/process`, { body, headers: KEY })).rest();
  expect(terminalOf(first).status).toBe("failed");
  expect(second).toEqual(first);
  expect(tries).toBe(1);
});
