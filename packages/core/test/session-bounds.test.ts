import {
  type AgentState,
  type CreateResult,
  InMemoryStateService,
  type NewRun,
  type SessionHandle,
} from "@agentscope-runtime/core";
import { expect, test } from "vitest";
import { ask } from "./support/ask.ts";
import { EventReader } from "./support/event-reader.ts";
import { aborted, Gate } from "./support/gate.ts";
import { keepingApp, Services } from "./support/keeping-app.ts";
import { LastingRunStore } from "./support/left-behind.ts";
import { post, refusal } from "./support/post.ts";
import { serve } from "./support/serve.ts";

interface Page {
  readonly data: readonly { readonly id: string }[];
  readonly next_cursor: string | null;
}

function send(method: string, url: string, body?: unknown): Promise<Response> {
  const headers = { "content-type": "application/json" };
  return fetch(url, { method, headers, ...(body === undefined ? {} : { body: JSON.stringify(body) }) });
}

async function pageAt(url: string): Promise<Page> {
  return (await fetch(url)).json() as Promise<Page>;
}

const IDS = { session_id: "s", user_id: "u" };

/** Takes down what a run store is asked to create. */
class WatchedRunStore extends LastingRunStore {
  readonly created: NewRun[] = [];

  override async create(run: NewRun): Promise<CreateResult> {
    this.created.push(run);
    return super.create(run);
  }
}

/** Takes down the fences it is shown. */
class WatchedStateService extends InMemoryStateService {
  readonly fences: number[] = [];

  override async exportState(session: SessionHandle): Promise<AgentState | undefined> {
    if (session.fence !== undefined) this.fences.push(session.fence);
    return super.exportState(session);
  }
}

test("an id in a path is bounded like one in a body, on every route", async () => {
  const { url } = await serve(keepingApp(new Services()).task("/x", {}, () => "done"));
  const long = "x".repeat(1025);
  for (const [method, path] of [
    ["GET", `/sessions/${long}`],
    ["GET", `/sessions/${long}/messages`],
    ["PATCH", `/sessions/${long}`],
    ["DELETE", `/sessions/${long}`],
    ["DELETE", `/sessions/${"\u{1f98a}".repeat(1025)}`],
    ["DELETE", "/sessions/"],
    ["GET", "/sessions//messages"],
    ["GET", "/runs/"],
    ["GET", `/runs/${long}`],
    ["GET", `/runs/${long}/events`],
    ["POST", `/runs/${long}/cancel`],
    ["GET", `/process/task/${long}`],
    ["GET", `/x/${long}`],
    ["POST", `/x/${long}/cancel`],
    ["GET", `/sessions?user_id=${long}`],
    ["GET", `/runs?user_id=${long}`],
  ] as const) {
    const body = method === "PATCH" ? { name: "x" } : undefined;
    expect([path.slice(0, 30), await refusal(await send(method, encodeURI(`${url}${path}`), body))]).toEqual([
      path.slice(0, 30),
      "400 INVALID_PARAMETER",
    ]);
  }
  const longest = await post(`${url}/sessions`, { id: "x".repeat(1024) });
  expect(longest.status).toBe(201);
  expect((await fetch(`${url}/sessions/${"x".repeat(1024)}`)).status).toBe(200);
});

test("to delete what is not there leaves nothing behind", async () => {
  const state = new WatchedStateService();
  const runStore = new WatchedRunStore();
  const { url } = await serve(keepingApp(new Services(state), undefined, { runStore }));
  for (let index = 0; index < 5; index++) {
    expect((await send("DELETE", `${url}/sessions/none-${index}`)).status).toBe(204);
  }
  expect(runStore.created).toEqual([]);
  expect(state.fences).toEqual([]);
});

test("a session's name and metadata have bounds", async () => {
  const { url } = await serve(keepingApp(new Services()));
  const change = async (body: object) => {
    const created = await post(`${url}/sessions`, { id: crypto.randomUUID(), ...body });
    await post(`${url}/sessions`, { id: "s", user_id: "u" });
    const patched = await send("PATCH", `${url}/sessions/s?user_id=u`, body);
    return [created.status, patched.status];
  };
  const metadata = (length: number) => ({ metadata: { text: "x".repeat(length - '{"text":""}'.length) } });
  expect(await change(metadata(16_384))).toEqual([201, 200]);
  expect(await change(metadata(16_385))).toEqual([400, 400]);
  expect(await change({ name: "x".repeat(1024) })).toEqual([201, 200]);
  expect(await change({ name: "x".repeat(1025) })).toEqual([400, 400]);
});

test("a change of a session says what changes, and nothing else", async () => {
  const { url } = await serve(keepingApp(new Services()));
  await post(`${url}/sessions`, { id: "s", user_id: "u", name: "Trip" });
  for (const body of [{}, { title: "x" }, { name: "x", id: "other" }, undefined]) {
    expect(await refusal(await send("PATCH", `${url}/sessions/s?user_id=u`, body))).toBe(
      "400 INVALID_PARAMETER",
    );
  }
  expect(await (await fetch(`${url}/sessions/s?user_id=u`)).json()).toMatchObject({ name: "Trip" });
});

test("a type without a body is no body, and an empty user_id is none", async () => {
  const { url } = await serve(keepingApp(new Services()));
  const run = { session_id: "s", stream: false };
  await post(`${url}/process`, ask("Hi", run));
  expect((await pageAt(`${url}/runs?user_id=&session_id=`)).data).toHaveLength(1);
  expect((await fetch(`${url}/sessions/s?user_id=`)).status).toBe(200);
  expect(await refusal(await fetch(`${url}/sessions?user_id=`))).toBe("400 MISSING_PARAMETER");
  expect((await send("DELETE", `${url}/sessions/s?user_id=`)).status).toBe(204);
  expect((await fetch(`${url}/sessions/s`)).status).toBe(404);
  expect((await send("POST", `${url}/runs/none/cancel`)).status).toBe(404);
  expect(await refusal(await send("POST", `${url}/process`))).toBe("400 INVALID_PARAMETER");
});

test("a page of long messages or sessions ends early, with a cursor", async () => {
  const services = new Services();
  const { url } = await serve(keepingApp(services));
  const session = { agent: "Friday", userId: "u", sessionId: "s" };
  for (let index = 0; index < 12; index++) {
    const content = [{ type: "text" as const, text: "x".repeat(2 ** 20) }];
    await services.history.appendMessages(session, [{ id: `msg_${index}`, role: "user", content }]);
  }
  for (let index = 0; index < 400; index++) {
    const metadata = { text: "x".repeat(16_000) };
    await services.history.createSession({ ...session, sessionId: `s${index}` }, { metadata });
  }
  const pages = async (path: string) => {
    const sizes: number[] = [];
    const ids: string[] = [];
    for (let cursor = ""; ; ) {
      const text = await (await fetch(`${url}${path}${cursor}`)).text();
      expect(text.length).toBeLessThan(8.5 * 2 ** 20);
      const { data, next_cursor: next } = JSON.parse(text) as Page;
      sizes.push(data.length);
      ids.push(...data.map(({ id }) => id));
      if (next === null) return { sizes, ids };
      cursor = `&cursor=${next}`;
    }
  };
  const messages = await pages("/sessions/s/messages?user_id=u&limit=1000");
  expect(messages.ids).toEqual(Array.from({ length: 12 }, (_, index) => `msg_${index}`));
  expect(messages.sizes.length).toBeGreaterThan(1);
  const newest = await pages("/sessions/s/messages?user_id=u&order=desc");
  expect(newest.ids).toEqual([...messages.ids].reverse());
  const sessions = await pages("/sessions?user_id=u&limit=1000");
  expect([new Set(sessions.ids).size, sessions.ids.length]).toEqual([401, 401]);
  expect(sessions.sizes.length).toBeGreaterThan(1);
});

test("a page holds as many as it may where they are short", async () => {
  const services = new Services();
  const { url } = await serve(keepingApp(services));
  const session = { agent: "Friday", userId: "u", sessionId: "s" };
  const messages = Array.from({ length: 150 }, (_, index) => ({ id: `msg_${index}`, content: [] }));
  await services.history.appendMessages(session, messages);
  const first = await pageAt(`${url}/sessions/s/messages?user_id=u`);
  expect(first.data.map(({ id }) => id)).toEqual(messages.slice(0, 100).map(({ id }) => id));
  const rest = await pageAt(`${url}/sessions/s/messages?user_id=u&cursor=${first.next_cursor}`);
  expect([rest.data.length, rest.next_cursor]).toEqual([50, null]);
});

test("a deletion that waits in its session's line is no run for anybody", async () => {
  const runStore = new WatchedRunStore();
  const gate = new Gate();
  const { url } = await serve(
    keepingApp(new Services(), () => gate.passed, { runStore, runs: { settleTimeout: 10_000 } }),
  );
  const reader = await EventReader.open(`${url}/process`, { body: ask("Hi", { ...IDS, id: "run-1" }) });
  await reader.until(({ object }) => object === "content");
  const deletion = send("DELETE", `${url}/sessions/s?user_id=u`);
  await reader.until(({ status }) => status === "canceled");
  while (runStore.created.length < 2) await new Promise((resolve) => setImmediate(resolve));
  const id = runStore.created[1]?.request.id;
  expect(await runStore.get(id ?? "")).toBeDefined();

  for (const query of ["", "?limit=1", "?user_id=u&limit=1", "?session_id=s"]) {
    const page = await pageAt(`${url}/runs${query}`);
    expect([page.data.map((run) => run.id), page.next_cursor]).toEqual([["run-1"], null]);
  }
  for (const path of [`/runs/${id}`, `/runs/${id}/events`, `/process/task/${id}`]) {
    expect((await fetch(`${url}${path}`)).status).toBe(404);
  }
  expect((await post(`${url}/runs/${id}/cancel`, {})).status).toBe(404);
  gate.open();
  expect((await deletion).status).toBe(204);
});

test("a deletion whose process was killed keeps the session from nobody, and starts no handler", async () => {
  const forged = new WatchedRunStore();
  {
    const app = keepingApp(new Services(), ({ signal }) => aborted(signal), { runStore: forged });
    const { url } = await serve(app);
    const reader = await EventReader.open(`${url}/process`, { body: ask("Hi", IDS) });
    await reader.until(({ object }) => object === "content");
    await send("DELETE", `${url}/sessions/s?user_id=u`);
  }
  for (const canceled of [false, true]) {
    const runStore = new LastingRunStore({ leaseTtl: 60 });
    await runStore.start();
    const place = forged.created[1] as NewRun;
    await runStore.create({ ...place, owner: "dead" });
    if (canceled) await runStore.requestCancel(place.request.id, { reason: "The session is deleted." });
    let started = 0;
    const app = keepingApp(new Services(), () => void started++, { runStore });
    const { url } = await serve(app);
    const answer = await post(`${url}/process`, ask("Hi", { ...IDS, id: "run-1", stream: false }));
    expect(await answer.json()).toMatchObject({ status: "completed" });
    expect(started).toBe(1);
    expect((await pageAt(`${url}/runs`)).data.map(({ id }) => id)).toEqual(["run-1"]);
    expect((await send("DELETE", `${url}/sessions/s?user_id=u`)).status).toBe(204);
    expect(await runStore.get(place.request.id)).toBeUndefined();
  }
});
